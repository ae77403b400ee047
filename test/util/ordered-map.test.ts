/** The ordered map against a sorted array. */

import fc from 'fast-check';
import t from 'tap';
import { OrderedMap } from '../../src/util/ordered-map.ts';

type Model = Map<string, { value: number; weight: number }>;

function sortedKeys(model: Model): string[] {
  return [...model.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function check(map: OrderedMap<number>, model: Model, from: string, to: string | null, limit: number): void {
  map.verify();
  const keys = sortedKeys(model);
  const inside = keys.filter((key) => key >= from && (to === null || key < to));
  const same = (a: unknown, b: unknown, what: string): void => {
    if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`${what}: ${JSON.stringify([a, b])}`);
  };
  same(map.keys(), keys, 'keys');
  same(map.size, model.size, 'size');
  same(
    map.weight,
    [...model.values()].reduce((sum, entry) => sum + entry.weight, 0),
    'weight',
  );
  same(
    map.weightBetween(from, to),
    inside.reduce((sum, key) => sum + model.get(key)!.weight, 0),
    'weight between',
  );
  const all: number[] = [];
  map.collect(from, to, limit, false, all);
  same(
    all,
    inside.slice(0, limit).map((key) => model.get(key)!.value),
    'collect all',
  );
  const heavy: number[] = [-1];
  map.collect(from, to, limit, true, heavy);
  same(
    heavy.slice(1),
    inside
      .filter((key) => model.get(key)!.weight > 0)
      .slice(0, limit)
      .map((key) => model.get(key)!.value),
    'collect heavy',
  );
}

const keyOf = (n: number): string => String.fromCharCode(n >> 8, n & 255);

t.test('random sets, deletes and weights give what a sorted array gives', async (t) => {
  const step = fc.record({
    kind: fc.constantFrom('set', 'set', 'delete', 'reweigh', 'fill', 'clear', 'lighten'),
    key: fc.integer({ min: 0, max: 1500 }),
    span: fc.integer({ min: 0, max: 400 }),
    weight: fc.integer({ min: 0, max: 1 }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30, size: 'max' }),
      fc.nat(1500),
      fc.option(fc.nat(1500)),
      fc.integer({ min: 0, max: 50 }),
      (steps, from, to, limit) => {
        const map = new OrderedMap<number>();
        const model: Model = new Map();
        for (const { kind, key, span, weight } of steps) {
          const name = keyOf(key);
          if (kind === 'reweigh') {
            if (model.has(name)) {
              map.reweigh(name, weight);
              model.get(name)!.weight = weight;
            }
            continue;
          }
          if (kind === 'lighten') {
            const end = weight === 1 ? keyOf(key + span) : null;
            map.lighten(name, end);
            for (const [other, entry] of model)
              if (other >= name && (end === null || other < end)) entry.weight = 0;
            continue;
          }
          const last = kind === 'fill' || kind === 'clear' ? key + span : key;
          for (let n = key; n <= last; n++) {
            // Fill in an order that is neither up nor down.
            const target = keyOf(kind === 'fill' && n % 2 === 1 ? last - (n - key) : n);
            if (kind === 'delete' || kind === 'clear') {
              if (map.delete(target) !== model.delete(target)) throw new Error('delete says otherwise');
            } else {
              if (map.set(target, n, weight) !== !model.has(target)) throw new Error('set says otherwise');
              model.set(target, { value: n, weight });
            }
          }
          if (map.get(name) !== model.get(name)?.value) throw new Error('get says otherwise');
        }
        check(map, model, keyOf(from), to === null ? null : keyOf(to), limit);
      },
    ),
    { numRuns: 150 },
  );
  t.pass('150 sequences');
});

t.test('a map built from sorted entries is the same as one filled by hand', async (t) => {
  for (const count of [0, 1, 63, 64, 65, 129, 1000, 5000]) {
    const keys = Array.from({ length: count }, (_, i) => keyOf(i));
    const map = OrderedMap.fromSorted(
      keys,
      keys.map((_, i) => i),
      keys.map((_, i) => i % 2),
    );
    const model: Model = new Map(keys.map((key, i) => [key, { value: i, weight: i % 2 }]));
    check(map, model, keyOf(3), keyOf(Math.max(count - 2, 0)), 40);
    map.set(keyOf(7), 70, 1);
    map.delete(keyOf(0));
    model.set(keyOf(7), { value: 70, weight: 1 });
    model.delete(keyOf(0));
    check(map, model, '', null, 10_000);
  }
  t.throws(() => OrderedMap.fromSorted(['b', 'a'], [1, 2], [1, 1]), /ascend/);
});

t.test('keys that only grow leave full leaves, and all weights survive', async (t) => {
  const map = new OrderedMap<number>();
  for (let i = 0; i < 10_000; i++) map.set(keyOf(i), i, i % 10 === 0 ? 1 : 0);
  map.verify();
  t.equal(map.weight, 1000);
  t.equal(map.weightBetween(keyOf(5), keyOf(105)), 10);
  const out: number[] = [];
  map.collect(keyOf(5), null, 3, true, out);
  t.same(out, [10, 20, 30]);
});

t.test('reweigh refuses a key that is not there', async (t) => {
  t.throws(() => new OrderedMap<number>().reweigh('a', 1), /no such key/);
});

t.test('lightens those that are named and no others, and says when one of them is not there', async (t) => {
  const step = fc.record({ from: fc.nat(1200), span: fc.nat(1200), keep: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), fc.nat(1200), fc.nat(1200), (steps, from, to) => {
      const map = new OrderedMap<number>();
      const model: Model = new Map();
      for (let n = 0; n < 1000; n++) {
        map.set(keyOf(n), n);
        model.set(keyOf(n), { value: n, weight: 1 });
      }
      for (const { from, span, keep } of steps) {
        const named: number[] = [];
        map.collect(keyOf(from), keyOf(from + span), Number.POSITIVE_INFINITY, true, named);
        const only = named.filter((value) => value % keep === 0);
        map.lighten(keyOf(from), keyOf(from + span), only);
        for (const value of only) model.get(keyOf(value))!.weight = 0;
      }
      check(map, model, keyOf(from), keyOf(to), 100);
    }),
    { numRuns: 100 },
  );
  const map = new OrderedMap<number>();
  for (let n = 0; n < 200; n++) map.set(keyOf(n), n);
  t.throws(() => map.lighten(keyOf(0), keyOf(100), [50, 150]), /no such value/);
});
