/** Chunked ranges, history, compaction in steps, and opening again in the middle of things. */

import t from 'tap';
import { memoryBackend } from '../../src/backend/memory-backend.ts';
import type { RangeChunk, RangeChunks } from '../../src/mvcc/range-chunks.ts';
import type { Store } from '../../src/mvcc/store.ts';
import type { Change, LeaseBook } from '../../src/mvcc/types.ts';
import { failing } from '../suites/failing.ts';
import {
  bytes,
  compactAll,
  del,
  delOp,
  freshRig,
  openStore,
  put,
  putOp,
  range,
  reopen,
  scheduler,
  show,
  showChange,
  showRange,
  txn,
} from './requests.ts';

function drain(chunks: RangeChunks, maxKeys?: number): RangeChunk[] {
  const all: RangeChunk[] = [];
  for (;;) {
    all.push(chunks.next(maxKeys));
    if (all[all.length - 1]!.isLast) return all;
  }
}

const name = (i: number): string => `key${String(i).padStart(4, '0')}`;

async function filled(count: number): ReturnType<typeof freshRig> {
  const rig = await freshRig();
  for (let i = 0; i < count; i++) rig.store.put(put(name(i), 'x'.repeat(50)));
  return rig;
}

t.test('chunks are disjoint, in key order and bounded; only the last says count and more', async (t) => {
  const { store } = await filled(1000);
  const request = range('key', { end: 'kez' });
  const chunks = drain(store.rangeChunks(request, 2000));
  const kvs = chunks.flatMap((chunk) => chunk.kvs);
  t.same(kvs.map(show), store.range(request).kvs.map(show));
  t.ok(chunks.length > 30);
  for (const chunk of chunks.slice(0, -1)) {
    const size = chunk.kvs.reduce((sum, kv) => sum + kv.length, 0);
    if (size >= 2100 || chunk.kvs.length === 0 || chunk.count !== 0 || chunk.more)
      t.fail('a chunk in the middle');
  }
  const last = chunks[chunks.length - 1]!;
  t.same([last.count, last.more, last.revision], [1000, false, 1001]);
  const limited = drain(store.rangeChunks({ ...request, limit: 25 }, 1_000_000), 10);
  t.same(
    limited.map((chunk) => [chunk.kvs.length, chunk.isLast, chunk.more, chunk.count]),
    [
      [10, false, false, 0],
      [10, false, false, 0],
      [5, true, true, 1000],
    ],
  );
  const exact = drain(store.rangeChunks({ ...request, limit: 1000 }, 1_000_000));
  t.equal(exact[exact.length - 1]!.more, false);
  t.same(drain(store.rangeChunks({ ...request, countOnly: true }, 10)), [
    { kvs: [], isLast: true, more: false, count: 1000, revision: 1001 },
  ]);
  t.same(
    drain(store.rangeChunks(range('key0005'), 10)).flatMap((chunk) => chunk.kvs.map(show)),
    [`key0005@7/7/1=${'x'.repeat(50)}`],
  );
  t.same(drain(store.rangeChunks(range('b', { end: 'a' }), 10)).length, 1);
});

t.test('a chunk ends soon when its slice is over, and nothing is lost or told twice', async (t) => {
  const { store } = await filled(1000);
  const over = { isOver: true };
  for (const more of [{}, { limit: 100 }, { limit: 96 }, { sortOrder: 2 }, { sortTarget: 4, sortOrder: 1 }]) {
    const request = range('key', { end: 'kez', ...more });
    const whole = store.range(request);
    const chunks = store.rangeChunks(request, 1_000_000);
    const all: RangeChunk[] = [];
    do all.push(chunks.next(undefined, over));
    while (!all.at(-1)!.isLast);
    t.same(
      all.flatMap(({ kvs }) => kvs.map(show)),
      whole.kvs.map(show),
    );
    t.same([all.at(-1)!.count, all.at(-1)!.more], [whole.count, whole.more]);
    t.ok(all.every(({ kvs }) => kvs.length <= 32));
  }
});

t.test('chunks show one revision, whatever is written between them', async (t) => {
  const { store } = await filled(600);
  const request = range('key', { end: 'kez' });
  const expected = showRange(store.range(request)) as { kvs: string[]; count: number };
  const chunks = store.rangeChunks(request, 1000);
  const found: string[] = [];
  for (let i = 0; ; i++) {
    const chunk = chunks.next();
    found.push(...chunk.kvs.map(show));
    if (chunk.isLast) {
      t.equal(chunk.count, 600);
      t.equal(chunk.revision, 601);
      break;
    }
    store.put(put(name(i * 7), 'later'));
    store.put(put(`${name(i * 13)}new`, 'later'));
    store.deleteRange(del(name(599 - i)));
  }
  t.same(found, expected.kvs);
  const past = drain(store.rangeChunks({ ...request, revision: 601 }, 1000)).flatMap((chunk) =>
    chunk.kvs.map(show),
  );
  t.same(past, expected.kvs);
});

t.test('a chunked read whose revision is compacted in between ends with compacted', async (t) => {
  const { store } = await filled(100);
  const chunks = store.rangeChunks(range('key', { end: 'kez' }), 1000);
  chunks.next();
  store.put(put('later', ''));
  store.compact(102);
  t.throws(() => chunks.next(), failing('compacted'));
});

/** Keys in lives of several lengths, some of them gone, in an order that is nobody's. */
async function mixed(count: number): ReturnType<typeof freshRig> {
  const rig = await freshRig();
  for (let i = 0; i < count; i++) {
    const number = (i * 1103) % count;
    rig.store.put(put(name(number), `value ${(number * 7919) % 101}`));
    if (number % 7 === 0) rig.store.put(put(name(number), `value ${number % 13}`));
    if (number % 11 === 0) rig.store.deleteRange(del(name(number)));
  }
  return rig;
}

t.test(
  'orders and filters in steps answer what they answer at once, while writes go on in between',
  async (t) => {
    const { store } = await mixed(2500);
    const orders = [0, 1, 2].flatMap((sortOrder) =>
      [0, 1, 2, 3, 4].map((sortTarget) => ({ sortOrder, sortTarget })),
    );
    const cuts = [
      {},
      { limit: 17 },
      { minModRevision: 500, maxModRevision: 1200 },
      { maxCreateRevision: 900, limit: 700 },
    ];
    let number = 0;
    for (const order of orders) {
      for (const cut of cuts) {
        const { revision } = store;
        for (const at of [0, revision - 800]) {
          number++;
          const request = range('key', {
            end: 'kez',
            ...order,
            ...cut,
            revision: at,
            keysOnly: number % 3 === 0,
          });
          const expected = showRange(store.range(request));
          const chunks = store.rangeChunks(request, 1_000_000);
          const all: RangeChunk[] = [];
          while (all.at(-1)?.isLast !== true) {
            all.push(chunks.next());
            store.put(put(name(number % 1300), `${number} ${all.length}`));
          }
          const last = all.at(-1)!;
          const kvs = all.flatMap((chunk) => chunk.kvs);
          const answered = showRange({ kvs, more: last.more, count: last.count, revision: last.revision });
          t.same(answered, expected, JSON.stringify(request));
          t.equal(last.revision, store.revision - all.length, 'the revision is the one at which it began');
        }
      }
    }
  },
);

t.test('a step looks at few keys, whatever is asked for', async (t) => {
  const { store } = await filled(9000);
  store.put(put('later', ''));
  const all = { end: 'kez', revision: 9001 };
  const steps = (request: ReturnType<typeof range>): number => drain(store.rangeChunks(request, 1e9)).length;
  t.ok(steps(range('key', { ...all, countOnly: true })) > 2, 'to count the past');
  t.ok(steps(range('key', { ...all, limit: 10 })) > 2, 'to read a part of the past, and count the rest');
  t.ok(steps(range('key', { end: 'kez', keysOnly: true })) >= 9, 'to answer');
  t.ok(steps(range('key', { end: 'kez', minModRevision: 1e9 })) >= 9, 'to filter');
  t.ok(steps(range('key', { end: 'kez', sortTarget: 4, sortOrder: 2, limit: 1 })) >= 36, 'to order by value');
  t.throws(() => store.rangeChunks(range('a', { revision: 99_999 }), 100), failing('futureRevision'));
  const ordered = store.rangeChunks(range('key', { end: 'kez', sortTarget: 4, sortOrder: 2 }), 100);
  ordered.next();
  store.compact(9002);
  t.same(ordered.next().kvs, [], 'what was there when it began is there still');
  store.put(put('later', ''));
  store.compact(9003);
  t.throws(() => ordered.next(), failing('compacted'));
});

t.test('an order in steps goes on over a state that is put in the place of the one before', async (t) => {
  const { store } = await mixed(2500);
  const request = range('key', { end: 'kez', sortTarget: 2, sortOrder: 2 });
  const expected = showRange(store.range(request));
  const chunks = store.rangeChunks(request, 5000);
  const answered: RangeChunk[] = [];
  for (let step = 0; answered.at(-1)?.isLast !== true; step++) {
    answered.push(chunks.next());
    if (step % 9 !== 2 || step > 20) continue;
    await new Promise<void>((resolve, reject) => {
      store.reload((error) => (error === null ? resolve() : reject(error)));
    });
  }
  const [last] = answered.slice(-1);
  t.same(showRange({ ...last!, kvs: answered.flatMap(({ kvs }) => kvs) }), expected);
});

interface Read {
  readonly changes: string[];
  readonly nextRevision: number;
}

function read(store: Store, from: number, maxBytes: number): Promise<Read> {
  return new Promise((resolve, reject) => {
    let returned = false;
    store.history.read(from, maxBytes, (error, changes: readonly Change[], nextRevision) => {
      if (!returned) reject(new Error('the callback came before the call returned'));
      else if (error !== null) reject(error);
      else resolve({ changes: changes.map(showChange), nextRevision });
    });
    returned = true;
  });
}

t.test('history comes in whole revisions, at least one, and says where to go on', async (t) => {
  const { store } = await freshRig();
  const long = 'x'.repeat(70_000);
  store.put(put('a', long));
  store.txn(txn([putOp(put('b', long)), putOp(put('c', long)), delOp(del('a'))]));
  store.put(put('b', long));
  const shorten = (one: Read): Read => ({
    ...one,
    changes: one.changes.map((change) => change.replace(long, '…')),
  });
  t.same(shorten(await read(store, 2, 1)), { changes: ['2 create a@2/2/1=…'], nextRevision: 3 });
  t.same(shorten(await read(store, 3, 1)), {
    changes: ['3 create b@3/3/1=…', '3 create c@3/3/1=…', '3 delete a@0/3/0='],
    nextRevision: 4,
  });
  t.same(shorten(await read(store, 4, 1)), { changes: ['4 update b@3/4/2=…'], nextRevision: 5 });
  t.same(await read(store, 5, 1), { changes: [], nextRevision: 5 });
  t.same(await read(store, 9, 1), { changes: [], nextRevision: 9 });
  t.equal((await read(store, 0, 10_000_000)).changes.length, 5);
});

t.test('a revision larger than the read is given whole', async (t) => {
  const { store } = await filled(0);
  store.txn(txn(Array.from({ length: 100 }, (_, i) => putOp(put(name(i), 'x'.repeat(5000))))));
  store.put(put('after', ''));
  const first = await read(store, 2, 1000);
  t.equal(first.changes.length, 100);
  t.equal(first.nextRevision, 3);
});

t.test('history below the compact revision is compacted, at it and above it is there', async (t) => {
  const { store } = await freshRig();
  for (const value of ['1', '2', '3']) store.put(put('a', value));
  store.deleteRange(del('a'));
  store.put(put('b', '1'));
  store.compact(5);
  compactAll(store);
  await t.rejects(read(store, 4, 1000), failing('compacted'));
  t.same(await read(store, 5, 1000), {
    changes: ['5 delete a@0/5/0=', '6 create b@6/6/1=1'],
    nextRevision: 7,
  });
  const late = read(store, 5, 1000);
  store.compact(6);
  await t.rejects(late, failing('compacted'), 'compacted while the read was under way');
});

t.test('the record before a revision is known while the revision before it can be read', async (t) => {
  const { store } = await freshRig();
  for (const value of ['1', '2']) store.put(put('a', value));
  store.deleteRange(del('a'));
  store.put(put('a', '3'));
  const before = (at: number): string | null => {
    const record = store.history.previous('a', at);
    return record === null ? null : show(record);
  };
  t.same([2, 3, 4, 5, 6].map(before), [null, 'a@2/2/1=1', 'a@2/3/2=2', null, 'a@5/5/1=3']);
  store.compact(3);
  t.same([3, 4].map(before), [null, 'a@2/3/2=2']);
  t.equal(store.history.previous('missing', 4), null);
});

t.test('a compaction goes in steps, does not hold up writers, and frees what nobody can read', async (t) => {
  const { store, backend } = await filled(200);
  for (let i = 0; i < 200; i++) store.put(put(name(i), 'second'));
  const size = store.sizeInUseBytes;
  t.equal(store.isCompacting, false);
  store.compact(401);
  let steps = 0;
  while (store.compactStep(10)) {
    steps++;
    store.put(put(name((steps * 31) % 200), `during ${steps}`));
  }
  t.ok(steps >= 20, `${steps} steps`);
  t.equal(store.isCompacting, false);
  t.ok(store.sizeInUseBytes < size);
  const entries = await new Promise<number>((resolve) => {
    backend.scan('k', 'l', 10_000, (_, found) => resolve(found.length));
  });
  t.equal(entries, 200 + steps, 'the newest of 200 keys at 401, and what was written since');
  t.equal(store.range(range('key', { end: 'kez', revision: 401 })).count, 200);
});

t.test('a key that was written very often does not make a step long', async (t) => {
  const { store, backend } = await freshRig();
  for (let i = 0; i < 1000; i++) store.put(put('hot', `${i}`));
  store.put(put('other', '1'));
  store.put(put('other', '2'));
  store.compact(store.revision);
  const left = (): Promise<number> =>
    new Promise((resolve) => {
      backend.scan('k', 'l', 10_000, (_, found) => resolve(found.length));
    });
  t.equal(store.compactStep(10), true);
  t.equal(await left(), 1002 - 40);
  t.same(store.range(range('hot')).kvs.map(show), ['hot@2/1001/1000=999']);
  compactAll(store, 10);
  t.equal(await left(), 2);
});

t.test('a compaction passes quickly over keys that have no past', async (t) => {
  const { store, backend } = await filled(3000);
  for (const i of [0, 1500, 2999]) store.put(put(name(i), 'second'));
  store.deleteRange(del(name(77)));
  store.put(put('behind', 'all others'));
  store.compact(store.revision);
  let steps = 1;
  while (store.compactStep(10)) steps++;
  t.ok(steps < 20, `${steps} steps for 3,000 keys, ten at a time`);
  const entries = await new Promise<number>((resolve) => {
    backend.scan('k', 'l', 10_000, (_, found) => resolve(found.length));
  });
  t.equal(entries, 3000, '2,999 keys and the one behind them');
});

t.test('compactions that follow each other closely all come to an end', async (t) => {
  const { store, backend } = await filled(50);
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 50; i++) store.put(put(name(i), `${round}`));
    store.compact(store.revision);
    store.compactStep(7);
  }
  compactAll(store, 7);
  const entries = await new Promise<number>((resolve) => {
    backend.scan('k', 'l', 10_000, (_, found) => resolve(found.length));
  });
  t.equal(entries, 50);
});

t.test('a compaction that was cut short is finished after the restart', async (t) => {
  const rig = await filled(100);
  for (let i = 0; i < 100; i++) rig.store.put(put(name(i), 'second'));
  rig.store.deleteRange(del(name(3)));
  rig.store.compact(202);
  rig.store.compactStep(10);
  await reopen(rig);
  t.equal(rig.store.compactRevision, 202);
  t.equal(rig.store.isCompacting, true);
  t.throws(() => rig.store.range(range('a', { revision: 201 })), failing('compacted'));
  compactAll(rig.store);
  await reopen(rig);
  t.equal(rig.store.isCompacting, false);
  t.equal(rig.store.compactRevision, 202);
  t.equal(rig.store.revision, 202);
  const entries = await new Promise<number>((resolve) => {
    rig.backend.scan('k', 'l', 10_000, (_, found) => resolve(found.length));
  });
  t.equal(entries, 100, '99 living keys and the tombstone at the compact revision');
});

t.test('leases are attached again when the store is opened', async (t) => {
  const attached: string[] = [];
  const leases: LeaseBook = {
    exists: () => true,
    attach: (id, key) => attached.push(`${key}#${id}`),
    detach: () => {},
  };
  const rig = await freshRig({ leases });
  rig.store.put(put('a', '', { lease: -7n }));
  rig.store.put(put('b', '', { lease: 8n }));
  rig.store.put(put('b', ''));
  rig.store.put(put('c', '', { lease: 8n }));
  rig.store.deleteRange(del('c'));
  attached.length = 0;
  await reopen(rig);
  t.same(attached, ['a#-7']);
});

t.test('the digest tells stores apart, survives restarts, and is the same for the same writes', async (t) => {
  const digests: number[] = [];
  for (const value of ['1', '1', '2']) {
    const rig = await freshRig();
    for (let i = 0; i < 2100; i++) rig.store.put(put(name(i % 10), value));
    if (digests.length === 1) await reopen(rig);
    rig.store.deleteRange(del(name(4)));
    if (digests.length === 1) {
      rig.store.compact(2000);
      compactAll(rig.store);
      await reopen(rig);
    }
    rig.store.put(put('last', ''));
    digests.push(rig.store.digest);
  }
  t.equal(digests[0], digests[1]);
  t.not(digests[0], digests[2]);
});

t.test('a store whose backend was replaced reads the new state in place', async (t) => {
  const source = await freshRig();
  for (let i = 0; i < 20; i++) source.store.put(put(name(i), 'source'));
  source.store.compact(10);
  const target = await freshRig();
  target.store.put(put('old', ''));
  const { history } = target.store;
  const entries = await new Promise<readonly { key: string; value: Uint8Array }[]>((resolve) => {
    source.backend.scan('', '\xff', 1000, (_, found) => resolve(found));
  });
  const restore = target.backend.beginRestore();
  await new Promise<void>((resolve) => restore.add(entries, () => resolve()));
  await new Promise<void>((resolve) => restore.commit(30, bytes(''), () => resolve()));
  await new Promise<void>((resolve, reject) => {
    target.store.reload((error) => (error === null ? resolve() : reject(error)));
  });
  t.equal(history.revision, 21);
  t.same(
    [target.store.digest, target.store.revision, target.store.compactRevision, target.store.isCompacting],
    [source.store.digest, 21, 10, true],
  );
  t.equal(target.store.range(range('old')).count, 0);
  t.equal(target.store.range(range('key', { end: 'kez' })).count, 20);
});

t.test('a record that is missing from the state is said to be', async (t) => {
  const backend = memoryBackend({ scheduler });
  const store = await openStore(backend, { cacheBytes: 0 });
  store.put(put('a', '1'));
  const [entry] = await new Promise<readonly { key: string }[]>((resolve) => {
    backend.scan('k', 'l', 1, (_, found) => resolve(found));
  });
  backend.delete(entry!.key);
  t.throws(() => store.range(range('a')), failing('backendDamaged', /revision 2/));
});
