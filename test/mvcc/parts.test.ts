/** The small parts of the store: revision keys, records, key index, cache, interval set. */

import fc from 'fast-check';
import t from 'tap';
import { IntervalSet } from '../../src/mvcc/interval-set.ts';
import { KeyIndex } from '../../src/mvcc/key-index.ts';
import { readRecord } from '../../src/mvcc/record.ts';
import { RecordCache } from '../../src/mvcc/record-cache.ts';
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
  const index = new KeyIndex('k');
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
      const index = new KeyIndex('k');
      index.addPut(3, 0, 3, 1, 0n, 10);
      index.addPut(5, 0, 3, 2, 0n, 10);
      index.addTombstone(7, 0, 5);
      index.addPut(9, 0, 9, 1, 0n, 10);
      return index;
    };
    const removed = [2, 3, 4, 5, 6, 7, 8, 9, 12].map((at) => make().compactable(at));
    t.same(removed, [0, 0, 0, 1, 1, 2, 3, 3, 3]);
    const dead = new KeyIndex('k');
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
  const cache = new RecordCache(10_000);
  const hot = new KeyIndex('hot');
  cache.set(hot, Buffer.from('the hot one'));
  const others: KeyIndex[] = [];
  for (let i = 0; i < 1000; i++) {
    const index = new KeyIndex(`k${i}`);
    others.push(index);
    cache.set(index, Buffer.alloc(100));
    cache.get(hot);
    t.ok(cache.bytes <= 10_000 || i < 0, 'within the budget');
  }
  t.equal(cache.get(hot)?.toString(), 'the hot one', 'a key that is read survives');
  t.equal(others.filter((index) => index.record !== null).length, Math.floor((10_000 - 107) / 196));
  cache.set(hot, Buffer.alloc(3000));
  t.equal(cache.get(hot), null, 'one record may not take most of the cache');
  for (const index of others) cache.remove(index);
  t.equal(cache.bytes, 0);
});

t.test('a record that survives in the cache lets go of the slab it came in', async (t) => {
  const cache = new RecordCache(1000);
  const slab = Buffer.alloc(8192);
  const index = new KeyIndex('k');
  cache.set(index, slab.subarray(10, 20));
  for (let i = 0; i < 20; i++) {
    cache.get(index);
    cache.set(new KeyIndex(`k${i}`), Buffer.alloc(50));
  }
  t.equal(index.record?.buffer.byteLength, 10);
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
