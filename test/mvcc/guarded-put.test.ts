import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Store } from '../../src/mvcc/store.ts';
import { locateGuardedPut } from '../../src/wire/guarded-put.ts';
import { decodeKeyValue } from '../../src/wire/key-value.ts';
import { decodeTxnRequest, encodeTxnRequest } from '../../src/wire/kv-codec.ts';
import {
  type Compare,
  CompareResult,
  CompareTarget,
  OpKind,
  type TxnRequest,
} from '../../src/wire/messages.ts';
import { shuffled } from '../wire/fields.ts';
import { hex, txnRequestArbitrary } from '../wire/messages.ts';
import { refusal } from '../wire/refusal.ts';
import * as r from './requests.ts';

const targets = [CompareTarget.Version, CompareTarget.Create, CompareTarget.Mod] as const;

/** To be replaced by the number that the key has. */
const right = -1;

/** What Kubernetes writes with, and what is nearly that. */
const guarded: fc.Arbitrary<TxnRequest> = fc
  .record({
    key: fc.constantFrom('a', 'b', 'c'),
    guarded: fc.constantFrom('a', 'b'),
    isOther: fc.integer({ min: 0, max: 9 }).map((at) => at === 0),
    target: fc.constantFrom(...targets, ...targets, CompareTarget.Lease, CompareTarget.Value),
    result: fc.constantFrom(0, 0, 0, 0, 0, 0, CompareResult.NotEqual),
    number: fc.constantFrom(right, right, 0, 1, 2, 3, 2 ** 40),
    value: fc.string({ maxLength: 5 }),
    lease: fc.constantFrom(0n, 0n, 0n, 7n, 9n),
    keeps: fc.boolean(),
    asks: fc.constantFrom({}, {}, {}, { prevKv: true }, { ignoreValue: true }),
    failure: fc.constantFrom<(key: string) => TxnRequest['failure']>(
      () => [],
      (key) => [r.rangeOp(r.range(key))],
      (key) => [r.delOp(r.del(key))],
    ),
  })
  .map(({ key, isOther, target, result, number, value, lease, keeps, asks, failure, ...rest }) => {
    const compared = isOther ? rest.guarded : key;
    const fields = { target, result, number, ...(target === CompareTarget.Value ? { value } : {}) };
    const put = r.put(key, value, keeps ? { ignoreLease: true, ...asks } : { lease, ...asks });
    return r.txn([r.putOp(put)], failure(key), [r.compare(compared, fields)]);
  });

/** The number of the key that a guard is about, where it asks for the right one. */
function withRightNumber(store: Store, request: TxnRequest): TxnRequest {
  const [guard] = request.compare as [Compare];
  if (guard.number !== right) return request;
  const [record] = store.range({ ...r.range(''), key: guard.key }).kvs;
  const known = record === undefined ? null : decodeKeyValue(record);
  const { Version, Create } = CompareTarget;
  const { version = 0, createRevision = 0, modRevision = 0 } = known ?? {};
  const number = guard.target === Version ? version : guard.target === Create ? createRevision : modRevision;
  return { ...request, compare: [{ ...guard, number }] };
}

/** The parts that were found, as the txn that they are. */
function partsOf(bytes: Uint8Array, from: number, to: number): unknown {
  const found = locateGuardedPut(bytes, from, to);
  if (found === null) return null;
  const { put, target, number, guardStart, guardEnd, keepsLease, hasFailure } = found;
  return {
    guard: { target, number, key: hex(bytes.subarray(guardStart, guardEnd)) },
    key: hex(put.key.subarray(put.keyStart, put.keyEnd)),
    value: hex(new Uint8Array(put.buffer, put.valueStart, put.valueEnd - put.valueStart)),
    lease: put.lease,
    keepsLease,
    hasFailure,
  };
}

/** The same of a txn that was decoded. */
function partsOfDecoded({ compare, success, failure }: TxnRequest): unknown {
  assert.equal(compare.length, 1);
  assert.equal(success.length, 1);
  const [guard] = compare as [Compare];
  const [op] = success;
  assert(op?.kind === OpKind.Put);
  assert.equal(guard.result, CompareResult.Equal);
  assert.equal(guard.rangeEnd.length, 0);
  const { key, value, lease, prevKv, ignoreValue, ignoreLease } = op.request;
  assert.equal(prevKv || ignoreValue, false);
  return {
    guard: { target: guard.target, number: guard.number, key: hex(guard.key) },
    key: hex(key),
    value: hex(value),
    lease,
    keepsLease: ignoreLease,
    hasFailure: failure.length > 0,
  };
}

t.test('a guarded put is found in its bytes as it would be decoded, however those are written', async (t) => {
  const cases = fc.oneof(guarded, txnRequestArbitrary).chain((request) => {
    const plain = Buffer.from(encodeTxnRequest(request));
    return fc.oneof(
      fc.constant(plain),
      shuffled(plain).map((mixed) => Buffer.from(mixed)),
    );
  });
  let foundCount = 0;
  const check = (bytes: Buffer, padding: number): void => {
    const around = Buffer.alloc(padding, 0x0a);
    const entry = Buffer.concat([around, bytes, around]);
    const refused = refusal(() => decodeTxnRequest(bytes));
    let found: unknown = null;
    const refusedHere = refusal(() => {
      found = partsOf(entry, padding, padding + bytes.length);
    });
    if (refusedHere !== null) assert.notEqual(refused, null);
    if (found === null || refused !== null) return;
    foundCount++;
    assert.deepEqual(found, partsOfDecoded(decodeTxnRequest(bytes)));
  };
  fc.assert(
    fc.property(cases, fc.nat(3), fc.nat(40), (bytes, padding, cut) => {
      check(bytes, padding);
      check(bytes.subarray(0, Math.max(0, bytes.length - cut)), padding);
    }),
    { numRuns: 500 },
  );
  t.ok(foundCount > 50, 'and many are found');
});

t.test(
  'fields that come twice, and operands of other targets, are left to those who decode the whole',
  async (t) => {
    const plain = r.txn(
      [r.putOp(r.put('a', 'x'))],
      [],
      [r.compare('a', { target: CompareTarget.Mod, number: 3 })],
    );
    const bytes = Buffer.from(encodeTxnRequest(plain));
    t.not(locateGuardedPut(bytes, 0, bytes.length), null, 'the plain one is found');
    const twice = Buffer.concat([bytes, bytes]);
    t.equal(locateGuardedPut(twice, 0, twice.length), null, 'two of each');
    // compare { EQUAL MOD key: a  version: 3 }: the operand is another target's, and counts as 0.
    const guard = Buffer.from('0a0710021a01612003', 'hex');
    const put = Buffer.from('120812060a0161120178', 'hex');
    const strange = Buffer.concat([guard, put]);
    t.equal(decodeTxnRequest(strange).compare[0]!.number, 0);
    t.equal(locateGuardedPut(strange, 0, strange.length)?.number, 0);
  },
);

t.test(
  'a guarded put has the outcome of the txn that it is: answers, records, revisions, leases',
  async (t) => {
    const leasesOf = (log: string[]): object => ({
      exists: (lease: bigint) => lease === 7n,
      attach: (lease: bigint, key: string) => log.push(`+${lease} ${key}`),
      detach: (lease: bigint, key: string) => log.push(`-${lease} ${key}`),
    });
    let direct = 0;
    const run = async (requests: readonly TxnRequest[]): Promise<void> => {
      const logs: [string[], string[]] = [[], []];
      const whole = await r.freshRig({ leases: leasesOf(logs[0]) as never });
      const placed = await r.freshRig({ leases: leasesOf(logs[1]) as never });
      for (const [at, request] of requests.entries()) {
        const asked = withRightNumber(whole.store, request);
        assert.deepEqual(withRightNumber(placed.store, request), asked);
        const bytes = Buffer.from(encodeTxnRequest(asked));
        const expected = r.outcome(() => r.showTxn(whole.store.txn(decodeTxnRequest(bytes))));
        const given = r.outcome(() => {
          const found = locateGuardedPut(bytes, 0, bytes.length);
          if (found === null || !placed.store.putGuarded(found)) {
            return r.showTxn(placed.store.txn(decodeTxnRequest(bytes)));
          }
          direct++;
          const { revision } = placed.store;
          return { succeeded: true, revision, responses: [{ put: null, revision }] };
        });
        assert.deepEqual(given, expected, `request ${at}`);
      }
      assert.equal(placed.store.digest, whole.store.digest);
      assert.deepEqual(placed.changes.map(r.showChange), whole.changes.map(r.showChange));
      assert.deepEqual(placed.store.figures, whole.store.figures);
      assert.deepEqual(logs[1], logs[0]);
    };
    await fc.assert(fc.asyncProperty(fc.array(guarded, { minLength: 10, maxLength: 40 }), run), {
      numRuns: 60,
    });
    t.ok(direct > 20, 'and many go the short way');
  },
);
