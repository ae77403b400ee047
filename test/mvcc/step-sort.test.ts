/** Sorting a little at a time. */

import fc from 'fast-check';
import t from 'tap';
import { StepSort } from '../../src/mvcc/step-sort.ts';

interface Item {
  readonly order: number;
  readonly place: number;
}

const compare = (a: Item, b: Item): number => a.order - b.order;

t.test('a sort in steps comes to what a sort at once comes to, and keeps the order of equals', async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5000 }),
      fc.integer(),
      fc.integer({ min: 1, max: 900 }),
      (count, seed, work) => {
        const items = Array.from({ length: count }, (_, place) => ({
          order: Math.imul(place + seed, 0x9e3779b1) >>> 24,
          place,
        }));
        const sort = new StepSort([...items], compare);
        let steps = 1;
        while (!sort.step(work)) steps++;
        t.same(sort.items.length, count);
        const expected = items.sort(compare);
        const isSame = sort.items.every((item, index) => item === expected[index]);
        return isSame && (count < 2048 || steps >= count / 1000);
      },
    ),
    { numRuns: 60 },
  );
});
