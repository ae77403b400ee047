/** What is refused before it is proposed, with etcd's reason. */

import t from 'tap';
import { checkDeleteRange, checkPut, checkRange, checkTxn } from '../../src/mvcc/request-checks.ts';
import { OpKind, type RequestOp, type TxnRequest } from '../../src/wire/messages.ts';
import { failing } from '../suites/failing.ts';
import { compare, del, delOp, put, putOp, range, rangeOp, txn, txnOp } from './requests.ts';

const maxOps = 128;
const duplicate = failing('duplicateKey');

t.test('an empty key is refused everywhere, in every branch and depth', async (t) => {
  const missing = failing('keyNotProvided');
  t.throws(() => checkRange(range('')), missing);
  t.throws(() => checkPut(put('', 'v')), missing);
  t.throws(() => checkDeleteRange(del('')), missing);
  t.throws(() => checkTxn(txn([], [], [compare('')]), maxOps), missing);
  t.throws(() => checkTxn(txn([], [putOp(put('', 'v'))]), maxOps), missing);
  t.throws(() => checkTxn(txn([txnOp(txn([], [delOp(del(''))]))]), maxOps), missing);
  t.throws(() => checkTxn(txn([txnOp(txn([], [], [compare('')]))]), maxOps), missing);
});

t.test('unknown sort numbers are refused', async (t) => {
  t.throws(() => checkRange(range('a', { sortOrder: 3 })), failing('invalidSortOption'));
  t.throws(() => checkRange(range('a', { sortTarget: 5 })), failing('invalidSortOption'));
  t.throws(
    () => checkTxn(txn([rangeOp(range('a', { sortOrder: -1 }))]), maxOps),
    failing('invalidSortOption'),
  );
  t.doesNotThrow(() => checkRange(range('a', { sortOrder: 2, sortTarget: 4 })));
});

t.test('ignore_value with a value and ignore_lease with a lease are refused', async (t) => {
  t.throws(() => checkPut(put('a', 'v', { ignoreValue: true })), failing('valueProvided'));
  t.throws(() => checkPut(put('a', '', { ignoreLease: true, lease: 1n })), failing('leaseProvided'));
  t.doesNotThrow(() => checkPut(put('a', '', { ignoreValue: true, ignoreLease: true })));
  t.throws(
    () => checkTxn(txn([putOp(put('a', 'v', { ignoreValue: true }))]), maxOps),
    failing('valueProvided'),
  );
});

t.test('an op without content is key not found, as in etcd', async (t) => {
  const unset: RequestOp = { kind: OpKind.Unset };
  t.throws(() => checkTxn(txn([unset]), maxOps), failing('keyNotFound'));
  t.throws(() => checkTxn(txn([], [unset]), maxOps), failing('keyNotFound'));
});

t.test(
  'the largest of the three lists counts against the budget, and nested txns get what is left',
  async (t) => {
    const ranges = (count: number): RequestOp[] => Array.from({ length: count }, () => rangeOp(range('a')));
    const guards = Array.from({ length: 129 }, () => compare('a'));
    const tooMany = failing('tooManyOps');
    t.doesNotThrow(() => checkTxn(txn(ranges(128), ranges(128)), maxOps), 'branches are not added up');
    t.throws(() => checkTxn(txn(ranges(129)), maxOps), tooMany);
    t.throws(() => checkTxn(txn([], ranges(129)), maxOps), tooMany);
    t.throws(() => checkTxn(txn([], [], guards), maxOps), tooMany);
    const nested = (outer: number, inner: number): TxnRequest =>
      txn([...ranges(outer - 1), txnOp(txn(ranges(inner)))]);
    t.doesNotThrow(() => checkTxn(nested(28, 100), maxOps));
    t.throws(() => checkTxn(nested(28, 101), maxOps), tooMany);
    t.doesNotThrow(() => checkTxn(nested(128, 0), maxOps));
    t.throws(() => checkTxn(nested(128, 1), maxOps), tooMany);
  },
);

t.test('two puts of a key, or a put under a delete in any order, are refused per branch', async (t) => {
  const a = putOp(put('a', '1'));
  t.throws(() => checkTxn(txn([a, a]), maxOps), duplicate);
  t.throws(() => checkTxn(txn([], [a, a]), maxOps), duplicate);
  t.doesNotThrow(() => checkTxn(txn([a], [a]), maxOps), 'only one branch runs');
  t.throws(() => checkTxn(txn([a, delOp(del('a'))]), maxOps), duplicate);
  t.throws(() => checkTxn(txn([delOp(del('a')), a]), maxOps), duplicate);
  t.throws(() => checkTxn(txn([a, delOp(del('a', 'b'))]), maxOps), duplicate);
  t.doesNotThrow(
    () => checkTxn(txn([delOp(del('\0', '\0')), a, delOp(del('a', '\0'))]), maxOps),
    'a delete up to the last key covers none here, as in etcd',
  );
  t.doesNotThrow(() => checkTxn(txn([delOp(del('b', 'c')), a]), maxOps));
  t.doesNotThrow(() => checkTxn(txn([delOp(del('0', 'a')), a]), maxOps), 'the end is exclusive');
});

t.test('deletes may overlap, and ranges never conflict', async (t) => {
  const ops = [
    delOp(del('a', 'c')),
    delOp(del('b')),
    delOp(del('\0', '\0')),
    rangeOp(range('a', { end: 'z' })),
  ];
  t.doesNotThrow(() => checkTxn(txn(ops), maxOps));
  t.doesNotThrow(() =>
    checkTxn(txn([putOp(put('a', '1')), rangeOp(range('a')), rangeOp(range('a'))]), maxOps),
  );
});

t.test('the branches of one nested txn may put the same key, siblings may not', async (t) => {
  const a = putOp(put('a', '1'));
  t.doesNotThrow(() => checkTxn(txn([txnOp(txn([a], [a]))]), maxOps));
  t.throws(() => checkTxn(txn([txnOp(txn([a])), txnOp(txn([], [a]))]), maxOps), duplicate);
  t.throws(() => checkTxn(txn([txnOp(txn([a], [a])), a]), maxOps), duplicate);
  t.throws(() => checkTxn(txn([a, txnOp(txn([], [a]))]), maxOps), duplicate);
});

t.test(
  'deletes of a parent conflict with nested puts and nested deletes with puts of the parent',
  async (t) => {
    const a = putOp(put('a', '1'));
    const gone = delOp(del('a'));
    t.throws(() => checkTxn(txn([gone, txnOp(txn([a]))]), maxOps), duplicate);
    t.throws(() => checkTxn(txn([txnOp(txn([a])), gone]), maxOps), duplicate);
    t.throws(() => checkTxn(txn([txnOp(txn([gone])), a]), maxOps), duplicate);
    t.throws(() => checkTxn(txn([a, txnOp(txn([], [gone]))]), maxOps), duplicate);
    t.throws(() => checkTxn(txn([txnOp(txn([gone])), txnOp(txn([a]))]), maxOps), duplicate);
  },
);

t.test('a nested delete after the put of a nested sibling is let through, as in etcd', async (t) => {
  t.doesNotThrow(() =>
    checkTxn(txn([txnOp(txn([putOp(put('a', '1'))])), txnOp(txn([delOp(del('a'))]))]), maxOps),
  );
});

t.test('a hostile txn of many puts and deletes is checked quickly', async (t) => {
  const puts = (prefix: string): RequestOp[] =>
    Array.from({ length: 60 }, (_, i) => putOp(put(`${prefix}/${i}`, '')));
  const deletes = (prefix: string): RequestOp[] =>
    Array.from({ length: 60 }, (_, i) => delOp(del(`${prefix}/d${i}`, `${prefix}/d${i}!`)));
  const children = Array.from({ length: 60 }, (_, i) => txnOp(txn(puts(`p${i}`), deletes(`d${i}`))));
  const begun = process.cpuUsage(); // Of this process alone: the machine may be busy.
  checkTxn(txn(children), maxOps);
  const { user, system } = process.cpuUsage(begun);
  t.ok(user + system < 2e6, `7200 ops in ${user + system} µs`);
});
