/** What `bench put` found: the figures of a round, the tables, the charts. */

import type { SystemName } from './cluster.ts';
import type { Environment } from './environment.ts';
import { grouped, mebibytes, median, milliseconds, ratio, table } from './format.ts';
import type { LoadResult } from './generator.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import type { PutOptions } from './put.ts';
import { barChart, CURVE_PERCENTILES, percentileChart } from './svg.ts';
import type { Usage } from './usage.ts';

export interface LatencyFigures {
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

export interface PutRound {
  readonly system: SystemName;
  readonly round: number;
  readonly loop: 'closed' | 'open';
  /** Of the open loop, puts per second. */
  readonly rate: number | null;
  readonly putsPerSecond: number;
  readonly completed: number;
  readonly failed: number;
  readonly firstFailure: string | null;
  readonly latency: LatencyFigures;
  /** How late the generator itself sent, open loop only. */
  readonly lag: LatencyFigures | null;
  readonly histogram: HistogramData;
  /** Cores in use on average: all members together, the leader, the generator. */
  readonly membersCores: number;
  readonly leaderCores: number;
  readonly generatorCores: number;
  /** CPU per put, microseconds. */
  readonly membersUsPerPut: number;
  readonly leaderUsPerPut: number;
  /** Resident memory after the round. */
  readonly leaderBytes: number;
  readonly membersBytes: number;
}

export interface PutReport {
  readonly kind: 'put';
  readonly environment: Environment;
  readonly options: PutOptions;
  readonly openLoopRate: number;
  readonly rounds: readonly PutRound[];
  /** CPU of the Keelson leader over the whole run, by room; empty without `--profile`. */
  readonly profile: readonly { readonly owner: string; readonly usPerPut: number }[];
}

export interface RoundFacts {
  readonly system: SystemName;
  readonly round: number;
  readonly rate: number | null;
  readonly result: LoadResult;
  /** Usage of each member around the whole load, warm-up included. */
  readonly before: readonly Usage[];
  readonly after: readonly Usage[];
  readonly seconds: number;
  readonly leaderAt: number;
  /** Puts that the store took during the load, warm-up included. */
  readonly written: number;
}

function histogramOf(...parts: readonly HistogramData[]): Histogram {
  const histogram = new Histogram();
  for (const data of parts) histogram.add(data);
  return histogram;
}

/** Percentiles of nothing are not a number (null in JSON): h2load tells none. */
function latencyFigures(histogram: Histogram): LatencyFigures {
  const at = (percent: number): number =>
    histogram.count === 0 ? Number.NaN : histogram.percentileUs(percent);
  return {
    meanUs: histogram.meanUs,
    p50Us: at(50),
    p90Us: at(90),
    p99Us: at(99),
    p999Us: at(99.9),
    maxUs: histogram.maxUs,
  };
}

export function putRound(facts: RoundFacts): PutRound {
  const { result } = facts;
  const cpu = facts.after.map((usage, index) => usage.cpuSeconds - facts.before[index]!.cpuSeconds);
  const members = cpu.reduce((sum, value) => sum + value, 0);
  const leader = cpu[facts.leaderAt]!;
  // h2load tells no buckets, only mean and maximum, over what it completed.
  const histogram = histogramOf(result.latency);
  const figures = latencyFigures(histogram);
  const noBuckets = histogram.count === 0;
  return {
    system: facts.system,
    round: facts.round,
    loop: facts.rate === null ? 'closed' : 'open',
    rate: facts.rate,
    putsPerSecond: result.completed / result.seconds,
    completed: result.completed,
    failed: result.failed,
    firstFailure: result.firstFailure,
    latency: noBuckets ? { ...figures, meanUs: result.latency.sumUs / result.completed } : figures,
    lag: facts.rate === null ? null : latencyFigures(histogramOf(result.lag)),
    histogram: result.latency,
    membersCores: members / facts.seconds,
    leaderCores: leader / facts.seconds,
    generatorCores: result.cpuSeconds / result.seconds,
    membersUsPerPut: (members * 1e6) / facts.written,
    leaderUsPerPut: (leader * 1e6) / facts.written,
    leaderBytes: facts.after[facts.leaderAt]!.residentBytes,
    membersBytes: facts.after.reduce((sum, usage) => sum + usage.residentBytes, 0),
  };
}

const HEAD = [
  '',
  'puts/s',
  'p50 ms',
  'p90',
  'p99',
  'p99.9',
  'max',
  'cores',
  'µs/put',
  'leader',
  'MiB',
  'failed',
];

function row(round: PutRound): string[] {
  const latency = round.latency;
  const buckets = round.histogram.counts.length > 0;
  const shown = (us: number): string => (buckets ? milliseconds(us) : '–');
  return [
    `${round.system} ${round.round}`,
    grouped(round.putsPerSecond),
    shown(latency.p50Us),
    shown(latency.p90Us),
    shown(latency.p99Us),
    shown(latency.p999Us),
    milliseconds(latency.maxUs),
    round.membersCores.toFixed(2),
    round.membersUsPerPut.toFixed(1),
    round.leaderUsPerPut.toFixed(1),
    mebibytes(round.membersBytes),
    String(round.failed),
  ];
}

/** Keelson's figure by etcd's, round by round. */
function ratios(rounds: readonly PutRound[], figure: (round: PutRound) => number): number[] {
  const all: number[] = [];
  for (const ours of rounds.filter((round) => round.system === 'keelson')) {
    const theirs = rounds.find((round) => round.system === 'etcd' && round.round === ours.round);
    if (theirs !== undefined) all.push(figure(ours) / figure(theirs));
  }
  return all;
}

function ratioLine(label: string, values: readonly number[]): string[] {
  if (values.length === 0) return [];
  return [`${label}: ${values.map(ratio).join('  ')}   median ${ratio(median(values))}`];
}

function loopText(report: PutReport, loop: 'closed' | 'open'): string {
  const rounds = report.rounds.filter((round) => round.loop === loop);
  const { connections, streams } = report.options;
  const title =
    loop === 'closed'
      ? `Closed loop: ${connections} connections × ${streams} puts in flight`
      : `Open loop: ${grouped(report.openLoopRate)} puts/s on a fixed schedule, latency from the instant a put was due`;
  const sorted = [...rounds].sort((a, b) => a.system.localeCompare(b.system) * -1 || a.round - b.round);
  const lines = [title, table(HEAD, sorted.map(row))];
  if (loop === 'closed') {
    lines.push(
      ...ratioLine(
        'keelson / etcd, throughput',
        ratios(rounds, (round) => round.putsPerSecond),
      ),
    );
  } else {
    lines.push(
      ...ratioLine(
        'keelson / etcd, p50 latency',
        ratios(rounds, (round) => round.latency.p50Us),
      ),
    );
    lines.push(
      ...ratioLine(
        'keelson / etcd, p99 latency',
        ratios(rounds, (round) => round.latency.p99Us),
      ),
    );
    const lag = rounds.map((round) => round.lag?.p50Us ?? 0);
    lines.push(
      `the generator's own timer was late by ${milliseconds(median(lag))} ms (p50), which the figures include`,
    );
  }
  for (const round of rounds) {
    if (round.firstFailure !== null)
      lines.push(`${round.system} ${round.round} failed puts: ${round.firstFailure}`);
  }
  return lines.join('\n');
}

/** Below this an owner is not worth a line. */
const SHOWN_US_PER_PUT = 0.05;

function profileText(report: PutReport): string[] {
  if (report.profile.length === 0) return [];
  const rows = report.profile
    .filter((one) => one.usPerPut >= SHOWN_US_PER_PUT)
    .map((one) => [one.owner, one.usPerPut.toFixed(2)]);
  const sum = report.profile.reduce((total, one) => total + one.usPerPut, 0);
  rows.push(['all', sum.toFixed(2)]);
  return ['', 'CPU of the Keelson leader, all rounds together', table(['room', 'µs/put'], rows)];
}

/** The report for people. */
export function putText(report: PutReport): string {
  const { environment, options } = report;
  const versions = Object.entries(environment.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `put: ${options.nodes} members, ${options.valueBytes}-byte values, ${options.keyOrder} keys; ${versions.join(', ')}`,
    `on ${environment.cores} × ${environment.cpu}, node ${environment.node}`,
    '',
    loopText(report, 'closed'),
    '',
    loopText(report, 'open'),
    ...profileText(report),
    '',
    'cores and MiB: all members together; µs/put: CPU per put of all members and of the leader',
  ].join('\n');
}

function systemsOf(report: PutReport): SystemName[] {
  return [...new Set(report.rounds.map((round) => round.system))].sort().reverse();
}

/** The charts, by file name. */
export function putCharts(report: PutReport): Record<string, string> {
  const { connections, streams, valueBytes, nodes } = report.options;
  const setting = `${nodes} members, ${valueBytes}-byte values`;
  const of = (system: SystemName, loop: 'closed' | 'open'): PutRound[] =>
    report.rounds.filter((round) => round.system === system && round.loop === loop);
  const systems = systemsOf(report);
  const throughput = barChart(
    'Puts per second',
    `${setting}, ${connections} connections × ${streams} in flight (closed loop)`,
    'puts per second, more is better',
    systems.map((name) => ({ name, values: of(name, 'closed').map((round) => round.putsPerSecond) })),
  );
  const latency = percentileChart(
    'Latency of a put',
    `${setting}, ${grouped(report.openLoopRate)} puts/s (open loop), all rounds together`,
    systems.map((name) => {
      const histogram = histogramOf(...of(name, 'open').map((round) => round.histogram));
      return { name, valuesUs: CURVE_PERCENTILES.map((percent) => histogram.percentileUs(percent)) };
    }),
  );
  return { 'put-throughput.svg': throughput, 'put-latency.svg': latency };
}
