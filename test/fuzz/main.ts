/**
 * The fuzzers: `npm run fuzz -- --help`. A finding is printed with its seed and its input, and the exit code is 1.
 *
 * With `--jobs` the targets are shared out to processes, for each has one thread.
 */

import { fork } from 'node:child_process';
import { flagHelp, integerFlag, parseFlags, switchFlag, textFlag } from '../../src/cli/flags.ts';
import { Coverage } from './coverage.ts';
import { type FuzzResult, fuzz, type Target } from './fuzz.ts';
import { targets } from './targets.ts';

const flags = {
  seconds: integerFlag({ help: 'time for each target; an hour is 3600', initial: 60, min: 1 }),
  target: textFlag({ help: 'only these, by name, with commas between', initial: '', placeholder: 'NAMES' }),
  seed: integerFlag({ help: 'draws the inputs; 0 takes another each time', initial: 0, min: 0 }),
  jobs: integerFlag({ help: 'processes at a time', initial: 1, min: 1, max: 64 }),
  noCoverage: switchFlag(
    'lead the search by the words of refusals alone, so that a seed means the same inputs always',
  ),
} as const;

type Options = ReturnType<typeof parseFlags<typeof flags>>['values'];

const USAGE_ERROR = 2;

function help(): string {
  const lines = targets.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`);
  return [
    'Usage: npm run fuzz -- [flags]',
    '',
    'Gives valid inputs, changed at random, to whatever reads what others have written. Each is taken or refused in words that',
    'are meant; anything else is a finding: an error, a hang, more memory than the input is worth. Ends with 1 if there is one.',
    '',
    'Targets:',
    ...lines,
    '',
    flagHelp(flags),
  ].join('\n');
}

function told(name: string, seed: number, result: FuzzResult): string {
  const { runs, taken, refused, ways, slowestMs, reached } = result;
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  const reaching = reached === null ? '' : `, ${reached} blocks of code reached`;
  return `${name}: seed ${seed}, ${runs} inputs, ${taken} taken, ${refused} refused in ${ways} ways${reaching}, slowest ${Math.round(slowestMs)} ms, memory ${memory} MiB`;
}

/** @returns whether nothing was found */
async function runHere(chosen: readonly Target[], seed: number, options: Options): Promise<boolean> {
  let isClean = true;
  for (const target of chosen) {
    const end = performance.now() + options.seconds * 1000;
    const isOver = (): boolean => performance.now() > end;
    const coverage = options.noCoverage ? undefined : new Coverage();
    const result = await fuzz(target, { seed, isOver, ...(coverage === undefined ? {} : { coverage }) });
    coverage?.close();
    process.stdout.write(`${told(target.name, seed, result)}\n`);
    const { finding } = result;
    if (finding === null) continue;
    process.stdout.write(`FOUND ${finding.what}\n  input ${finding.input}\n`);
    isClean = false;
  }
  return isClean;
}

function runElsewhere(names: readonly string[], seed: number, options: Options): Promise<boolean> {
  const { seconds, noCoverage } = options;
  const words = ['--target', names.join(','), '--seconds', String(seconds), '--seed', String(seed)];
  const child = fork(process.argv[1]!, [...words, ...(noCoverage ? ['--no-coverage'] : [])]);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code === 0)));
}

async function main(): Promise<number> {
  const { values: options, problems, help: isHelp } = parseFlags(flags, process.argv.slice(2));
  const names = targets.map(({ name }) => name);
  const wanted = options.target === '' ? names : options.target.split(',');
  const unknown = wanted.filter((name) => !names.includes(name));
  if (isHelp) {
    process.stdout.write(`${help()}\n`);
    return 0;
  }
  for (const name of unknown) problems.push(`there is no target "${name}"`);
  if (problems.length > 0) {
    process.stderr.write(`${problems.join('\n')}\n\n${help()}\n`);
    return USAGE_ERROR;
  }
  const seed = options.seed === 0 ? 1 + (Date.now() % 1_000_000) : options.seed;
  const jobs = Math.min(options.jobs, wanted.length);
  if (jobs === 1) {
    const chosen = targets.filter(({ name }) => wanted.includes(name));
    return (await runHere(chosen, seed, options)) ? 0 : 1;
  }
  const shares = Array.from({ length: jobs }, (_, job) => wanted.filter((_name, at) => at % jobs === job));
  const clean = await Promise.all(shares.map((share) => runElsewhere(share, seed, options)));
  return clean.includes(false) ? 1 : 0;
}

// Who started this may go away without a word.
const abandoned = (): never => process.exit(1);
process.once('disconnect', abandoned);
process.exitCode = await main();
process.off('disconnect', abandoned);
if (process.connected) process.disconnect();
