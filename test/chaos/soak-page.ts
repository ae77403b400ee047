/** What a soak has measured, as plots over time and slopes, in one page that needs nothing else. */

import { htmlReport, type Section } from '../../bench/html.ts';

/** As `memory-report.mjs` writes it; bytes. */
export interface MemoryReport {
  readonly heapUsed: number;
  /** Outside the heap, buffers among it. */
  readonly external: number;
  readonly wholeCollections: number;
  /** Right after a collection; null where none was asked for yet. */
  readonly alive: { readonly heapUsed: number; readonly external: number; readonly rss: number } | null;
}

export interface Sample {
  /** Seconds since the beginning. */
  readonly at: number;
  /** By member. */
  readonly memoryMiB: readonly number[];
  /** Of what is resident: the heap with its garbage, and buffers and the like outside it. */
  readonly heapMiB: readonly number[];
  readonly outsideMiB: readonly number[];
  /** Collections of the whole heap since the process began. */
  readonly collections: readonly number[];
  /** What is left on the second member when its whole heap was collected. */
  readonly aliveHeapMiB: number;
  readonly aliveOutsideMiB: number;
  readonly aliveResidentMiB: number;
  readonly handles: readonly number[];
  readonly diskMiB: readonly number[];
  /** Of the puts since the sample before, in milliseconds. */
  readonly medianMs: number;
  readonly slowMs: number;
  readonly operations: number;
}

/** One line of a plot. */
interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

const width = 760;
const height = 260;
const left = 70;
const bottom = 30;
const top = 40;
const colours = ['#0b7285', '#e8590c', '#5c940d', '#862e9c', '#c92a2a'];

function plot(title: string, times: readonly number[], lines: readonly Line[]): string {
  const most = Math.max(1e-9, ...lines.flatMap(({ values }) => values)) * 1.1;
  const last = Math.max(1, times.at(-1) ?? 1);
  const x = (at: number): string => (left + (at / last) * (width - left - 20)).toFixed(1);
  const y = (value: number): string =>
    (height - bottom - (value / most) * (height - bottom - top)).toFixed(1);
  const parts = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = (most / 1.1) * share;
    return `<line x1="${left}" x2="${width - 20}" y1="${y(value)}" y2="${y(value)}" stroke="#dee2e6"/><text x="${left - 6}" y="${y(value)}" text-anchor="end">${value.toPrecision(3)}</text><text x="${x(last * share)}" y="${height - 10}" text-anchor="middle">${Math.round((last * share) / 60)} min</text>`;
  });
  for (const [at, { name, values }] of lines.entries()) {
    const colour = colours[at % colours.length]!;
    const points = values.map((value, place) => `${x(times[place]!)},${y(value)}`).join(' ');
    parts.push(`<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${points}"/>`);
    parts.push(`<text x="${width - 20 - 90 * (lines.length - at)}" y="20" fill="${colour}">${name}</text>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="11"><text x="${left}" y="20" font-size="14" font-weight="600">${title}</text>${parts.join('')}</svg>`;
}

/** Least squares: how much `values` grow per hour, over the later two thirds (what comes before is warming up). */
function slopePerHour(times: readonly number[], values: readonly number[]): number {
  const from = Math.floor(times.length / 3);
  const [xs, ys] = [times.slice(from), values.slice(from)];
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, at, place) => sum + (at - mx) * (ys[place]! - my), 0);
  const below = xs.reduce((sum, at) => sum + (at - mx) ** 2, 0);
  return below === 0 ? 0 : (above / below) * 3600;
}

/** Name, unit, value at the end, growth per hour. */
export function slopes(samples: readonly Sample[], names: readonly string[]): string[] {
  const times = samples.map(({ at }) => at);
  const rows: string[] = [];
  const row = (name: string, unit: string, values: readonly number[]): void => {
    const end = values.slice(-12).reduce((sum, value) => sum + value, 0) / Math.min(12, values.length);
    rows.push(
      `${name.padEnd(22)} ${end.toFixed(1).padStart(9)} ${unit.padEnd(4)} ${slopePerHour(times, values).toFixed(1).padStart(9)} ${unit} per hour`,
    );
  };
  for (const [at, name] of names.entries()) {
    row(
      `memory of ${name}`,
      'MiB',
      samples.map(({ memoryMiB }) => memoryMiB[at]!),
    );
    row(
      `handles of ${name}`,
      '',
      samples.map(({ handles }) => handles[at]!),
    );
    row(
      `disk of ${name}`,
      'MiB',
      samples.map(({ diskMiB }) => diskMiB[at]!),
    );
  }
  row(
    'alive: heap',
    'MiB',
    samples.map(({ aliveHeapMiB }) => aliveHeapMiB),
  );
  row(
    'alive: outside it',
    'MiB',
    samples.map(({ aliveOutsideMiB }) => aliveOutsideMiB),
  );
  row(
    'resident then',
    'MiB',
    samples.map(({ aliveResidentMiB }) => aliveResidentMiB),
  );
  row(
    'put, median',
    'ms',
    samples.map(({ medianMs }) => medianMs),
  );
  row(
    'put, 99 of 100',
    'ms',
    samples.map(({ slowMs }) => slowMs),
  );
  return rows;
}

export function soakPage(
  about: string,
  samples: readonly Sample[],
  names: readonly string[],
  notes: readonly string[],
): string {
  const times = samples.map(({ at }) => at);
  const byMember = (of: (sample: Sample) => readonly number[]): Line[] =>
    names.map((name, at) => ({ name, values: samples.map((sample) => of(sample)[at]!) }));
  const section: Section = {
    name: 'Soak',
    summary: 'Mixed load with compaction, snapshots and restarts; what should stay flat, over time.',
    text: [...slopes(samples, names), '', ...notes].join('\n'),
    charts: [
      plot(
        'Resident memory, MiB',
        times,
        byMember(({ memoryMiB }) => memoryMiB),
      ),
      plot(
        'Heap with its garbage, MiB',
        times,
        byMember(({ heapMiB }) => heapMiB),
      ),
      plot(
        'Outside the heap (buffers), MiB',
        times,
        byMember(({ outsideMiB }) => outsideMiB),
      ),
      plot('The second member after a collection, MiB', times, [
        { name: 'heap', values: samples.map(({ aliveHeapMiB }) => aliveHeapMiB) },
        { name: 'outside', values: samples.map(({ aliveOutsideMiB }) => aliveOutsideMiB) },
        { name: 'resident', values: samples.map(({ aliveResidentMiB }) => aliveResidentMiB) },
      ]),
      plot(
        'Collections of the whole heap',
        times,
        byMember(({ collections }) => collections),
      ),
      plot(
        'Open handles',
        times,
        byMember(({ handles }) => handles),
      ),
      plot(
        'Disk, MiB',
        times,
        byMember(({ diskMiB }) => diskMiB),
      ),
      plot('Puts, ms', times, [
        { name: 'median', values: samples.map(({ medianMs }) => medianMs) },
        { name: '99 of 100', values: samples.map(({ slowMs }) => slowMs) },
      ]),
    ],
  };
  return htmlReport(about, [section]);
}
