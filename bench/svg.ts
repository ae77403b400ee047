/** Charts as SVG text: bars of throughput and curves of latency by percentile. No library, light background. */

import { grouped, milliseconds } from './format.ts';

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 80;
const RIGHT = 30;
const TOP = 60;
const BOTTOM = 60;
const COLOURS: Readonly<Record<string, string>> = { keelson: '#0b7285', etcd: '#e8590c' };
const OTHER_COLOUR = '#5c636a';
const INK = '#212529';
const RULE = '#dee2e6';

function colourOf(name: string): string {
  return COLOURS[name] ?? OTHER_COLOUR;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escapeText(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  const at = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${at[0]}" y1="${at[1]}" x2="${at[2]}" y2="${at[3]}" stroke="${colour}"/>`;
}

function frame(title: string, subtitle: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`,
    `  font-family="system-ui, sans-serif" font-size="12" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 26, title, 'font-size="17" font-weight="600"'),
    text(LEFT, 44, subtitle, 'fill="#5c636a"'),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function legend(names: readonly string[]): string[] {
  return names.flatMap((name, index) => {
    const x = WIDTH - RIGHT - 90 * (names.length - index);
    return [
      `<rect x="${x}" y="16" width="12" height="12" rx="2" fill="${colourOf(name)}"/>`,
      text(x + 18, 26, name),
    ];
  });
}

/** A round step that divides `limit` into about five: 1, 2 or 5 times a power of ten. */
function niceStep(limit: number): number {
  const rough = limit / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const factor of [1, 2, 5]) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

export interface BarSeries {
  readonly name: string;
  /** One value per round. */
  readonly values: readonly number[];
}

/** Bars side by side, a group per round, or per label when there are labels. */
export function barChart(
  title: string,
  subtitle: string,
  unit: string,
  series: readonly BarSeries[],
  labels: readonly string[] = [],
): string {
  const rounds = Math.max(...series.map((one) => one.values.length));
  const highest = Math.max(1, ...series.flatMap((one) => one.values));
  const step = niceStep(highest);
  const top = Math.ceil(highest / step) * step;
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const groupWidth = (WIDTH - LEFT - RIGHT) / rounds;
  const barWidth = Math.min(70, (groupWidth * 0.7) / series.length);
  const parts = legend(series.map((one) => one.name));
  for (let value = 0; value <= top; value += step) {
    parts.push(line(LEFT, y(value), WIDTH - RIGHT, y(value), RULE));
    parts.push(text(LEFT - 8, y(value) + 4, grouped(value), 'text-anchor="end"'));
  }
  for (let round = 0; round < rounds; round++) {
    const middle = LEFT + groupWidth * (round + 0.5);
    parts.push(
      text(middle, HEIGHT - BOTTOM + 20, labels[round] ?? `round ${round + 1}`, 'text-anchor="middle"'),
    );
    series.forEach((one, index) => {
      const value = one.values[round];
      if (value === undefined) return;
      const x = middle + (index - series.length / 2) * barWidth;
      const height = HEIGHT - BOTTOM - y(value);
      parts.push(
        `<rect x="${(x + 1).toFixed(1)}" y="${y(value).toFixed(1)}" width="${(barWidth - 2).toFixed(1)}" ` +
          `height="${height.toFixed(1)}" rx="2" fill="${colourOf(one.name)}"/>`,
        text(x + barWidth / 2, y(value) - 5, grouped(value), 'text-anchor="middle" font-size="11"'),
      );
    });
  }
  parts.push(text(LEFT, HEIGHT - 14, unit, 'fill="#5c636a"'));
  return frame(title, subtitle, parts);
}

export interface CurveSeries {
  readonly name: string;
  /** Latency in microseconds at each of `CURVE_PERCENTILES`. */
  readonly valuesUs: readonly number[];
}

/** Where the curve is drawn: each step to the right cuts the rest to a tenth, so the tail is as wide as the body. */
export const CURVE_PERCENTILES: readonly number[] = Array.from(
  { length: 41 },
  (_, index) => 100 * (1 - 10 ** (-index / 10)),
);
const CURVE_DECADES = 4;

/** Latency by percentile, both axes logarithmic (the horizontal one in nines). */
export function percentileChart(title: string, subtitle: string, series: readonly CurveSeries[]): string {
  const all = series.flatMap((one) => one.valuesUs).filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(1000, ...all)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1000, ...all))));
  const y = (us: number): number => {
    const share = (Math.log10(Math.max(us, 10 ** low)) - low) / (high - low);
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  };
  const x = (index: number): number =>
    LEFT + (index / (CURVE_PERCENTILES.length - 1)) * (WIDTH - LEFT - RIGHT);
  const parts = legend(series.map((one) => one.name));
  for (let decade = low; decade <= high; decade++) {
    parts.push(line(LEFT, y(10 ** decade), WIDTH - RIGHT, y(10 ** decade), RULE));
    parts.push(text(LEFT - 8, y(10 ** decade) + 4, `${milliseconds(10 ** decade)} ms`, 'text-anchor="end"'));
  }
  ['0 %', '90 %', '99 %', '99.9 %', '99.99 %'].forEach((label, decade) => {
    const at = x((decade * (CURVE_PERCENTILES.length - 1)) / CURVE_DECADES);
    parts.push(line(at, TOP, at, HEIGHT - BOTTOM, RULE));
    parts.push(text(at, HEIGHT - BOTTOM + 20, label, 'text-anchor="middle"'));
  });
  for (const one of series) {
    const points = one.valuesUs.map((us, index) => `${x(index).toFixed(1)},${y(us).toFixed(1)}`).join(' ');
    parts.push(
      `<polyline points="${points}" fill="none" stroke="${colourOf(one.name)}" stroke-width="2.5" ` +
        'stroke-linejoin="round"/>',
    );
  }
  parts.push(text(LEFT, HEIGHT - 14, 'share of the puts answered within the time', 'fill="#5c636a"'));
  return frame(title, subtitle, parts);
}
