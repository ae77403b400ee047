/**
 * The search: `npm run sim -- --seeds 1000 --hours 0.5`.
 *
 * Runs seed after seed until the number or the time is used up, or one fails. A failing seed is printed with how to
 * repeat it; the exit code is 1 then.
 */

import { parseArgs } from 'node:util';
import { nodeRuntime } from '../util/node-runtime.ts';
import { controlHead, controlRow, runControl } from './control-run.ts';
import { controls } from './controls.ts';
import { type Outcome, type RunOptions, runSeed } from './run.ts';
import { scriptOf, shrink } from './shrink.ts';
import { renderLine, type TraceLine } from './trace.ts';

const help = `npm run sim -- [options]

  --seeds N       runs to make (default 200, or without end when --hours is given)
  --hours H       stop after so many hours of real time
  --seed S        the first seed; without --seeds and --hours the only one
  --nodes N       members per cluster: 1, 3 or 5 (default: drawn per seed)
  --length MS     virtual milliseconds under faults per run (default 20000)
  --quiet         long and quiet lives: heartbeats of 5 s, and days between what strikes or acts
  --mutant NAME   switch a rule off, to see that it is noticed
  --controls      switch off every rule, one at a time, and tell in how many of --seeds each is noticed
                  (default 20, or as many as the rule may take)
  --shrink        cut a failing seed down to what it needs, and print that as a script
  --trace         print every event of the run to standard output
  --keep-going    go on after a failing seed
  --tell S        every S seconds, one line of JSON with all that was counted so far
`;

interface Totals {
  runs: number;
  simulatedMs: number;
  realMs: number;
  /** Milliseconds of the processor. */
  cpuMs: number;
  steps: number;
  readonly faults: Record<string, number>;
  readonly failed: Outcome[];
}

function add(totals: Totals, outcome: Outcome): void {
  totals.runs++;
  totals.simulatedMs += outcome.simulatedMs;
  totals.steps += outcome.steps;
  for (const counts of [outcome.faults, outcome.counts]) {
    for (const [name, count] of Object.entries(counts)) {
      totals.faults[name] = (totals.faults[name] ?? 0) + count;
    }
  }
  if (outcome.violation !== null) totals.failed.push(outcome);
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function progressLine(totals: Totals): string {
  const { realMs, cpuMs } = totals;
  const faster = cpuMs > 0 ? Math.round(totals.simulatedMs / cpuMs) : 0;
  return (
    `${totals.runs} runs  simulated ${duration(totals.simulatedMs)}  real ${duration(realMs)}  ` +
    `processor ${duration(cpuMs)}, ${faster}× faster  ${totals.failed.length} failed`
  );
}

function reportFailure(outcome: Outcome, repeat: string): void {
  process.stdout.write(
    `\nseed ${outcome.seed} FAILED at ${outcome.simulatedMs.toFixed(3)} ms, step ${outcome.steps}\n`,
  );
  process.stdout.write(
    `  ${outcome.violation!.message}\n  trace hash ${outcome.traceHash}\n  repeat: ${repeat}\n`,
  );
}

function reportShrunk(seed: number, run: RunOptions): void {
  const { trace: _, ...quiet } = run;
  const shrunk = shrink(seed, quiet);
  if (shrunk === null) return;
  const { taken, runs, outcome } = shrunk;
  process.stdout.write(`  in ${runs} runs cut to ${outcome.steps} steps: ${taken.join(', ')}\n`);
  process.stdout.write(`${scriptOf(shrunk, run.mutant ?? '')}\n`);
}

/** For a ledger over several searches: the last line of each is what it did. */
function tell(first: number, flags: string, { failed, ...totals }: Totals): void {
  const seeds = failed.map(({ seed }) => seed);
  process.stdout.write(`${JSON.stringify({ first, flags, ...totals, failed: seeds })}\n`);
}

interface Search {
  readonly first: number;
  /** Null: without end. */
  readonly seeds: number | null;
  /** Real milliseconds; null: without end. */
  readonly realMs: number | null;
  readonly keepGoing: boolean;
  /** Real milliseconds between two lines of what was counted; 0 for none. */
  readonly tellMs: number;
  readonly shrinks: boolean;
  readonly run: RunOptions;
  /** The flags that make a run what it is, to repeat it with. */
  readonly flags: string;
}

/** Seeds for each control, 0 to leave it to the control; null when none are asked for. */
function parseControls(): number | null {
  const { values } = parseArgs({
    strict: false,
    options: { controls: { type: 'boolean' }, seeds: { type: 'string' } },
  });
  return values.controls === true ? Number(values.seeds ?? 0) : null;
}

/** Returns how many broken rules were not noticed. */
function runControls(seeds: number): number {
  let survivors = 0;
  process.stdout.write(`${controlHead}\n`);
  for (const control of controls) {
    const result = runControl(control, seeds > 0 ? seeds : Math.max(20, control.seeds), false);
    if (result.first === null) survivors++;
    process.stdout.write(`${controlRow(result)}\n`);
  }
  return survivors;
}

/** Null when only help was asked for. @throws Error that names the flag that is wrong */
function parse(): Search | null {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      hours: { type: 'string' },
      seed: { type: 'string' },
      nodes: { type: 'string' },
      length: { type: 'string' },
      mutant: { type: 'string' },
      quiet: { type: 'boolean', default: false },
      controls: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      tell: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const number = (name: 'seeds' | 'hours' | 'seed' | 'nodes' | 'length' | 'tell'): number | null => {
    const text = values[name];
    if (text === undefined) return null;
    const value = Number(text);
    if (text === '' || !Number.isFinite(value) || value < 0)
      throw new Error(`--${name} wants a number, got '${text}'`);
    return value;
  };
  const hours = number('hours');
  const seed = number('seed');
  const seeds = number('seeds');
  const length = number('length');
  const nodes = number('nodes');
  const defaultSeeds = hours !== null ? null : seed !== null ? 1 : 200;
  const onLine = (line: TraceLine): void => void process.stdout.write(`${renderLine(line)}\n`);
  const same = ['nodes', 'length', 'mutant'] as const;
  return {
    first: seed ?? 1,
    seeds: seeds ?? defaultSeeds,
    realMs: hours === null ? null : hours * 3_600_000,
    keepGoing: values['keep-going'],
    tellMs: (number('tell') ?? 0) * 1000,
    shrinks: values.shrink,
    run: {
      nodes,
      mutant: values.mutant ?? '',
      isQuiet: values.quiet,
      ...(length === null ? {} : { safetyMs: length }),
      ...(values.trace ? { trace: { onLine } } : {}),
    },
    flags: [
      ...same.map((flag) => (values[flag] === undefined ? '' : ` --${flag} ${values[flag]}`)),
      values.quiet ? ' --quiet' : '',
    ].join(''),
  };
}

function search({ first, seeds, realMs, keepGoing, tellMs, shrinks, run, flags }: Search): Totals {
  const { clock } = nodeRuntime();
  const started = clock.now();
  const before = process.cpuUsage();
  const totals: Totals = { runs: 0, simulatedMs: 0, realMs: 0, cpuMs: 0, steps: 0, faults: {}, failed: [] };
  let shownAt = started;
  let toldAt = started;
  for (let seed = first; seeds === null || seed < first + seeds; seed++) {
    if (realMs !== null && totals.realMs > realMs) break;
    const outcome = runSeed(seed, run);
    add(totals, outcome);
    totals.realMs = clock.now() - started;
    const { user, system } = process.cpuUsage(before);
    totals.cpuMs = (user + system) / 1000;
    if (outcome.violation !== null) {
      reportFailure(outcome, `npm run sim -- --seed ${seed}${flags} --trace`);
      if (shrinks) reportShrunk(seed, run);
      if (!keepGoing) break;
    }
    if (tellMs > 0 && clock.now() - toldAt > tellMs) {
      toldAt = clock.now();
      tell(first, flags, totals);
    }
    if (process.stderr.isTTY && clock.now() - shownAt > 250) {
      shownAt = clock.now();
      process.stderr.write(`\r\x1b[K${progressLine(totals)}`);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return totals;
}

function main(): number {
  const what = parse();
  if (what === null) {
    process.stdout.write(help);
    return 0;
  }
  const seeds = parseControls();
  if (seeds !== null) return runControls(seeds) === 0 ? 0 : 1;
  const totals = search(what);
  const counts = Object.entries(totals.faults).sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = [progressLine(totals), ...counts.map(([name, count]) => `  ${name} ${count}`)];
  if (totals.failed.length > 0)
    lines.push(`failed seeds: ${totals.failed.map(({ seed }) => seed).join(' ')}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return totals.failed.length > 0 ? 1 : 0;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
