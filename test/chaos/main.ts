/**
 * Chaos with real processes: `npm run chaos -- --members 3 --seconds 120`, or for long `npm run chaos -- --hours 2 --load 12`.
 *
 * A round starts members, lets clients work and watchers watch, does harm for the time given, lets all of it heal, and
 * judges what was answered and told. Of many rounds each has a process and a cluster of its own, so that what is kept in
 * memory is that of one; the next one begins while the one before is judged. A round that did too little does not count.
 * Exit code 0: nothing wrong; 1: something is; 3: too little was done to tell.
 */

import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { giveUp } from '../script-flags.ts';
import { type Kind, kinds } from './nemesis.ts';
import { runRound, type Settings } from './round.ts';
import { appendTotals, readTotals, sumOf } from './totals.ts';

const help = `npm run chaos -- [options]

  --members N     3 or 5 (default 3)
  --seconds S     how long to do harm, in each round (default 60; 300 where there are many rounds)
  --faults LIST   which kinds, separated by commas (default: all that are possible here)
                  ${kinds.join(' ')}
  --hold MS       how long a trouble lasts at most (default 4000)
  --load N        N times as many workers (default 1)
  --lanes N       requests that a client of registers or unique puts has under way (default 1)
  --think MS      pause between two requests of a worker (default 4)
  --lossy         members dial each other through links that lose, delay and break; no links can be cut then
  --directory D   where data and logs of the members go (default: a new one in the system's temporary directory)

  --rounds N      so many rounds, of three and of five members, with and without lossy links and small disks in turn
  --hours H       rounds until that time is over
  --totals FILE   a line of JSON for each round (default: totals.jsonl in the directory)
  --sum FILE      adds up such a file, and does nothing else
`;

interface Wanted extends Settings {
  /** Infinity where there is no limit but the time. */
  readonly rounds: number;
  readonly hours: number;
  readonly isMany: boolean;
  readonly totals: string;
  readonly sum: string;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wantedOf(): Wanted | null {
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '3' },
      seconds: { type: 'string' },
      hold: { type: 'string', default: '4000' },
      faults: { type: 'string', default: kinds.join(',') },
      directory: {
        type: 'string',
        default: `${process.env['TMPDIR'] ?? '/tmp'}/keelson-chaos-${process.pid}`,
      },
      lossy: { type: 'boolean', default: false },
      load: { type: 'string', default: '1' },
      lanes: { type: 'string', default: '1' },
      think: { type: 'string', default: '4' },
      rounds: { type: 'string' },
      hours: { type: 'string' },
      totals: { type: 'string' },
      sum: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const faults = values.faults.split(',').map((name) => {
    const kind = kinds.find((known) => known === name);
    if (kind === undefined) throw new Error(`no fault is called ${name}`);
    return kind;
  });
  const { directory } = values;
  const isMany = values.rounds !== undefined || values.hours !== undefined;
  return {
    members: Number(values.members),
    seconds: Number(values.seconds ?? (isMany ? 300 : 60)),
    holdMs: Number(values.hold),
    directory,
    faults,
    isLossy: values.lossy,
    load: Number(values.load),
    lanes: Number(values.lanes),
    thinkMs: Number(values.think),
    rounds: Number(values.rounds ?? Number.POSITIVE_INFINITY),
    hours: Number(values.hours ?? Number.POSITIVE_INFINITY),
    isMany,
    totals: values.totals ?? (isMany ? `${directory}-totals.jsonl` : ''),
    sum: values.sum,
  };
}

async function one(wanted: Wanted): Promise<number> {
  const totals = await runRound(wanted, () => process.send?.('load is over'));
  if (wanted.totals !== '') appendTotals(wanted.totals, totals);
  for (const problem of totals.problems.slice(0, 20)) say(`WRONG ${problem}`);
  if (totals.problems.length > 0) return 1;
  if (totals.counts) return 0;
  say(`only ${totals.answered} operations were answered: this run does not count`);
  return 3;
}

/** What is different from round to round. */
const shapes: readonly {
  readonly members: number;
  readonly isLossy: boolean;
  readonly without: readonly Kind[];
}[] = [
  // With disks that can be filled, all data is in memory; without, it is where the directory is.
  { members: 3, isLossy: false, without: ['disk-full'] },
  { members: 5, isLossy: false, without: [] },
  { members: 3, isLossy: true, without: ['disk-full'] },
  { members: 3, isLossy: false, without: [] },
];

function wordsOf(wanted: Wanted, round: number): string[] {
  const { members, isLossy, without } = shapes[(round - 1) % shapes.length]!;
  const faults = wanted.faults.filter((kind) => !without.includes(kind));
  return [
    ...['--members', String(members), '--seconds', String(wanted.seconds), '--hold', String(wanted.holdMs)],
    ...['--faults', faults.join(','), '--load', String(wanted.load)],
    ...['--lanes', String(wanted.lanes), '--think', String(wanted.thinkMs)],
    ...['--directory', `${wanted.directory}/round-${round}`, '--totals', wanted.totals],
    ...(isLossy ? ['--lossy'] : []),
  ];
}

/** Starts a round. @returns when its load is over, and when it has ended and with which code */
function startRound(wanted: Wanted, round: number) {
  const path = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...process.execArgv, path, ...wordsOf(wanted, round)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (piece: Buffer) => {
      output += piece.toString();
    });
  }
  const loadOver = new Promise<void>((resolve) => {
    child.on('message', () => resolve());
    child.on('exit', () => resolve());
  });
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code) => {
      appendFileSync(`${wanted.directory}-rounds.log`, `round ${round} ended with ${code}\n${output}\n`);
      resolve(code ?? 1);
    });
  });
  return { loadOver, ended };
}

async function many(wanted: Wanted): Promise<number> {
  const end = performance.now() + wanted.hours * 3_600_000;
  const codes: number[] = [];
  let judged: Promise<void> = Promise.resolve();
  const leastMs = (wanted.seconds + 30) * 1000;
  for (let round = 1; round <= wanted.rounds && end - performance.now() > leastMs; round++) {
    const { loadOver, ended } = startRound(wanted, round);
    await loadOver;
    // Two at once at most: one that is judged, and one that works.
    await judged;
    judged = ended.then((code) => {
      codes.push(code);
      say(`round ${round} ended with ${code}`);
      for (const line of sumOf(readTotals(wanted.totals)).slice(0, 1)) say(line);
    });
  }
  await judged;
  for (const line of sumOf(readTotals(wanted.totals))) say(line);
  if (codes.some((code) => code !== 0 && code !== 3)) return 1;
  return codes.includes(0) ? 0 : 3;
}

/** What was asked for, or the end of the process where that makes no sense. */
function wantedOrNone(): Wanted | null {
  try {
    return wantedOf();
  } catch (error) {
    return giveUp(`${(error as Error).message}\nSee: npm run chaos -- --help`);
  }
}

const wanted = wantedOrNone();
if (wanted === null) process.stdout.write(help);
else if (wanted.sum !== '') for (const line of sumOf(readTotals(wanted.sum))) say(line);
else {
  process.exitCode = wanted.isMany ? await many(wanted) : await one(wanted);
  const logs = wanted.isMany ? `${wanted.directory}-rounds.log and ${wanted.directory}` : wanted.directory;
  say(process.exitCode === 0 ? 'nothing is wrong' : `what was done is in ${logs}`);
}
