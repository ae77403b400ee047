/** What a round of chaos has done and what was wrong with it, in words and in figures. */

import {
  gaps,
  judgeAnswers,
  judgeAppends,
  judgeLeases,
  judgeRegisters,
  judgeWatcher,
  type Log,
  logOf,
  type Told,
} from './judge.ts';
import type { Kind } from './nemesis.ts';
import type { Record } from './record.ts';
import type { Outage, RoundTotals } from './totals.ts';
import { judgeSession, KeyHistories } from './watch-sessions.ts';

/** What a watcher of everything was told, and how it ended, if it did. */
export interface Watched {
  readonly name: string;
  readonly told: readonly Told[];
  readonly ended: unknown;
}

/** When a trouble began and ended. */
export interface Window {
  readonly kind: Kind;
  readonly begin: number;
  readonly end: number;
}

export type Judged = Pick<
  RoundTotals,
  | 'operations'
  | 'answered'
  | 'inDoubt'
  | 'byKind'
  | 'revisions'
  | 'registers'
  | 'givenUp'
  | 'watchers'
  | 'told'
  | 'sessions'
  | 'reflections'
  | 'guarded'
  | 'leases'
  | 'problems'
>;

/** Without what came after the last write: leases that nobody renews end whenever they end. */
function upTo(end: number, told: readonly Told[]): Told[] {
  return told.flatMap((each) => {
    if (each.changes.every(({ revision }) => revision <= end)) return [each];
    const changes = each.changes.filter(({ revision }) => revision <= end);
    return changes.length === 0 ? [] : [{ ...each, changes }];
  });
}

/** The log up to `end`, as a watcher of everything was told it. */
export function logUpTo(end: number, told: readonly Told[]): Log {
  return logOf(upTo(end, told).flatMap(({ changes }) => changes));
}

/** @param told what one watcher of everything was told when all was over: the log that all others are held against */
export function judge(
  record: Record,
  watchers: readonly Watched[],
  told: readonly Told[],
  end: number,
): Judged {
  const log = logUpTo(end, told);
  const registers = judgeRegisters(record.all);
  const watched = watchers.flatMap((watcher) => judgeWatcher(watcher.name, 1, upTo(end, watcher.told), log));
  const ended = watchers
    .filter(({ ended }) => ended != null)
    .map(({ name, ended }) => `${name} ended: ${String(ended)}`);
  const guarded = log.flat().filter(({ key, value }) => key === 'lock/guarded' && value !== null);
  const fences = guarded.map(({ value }) => value!.split('.')[0]!);
  const stale = fences.filter((fence, at) => at > 0 && fence < fences[at - 1]!);
  const histories = new KeyHistories(log);
  const sessions = record.sessions.flatMap((session) => judgeSession(session, log, histories, end) ?? []);
  const problems = [
    ...judgeAnswers(record.all, log),
    ...judgeAppends(log),
    ...watchers.flatMap(({ told }) => judgeLeases(record.leased, told)),
    ...registers.problems,
    ...watched,
    ...sessions,
    ...record.problems,
    ...ended,
    ...stale.map((fence) => `a write with the old token ${fence} was let through`),
  ];
  return {
    ...{ operations: record.all.length, answered: record.answered, inDoubt: record.inDoubt },
    byKind: countKinds(record),
    ...{ revisions: log.length - 1, registers: registers.checked, givenUp: registers.givenUp },
    watchers: watchers.length,
    told: watchers.reduce((sum, { told }) => sum + changesIn(told), 0),
    sessions: countSessions(record),
    ...{ reflections: record.reflections, guarded: guarded.length, leases: record.leased.size },
    problems,
  };
}

function changesIn(told: readonly { readonly changes: readonly unknown[] }[]): number {
  return told.reduce((sum, { changes }) => sum + changes.length, 0);
}

function countKinds({ all }: Record): RoundTotals['byKind'] {
  const counts: { -readonly [Kind in keyof RoundTotals['byKind']]: number } = {};
  for (const { kind, revision } of all) if (revision > 0) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** What watchers of parts were told, by kind. */
function countSessions({ sessions }: Record): RoundTotals['sessions'] {
  const counts: { [kind: string]: [number, number] } = {};
  for (const { kind, told } of sessions) {
    const [count, changes] = counts[kind] ?? [0, 0];
    counts[kind] = [count + 1, changes + changesIn(told)];
  }
  return counts;
}

/** For each trouble: how long no write was accepted while it lasted and until the next one. */
export function outages({ writes }: Record, windows: readonly Window[]): Outage[] {
  const times = [...writes].sort((a, b) => a - b);
  return windows.map(({ kind, begin, end }, at) => {
    const until = windows[at + 1]?.begin ?? end + 5000;
    const ms = gaps([begin, ...times.filter((time) => time > begin && time < until)])[0] ?? 0;
    return { kind, ms: Math.round(ms) };
  });
}

export function wordsOf(judged: Judged): string[] {
  const { operations, answered, inDoubt, revisions, registers, givenUp, watchers, told } = judged;
  const { guarded, leases, sessions, reflections } = judged;
  return [
    `operations ${operations}: answered ${answered}, in doubt ${inDoubt}`,
    `revisions ${revisions}, registers checked ${registers}, given up ${givenUp}`,
    `changes told to ${watchers} watchers: ${told}; writes under the lock ${guarded}; leases held ${leases}`,
    ...Object.entries(sessions).map(
      ([kind, [count, changes]]) => `${kind}: ${count} watchers were told ${changes} changes`,
    ),
    `caches compared with a second list: ${reflections}`,
  ];
}
