/** `npm run bench -- <benchmark> [flags]`: chooses the benchmark, prints the report, writes the files. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FlagTable, type FlagValues, flagHelp, type ParsedFlags, parseFlags } from '../src/cli/flags.ts';
import { failoverCharts, failoverFlags, failoverText, runFailover } from './failover.ts';
import { idleFlags, idleText, runIdle } from './idle.ts';
import type { systemFlags } from './options.ts';
import { putFlags, runPut } from './put.ts';
import { putCharts, putText } from './put-report.ts';
import { recoveryCharts, recoveryFlags, recoveryText, runRecovery } from './recovery.ts';
import { runStartup, startupCharts, startupFlags, startupText } from './startup.ts';

/** What a benchmark hands over: the data, the text for people, the charts by file name. */
interface Outcome {
  readonly data: object;
  readonly text: string;
  readonly charts: Readonly<Record<string, string>>;
}

interface Benchmark {
  readonly summary: string;
  readonly flags: FlagTable;
  readonly run: (argv: readonly string[]) => Promise<Outcome>;
}

/** Exit code for a command line that is wrong. */
const USAGE_ERROR = 2;

function parsed<Table extends FlagTable>(
  table: Table,
  argv: readonly string[],
): ParsedFlags<Table>['values'] {
  const result = parseFlags(table, argv);
  if (result.problems.length === 0) return result.values;
  for (const problem of result.problems) process.stderr.write(`bench: ${problem}\n`);
  process.exit(USAGE_ERROR);
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  put: {
    summary: 'write throughput and latency',
    flags: putFlags,
    run: async (argv) => {
      const report = await runPut(parsed(putFlags, argv));
      return { data: report, text: putText(report), charts: putCharts(report) };
    },
  },
  startup: {
    summary: 'a fresh cluster to its first accepted write',
    flags: startupFlags,
    run: async (argv) => {
      const report = await runStartup(parsed(startupFlags, argv));
      return { data: report, text: startupText(report), charts: startupCharts(report) };
    },
  },
  idle: {
    summary: 'CPU of members without clients',
    flags: idleFlags,
    run: async (argv) => {
      const report = await runIdle(parsed(idleFlags, argv));
      return { data: report, text: idleText(report), charts: {} };
    },
  },
  recovery: {
    summary: 'memory, puts and starts of members with many keys',
    flags: recoveryFlags,
    run: async (argv) => {
      const report = await runRecovery(parsed(recoveryFlags, argv));
      return { data: report, text: recoveryText(report), charts: recoveryCharts(report) };
    },
  },
  failover: {
    summary: 'kill -9 of the leader to the next accepted write',
    flags: failoverFlags,
    run: async (argv) => {
      const report = await runFailover(parsed(failoverFlags, argv));
      return { data: report, text: failoverText(report), charts: failoverCharts(report) };
    },
  },
};

function overview(): string {
  const lines = Object.entries(BENCHMARKS).map(([name, one]) => `  ${name.padEnd(10)} ${one.summary}`);
  return [
    'Usage: npm run bench -- <benchmark> [flags]',
    '',
    'Each starts its own clusters on free ports and in a temporary folder, and removes them afterwards.',
    '',
    ...lines,
    '',
    'Flags of one: npm run bench -- <benchmark> --help',
  ].join('\n');
}

function writeFiles(name: string, outcome: Outcome, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const files = { [`${name}.json`]: `${JSON.stringify(outcome.data, null, 1)}\n`, ...outcome.charts };
  return Object.entries(files).map(([file, content]) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    return path;
  });
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${overview()}\n`);
    return name === undefined ? USAGE_ERROR : 0;
  }
  const benchmark = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (benchmark === undefined) {
    process.stderr.write(`bench: there is no benchmark "${name}"\n\n${overview()}\n`);
    return USAGE_ERROR;
  }
  const common = parseFlags(benchmark.flags, rest);
  if (common.help) {
    process.stdout.write(`${name}: ${benchmark.summary}\n\n${flagHelp(benchmark.flags)}\n`);
    return 0;
  }
  const outcome = await benchmark.run(rest);
  const { out, json } = common.values as FlagValues<typeof systemFlags>;
  const files = writeFiles(name, outcome, out);
  if (json) process.stdout.write(`${JSON.stringify(outcome.data)}\n`);
  else process.stdout.write(`${outcome.text}\n\nwritten: ${files.join(', ')}\n`);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
