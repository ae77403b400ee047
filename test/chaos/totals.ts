/**
 * What rounds of chaos have done, as lines of JSON: one per round, so that a long run can be added up, looked at while it
 * goes on, and added to others. `npm run chaos -- --sum FILE` prints the sum.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import type { NotedKind } from './record.ts';

export interface Outage {
  readonly kind: string;
  /** Longest time without an accepted write, while the trouble lasted and until the next one. */
  readonly ms: number;
}

export interface RoundTotals {
  /** When the round was over, by the wall clock. */
  readonly at: string;
  readonly members: number;
  readonly isLossy: boolean;
  readonly load: number;
  /** How long clients worked. */
  readonly seconds: number;
  readonly operations: number;
  readonly answered: number;
  readonly inDoubt: number;
  /** Answered ones. */
  readonly byKind: Readonly<Partial<Record<NotedKind, number>>>;
  readonly revisions: number;
  readonly registers: number;
  readonly givenUp: number;
  /** Watchers of everything, and changes told to them all. */
  readonly watchers: number;
  readonly told: number;
  /** Watchers of parts, by kind, and changes told to them. */
  readonly sessions: Readonly<Record<string, readonly [number, number]>>;
  readonly reflections: number;
  readonly guarded: number;
  readonly leases: number;
  readonly outages: readonly Outage[];
  /** The most memory that clients, records and judges had, in MiB. */
  readonly memory: number;
  /** Enough was done to tell. */
  readonly counts: boolean;
  readonly problems: readonly string[];
}

export function appendTotals(path: string, totals: RoundTotals): void {
  appendFileSync(path, `${JSON.stringify(totals)}\n`);
}

export function readTotals(path: string): RoundTotals[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RoundTotals);
}

/** Texts of all rounds together; those that do not count are told, and are in no sum. */
export function sumOf(all: readonly RoundTotals[]): string[] {
  const rounds = all.filter(({ counts }) => counts);
  const sum = (of: (round: RoundTotals) => number): number =>
    Math.round(rounds.reduce((total, round) => total + of(round), 0));
  const seconds = sum((round) => round.seconds);
  const operations = sum((round) => round.operations);
  const kinds = [...new Set(rounds.flatMap(({ byKind }) => Object.keys(byKind)))] as NotedKind[];
  const sessionKinds = [...new Set(rounds.flatMap(({ sessions }) => Object.keys(sessions)))];
  const sessions = sessionKinds.map(
    (kind) =>
      `${kind} ${sum((round) => round.sessions[kind]?.[0] ?? 0)} told ${sum((round) => round.sessions[kind]?.[1] ?? 0)}`,
  );
  return [
    `${rounds.length} rounds that count of ${all.length}, ${seconds} s (${(seconds / 3600).toFixed(2)} h), ` +
      `${operations} operations (${Math.round(operations / Math.max(1, seconds))}/s): ` +
      `answered ${sum((round) => round.answered)}, in doubt ${sum((round) => round.inDoubt)}`,
    kinds.map((kind) => `${kind} ${sum((round) => round.byKind[kind] ?? 0)}`).join(', '),
    `revisions ${sum((round) => round.revisions)}, registers checked ${sum((round) => round.registers)}, ` +
      `given up ${sum((round) => round.givenUp)}, writes under the lock ${sum((round) => round.guarded)}, ` +
      `leases held ${sum((round) => round.leases)}`,
    `changes told to ${sum((round) => round.watchers)} watchers of everything ${sum((round) => round.told)}; ` +
      `${sessions.join(', ')}; caches compared ${sum((round) => round.reflections)}`,
    ...outagesOf(rounds.flatMap(({ outages }) => outages)),
    `violations ${all.reduce((total, { problems }) => total + problems.length, 0)}`,
  ];
}

/** A line per kind of trouble: how often, and how long nobody wrote. */
export function outagesOf(outages: readonly Outage[]): string[] {
  const byKind = new Map<string, number[]>();
  for (const { kind, ms } of outages) byKind.set(kind, [...(byKind.get(kind) ?? []), ms]);
  return [...byKind].map(([kind, all]) => {
    all.sort((a, b) => a - b);
    const [median, most] = [all[Math.floor((all.length - 1) / 2)]!, all.at(-1)!];
    const times = `without an accepted write: median ${Math.round(median)} ms, at most ${Math.round(most)} ms`;
    return `${kind.padEnd(15)} ${String(all.length).padStart(4)} times; ${times}`;
  });
}
