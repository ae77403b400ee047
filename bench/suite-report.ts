/** What a workload of the suite found: the table and the charts. */

import type { SystemName } from './cluster.ts';
import type { Environment } from './environment.ts';
import { grouped, median, milliseconds, ratio, table } from './format.ts';
import type { SuiteOptions } from './suite.ts';
import { barChart } from './svg.ts';

export interface SuiteRound {
  readonly system: SystemName;
  /** Of the case. */
  readonly label: string;
  readonly round: number;
  readonly generator: 'own' | 'h2load';
  readonly perSecond: number;
  /** Bytes of answers; of puts of large values, the values. */
  readonly mebibytesPerSecond: number;
  readonly failed: number;
  readonly firstFailure: string | null;
  readonly meanUs: number;
  /** Null: h2load does not tell. */
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly membersCores: number;
  readonly leaderUsPerCall: number;
  readonly generatorCores: number;
}

export interface SuiteReport {
  readonly kind: 'suite';
  readonly name: string;
  readonly unit: string;
  readonly environment: Environment;
  readonly options: SuiteOptions;
  readonly cases: readonly { readonly label: string; readonly isInBytes: boolean }[];
  readonly rounds: readonly SuiteRound[];
}

type ReportCase = SuiteReport['cases'][number];

function figureOf(round: SuiteRound, one: ReportCase): number {
  return one.isInBytes ? round.mebibytesPerSecond : round.perSecond;
}

function roundsOf(report: SuiteReport, one: ReportCase, system: SystemName): SuiteRound[] {
  return report.rounds.filter((round) => round.label === one.label && round.system === system);
}

/** Keelson's figure by etcd's, round by round. */
function caseRatios(report: SuiteReport, one: ReportCase): number[] {
  const theirs = roundsOf(report, one, 'etcd');
  return roundsOf(report, one, 'keelson').flatMap((ours) => {
    const other = theirs.find(({ round }) => round === ours.round);
    return other === undefined ? [] : [figureOf(ours, one) / figureOf(other, one)];
  });
}

const HEAD = ['', 'per s', 'MiB/s', 'mean ms', 'p50', 'p99', 'cores', 'µs leader', 'by'];

function row(system: SystemName, rounds: readonly SuiteRound[]): string[] {
  const of = (figure: (round: SuiteRound) => number): number => median(rounds.map(figure));
  const shown = (figure: (round: SuiteRound) => number | null): string => {
    const values = rounds.map(figure).filter((value) => value !== null);
    return values.length === 0 ? '–' : milliseconds(median(values));
  };
  return [
    `  ${system}`,
    grouped(of((round) => round.perSecond)),
    of((round) => round.mebibytesPerSecond).toFixed(1),
    shown((round) => round.meanUs),
    shown((round) => round.p50Us),
    shown((round) => round.p99Us),
    of((round) => round.membersCores).toFixed(2),
    of((round) => round.leaderUsPerCall).toFixed(1),
    rounds[0]?.generator ?? '',
  ];
}

function systemsOf(report: SuiteReport): SystemName[] {
  return [...new Set(report.rounds.map(({ system }) => system))].sort().reverse();
}

/** The report for people. */
export function suiteText(report: SuiteReport): string {
  const { environment, options, name } = report;
  const versions = Object.entries(environment.versions).map(([system, version]) => `${system} ${version}`);
  const systems = systemsOf(report);
  const rows = report.cases.flatMap((one) => [
    [one.label],
    ...systems.map((system) => row(system, roundsOf(report, one, system))),
  ]);
  const ratios = report.cases.flatMap((one) => {
    const values = caseRatios(report, one);
    if (values.length === 0) return [];
    const spread = `${ratio(Math.min(...values))} to ${ratio(Math.max(...values))}`;
    return [[one.label, ratio(median(values)), spread, one.isInBytes ? 'MiB/s' : `${report.unit}/s`]];
  });
  const failures = report.rounds.flatMap(({ system, label, failed, firstFailure }) =>
    firstFailure === null ? [] : [`${system}, ${label}: ${failed} failed: ${firstFailure}`],
  );
  return [
    `${name}: ${options.nodes} members, ${options.valueBytes}-byte values; ${versions.join(', ')}; ${options.rounds} rounds`,
    `on ${environment.cores} × ${environment.cpu}, node ${environment.node}`,
    '',
    table(HEAD, rows),
    ...(ratios.length === 0 ? [] : ['', table(['keelson / etcd', 'median', 'rounds', 'of'], ratios)]),
    ...failures,
    '',
    'medians of the rounds; cores: all members together; µs leader: its CPU per call; by: what made the load',
  ].join('\n');
}

/** The charts, by file name. */
export function suiteCharts(report: SuiteReport): Record<string, string> {
  const charts: Record<string, string> = {};
  const { name, unit, options } = report;
  const setting = `${options.nodes} members, ${options.valueBytes}-byte values unless said, medians of ${options.rounds} rounds`;
  for (const [suffix, isInBytes] of [
    ['', false],
    ['-bytes', true],
  ] as const) {
    const cases = report.cases.filter((one) => one.isInBytes === isInBytes);
    if (cases.length === 0) continue;
    const series = systemsOf(report).map((system) => ({
      name: system,
      values: cases.map((one) => median(roundsOf(report, one, system).map((round) => figureOf(round, one)))),
    }));
    const axis = isInBytes ? 'MiB per second, more is better' : `${unit} per second, more is better`;
    charts[`${name}${suffix}.svg`] = barChart(
      name,
      setting,
      axis,
      series,
      cases.map(({ label }) => label),
    );
  }
  return charts;
}
