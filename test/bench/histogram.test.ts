import fc from 'fast-check';
import t from 'tap';
import { Histogram } from '../../bench/histogram.ts';

const PERCENTS = [0, 1, 50, 90, 99, 99.9, 100];

function naive(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1]!;
}

t.test('percentiles are never below the true ones and at most 1/128 above', async (t) => {
  const value = fc.oneof(fc.nat(300), fc.nat(1_000_000), fc.nat(2 ** 31 - 1));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 400 }), (values) => {
      const histogram = new Histogram();
      for (const one of values) histogram.record(one);
      for (const percent of PERCENTS) {
        const truth = naive(values, percent);
        const found = histogram.percentileUs(percent);
        if (found < truth || found > truth * (1 + 1 / 128)) {
          throw new Error(`p${percent}: ${found} for ${truth}`);
        }
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});

t.test('count, mean and maximum are exact', async (t) => {
  const histogram = new Histogram();
  for (const value of [1, 2, 3, 1_000_003]) histogram.record(value);
  t.equal(histogram.count, 4);
  t.equal(histogram.maxUs, 1_000_003);
  t.equal(histogram.meanUs, 1_000_009 / 4);
  t.equal(histogram.percentileUs(100), 1_000_003, 'the highest percentile is the maximum, not its bucket');
});

t.test('an empty histogram, negative values and values beyond the range have an answer', async (t) => {
  const histogram = new Histogram();
  t.equal(histogram.percentileUs(50), 0);
  histogram.record(-5);
  histogram.record(2 ** 40);
  t.equal(histogram.percentileUs(50), 0);
  t.equal(histogram.percentileUs(100), 2 ** 32 - 1);
});

t.test('histograms add up, across the process border', async (t) => {
  const one = new Histogram();
  const other = new Histogram();
  const both = new Histogram();
  for (let value = 0; value < 5000; value++) {
    (value % 3 === 0 ? one : other).record(value * 7);
    both.record(value * 7);
  }
  const sum = new Histogram();
  sum.add(JSON.parse(JSON.stringify(one.toData())));
  sum.add(JSON.parse(JSON.stringify(other.toData())));
  t.same(sum.toData(), both.toData());
});
