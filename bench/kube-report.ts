/** What `bench kube` found, as tables. */

import type { Environment } from './environment.ts';
import { grouped, mebibytes, median, ratio, table } from './format.ts';
import type { KubeOptions } from './kube.ts';
import type { KubeSystemName } from './kube-server.ts';

/** One kind of request in one round. */
export interface KubeRate {
  readonly system: KubeSystemName;
  readonly round: number;
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the API server, microseconds per request. */
  readonly serverUs: number;
  /** CPU time of all members of the store together, microseconds per request. */
  readonly storeUs: number;
}

/** A list of all pods of a round. */
export interface KubeList {
  readonly system: KubeSystemName;
  readonly round: number;
  readonly ms: number;
  readonly bytes: number;
}

/** Many watches of the same changes. */
export interface KubeWatch {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly missing: number;
  /** CPU time of the API server per event that was delivered, microseconds; the changes themselves are in it. */
  readonly eventUs: number;
}

export interface KubeSystem {
  readonly system: KubeSystemName;
  readonly version: string;
  readonly readyMs: number;
  readonly watch: KubeWatch | null;
  readonly residentBytes: number;
  readonly keptResidentBytes: number | null;
  /** Share of one core at rest, 0..1. */
  readonly idleCore: number;
  readonly idleResidentBytes: number;
}

export interface KubeReport {
  readonly kind: 'kube';
  readonly environment: Environment;
  readonly options: KubeOptions;
  readonly rates: readonly KubeRate[];
  readonly lists: readonly KubeList[];
  readonly systems: readonly KubeSystem[];
}

/** Medians of the rounds. */
function rateRows({ rates, systems }: KubeReport): string[][] {
  const names = [...new Set(rates.map(({ name }) => name))];
  return names.flatMap((name) =>
    systems.map(({ system }) => {
      const rounds = rates.filter((rate) => rate.name === name && rate.system === system);
      const of = (figure: (rate: KubeRate) => number): number => median(rounds.map(figure));
      return [
        `${name}, ${system}`,
        grouped(of((rate) => rate.perSecond)),
        of((rate) => rate.p50Ms).toFixed(2),
        of((rate) => rate.p99Ms).toFixed(2),
        of((rate) => rate.serverUs).toFixed(0),
        of((rate) => rate.storeUs).toFixed(0),
      ];
    }),
  );
}

interface Figure {
  readonly system: KubeSystemName;
  readonly round: number;
  readonly value: number;
}

/** The first system's figures by another's, round by round. */
function ratios(figures: readonly Figure[], first: KubeSystemName, other: KubeSystemName): number[] {
  const theirs = figures.filter(({ system }) => system === other);
  return figures
    .filter(({ system }) => system === first)
    .flatMap(({ round, value }) => {
      const same = theirs.find((figure) => figure.round === round);
      return same === undefined ? [] : [value / same.value];
    });
}

function ratioRow(name: string, found: readonly number[]): string[] {
  return [name, ratio(median(found)), `${ratio(Math.min(...found))} to ${ratio(Math.max(...found))}`];
}

function ratioTable({ rates, lists, systems }: KubeReport, other: KubeSystemName): string {
  const first = systems[0]!.system;
  const names = [...new Set(rates.map(({ name }) => name))];
  const of = (name: string, value: (rate: KubeRate) => number): number[] => {
    const figures = rates.filter((rate) => rate.name === name);
    return ratios(
      figures.map((rate) => ({ system: rate.system, round: rate.round, value: value(rate) })),
      first,
      other,
    );
  };
  const times = lists.map(({ system, round, ms }) => ({ system, round, value: ms }));
  return table(
    [`${first} / ${other}`, 'median', 'rounds'],
    [
      ...names.map((name) =>
        ratioRow(
          `${name}, per s`,
          of(name, ({ perSecond }) => perSecond),
        ),
      ),
      ratioRow('list, ms', ratios(times, first, other)),
      ...names.map((name) =>
        ratioRow(
          `${name}, CPU of server and store`,
          of(name, ({ serverUs, storeUs }) => serverUs + storeUs),
        ),
      ),
    ],
  );
}

function otherRows({ lists, systems }: KubeReport): string[][] {
  return systems.map(({ system, watch, keptResidentBytes, ...figures }) => [
    system,
    figures.version,
    figures.readyMs.toFixed(0),
    median(lists.filter((list) => list.system === system).map(({ ms }) => ms)).toFixed(0),
    watch === null ? '–' : watch.p99Ms.toFixed(1),
    watch === null ? '–' : watch.eventUs.toFixed(1),
    watch === null ? '–' : String(watch.missing),
    mebibytes(figures.idleResidentBytes),
    mebibytes(figures.residentBytes),
    keptResidentBytes === null ? '–' : mebibytes(keptResidentBytes),
    (figures.idleCore * 100).toFixed(2),
  ]);
}

export function kubeText(report: KubeReport): string {
  const { options, systems } = report;
  const scheme = systems.some(({ system }) => system === 'kube-apiserver') || options.tls ? 'HTTPS' : 'HTTP';
  const head = [
    '',
    'version',
    'ready ms',
    `list of ${options.pods}, ms`,
    'watch p99 ms',
    'event µs',
    'missing',
  ];
  return [
    `kube: an API server on ${options.nodes} members, ${options.clients} requests in flight, ${scheme}; medians of ${options.rounds} rounds`,
    table(['pods', 'per s', 'p50 ms', 'p99 ms', 'server µs', 'store µs'], rateRows(report)),
    '',
    ...systems.slice(1).flatMap(({ system }) => [ratioTable(report, system), '']),
    table([...head, 'MiB idle', 'MiB', 'MiB kept', 'idle %'], otherRows(report)),
    '',
    'server µs, store µs: CPU per request of the API server, and of all members of its store together',
  ].join('\n');
}
