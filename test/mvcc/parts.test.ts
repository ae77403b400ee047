/** The small parts of the store: revision keys, records, key index, cache, interval set. */

import fc from 'fast-check';
import t from 'tap';
import { IntervalSet } from '../../src/mvcc/interval-set.ts';
import { KeyIndex } from '../../src/mvcc/key-index.ts';
import { KeyTable } from '../../src/mvcc/key-table.ts';
import { OlderRevisions } from '../../src/mvcc/older-revisions.ts';
import { readRecord } from '../../src/mvcc/record.ts';
import { RecordCache, wornBytes } from '../../src/mvcc/record-cache.ts';
import {
  decodeRevision,
  encodeRevision,
  isTombstoneKey,
  mainOf,
  revisionKey,
  subOf,
} from '../../src/mvcc/revision.ts';
import { encodeRecord, encodeTombstone } from '../../src/wire/key-value.ts';
import { bytes, text } from './requests.ts';

const revision = fc.oneof(
  fc.nat(300),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
  fc.maxSafeNat(),
);
/** A key's index in a table of its own, or beside others. */
function added(key: string, table: KeyTable = new KeyTable()): KeyIndex {
  return new KeyIndex(table, table.add(key));
}

const sub = fc.oneof(fc.nat(300), fc.constantFrom(65_536, 2 ** 31, 2 ** 32 - 1));

t.test('revision keys read back and sort as revisions do', async (t) => {
  const place = fc.tuple(revision, sub, fc.boolean());
  fc.assert(
    fc.property(place, place, (a, b) => {
      const [keyA, keyB] = [revisionKey(...a), revisionKey(...b)];
      if (mainOf(keyA) !== a[0] || subOf(keyA) !== a[1] || isTombstoneKey(keyA) !== a[2])
        throw new Error('read back');
      if (decodeRevision(encodeRevision(a[0])) !== a[0]) throw new Error('revision value');
      const order = a[0] - b[0] || a[1] - b[1];
      if (order < 0 && !(keyA < keyB)) throw new Error('order');
    }),
    { numRuns: 500 },
  );
  t.equal(revisionKey(1, 0, false).length, 17);
  t.equal(
    revisionKey(1, 0, true),
    `k${'\0'.repeat(7)}\x01${'\0'.repeat(8)}t`,
    'a tombstone is marked with t',
  );
});

t.test('a record reads back in place, and anything else is refused', async (t) => {
  const name = fc.string({ minLength: 1, maxLength: 200 }).map((one) => text(bytes(one)));
  const lease = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
  fc.assert(
    fc.property(
      name,
      revision,
      revision,
      fc.maxSafeNat(),
      fc.uint8Array(),
      lease,
      (key, create, mod, version, value, id) => {
        const record = encodeRecord(key, create, mod, version, value, id);
        const view = readRecord(record);
        const found = [
          text(record.subarray(view.keyStart, view.keyEnd)),
          view.create,
          view.mod,
          view.version,
          text(record.subarray(view.valueStart, view.valueEnd)),
          view.lease,
        ];
        const expected = [key, create, mod, version, text(value), id];
        for (let i = 0; i < found.length; i++)
          if (found[i] !== expected[i]) throw new Error(`field ${i + 1}`);
      },
    ),
  );
  const tombstone = readRecord(encodeTombstone('gone', 9));
  t.same([tombstone.create, tombstone.mod, tombstone.version, tombstone.lease], [0, 9, 0, 0n]);
  const record = encodeRecord('key', 2, 3, 1, bytes('value'), 7n);
  const fieldEnds = [5, 7, 9, 11, 18]; // A record that ends between two fields is one too.
  for (let end = 0; end < record.length; end++) {
    if (!fieldEnds.includes(end)) t.throws(() => readRecord(record.subarray(0, end)), `cut at ${end}`);
  }
  t.throws(() => readRecord(Buffer.concat([record, bytes('x')])));
});

t.test('a key index knows what was in force at every revision', async (t) => {
  const index = added('k');
  index.addPut(3, 0, 3, 1, 0n, 10);
  index.addPut(5, 2, 3, 2, 4n, 10);
  index.addTombstone(7, 1, 5);
  index.addPut(9, 0, 9, 1, 0n, 10);
  const live = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((at) => {
    const place = index.liveAt(at);
    return place < 0 ? 0 : index.mainAt(place) * 10 + index.subAt(place);
  });
  t.same(live, [0, 30, 30, 52, 52, 0, 0, 90, 90]);
  t.throws(() => index.addPut(9, 0, 9, 2, 0n, 1), /does not come after/);
  t.throws(() => index.addTombstone(8, 0, 1), /does not come after/);
});

t.test(
  'a compaction keeps the newest revision below, and a tombstone only at exactly its revision',
  async (t) => {
    const make = (): KeyIndex => {
      const index = added('k');
      index.addPut(3, 0, 3, 1, 0n, 10);
      index.addPut(5, 0, 3, 2, 0n, 10);
      index.addTombstone(7, 0, 5);
      index.addPut(9, 0, 9, 1, 0n, 10);
      return index;
    };
    const removed = [2, 3, 4, 5, 6, 7, 8, 9, 12].map((at) => make().compactable(at));
    t.same(removed, [0, 0, 0, 1, 1, 2, 3, 3, 3]);
    const dead = added('k');
    dead.addPut(3, 0, 3, 1, 0n, 10);
    dead.addTombstone(4, 0, 5);
    t.equal(dead.compactable(4), 1);
    t.equal(dead.compactable(5), 2);
    t.equal(dead.forget(2), false, 'nothing is left');
    const alive = make();
    t.equal(alive.forget(3), true);
    t.equal(alive.liveAt(8), -1);
    t.equal(alive.mainAt(alive.liveAt(9)), 9);
  },
);

t.test('the cache stays within its budget and keeps what is read', async (t) => {
  const table = new KeyTable();
  const cache = new RecordCache(10_000, table);
  const hot = added('hot', table);
  cache.set(hot, Buffer.from('the hot one'));
  const others: KeyIndex[] = [];
  for (let i = 0; i < 1000; i++) {
    const index = added(`k${i}`, table);
    others.push(index);
    cache.set(index, Buffer.alloc(100));
    cache.get(hot);
    if (cache.bytes > 10_000) t.fail('over the budget');
  }
  t.equal(cache.get(hot)?.toString(), 'the hot one', 'a key that is read survives');
  const isCached = (index: KeyIndex): boolean => table.cachePlaceOf(index.row) !== 0;
  t.equal(others.filter(isCached).length, Math.floor((10_000 - 139) / 228));
  t.ok(others.slice(-43).every(isCached), 'the newest are there');
  for (const index of others) if (isCached(index)) t.equal(cache.get(index)?.length, 100);
  cache.set(hot, Buffer.alloc(3000));
  t.equal(cache.get(hot), null, 'one record may not take most of the cache');
  for (const index of others) cache.remove(index);
  t.notOk(others.some(isCached));
  cache.set(hot, Buffer.from('again'));
  t.equal(cache.get(hot)?.toString(), 'again');
});

t.test('a cached record is that of its key whatever comes and goes', async () => {
  const step = fc.tuple(fc.nat(30), fc.constantFrom('set', 'get', 'remove'), fc.nat(200));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const table = new KeyTable();
      const cache = new RecordCache(2000, table);
      const indexes = Array.from({ length: 31 }, (_, i) => added(`k${i}`, table));
      const newest = new Map<number, number>();
      steps.forEach(([key, what, size], number) => {
        const index = indexes[key]!;
        if (what === 'set') {
          newest.set(key, number);
          const record = Buffer.alloc(4 + size);
          record.writeUInt32BE(number);
          cache.set(index, record);
        } else if (what === 'remove') {
          newest.delete(key);
          cache.remove(index);
        }
        const found = cache.get(index);
        if (found !== null && found[0] === undefined) throw new Error('empty');
        if (found !== null && Buffer.from(found).readUInt32BE(0) !== newest.get(key))
          throw new Error('a record of another key or time');
        if (cache.bytes > 2000) throw new Error('over the budget');
      });
    }),
  );
});

t.test(
  'what was replaced in the cache counts until it is gone: its slab may be held by others',
  async (t) => {
    const table = new KeyTable();
    const cache = new RecordCache(100_000, table);
    const hot = added('hot', table);
    let slabs = 0;
    for (let i = 0; i < 1000; i++) {
      const slab = Buffer.alloc(8192);
      slabs++;
      cache.set(added(`cold ${i}`, table), slab.subarray(0, 10));
      for (let at = 10; at < 8000; at += 100) cache.set(hot, slab.subarray(at, at + 100));
    }
    const held = new Set<ArrayBufferLike>();
    for (let i = 0; i < 1000; i++) {
      const row = table.find(`cold ${i}`);
      if (table.cachePlaceOf(row) !== 0) held.add(cache.get(new KeyIndex(table, row))!.buffer);
    }
    t.ok(held.size < slabs / 50, `${held.size} slabs are held`);
  },
);

t.test(
  'few keys that are written over and over take a small part of the cache, and none of them leaves it',
  async (t) => {
    const table = new KeyTable();
    const cache = new RecordCache(1 << 30, table);
    const keys = 500;
    const recordBytes = 200;
    const indexes = Array.from({ length: keys }, (_, i) => added(`k${i}`, table));
    const newest = new Array<number>(keys).fill(-1);
    let slab = Buffer.alloc(0);
    let at = 0;
    let highest = 0;
    const write = (key: number, number: number): void => {
      if (at + recordBytes > slab.length) {
        slab = Buffer.alloc(64 * 1024);
        at = 0;
      }
      slab.writeUInt32BE(number, at);
      cache.setPart(indexes[key]!, slab.buffer, at, recordBytes);
      newest[key] = number;
      at += recordBytes;
      highest = Math.max(highest, cache.bytes);
    };
    for (let key = 0; key < keys; key++) write(key, key);
    for (let number = keys; number < 100 * keys; number++) write((number * 7919) % (keys / 2), number);
    const wanted = keys * (recordBytes + 128);
    t.ok(highest <= 4 * wanted + wornBytes, `${highest} bytes, ${wanted} wanted`);
    t.ok(highest > wornBytes, 'that much is held before anything is cleared');
    const found = indexes.map((index) => cache.get(index));
    t.same(
      found.map((record) => (record === null ? null : Buffer.from(record).readUInt32BE(0))),
      newest,
      'also those that nobody wrote or read for long',
    );
    const held = new Set(found.map((record) => record!.buffer));
    t.ok(held.size < 200, `${held.size} pieces of memory are held`);
  },
);

t.test('a record that survives in the cache lets go of the slab it came in', async (t) => {
  const table = new KeyTable();
  const cache = new RecordCache(1000, table);
  const slab = Buffer.alloc(8192);
  const index = added('k', table);
  cache.set(index, slab.subarray(10, 20));
  for (let i = 0; i < 20; i++) {
    cache.get(index);
    cache.set(added(`k${i}`, table), Buffer.alloc(50));
  }
  t.equal(cache.get(index)?.length, 10);
  t.not(cache.get(index)?.buffer, slab.buffer);
});

t.test('a table of keys finds each key and no other, also among many that come and go', async (t) => {
  const key = fc.integer({ min: 0, max: 400 }).map((number) => `/registry/pods/default/pod-${number}`);
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.boolean()), { maxLength: 1500 }), (steps) => {
      const table = new KeyTable();
      const model = new Map<string, number>();
      for (const [name, removes] of steps) {
        if (model.has(name) !== table.find(name) >= 0)
          throw new Error('found what is not there, or did not find it');
        const entry = Buffer.from(`<${name}>`);
        if (table.findBytes(entry, 1, entry.length - 1) !== table.find(name))
          throw new Error('bytes are another key than their string');
        if (!model.has(name)) {
          const index = added(name, table);
          if (index.mod !== 0 || index.newest !== 0 || index.lease !== 0n)
            throw new Error('a row was not empty');
          index.addPut(model.size + 1, 0, 1, 1, 5n, 1);
          index.addPut(model.size + 2, 0, 1, 2, 5n, 1);
          model.set(name, model.size + 2);
        } else if (removes) {
          table.remove(name);
          model.delete(name);
        }
      }
      if (table.size !== model.size) throw new Error('size');
      const expected = [...model.keys()].sort();
      if (
        JSON.stringify(
          table
            .rows()
            .map((row) => table.keyOf(row))
            .sort(),
        ) !== JSON.stringify(expected)
      )
        throw new Error('keys');
      for (const [name, mod] of model)
        if (new KeyIndex(table, table.find(name)).mod !== mod) throw new Error('a row of another key');
    }),
    { numRuns: 60 },
  );
  const many = new KeyTable();
  for (let i = 0; i < 20_000; i++) many.add(`k${i}`);
  for (let i = 0; i < 20_000; i += 3) many.remove(`k${i}`);
  let wrong = 0;
  for (let i = 0; i < 20_000; i++) {
    const row = many.find(`k${i}`);
    if (i % 3 === 0 ? row >= 0 : row < 0 || many.keyOf(row) !== `k${i}`) wrong++;
  }
  t.equal(wrong, 0);
});

/** FNV-1a, with which the table's hash begins. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Whichever of each pair is taken, the hash is the same. */
const collidingBlocks = [
  ['76mmiq', '2391dx'],
  ['uuxd08', '19xroen'],
  ['6ah2a5', 'w9gl1q'],
  ['1bhgix', '168vjom'],
  ['jq8j80', '1k53a97'],
  ['1pggb4v', 'hhacrg'],
] as const;

t.test('keys that were chosen to collide are found like others, and go like others', async (t) => {
  let keys = [''];
  for (const blocks of collidingBlocks) keys = keys.flatMap((key) => blocks.map((block) => key + block));
  t.equal(new Set(keys).size, 64);
  t.equal(new Set(keys.map(fnv)).size, 1, 'all have one hash');
  const table = new KeyTable();
  const rows = new Map<string, number>();
  const check = (what: string): void => {
    const wrong = keys.filter((key) => table.find(key) !== (rows.get(key) ?? -1));
    t.same(wrong, [], what);
    const inBytes = keys.filter(
      (key) => table.findBytes(Buffer.from(key), 0, key.length) !== table.find(key),
    );
    t.same(inBytes, [], what);
  };
  for (const key of keys) rows.set(key, table.add(key));
  check('all are there');
  for (let i = 0; i < 20_000; i++) table.add(`other ${i}`);
  check('all are there when the table has grown');
  for (const key of keys.filter((_, i) => i % 2 === 0)) {
    table.remove(key);
    rows.delete(key);
  }
  check('half of them are gone');
  t.equal(table.size, 20_000 + keys.length / 2);
  for (const key of keys) if (!rows.has(key)) rows.set(key, table.add(key));
  check('all are there again');
});

t.test('older revisions are what a list of them is, however many come and however they go', async (t) => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 2500 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const older = new OlderRevisions(1, 2, 8);
      let list = [1];
      let next = 2;
      for (const [adds, count] of steps) {
        if (adds) {
          for (let i = 0; i < count; i++, next++) {
            older.push(next, next * 2, next + 7);
            list.push(next);
          }
        } else {
          const forgotten = Math.min(count, list.length);
          older.forget(forgotten);
          list = list.slice(forgotten);
        }
        if (older.length !== list.length) throw new Error('another length');
        for (let place = 0; place < list.length; place += 1 + (place % 97)) {
          const main = list[place]!;
          const found = [older.mainAt(place), older.markAt(place), older.bytesAt(place)];
          if (found.join() !== [main, main * 2, main + 7].join()) throw new Error(`${found} at ${place}`);
        }
      }
    }),
    { numRuns: 60 },
  );
  t.pass('60 lists');
});

t.test('an interval set has what any of its intervals has', async (t) => {
  const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
  const interval = fc.tuple(letter, fc.option(letter));
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 8 }),
      fc.array(interval, { maxLength: 3 }),
      (first, second) => {
        const set = new IntervalSet();
        const other = new IntervalSet();
        for (const [from, to] of first) set.add(from, to);
        for (const [from, to] of second) other.add(from, to);
        set.addAll(other);
        for (const key of ['', 'a', 'ab', 'b', 'bb', 'c', 'd', 'dd', 'e', 'f', 'g', 'h']) {
          const expected = [...first, ...second].some(
            ([from, to]) => key >= from && (to === null || key < to),
          );
          if (set.has(key) !== expected) throw new Error(`${key} ${JSON.stringify([first, second])}`);
        }
      },
    ),
    { numRuns: 1000 },
  );
  t.pass('1000 sets');
});
