import t from 'tap';
import { exponentialBounds, Histogram, Metrics, numberText } from '../../src/util/metrics.ts';

t.test('numbers stand as Go writes them', async (t) => {
  const expected: [number, string][] = [
    [0, '0'],
    [1, '1'],
    [-1, '-1'],
    [0.5, '0.5'],
    [524288, '524288'],
    [999999, '999999'],
    [1_000_000, '1e+06'],
    [1_048_576, '1.048576e+06'],
    [2147483648, '2.147483648e+09'],
    [-2_000_000, '-2e+06'],
    [0.0001, '0.0001'],
    [0.000139667, '0.000139667'],
    [1.8016e-5, '1.8016e-05'],
    [1e21, '1e+21'],
    [1e-7, '1e-07'],
    [0.0022078130000000003, '0.0022078130000000003'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ];
  for (const [value, text] of expected) t.equal(numberText(value), text);
});

t.test('families stand in the order of their names, series in that of their labels', async (t) => {
  const metrics = new Metrics();
  let sent = 0;
  metrics.counter('z_total', 'Line one.\nBack\\slash.', () => sent);
  metrics.gauge('b', 'A gauge.', () => 1.5);
  metrics.family('gauge', 'none', 'Never shown.', () => {});
  metrics.family('counter', 'a_total', 'Labelled.', (add) => {
    add({ to: 'y', code: 'OK' }, 2);
    add({ to: 'quote " back \\ line \n', code: 'OK' }, 1);
    add({ code: 'Aborted', to: 'x' }, 3);
  });
  sent = 7;
  t.equal(
    metrics.text(),
    [
      '# HELP a_total Labelled.',
      '# TYPE a_total counter',
      'a_total{code="Aborted",to="x"} 3',
      'a_total{code="OK",to="quote \\" back \\\\ line \\n"} 1',
      'a_total{code="OK",to="y"} 2',
      '# HELP b A gauge.',
      '# TYPE b gauge',
      'b 1.5',
      '# HELP z_total Line one.\\nBack\\\\slash.',
      '# TYPE z_total counter',
      'z_total 7',
      '',
    ].join('\n'),
  );
  sent = 8;
  t.match(metrics.text(), 'z_total 8\n', 'read when asked');
});

t.test('a histogram counts up to each bound, the bound included', async (t) => {
  const histogram = new Histogram(exponentialBounds(0.5, 2, 3));
  for (const value of [0, 0.5, 0.6, 1, 2, 2.5, 100]) histogram.observe(value);
  t.same(histogram.bounds, [0.5, 1, 2]);
  const metrics = new Metrics();
  metrics.histograms('took_seconds', 'How long.', (add) => {
    add({ op: 'x' }, histogram);
    add({ op: 'a' }, new Histogram([1]));
  });
  t.equal(
    metrics.text(),
    [
      '# HELP took_seconds How long.',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{op="a",le="1"} 0',
      'took_seconds_bucket{op="a",le="+Inf"} 0',
      'took_seconds_sum{op="a"} 0',
      'took_seconds_count{op="a"} 0',
      'took_seconds_bucket{op="x",le="0.5"} 2',
      'took_seconds_bucket{op="x",le="1"} 4',
      'took_seconds_bucket{op="x",le="2"} 5',
      'took_seconds_bucket{op="x",le="+Inf"} 7',
      'took_seconds_sum{op="x"} 106.6',
      'took_seconds_count{op="x"} 7',
      '',
    ].join('\n'),
  );
  t.throws(() => new Histogram([1, 1]), /ascend/);
});

t.test('a name is taken once, and must be one', async (t) => {
  const metrics = new Metrics();
  metrics.gauge('a', '', () => 0);
  t.throws(() => metrics.gauge('a', '', () => 0), /there already/);
  t.throws(() => metrics.gauge('a-b', '', () => 0), /no name/);
});
