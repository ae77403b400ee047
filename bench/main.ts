/** `npm run bench -- <benchmark> [flags]`: chooses the benchmark, prints the report, writes the files. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FlagTable,
  type FlagValues,
  flagHelp,
  type ParsedFlags,
  parseFlags,
  switchFlag,
} from '../src/cli/flags.ts';
import { describeEnvironment } from './environment.ts';
import { failoverCharts, failoverFlags, failoverText, runFailover } from './failover.ts';
import { htmlReport, type Section } from './html.ts';
import { idleFlags, idleText, runIdle } from './idle.ts';
import { kubeFlags, runKube } from './kube.ts';
import { kubeText } from './kube-report.ts';
import { kubeRequestFlags, kubeRequestText, runKubeRequests } from './kube-requests.ts';
import { membershipFlags, membershipText, runMembership } from './membership.ts';
import { chosenSystems, systemFlags } from './options.ts';
import { putFlags, runPut } from './put.ts';
import { putCharts, putText } from './put-report.ts';
import { recoveryCharts, recoveryFlags, recoveryText, runRecovery } from './recovery.ts';
import { runSpace, spaceFlags, spaceText } from './space.ts';
import { runStartup, startupCharts, startupFlags, startupText } from './startup.ts';
import { runSuite, suiteFlags } from './suite.ts';
import { suiteCharts, suiteText } from './suite-report.ts';
import { connectionsWorkload } from './workloads/connections.ts';
import { largeWorkload } from './workloads/large.ts';
import { leaseWorkload } from './workloads/lease.ts';
import { mixedWorkload } from './workloads/mixed.ts';
import { rangeWorkload } from './workloads/range.ts';
import { txnWorkload } from './workloads/txn.ts';
import { watchWorkload } from './workloads/watch.ts';
import type { Workload } from './workloads/workload.ts';

/** What a benchmark hands over: the data, the text for people, the charts by file name. */
interface Outcome {
  readonly data: object;
  readonly text: string;
  readonly charts: Readonly<Record<string, string>>;
}

interface Benchmark {
  readonly summary: string;
  readonly flags: FlagTable;
  /** Flags that make it short, for a first look. */
  readonly quick: readonly string[];
  /** Members without which it means nothing. */
  readonly fewestNodes?: number;
  readonly run: (argv: readonly string[]) => Promise<Outcome>;
}

const SHORT: readonly string[] = ['--seconds', '1', '--rounds', '1', '--warm-up-ms', '300'];

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

function suite(name: string, workload: Workload): Benchmark {
  return {
    summary: workload.summary,
    flags: suiteFlags,
    quick: SHORT,
    run: async (argv) => {
      const report = await runSuite(name, workload, parsed(suiteFlags, argv));
      return { data: report, text: suiteText(report), charts: suiteCharts(report) };
    },
  };
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  put: {
    summary: 'write throughput and latency',
    flags: putFlags,
    quick: SHORT,
    run: async (argv) => {
      const report = await runPut(parsed(putFlags, argv));
      return { data: report, text: putText(report), charts: putCharts(report) };
    },
  },
  range: suite('range', rangeWorkload),
  txn: suite('txn', txnWorkload),
  mixed: suite('mixed', mixedWorkload),
  watch: suite('watch', watchWorkload),
  lease: suite('lease', leaseWorkload),
  large: suite('large', largeWorkload),
  connections: suite('connections', connectionsWorkload),
  startup: {
    summary: 'a fresh cluster to its first accepted write',
    flags: startupFlags,
    quick: ['--rounds', '1'],
    run: async (argv) => {
      const report = await runStartup(parsed(startupFlags, argv));
      return { data: report, text: startupText(report), charts: startupCharts(report) };
    },
  },
  idle: {
    summary: 'CPU of members without clients',
    flags: idleFlags,
    quick: ['--seconds', '3'],
    run: async (argv) => {
      const report = await runIdle(parsed(idleFlags, argv));
      return { data: report, text: idleText(report), charts: {} };
    },
  },
  recovery: {
    summary: 'memory, puts and starts of members with many keys',
    flags: recoveryFlags,
    quick: ['--keys', '20000', '--rounds', '1', '--seconds', '1'],
    run: async (argv) => {
      const report = await runRecovery(parsed(recoveryFlags, argv));
      return { data: report, text: recoveryText(report), charts: recoveryCharts(report) };
    },
  },
  kube: {
    summary: 'the Kubernetes API: pods per second, lists, watches, memory',
    flags: kubeFlags,
    quick: [
      '--rounds',
      '1',
      '--pods',
      '300',
      '--warm-up',
      '100',
      '--watchers',
      '50',
      '--changes',
      '20',
      '--idle-seconds',
      '1',
    ],
    run: async (argv) => {
      const report = await runKube(parsed(kubeFlags, argv));
      return { data: report, text: kubeText(report), charts: {} };
    },
  },
  'kube-requests': {
    summary: 'the Kubernetes API: CPU per request, by kind',
    flags: kubeRequestFlags,
    quick: ['--requests', '200', '--rounds', '2'],
    run: async (argv) => {
      const report = await runKubeRequests(parsed(kubeRequestFlags, argv));
      return { data: report, text: kubeRequestText(report), charts: {} };
    },
  },
  membership: {
    summary: 'members join, are replaced, removed and restarted while clients write',
    flags: membershipFlags,
    quick: ['--rest-ms', '500'],
    fewestNodes: 3,
    run: async (argv) => {
      const report = await runMembership(parsed(membershipFlags, argv));
      return { data: report, text: membershipText(report), charts: {} };
    },
  },
  space: {
    summary: 'space that comes back after deletes and compactions, and what that costs others',
    flags: spaceFlags,
    quick: ['--bytes', '8388608', '--settle-seconds', '3', '--rounds', '1', '--seconds', '2'],
    run: async (argv) => {
      const report = await runSpace(parsed(spaceFlags, argv));
      return { data: report, text: spaceText(report), charts: {} };
    },
  },
  failover: {
    summary: 'kill -9 of the leader to the next accepted write',
    flags: failoverFlags,
    quick: ['--kills', '2', '--pause-ms', '500'],
    fewestNodes: 3,
    run: async (argv) => {
      const report = await runFailover(parsed(failoverFlags, argv));
      return { data: report, text: failoverText(report), charts: failoverCharts(report) };
    },
  },
};

const allFlags = {
  ...systemFlags,
  quick: switchFlag('one short round of each: a first look, not a measurement'),
} as const;
const ALL_SUMMARY = 'all of them, and one page with their plots';

function overview(): string {
  const entries = [
    ...Object.entries(BENCHMARKS).map(([name, { summary }]) => [name, summary]),
    ['all', ALL_SUMMARY],
  ];
  const lines = entries.map(([name, summary]) => `  ${name!.padEnd(12)} ${summary}`);
  return [
    'Usage: npm run bench -- <benchmark> [flags]',
    '',
    'Each starts its own clusters on free ports and in a temporary folder, and removes them afterwards. The folder of --out',
    'gets a JSON file, the plots as SVG, and report.html, which has both and needs nothing else to be read.',
    '',
    ...lines,
    '',
    'Flags of one: npm run bench -- <benchmark> --help',
  ].join('\n');
}

function writeFiles(files: Readonly<Record<string, string>>, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(files).map(([file, content]) => {
    const path = join(folder, file);
    writeFileSync(path, content);
    return path;
  });
}

function filesOf(name: string, outcome: Outcome): Record<string, string> {
  return { [`${name}.json`]: `${JSON.stringify(outcome.data, null, 1)}\n`, ...outcome.charts };
}

function sectionOf(name: string, outcome: Outcome): Section {
  const { summary } = BENCHMARKS[name]!;
  return { name, summary, text: outcome.text, charts: Object.values(outcome.charts) };
}

function pageOf(sections: readonly Section[], values: FlagValues<typeof systemFlags>): string {
  const { date, cores, cpu, node, versions } = describeEnvironment(
    chosenSystems(values.against, values.only),
  );
  const named = Object.entries(versions).map(([system, version]) => `${system} ${version}`);
  return htmlReport(
    `${date.slice(0, 10)}, ${named.join(' and ')}, ${cores} × ${cpu}, node ${node}`,
    sections,
  );
}

/** Those of the flags of all that a benchmark has, too. */
function sharedFlags(
  { flags }: Benchmark,
  { against, only, nodes, out }: FlagValues<typeof systemFlags>,
): string[] {
  const shared = { nodes: String(nodes), out, against, only };
  return Object.entries(shared).flatMap(([name, value]) =>
    value !== '' && Object.hasOwn(flags, name) ? [`--${name}`, value] : [],
  );
}

/** Runs every benchmark, and goes on after one that fails. */
async function runAll(argv: readonly string[]): Promise<number> {
  const values = parsed(allFlags, argv);
  const { nodes, out, json, quick } = values;
  const sections: Section[] = [];
  const data: Record<string, object> = {};
  const files: string[] = [];
  let failures = 0;
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (nodes < (benchmark.fewestNodes ?? 1)) {
      process.stderr.write(`bench: ${name}: left out, needs ${benchmark.fewestNodes} members\n`);
      continue;
    }
    try {
      const argvOfOne = [...sharedFlags(benchmark, values), ...(quick ? benchmark.quick : [])];
      const outcome = await benchmark.run(argvOfOne);
      sections.push(sectionOf(name, outcome));
      data[name] = outcome.data;
      files.push(...writeFiles(filesOf(name, outcome), out));
      if (!json) process.stdout.write(`${outcome.text}\n\n`);
    } catch (error) {
      failures += 1;
      process.stderr.write(`bench: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  files.push(...writeFiles({ 'report.html': pageOf(sections, values) }, out));
  if (json) process.stdout.write(`${JSON.stringify(data)}\n`);
  else process.stdout.write(`written: ${files.join(', ')}\n`);
  return failures === 0 ? 0 : 1;
}

async function runOne(name: string, benchmark: Benchmark, argv: readonly string[]): Promise<number> {
  const outcome = await benchmark.run(argv);
  const values = parseFlags(benchmark.flags, argv).values as FlagValues<typeof systemFlags>;
  const page = pageOf([sectionOf(name, outcome)], values);
  const files = writeFiles({ ...filesOf(name, outcome), 'report.html': page }, values.out);
  if (values.json) process.stdout.write(`${JSON.stringify(outcome.data)}\n`);
  else process.stdout.write(`${outcome.text}\n\nwritten: ${files.join(', ')}\n`);
  return 0;
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${overview()}\n`);
    return name === undefined ? USAGE_ERROR : 0;
  }
  const benchmark = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (benchmark === undefined && name !== 'all') {
    process.stderr.write(`bench: there is no benchmark "${name}"\n\n${overview()}\n`);
    return USAGE_ERROR;
  }
  const flags: FlagTable = benchmark?.flags ?? allFlags;
  if (parseFlags(flags, rest).help) {
    const summary = benchmark?.summary ?? ALL_SUMMARY;
    process.stdout.write(`${name}: ${summary}\n\n${flagHelp(flags)}\n`);
    return 0;
  }
  return benchmark === undefined ? await runAll(rest) : await runOne(name, benchmark, rest);
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
