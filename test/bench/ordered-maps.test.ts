/** What `bench maps` compares does the same, or the comparison would mean nothing. */

import fc from 'fast-check';
import t from 'tap';
import { podKeys, structures } from '../../bench/ordered-maps.ts';

const keys = podKeys(2000, 1);

t.test('keys look like those of pods, are all different, and stand in order', async (t) => {
  t.equal(new Set(keys).size, keys.length);
  t.same([...keys].sort(), keys);
  const form = /^\/registry\/pods\/team-[a-z0-9]{4}-(prod|staging|ci)\/[a-z0-9-]+$/;
  t.same(
    keys.filter((key) => !form.test(key)),
    [],
  );
  t.same(podKeys(2000, 1), keys, 'the same by the same seed');
  t.not(podKeys(2000, 2)[0], keys[0]);
});

const key = fc.integer({ min: 0, max: 199 }).map((at) => keys[at]!);
const step = fc.record({
  kind: fc.constantFrom('set', 'set', 'delete', 'get', 'range', 'count'),
  key,
  to: key,
  value: fc.nat(),
});

t.test('all structures give the same answers', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const told = structures.map(({ make }) => {
        const store = make();
        return steps.map(({ kind, key, to, value }) => {
          const out: number[] = [];
          if (kind === 'set') store.set(key, value);
          else if (kind === 'delete') store.delete(key);
          else if (kind === 'get') return store.get(key);
          else if (kind === 'range') store.range(key, 1 + (value % 20), out);
          else if (key < to) return store.count(key, to);
          return out;
        });
      });
      return told.every((answers) => JSON.stringify(answers) === JSON.stringify(told[0]));
    }),
    { numRuns: 200 },
  );
});
