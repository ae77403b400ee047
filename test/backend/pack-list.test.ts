import assert from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import { type Pack, PackCursor, PackList, type PackRange } from '../../src/backend/pack-list.ts';

function keyOf(id: number): string {
  return `r${String(id).padStart(6, '0')}`;
}

function made(id: number): Pack {
  return { id, firstKey: keyOf(id), count: 1, dead: null, hasFirst: true, place: null };
}

function packsOf(range: PackRange | null): Pack[] {
  const packs: Pack[] = [];
  const cursor = new PackCursor(range === null ? [] : [range]);
  for (; cursor.pack !== undefined; cursor.next()) packs.push(cursor.pack);
  return packs;
}

/** What an array of all packs says of a range. */
function expected(packs: readonly Pack[], from: string, to: string | null): Pack[] {
  const behind = packs.filter(({ firstKey }) => firstKey <= from).length;
  return packs.slice(Math.max(0, behind - 1)).filter(({ firstKey }) => to === null || firstKey < to);
}

const changes = fc.array(
  fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ seed: fc.nat(), removed: fc.integer({ min: 0, max: 100 }), changed: fc.nat({ max: 20 }) }),
  ),
  { minLength: 1, maxLength: 12 },
);

t.test('packs in chunks are the packs in order, whatever was appended, changed and removed', async () => {
  fc.assert(
    fc.property(changes, fc.array(fc.nat({ max: 4000 }), { minLength: 2, maxLength: 8 }), (steps, places) => {
      const list = new PackList();
      let all: Pack[] = [];
      let id = 1;
      for (const step of steps) {
        if ('append' in step) {
          for (let i = 0; i < step.append; i++, id += 2) {
            all.push(made(id));
            list.append(all[all.length - 1]!);
          }
        } else {
          const share = (pack: Pack): number => (pack.id * 7919 + step.seed) % 100;
          const replaced = new Map<Pack, Pack | null>();
          for (const pack of all) {
            if (share(pack) < step.removed) replaced.set(pack, null);
            else if (share(pack) < step.removed + step.changed) replaced.set(pack, { ...pack, count: 2 });
          }
          list.replace(replaced);
          all = all
            .map((pack) => replaced.get(pack) ?? (replaced.has(pack) ? null : pack))
            .filter((p) => p !== null);
        }
        assert.equal(list.last, all[all.length - 1]);
        for (const place of places) {
          const key = keyOf(place);
          const behind = all.filter(({ firstKey }) => firstKey <= key).length;
          assert.equal(list.find(key), all[behind - 1] ?? null);
          assert.equal(list.findBehind(key), all[behind] ?? null);
          for (const to of [null, ...places.map(keyOf)]) {
            if (to !== null && to < key) continue;
            assert.deepEqual(packsOf(list.range(key, to)), expected(all, key, to));
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

t.test(
  'who reads has the packs as they were: what is changed, removed and appended later is not there',
  async (t) => {
    for (const removedFrom of [1, 96, 97, 98, 193, 300]) {
      const list = new PackList();
      for (let id = 1; id <= 600; id++) list.append(made(id));
      // No chunk is full, so that what is appended goes to one that is there.
      const some = packsOf(list.range('', null)).filter(({ id }) => id % 4 === 0);
      list.replace(some.map((pack) => [pack, null]));
      const before = packsOf(list.range('', null));
      const range = list.range('', null);
      list.replace(new Map(before.slice(removedFrom - 1).map((pack) => [pack, null])));
      for (let id = 601; id <= 1000; id++) list.append(made(id));
      t.same(
        packsOf(range).map(({ id }) => id),
        before.map(({ id }) => id),
        `removed from ${removedFrom} on`,
      );
    }
  },
);

t.test('a change of some packs does not copy all of them', async (t) => {
  const list = new PackList();
  for (let id = 1; id <= 10_000; id++) list.append(made(id));
  const before = list.range('', null)!;
  list.replace([[list.find(keyOf(5000))!, null]]);
  const after = list.range('', null)!;
  const kept = new Set(before.chunks);
  t.ok(after.chunks.filter((chunk) => !kept.has(chunk)).length <= 2);
  t.throws(() => list.replace([[made(5000), null]]), /no pack 5000/);
});
