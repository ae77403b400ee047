/** The store against the naive model: random histories, every answer and every failure compared. */

import fc from 'fast-check';
import t from 'tap';
import { checkTxn } from '../../src/mvcc/request-checks.ts';
import type { Change, LeaseBook } from '../../src/mvcc/types.ts';
import type {
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../../src/wire/messages.ts';
import { Model } from './model.ts';
import {
  compactAll,
  compare,
  del,
  delOp,
  freshRig,
  outcome,
  put,
  putOp,
  type Rig,
  range,
  rangeOp,
  reopen,
  show,
  showChange,
  showRange,
  showTxn,
  txnOp,
} from './requests.ts';

const key = fc.constantFrom('a', 'b', 'b\0', 'c', 'ca', 'd', '\xff');
const end = fc.constantFrom('', '', '\0', 'a', 'b', 'c', 'd', '\xff\xff');
const value = fc.constantFrom('', 'x', 'y', 'zz', '\xff');
const lease = fc.constantFrom(0n, 0n, 0n, 1n, 2n, 9n, -(2n ** 63n));
const revision = fc.constantFrom(0, 0, 0, 0, -1, 1, 2, 3, 4, 5, 7, 9, 12, 20, 40);
const bound = fc.constantFrom(0, 0, 0, 2, 3, 5, 8);
const flag = fc.boolean();

const putArbitrary: fc.Arbitrary<PutRequest> = fc
  .record({
    key,
    value,
    lease,
    prevKv: flag,
    ignore: fc.constantFrom('', '', '', '', 'value', 'lease', 'both'),
  })
  .map(({ key, value, lease, prevKv, ignore }) => {
    const ignoreValue = ignore === 'value' || ignore === 'both';
    const ignoreLease = ignore === 'lease' || ignore === 'both';
    return put(key, ignoreValue ? '' : value, {
      lease: ignoreLease ? 0n : lease,
      prevKv,
      ignoreValue,
      ignoreLease,
    });
  });

const deleteArbitrary: fc.Arbitrary<DeleteRangeRequest> = fc
  .record({ key, end, prevKv: flag })
  .map(({ key, end, prevKv }) => del(key, end, prevKv));

const rangeArbitrary: fc.Arbitrary<RangeRequest> = fc
  .record({
    key,
    end,
    limit: fc.constantFrom(0, 0, 1, 2, 3, 100, -1),
    revision,
    sortOrder: fc.constantFrom(0, 0, 1, 2),
    sortTarget: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
    keysOnly: flag,
    countOnly: fc.constantFrom(false, false, false, true),
    minModRevision: bound,
    maxModRevision: bound,
    minCreateRevision: bound,
    maxCreateRevision: bound,
    isPlain: flag,
  })
  .map(({ key, isPlain, minModRevision, maxModRevision, minCreateRevision, maxCreateRevision, ...fields }) =>
    range(
      key,
      isPlain ? fields : { ...fields, minModRevision, maxModRevision, minCreateRevision, maxCreateRevision },
    ),
  );

const compareArbitrary: fc.Arbitrary<Compare> = fc
  .record({
    key,
    end,
    result: fc.integer({ min: 0, max: 3 }),
    target: fc.integer({ min: 0, max: 4 }),
    number: fc.constantFrom(0, 0, 1, 2, 3, 5),
    value,
    lease,
  })
  .map(({ key, ...fields }) => compare(key, fields));

const { txn: txnArbitrary } = fc.letrec<{ txn: TxnRequest; op: RequestOp }>((tie) => ({
  op: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'txn' },
    putArbitrary.map(putOp),
    deleteArbitrary.map(delOp),
    rangeArbitrary.map(rangeOp),
    (tie('txn') as fc.Arbitrary<TxnRequest>).map(txnOp),
  ),
  txn: fc.record({
    compare: fc.array(compareArbitrary, { maxLength: 2 }),
    success: fc.array(tie('op') as fc.Arbitrary<RequestOp>, { maxLength: 3 }),
    failure: fc.array(tie('op') as fc.Arbitrary<RequestOp>, { maxLength: 3 }),
  }),
}));

type Step =
  | { kind: 'put'; request: PutRequest }
  | { kind: 'delete'; request: DeleteRangeRequest }
  | { kind: 'range'; request: RangeRequest }
  | { kind: 'txn'; request: TxnRequest }
  | { kind: 'compact'; revision: number }
  | { kind: 'step'; keys: number }
  | { kind: 'reopen' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: putArbitrary.map((request): Step => ({ kind: 'put', request })) },
  { weight: 3, arbitrary: deleteArbitrary.map((request): Step => ({ kind: 'delete', request })) },
  { weight: 6, arbitrary: rangeArbitrary.map((request): Step => ({ kind: 'range', request })) },
  { weight: 7, arbitrary: txnArbitrary.map((request): Step => ({ kind: 'txn', request })) },
  { weight: 2, arbitrary: revision.map((at): Step => ({ kind: 'compact', revision: at })) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }).map((keys): Step => ({ kind: 'step', keys })) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'reopen' }) },
);

/** A lease book that checks that attaching and detaching alternate. */
class Leases implements LeaseBook {
  readonly known = new Set([1n, 2n, -(2n ** 63n)]);
  owners = new Map<string, bigint>();

  exists(id: bigint): boolean {
    return this.known.has(id);
  }

  attach(id: bigint, name: string): void {
    if (this.owners.has(name)) throw new Error(`${name} has an owner already`);
    this.owners.set(name, id);
  }

  detach(id: bigint, name: string): void {
    if (this.owners.get(name) !== id) throw new Error(`${name} is not owned by ${id}`);
    this.owners.delete(name);
  }
}

function same(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}:\n  store ${a}\n  model ${b}`);
}

async function apply(rig: Rig, model: Model, leases: Leases, one: Step): Promise<void> {
  const { store } = rig;
  switch (one.kind) {
    case 'put':
      same(
        outcome(() => {
          const result = store.put(one.request);
          return { put: result.prevKv === null ? null : show(result.prevKv), revision: result.revision };
        }),
        outcome(() => model.put(one.request)),
        'put',
      );
      break;
    case 'delete':
      same(
        outcome(() => {
          const { deleted, prevKvs, revision: at } = store.deleteRange(one.request);
          return { deleted, prevKvs: prevKvs.map(show), revision: at };
        }),
        outcome(() => model.deleteRange(one.request)),
        'delete',
      );
      break;
    case 'range':
      same(
        outcome(() => showRange(store.range(one.request))),
        outcome(() => model.range(one.request)),
        'range',
      );
      break;
    case 'txn':
      if (outcome(() => checkTxn(one.request, 128)) !== undefined) return;
      same(
        outcome(() => showTxn(store.txn(one.request))),
        outcome(() => model.txn(one.request)),
        'txn',
      );
      break;
    case 'compact':
      same(
        outcome(() => store.compact(one.revision)),
        outcome(() => model.compact(one.revision)),
        'compact',
      );
      break;
    case 'step':
      store.compactStep(one.keys);
      break;
    default: {
      const { digest, sizeInUseBytes } = store;
      leases.owners = new Map();
      await reopen(rig);
      same(rig.store.digest, digest, 'digest');
      same(rig.store.sizeInUseBytes, sizeInUseBytes, 'size in use');
    }
  }
}

function readHistory(rig: Rig, from: number, maxBytes: number): Promise<readonly Change[]> {
  return new Promise((resolve, reject) => {
    const all: Change[] = [];
    const next = (at: number): void => {
      rig.store.history.read(at, maxBytes, (error, changes, nextRevision) => {
        if (error !== null) {
          reject(error);
          return;
        }
        all.push(...changes);
        if (nextRevision > rig.store.revision) resolve(all);
        else if (nextRevision <= at) reject(new Error('the history does not go on'));
        else next(nextRevision);
      });
    };
    next(from);
  });
}

async function checkEverything(rig: Rig, model: Model, leases: Leases): Promise<void> {
  const { store } = rig;
  same(store.revision, model.revision, 'revision');
  same(store.compactRevision, model.compactRevision, 'compact revision');
  same(store.keyCount, model.keys.size, 'key count');
  for (let at = Math.max(1, model.compactRevision); at <= model.revision; at++) {
    const request = range('\0', { end: '\0', revision: at });
    same(showRange(store.range(request)), model.range(request), `everything at ${at}`);
    for (const name of ['a', 'b', 'ca']) {
      const before = store.history.previous(name, at);
      same(before === null ? null : show(before), model.previous(name, at), `${name} before ${at}`);
    }
  }
  const from = model.compactRevision + 1;
  const expected = model.events.filter((event) => event.revision >= from).map((event) => event.text);
  same(
    (await readHistory(rig, Math.max(0, from), 1)).map(showChange),
    expected,
    'history, one revision a time',
  );
  same((await readHistory(rig, Math.max(0, from), 200_000)).map(showChange), expected, 'history at once');
  const owners = [...model.keys.values()].filter((pair) => pair.lease !== 0n);
  same(
    [...leases.owners].map(([name, id]) => `${name} ${id}`).sort(),
    owners.map((pair) => `${pair.key} ${pair.lease}`).sort(),
    'lease owners',
  );
}

async function countRecords(rig: Rig): Promise<{ count: number; bytes: number }> {
  return new Promise((resolve, reject) => {
    rig.backend.scan('k', 'l', 100_000, (error, entries) => {
      if (error !== null) reject(error);
      const size = entries.reduce((sum, entry) => sum + entry.key.length + entry.value.length, 0);
      resolve({ count: entries.length, bytes: size });
    });
  });
}

t.test('random histories give what the model gives, across compactions and restarts', async (t) => {
  let published = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
      flag,
      async (steps, isTiny) => {
        const leases = new Leases();
        const model = new Model(leases.known);
        const rig = await freshRig({ leases, cacheBytes: isTiny ? 600 : 100_000 });
        for (const one of steps) await apply(rig, model, leases, one);
        await checkEverything(rig, model, leases);
        same(
          rig.changes.map(showChange),
          model.events.map((event) => event.text),
          'published changes',
        );
        compactAll(rig.store, 2);
        await checkEverything(rig, model, leases);
        const records = await countRecords(rig);
        same(records.count, model.recordCount(), 'records left');
        same(rig.store.sizeInUseBytes, records.bytes, 'bytes of the records left');
        leases.owners = new Map();
        const { digest } = rig.store;
        await reopen(rig);
        same(rig.store.digest, digest, 'digest');
        await checkEverything(rig, model, leases);
        published += rig.changes.length;
      },
    ),
    { numRuns: 400 },
  );
  t.ok(published > 1000, 'the histories were not empty');
});
