/**
 * How long a member does one thing without looking up, in time of the processor: what a busy machine does in between does
 * not count, so that it can be judged there.
 *
 * A program that is loaded into the member before its own sets a timer of a millisecond. Timers are looked at once per
 * turn of the event loop, so that the time which its thread has spent between two of them is at least that of the longest
 * piece of work in between, and little more: the measure errs on the side of too long. It is the kernel's, and Linux's alone.
 *
 * The kernel brings that time up to date when a thread is switched away from, or by a tick of up to 4 ms. Counter-example: a
 * piece of 1 ms in which such a tick falls was told as one of 4. Whoever asks for the process's time brings it up to date (`thread_group_cputime`).
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const METER = `
import { appendFileSync, openSync, readSync } from 'node:fs';
const path = process.env.KEELSON_BENCH_SLICES;
const file = openSync('/proc/self/task/' + process.pid + '/schedstat');
const text = Buffer.alloc(64);
const spentMs = () => {
  process.cpuUsage();
  return parseInt(text.latin1Slice(0, readSync(file, text, 0, 64, 0)), 10) / 1e6;
};
let before = spentMs();
let at = performance.now();
let worst = 0;
let late = 0;
let over = 0;
setInterval(() => {
  const spent = spentMs() - before;
  const now = performance.now();
  worst = Math.max(worst, spent);
  late = Math.max(late, now - at);
  if (spent > 5) over++;
  before = spentMs();
  at = performance.now();
}, 1).unref();
setInterval(() => {
  appendFileSync(path, JSON.stringify({ at: Date.now(), worst, late, over }) + '\\n');
  worst = late = over = 0;
}, 250).unref();
`;

/** Arguments for Node that load the meter. */
export const meterArguments: readonly string[] = [
  '--import',
  `data:text/javascript,${encodeURIComponent(METER)}`,
];

export const METER_VARIABLE = 'KEELSON_BENCH_SLICES';

export interface Slices {
  /** The longest time of the processor between two looks, in milliseconds. */
  readonly worstMs: number;
  /** The longest time between two looks; what others did on the machine is in it. */
  readonly latestMs: number;
  /** Pieces of work of more than 5 ms. */
  readonly overFive: number;
}

export function slicesFile(folder: string, name: string): string {
  return join(folder, `slices-${name}.jsonl`);
}

/** @param from wall time in milliseconds */
export function slicesBetween(path: string, from: number, to: number): Slices {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Of a system that has none.
  }
  const lines = text.split('\n').flatMap((line) => {
    if (line === '') return [];
    return [JSON.parse(line) as { at: number; worst: number; late: number; over: number }];
  });
  const within = lines.filter(({ at }) => at > from && at <= to + 300);
  return {
    worstMs: Math.max(0, ...within.map(({ worst }) => worst)),
    latestMs: Math.max(0, ...within.map(({ late }) => late)),
    overFive: within.reduce((sum, { over }) => sum + over, 0),
  };
}
