/** The easily missed corners of etcd's KV semantics. */

import t from 'tap';
import type { LeaseBook } from '../../src/mvcc/types.ts';
import { decodeKeyValue } from '../../src/wire/key-value.ts';
import { CompareResult, CompareTarget, EventType, OpKind, type OpResult } from '../../src/wire/messages.ts';
import { failing } from '../suites/failing.ts';
import {
  bytes,
  compactAll,
  compare,
  del,
  delOp,
  freshRig,
  put,
  putOp,
  range,
  rangeOp,
  show,
  showChange,
  showRange,
  showTxn,
  txn,
  txnOp,
} from './requests.ts';

const leaseBook = (): LeaseBook & { readonly log: string[] } => {
  const log: string[] = [];
  return {
    log,
    exists: (id) => id === 5n || id === 6n,
    attach: (id, key) => log.push(`+${key}#${id}`),
    detach: (id, key) => log.push(`-${key}#${id}`),
  };
};

t.test(
  'a fresh store is at revision 1, the first write makes 2, old reads answer with the current',
  async (t) => {
    const { store } = await freshRig();
    t.equal(store.revision, 1);
    t.equal(store.compactRevision, -1);
    t.equal(store.range(range('a')).revision, 1);
    t.equal(store.put(put('a', '1')).revision, 2);
    store.put(put('a', '2'));
    t.same(showRange(store.range(range('a', { revision: 2 }))), {
      kvs: ['a@2/2/1=1'],
      more: false,
      count: 1,
      revision: 3,
    });
  },
);

t.test('count ignores limit and filters, more respects filters', async (t) => {
  const { store } = await freshRig();
  for (const key of ['a', 'b', 'c', 'd']) store.put(put(key, key));
  const limited = store.range(range('a', { end: 'z', limit: 2 }));
  t.same([limited.kvs.length, limited.count, limited.more], [2, 4, true]);
  const filtered = store.range(range('a', { end: 'z', limit: 2, minModRevision: 4 }));
  t.same([filtered.kvs.map(show), filtered.count, filtered.more], [['c@4/4/1=c', 'd@5/5/1=d'], 4, false]);
  const none = store.range(range('a', { end: 'z', maxCreateRevision: 1 }));
  t.same([none.kvs.length, none.count, none.more], [0, 4, false]);
  const counted = store.range(range('a', { end: 'z', countOnly: true, limit: 1, minModRevision: 99 }));
  t.same([counted.kvs.length, counted.count, counted.more], [0, 4, false]);
});

t.test('a deletion is told as key and mod_revision only', async (t) => {
  const { store, changes } = await freshRig();
  store.put(put('a', 'value'));
  store.deleteRange(del('a'));
  const { type, record } = changes[1]!;
  t.equal(type, EventType.Delete);
  t.same(decodeKeyValue(record), {
    key: bytes('a'),
    createRevision: 0,
    modRevision: 3,
    version: 0,
    value: Buffer.alloc(0),
    lease: 0n,
  });
});

t.test(
  'a delete of many keys is one revision, its changes in key order, and none is no revision',
  async (t) => {
    const { store, changes } = await freshRig();
    for (const key of ['c', 'a', 'b']) store.put(put(key, key));
    changes.length = 0;
    const result = store.deleteRange(del('a', 'z', true));
    t.same([result.deleted, result.revision], [3, 5]);
    t.same(result.prevKvs.map(show), ['a@3/3/1=a', 'b@4/4/1=b', 'c@2/2/1=c']);
    t.same(changes.map(showChange), ['5 delete a@0/5/0=', '5 delete b@0/5/0=', '5 delete c@0/5/0=']);
    t.equal(store.deleteRange(del('a', 'z')).revision, 5);
    t.equal(store.revision, 5);
  },
);

t.test('a value compare on a missing key is false even for not equal; the numbers are 0', async (t) => {
  const { store } = await freshRig();
  const holds = (fields: Parameters<typeof compare>[1]): boolean =>
    store.txn(txn([], [], [compare('missing', fields)])).succeeded;
  for (const result of Object.values(CompareResult)) {
    t.equal(holds({ target: CompareTarget.Value, result, value: '' }), false);
    t.equal(
      holds({ target: CompareTarget.Value, result, value: 'x', end: 'missinh' }),
      false,
      'an empty range too',
    );
  }
  for (const target of [CompareTarget.Version, CompareTarget.Create, CompareTarget.Mod]) {
    t.equal(holds({ target, result: CompareResult.Equal, number: 0 }), true);
    t.equal(holds({ target, result: CompareResult.Less, number: 1 }), true);
    t.equal(holds({ target, result: CompareResult.Greater, number: 0, end: '\0' }), false);
  }
  t.equal(holds({ target: CompareTarget.Lease, result: CompareResult.Equal, lease: 0n }), true);
  t.equal(holds({ target: CompareTarget.Lease, result: CompareResult.Greater, lease: -1n }), true);
  t.equal(holds({ target: CompareTarget.Version, result: 77, number: 9 }), true, 'an unknown operator holds');
});

t.test('a compare over a range must hold for every key of it', async (t) => {
  const { store } = await freshRig();
  store.put(put('a', 'x'));
  store.put(put('b', 'y'));
  const holds = (value: string, result: number): boolean =>
    store.txn(txn([], [], [compare('a', { end: 'c', target: CompareTarget.Value, value, result })]))
      .succeeded;
  t.equal(holds('w', CompareResult.Greater), true);
  t.equal(holds('x', CompareResult.Equal), false);
  t.equal(holds('x', CompareResult.NotEqual), false);
});

t.test('guards see the state before the txn, nested ones too, and ops see the ones before', async (t) => {
  const { store } = await freshRig();
  const isMissing = compare('a', { target: CompareTarget.Create, number: 0 });
  const result = store.txn(
    txn(
      [
        putOp(put('a', '1')),
        rangeOp(range('a')),
        txnOp(txn([putOp(put('b', 'the guard saw no a'))], [putOp(put('b', 'wrong'))], [isMissing])),
        delOp(del('b', '', true)),
      ],
      [],
      [isMissing],
    ),
  );
  t.same(showTxn(result), {
    succeeded: true,
    revision: 2,
    responses: [
      { put: null, revision: 2 },
      { range: { kvs: ['a@2/2/1=1'], more: false, count: 1, revision: 2 } },
      { txn: { succeeded: true, revision: 0, responses: [{ put: null, revision: 2 }] } },
      { deleted: 1, prevKvs: ['b@2/2/1=the guard saw no a'], revision: 2 },
    ],
  });
});

t.test('any op that would fail voids the whole txn before anything happens', async (t) => {
  const rig = await freshRig({ leases: leaseBook() });
  const { store } = rig;
  store.put(put('a', '1'));
  store.put(put('a', '2'));
  store.compact(3);
  const before = { revision: store.revision, digest: store.digest, changes: rig.changes.length };
  const first = putOp(put('x', 'must not stay'));
  const refused: [string, Parameters<typeof failing>[0], ReturnType<typeof txn>][] = [
    ['future', 'futureRevision', txn([first, rangeOp(range('a', { revision: 4 }))])],
    ['compacted', 'compacted', txn([first, rangeOp(range('a', { revision: 2 }))])],
    ['lease', 'leaseNotFound', txn([first, putOp(put('b', '', { lease: 9n }))])],
    ['ignore_value', 'keyNotFound', txn([first, putOp(put('b', '', { ignoreValue: true }))])],
    ['ignore_lease', 'keyNotFound', txn([first, putOp(put('b', 'v', { ignoreLease: true }))])],
    ['nested', 'futureRevision', txn([first, txnOp(txn([rangeOp(range('a', { revision: 9 }))]))])],
    ['unset', 'keyNotFound', txn([first, { kind: OpKind.Unset }])],
    [
      'a range before a put: the put is checked first',
      'keyNotFound',
      txn([rangeOp(range('a', { revision: 2 })), txnOp(txn([putOp(put('b', '', { ignoreValue: true }))]))]),
    ],
    [
      'both refusals of one put: in a txn the key is missed first',
      'keyNotFound',
      txn([putOp(put('b', '', { ignoreValue: true, lease: 9n }))]),
    ],
    ['deleted before', 'keyNotFound', txn([delOp(del('a')), putOp(put('a', '', { ignoreValue: true }))])],
  ];
  for (const [what, reason, request] of refused) {
    t.throws(() => store.txn(request), failing(reason), what);
  }
  const alone = put('b', '', { ignoreValue: true, lease: 9n });
  t.throws(() => store.put(alone), failing('leaseNotFound'), 'and by itself the lease');
  t.same({ revision: store.revision, digest: store.digest, changes: rig.changes.length }, before);
  t.equal(store.range(range('x')).count, 0);
  const unused = txn([putOp(put('y', ''))], [rangeOp(range('a', { revision: 99 }))]);
  t.equal(store.txn(unused).succeeded, true, 'the branch that does not run is not checked');
});

t.test('a delete of what was deleted before in the same txn deletes nothing more', async (t) => {
  const { store, changes } = await freshRig();
  store.put(put('a', '1'));
  const { responses } = store.txn(txn([delOp(del('a')), delOp(del('a', 'c', true))]));
  t.same(
    responses.map((one) => (one as OpResult & { kind: typeof OpKind.DeleteRange }).result.deleted),
    [1, 0],
  );
  t.equal(changes.length, 2);
});

t.test('what changes nothing makes no revision, and an equal put makes one', async (t) => {
  const { store } = await freshRig();
  t.equal(store.txn(txn([])).revision, 1);
  t.equal(store.txn(txn([rangeOp(range('a'))])).revision, 1);
  t.equal(store.txn(txn([delOp(del('a', 'z'))])).revision, 1);
  t.equal(store.txn(txn([txnOp(txn([rangeOp(range('a'))]))])).revision, 1);
  t.equal(store.deleteRange(del('a')).revision, 1);
  store.put(put('a', 'same'));
  t.equal(store.put(put('a', 'same')).revision, 3);
  store.compact(2);
  t.equal(store.revision, 3, 'a compaction makes none');
});

t.test('a negative revision is the latest for a range; in a txn -1 is, until a compaction', async (t) => {
  const { store } = await freshRig();
  store.put(put('a', '1'));
  t.same(store.range(range('a', { revision: -1 })).kvs.map(show), ['a@2/2/1=1']);
  const asking = (revision: number) => txn([rangeOp(range('a', { revision }))]);
  t.equal(store.txn(asking(-1)).succeeded, true, 'where the compact revision begins');
  t.equal(store.readOnlyTxn(asking(-1)).succeeded, true);
  t.throws(() => store.txn(asking(-2)), failing('compacted'));
  t.throws(() => store.readOnlyTxn(asking(-2)), failing('compacted'));
  store.compact(0);
  t.throws(() => store.txn(asking(-1)), failing('compacted'));
  t.throws(() => store.readOnlyTxn(asking(-1)), failing('compacted'));
  t.throws(() => store.compact(0), failing('compacted'), 'and again it is none');
});

t.test('range_end \\0 is infinity, and an end at or before the key is an empty range', async (t) => {
  const { store } = await freshRig();
  for (const key of ['\0', 'a', 'b', '\xff\xff']) store.put(put(key, ''));
  t.equal(store.range(range('\0', { end: '\0' })).count, 4);
  t.equal(store.range(range('b', { end: '\0' })).count, 2);
  t.equal(store.range(range('b', { end: 'b' })).count, 0);
  t.equal(store.range(range('b', { end: 'a' })).count, 0);
  t.equal(store.deleteRange(del('b', 'a')).deleted, 0);
  t.equal(store.deleteRange(del('b', '\0')).deleted, 2);
});

t.test(
  'a compaction at N keeps N readable; at or below N again is compacted, above the store is future',
  async (t) => {
    const { store } = await freshRig();
    for (const value of ['1', '2', '3']) store.put(put('a', value));
    store.compact(3);
    for (const isPhysical of [false, true]) {
      if (isPhysical) compactAll(store);
      t.same(store.range(range('a', { revision: 3 })).kvs.map(show), ['a@2/3/2=2']);
      t.throws(() => store.range(range('a', { revision: 2 })), failing('compacted'));
    }
    t.throws(() => store.compact(3), failing('compacted'));
    t.throws(() => store.compact(2), failing('compacted'));
    t.throws(() => store.compact(5), failing('futureRevision'));
    t.throws(() => store.range(range('a', { revision: 5 })), failing('futureRevision'));
  },
);

t.test('a compaction at 0 of a store that never was compacted is accepted, once', async (t) => {
  const { store } = await freshRig();
  store.compact(0);
  t.equal(store.compactRevision, 0);
  t.throws(() => store.compact(0), failing('compacted'));
});

t.test(
  'answers inside a txn carry the revision they saw; those of a nested txn stand in an empty header',
  async (t) => {
    const { store } = await freshRig();
    store.put(put('a', '1'));
    const result = store.txn(
      txn([
        rangeOp(range('a')),
        delOp(del('zz')),
        putOp(put('b', '2')),
        delOp(del('zz')),
        txnOp(txn([rangeOp(range('a'))])),
      ]),
    );
    const revisions = result.responses.map((one) => one.result.revision);
    t.same(revisions, [2, 2, 3, 3, 0]);
    t.equal(result.revision, 3);
  },
);

t.test(
  'a lease is attached, moved and detached with its key, and an unknown one refuses the put',
  async (t) => {
    const leases = leaseBook();
    const { store } = await freshRig({ leases });
    store.put(put('a', '1', { lease: 5n }));
    store.put(put('a', '2', { lease: 5n }));
    store.put(put('a', '3', { lease: 6n }));
    store.put(put('a', '', { ignoreValue: true, ignoreLease: true }));
    t.same(store.range(range('a')).kvs.map(show), ['a@2/5/4=3#6']);
    store.put(put('a', '', { ignoreValue: true }));
    t.same(store.range(range('a')).kvs.map(show), ['a@2/6/5=3'], 'lease 0 detaches');
    store.put(put('a', '4', { lease: 5n }));
    store.deleteRange(del('a'));
    t.same(leases.log, ['+a#5', '-a#5', '+a#6', '-a#6', '+a#5', '-a#5']);
    t.throws(() => store.put(put('b', '', { lease: 9n })), failing('leaseNotFound'));
    t.throws(() => store.put(put('b', '', { ignoreValue: true })), failing('keyNotFound'));
    t.equal(store.revision, 8);
  },
);

t.test(
  'an order by another target with no order given is ascending, over the first limit + 1 keys only',
  async (t) => {
    const { store } = await freshRig();
    for (const [key, value] of [
      ['a', '3'],
      ['b', '2'],
      ['c', '1'],
    ] as const)
      store.put(put(key, value));
    const keys = (fields: Parameters<typeof range>[1]): string =>
      store
        .range(range('a', { end: 'z', ...fields }))
        .kvs.map((kv) => show(kv)[0])
        .join('');
    t.equal(keys({ sortTarget: 4 }), 'cba');
    t.equal(keys({ sortTarget: 4, limit: 1 }), 'b', 'c was never looked at');
    t.equal(keys({ sortTarget: 4, limit: 1, sortOrder: 1 }), 'c');
    t.equal(keys({ sortOrder: 2, limit: 2 }), 'cb');
    t.equal(keys({ sortTarget: 3, sortOrder: 2 }), 'cba');
  },
);

t.test('keys_only leaves everything but the value', async (t) => {
  const { store } = await freshRig({ leases: leaseBook() });
  store.put(put('a', '1', { lease: 5n }));
  store.put(put('a', '2', { lease: 5n }));
  t.same(store.range(range('a', { keysOnly: true })).kvs.map(show), ['a@2/3/2=#5']);
  t.same(store.range(range('a', { keysOnly: true, revision: 2 })).kvs.map(show), ['a@2/2/1=#5']);
});
