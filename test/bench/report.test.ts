import t from 'tap';
import { grouped, median, milliseconds, percentile, table } from '../../bench/format.ts';
import { parseH2load } from '../../bench/h2load.ts';
import { rangeCount, statusResponse } from '../../bench/messages.ts';
import { roundOrder } from '../../bench/options.ts';
import { barChart, CURVE_PERCENTILES, percentileChart } from '../../bench/svg.ts';

t.test('figures are written for people', async (t) => {
  t.equal(grouped(1234567.4), '1 234 567');
  t.equal(grouped(12), '12');
  t.equal(milliseconds(1234), '1.23');
  t.equal(milliseconds(123_456), '123');
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 2, 3]), 2.5);
  t.ok(Number.isNaN(median([])));
  t.equal(percentile([5, 1, 3], 0), 1);
  t.equal(percentile([5, 1, 3], 99), 5);
  t.equal(
    table(
      ['', 'n'],
      [
        ['a', '10'],
        ['bcd', '2'],
      ],
    ),
    '      n\n───────\na    10\nbcd   2',
  );
});

t.test('rounds alternate which system comes first', async (t) => {
  t.same(roundOrder(['a', 'b'], 1), ['a', 'b']);
  t.same(roundOrder(['a', 'b'], 2), ['b', 'a']);
});

t.test('the charts are well-formed, hold every value and escape what they are told', async (t) => {
  const bars = barChart('A & <b>', 'sub', 'unit', [
    { name: 'keelson', values: [10, 20] },
    { name: 'etcd', values: [5, 0] },
  ]);
  t.match(bars, /A &amp; &lt;b&gt;/);
  t.equal(bars.match(/<rect/g)!.length, 1 + 2 + 4, 'background, legend and a bar for each value');
  t.notMatch(bars, /NaN|Infinity|undefined/);
  const curve = percentileChart('t', 's', [
    { name: 'etcd', valuesUs: CURVE_PERCENTILES.map((_, i) => i * 50) },
  ]);
  t.match(curve, /<polyline/);
  t.notMatch(curve, /NaN|Infinity|undefined/);
  t.equal(curve.match(/<svg|<\/svg>/g)!.length, 2);
});

t.test('what h2load prints is understood, and anything else is refused', async (t) => {
  const output = [
    'finished in 1.80s, 41248.67 req/s, 2.62MB/s',
    'requests: 61873 total, 61873 started, 61873 done, 61870 succeeded, 3 failed, 0 errored, 0 timeout',
    '                     min         max         mean         sd        +/- sd',
    'time for request:     4.34ms     64.26ms     23.83ms      9.37ms    68.44%',
  ].join('\n');
  const result = parseH2load(output, 1.5);
  t.equal(result.completed, 61_870);
  t.equal(result.failed, 3);
  t.equal(result.latency.maxUs, 64_260);
  t.ok(Math.abs(result.completed / result.seconds - 41_248.67) < 0.01);
  t.throws(() => parseH2load('connection refused', 1), /not understood/);
});

t.test('answers of etcd are read', async (t) => {
  // header { cluster_id 1, member_id 2^63, revision 300 }, version "3.4", leader 2^63
  const large = `${'80'.repeat(9)}01`;
  const header = `080110${large}18ac02`;
  const status = Buffer.from(`0a10${header}1203332e3420${large}`, 'hex');
  t.same(statusResponse(status), { memberId: 2n ** 63n, revision: 300, leaderId: 2n ** 63n });
  t.equal(rangeCount(Buffer.from('2005', 'hex')), 5);
  t.throws(() => rangeCount(Buffer.from('2a05', 'hex')), /malformed/);
});
