/** The benchmarks by name: what each takes, and how it is run short, alone or with all others. */

import { type FlagTable, type FlagValues, type ParsedFlags, parseFlags } from '../src/cli/flags.ts';
import { failoverCharts, failoverFlags, failoverText, runFailover } from './failover.ts';
import { idleFlags, idleText, runIdle } from './idle.ts';
import { kubeFlags, runKube } from './kube.ts';
import { kubeText } from './kube-report.ts';
import { kubeRequestFlags, kubeRequestText, runKubeRequests } from './kube-requests.ts';
import { mapsFlags, mapsText, runMaps } from './maps.ts';
import { membershipFlags, membershipText, runMembership } from './membership.ts';
import type { systemFlags } from './options.ts';
import { pieceFlags, piecesText, runPieces } from './pieces.ts';
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
export interface Outcome {
  readonly data: object;
  readonly text: string;
  readonly charts: Readonly<Record<string, string>>;
}

export interface Benchmark {
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
export const USAGE_ERROR = 2;

export function parsed<Table extends FlagTable>(
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

export const benchmarks: Readonly<Record<string, Benchmark>> = {
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
  maps: {
    summary: 'our ordered map beside others, with a million keys',
    flags: mapsFlags,
    quick: ['--keys', '20000', '--rounds', '1'],
    run: async (argv) => {
      const report = await runMaps(parsed(mapsFlags, argv));
      return { data: report, text: mapsText(report), charts: {} };
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
  slices: {
    summary: 'the longest piece of work that a request about very many keys is to a member',
    flags: pieceFlags,
    quick: ['--keys', '2000', '--rounds', '1'],
    run: async (argv) => {
      const report = await runPieces(parsed(pieceFlags, argv));
      return { data: report, text: piecesText(report), charts: {} };
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

/** Those of the flags of all that a benchmark has, too. */
export function sharedFlags(
  { flags }: Benchmark,
  { against, only, nodes, out }: FlagValues<typeof systemFlags>,
): string[] {
  const shared = { nodes: String(nodes), out, against, only };
  return Object.entries(shared).flatMap(([name, value]) =>
    value !== '' && Object.hasOwn(flags, name) ? [`--${name}`, value] : [],
  );
}

/** The command line of a benchmark that is run short. What is said of a flag later counts. */
export function shortArgv({ quick }: Benchmark, argv: readonly string[]): string[] {
  const isQuick = (word: string): boolean => /^--?quick(=true)?$/.test(word);
  return argv.some(isQuick) ? [...quick, ...argv.filter((word) => !isQuick(word))] : [...argv];
}
