/** The parts of the watch hub by themselves: the interval tree, the ring, the fragments. */

import fc from 'fast-check';
import t from 'tap';
import type { Change, History } from '../../src/mvcc/types.ts';
import { indexOfRevision } from '../../src/mvcc/watch-change.ts';
import { IntervalTree } from '../../src/mvcc/watch-interval-tree.ts';
import { Fragmenter } from '../../src/mvcc/watch-notices.ts';
import { ChangeRing } from '../../src/mvcc/watch-ring.ts';
import { encodeWatchEvents } from '../../src/wire/watch-codec.ts';

const history: History = {
  revision: 1,
  compactRevision: -1,
  read: () => {},
  previous: (key, revision) => Buffer.from(`${key} before ${revision}`),
};

function change(revision: number, bytes = 0, isCreate = false): Change {
  return { revision, key: 'k', type: 0, record: Buffer.alloc(bytes), isCreate };
}

t.test('the interval tree finds the ranges of a key, and only those, whatever came and went', async (t) => {
  const bound = fc.constantFrom('', 'a', 'b', 'ba', 'c', 'd', 'e', 'f', 'g', 'h', '\xff');
  const step = fc.record({ from: bound, to: fc.option(bound, { nil: null }), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const tree = new IntervalTree<string>();
      const model = new Map<string, [string, string | null]>();
      for (const { from, to, isRemoval } of steps) {
        if (to !== null && to <= from) continue;
        const name = `${from}-${to}`;
        if (isRemoval) {
          tree.delete(from, to);
          model.delete(name);
        } else {
          tree.set(from, to, name);
          model.set(name, [from, to]);
        }
        tree.verify();
        if (tree.size !== model.size || tree.get(from, to) !== (isRemoval ? undefined : name)) return false;
      }
      for (const key of ['', 'a', 'aa', 'b', 'baa', 'dz', 'h', '\xff\xff']) {
        const found: string[] = [];
        tree.collect(key, found);
        const due = [...model].filter(([, [from, to]]) => from <= key && (to === null || key < to));
        if (JSON.stringify(found.sort()) !== JSON.stringify(due.map(([name]) => name).sort())) return false;
      }
      return true;
    }),
    { numRuns: 300, seed: 5 },
  );
  t.throws(() => new IntervalTree().set('b', 'b', 0), /empty/);
});

t.test('the interval tree looks at few of ten thousand ranges', async (t) => {
  const tree = new IntervalTree<number>();
  for (let i = 0; i < 10_000; i++) tree.set(String(i).padStart(5, '0'), String(i + 1).padStart(5, '0'), i);
  const found: number[] = [];
  tree.collect('04711x', found);
  t.same(found, [4711]);
  t.ok(tree.visited < 40, `${tree.visited} nodes`);
});

t.test('the ring holds the newest whole revisions within its bounds', async (t) => {
  const ring = new ChangeRing(history, 5000, 100);
  t.same([ring.first, ring.end], [2, 2]);
  for (let revision = 2; revision < 1000; revision++) {
    const count = 1 + (revision % 5);
    for (let i = 0; i < count; i++) ring.push(change(revision, revision % 90));
    ring.endRevision(revision);
    if (ring.length > 100 || ring.bytes > 5000) t.fail('a bound');
    if (ring.end !== revision + 1 || ring.first > revision) t.fail('the newest is missing');
    let due = ring.first;
    for (let i = 0; i < ring.length; ) {
      if (indexOfRevision(ring, due) !== i) t.fail(`revision ${due} is not at ${i}`);
      for (let n = 0; n < 1 + (due % 5); n++, i++) if (ring.at(i).change.revision !== due) t.fail('a gap');
      due++;
    }
    if (due !== ring.end) t.fail('a revision is not whole');
  }
  t.throws(() => ring.endRevision(1001), /comes where 1000 is due/);
  const before = ring.bytes;
  ring.event(ring.at(0), false);
  t.equal(ring.bytes, before);
  ring.event(ring.at(0), true);
  ring.event(ring.at(0), true);
  t.equal(ring.bytes, before + 'k before 900'.length, 'a previous value counts');
});

t.test('a revision larger than the ring leaves it empty, and it goes on from there', async (t) => {
  const ring = new ChangeRing(history, 100_000, 100);
  for (let i = 0; i < 101; i++) ring.push(change(2));
  ring.endRevision(2);
  t.same([ring.first, ring.end, ring.length, ring.bytes], [3, 3, 0, 0]);
  ring.push(change(3));
  ring.endRevision(3);
  t.same([ring.first, ring.end, ring.length], [3, 4, 1]);
  ring.restart(9);
  t.same([ring.first, ring.end, ring.length, ring.bytes], [9, 9, 0, 0]);
});

t.test('fragments stay below the size on the wire, and are never empty', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 1000 }), (recordBytes, maxBytes) => {
      const events = recordBytes.map((size) => ({ type: 0, kv: Buffer.alloc(size), prevKv: null }));
      const fragmenter = new Fragmenter(maxBytes);
      const pieces = fragmenter.cut(events);
      const isSmall = (piece: readonly (typeof events)[number][]): boolean =>
        piece.length === 1 || encodeWatchEvents(piece).length < maxBytes;
      return (
        pieces.every((piece) => piece.length > 0 && isSmall(piece as typeof events)) &&
        pieces.flat().every((event, i) => event === events[i]) &&
        pieces.flat().length === events.length &&
        fragmenter.cut(events) === pieces
      );
    }),
    { numRuns: 200, seed: 5 },
  );
});
