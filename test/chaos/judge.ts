/**
 * Judges a run: every answer against the log of changes (what a watch from the first revision tells when all is over),
 * each register against the sequential model, and what watchers were told against the same log.
 */

import {
  checkLinearizable,
  type Operation,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
} from './linearizability.ts';
import type { Noted, NotedKind } from './record.ts';

export interface Change {
  readonly revision: number;
  readonly key: string;
  /** Null for a deletion. */
  readonly value: string | null;
}

/** One message of a watcher; `progress` messages have no changes. */
export interface Told {
  readonly revision: number;
  readonly changes: readonly Change[];
  /** When it came, on the clock of the record. */
  readonly at?: number;
}

/** The log by revision: index is the revision, revisions without a change are empty. */
export type Log = readonly (readonly Change[])[];

export function logOf(changes: readonly Change[]): Log {
  const log: Change[][] = [];
  for (const change of changes) {
    while (log.length <= change.revision) log.push([]);
    log[change.revision]!.push(change);
  }
  return log;
}

/** The newest write of each key at each revision it changed, for looking up states. */
class States {
  private readonly byKey = new Map<string, Change[]>();

  constructor(log: Log) {
    for (const changes of log) {
      for (const change of changes) {
        const list = this.byKey.get(change.key);
        if (list === undefined) this.byKey.set(change.key, [change]);
        else list.push(change);
      }
    }
  }

  /** '' where there is nothing. */
  at(key: string, revision: number): string {
    const list = this.byKey.get(key) ?? [];
    return list.findLast((change) => change.revision <= revision)?.value ?? '';
  }
}

/** Problems of answers: lost and invented writes, reads of a wrong state, answers that go back in time. */
export function judgeAnswers(all: readonly Noted[], log: Log): string[] {
  const problems: string[] = [];
  const states = new States(log);
  const places = new Map<string, number[]>();
  for (const changes of log) {
    for (const { key, value, revision } of changes) {
      const place = `${key}=${value}`;
      const known = places.get(place);
      if (known === undefined) places.set(place, [revision]);
      else known.push(revision);
    }
  }
  for (const noted of all) {
    const { kind, key, value, seen, revision, succeeded } = noted;
    const at = (text: string): number => problems.push(`${kind} of ${key} at revision ${revision}: ${text}`);
    const isWrite = kind === 'put' || kind === 'swap' || kind === 'guarded';
    const written = isWrite ? (places.get(`${key}=${value}`) ?? []) : [];
    if (written.length > 1) at(`${value} was written ${written.length} times, at ${written.join(' ')}`);
    if (revision === 0) continue;
    if (isWrite && succeeded && written[0] !== revision)
      at(`acknowledged, but stands at ${written[0] ?? 'no revision'}`);
    if (isWrite && !succeeded && written.length > 0) at(`refused, but stands at ${written[0]}`);
    if (kind === 'get' && states.at(key, revision) !== seen) {
      at(`saw «${seen}», the log says «${states.at(key, revision)}»`);
    }
    if (kind === 'stale' && states.at(key, revision) !== seen)
      at(`saw «${seen}» without asking others, which never was at that revision`);
    if (kind === 'past' && states.at(key, Number(noted.expected)) !== seen)
      at(`saw «${seen}» at ${noted.expected}, the log says «${states.at(key, Number(noted.expected))}»`);
    if (kind === 'total' && seen !== value) at(`accounts add up to ${seen} instead of ${value}`);
  }
  return [...problems, ...judgeTime(all)];
}

/** What was appended stays: every value of a list begins with the one before it. */
export function judgeAppends(log: Log): string[] {
  const problems: string[] = [];
  const values = new Map<string, string>();
  for (const { key, value, revision } of log.flat()) {
    if (!key.startsWith('append/')) continue;
    const before = values.get(key) ?? '';
    if (!(value ?? '').startsWith(before))
      problems.push(`${key} at ${revision} is «${value}», before it was «${before}»`);
    values.set(key, value ?? '');
  }
  return problems;
}

/**
 * No key went with its lease before the lease was over, as its last answered renewal promised. A deletion is told after it
 * was made, so one that is told too early was made too early.
 */
export function judgeLeases(promises: ReadonlyMap<string, number>, told: readonly Told[]): string[] {
  const problems: string[] = [];
  for (const { changes, at } of told) {
    for (const { key, value, revision } of changes) {
      const until = promises.get(key);
      if (value !== null || until === undefined || at === undefined || at >= until) continue;
      problems.push(
        `${key} was deleted at ${revision}, ${Math.round(until - at)} ms before its lease was over`,
      );
    }
  }
  return problems;
}

const readKinds: ReadonlySet<NotedKind> = new Set(['get', 'total', 'stale', 'past']);

/** An answer holds at a revision that is not below any answered before it was asked; a write's is above. */
function judgeTime(all: readonly Noted[]): string[] {
  const problems: string[] = [];
  // What a member says by itself is of whatever time.
  const answered = all.filter(({ revision, kind }) => revision > 0 && kind !== 'stale');
  const byReturn = [...answered].sort((a, b) => a.return - b.return);
  const byCall = [...answered].sort((a, b) => a.call - b.call);
  let floor = 0;
  let next = 0;
  for (const noted of byCall) {
    for (; next < byReturn.length && byReturn[next]!.return < noted.call; next++) {
      floor = Math.max(floor, byReturn[next]!.revision);
    }
    const makesRevision = !readKinds.has(noted.kind) && noted.succeeded;
    if (noted.revision > floor || (noted.revision === floor && !makesRevision)) continue;
    problems.push(
      `${noted.kind} of ${noted.key} holds at ${noted.revision}, ${floor} was answered before it was asked`,
    );
  }
  return problems;
}

/** Registers that are not linearizable, and how many were too hard to tell. */
export function judgeRegisters(all: readonly Noted[]): {
  problems: string[];
  checked: number;
  givenUp: number;
} {
  const byKey = new Map<string, Operation<RegisterInput, RegisterOutput>[]>();
  for (const noted of all) {
    const { kind, key, value, expected, call, seen, succeeded } = noted;
    if (kind !== 'put' && kind !== 'get' && kind !== 'swap') continue;
    const output = noted.revision === 0 ? null : { value: seen, swapped: succeeded };
    let input: RegisterInput = { kind: 'read' };
    if (kind === 'put') input = { kind: 'write', value };
    else if (kind === 'swap') input = { kind: 'swap', expected, value };
    // A read without an answer says nothing.
    if (kind === 'get' && output === null) continue;
    const list = byKey.get(key) ?? [];
    list.push({ call, return: noted.return, input, output });
    byKey.set(key, list);
  }
  const problems: string[] = [];
  let givenUp = 0;
  for (const [key, history] of byKey) {
    const verdict = checkLinearizable(registerModel, history, 300_000);
    if (verdict === 'given up') givenUp++;
    if (verdict === 'not linearizable')
      problems.push(`${key} is not linearizable (${history.length} operations)`);
  }
  return { problems, checked: byKey.size, givenUp };
}

/**
 * Ordered, unique, reliable, atomic, resumable and bookmarkable, in one: what was told must be the log from `from` on,
 * in whole revisions, and progress must not run ahead.
 */
export function judgeWatcher(name: string, from: number, told: readonly Told[], log: Log): string[] {
  const problems: string[] = [];
  let cursor = from;
  for (const { revision, changes } of told) {
    const last = changes.length === 0 ? revision : changes.at(-1)!.revision;
    const owed = log.slice(cursor, last + 1).flat();
    const same =
      owed.length === changes.length && owed.every((change, at) => sameChange(change, changes[at]!));
    if (!same) {
      problems.push(
        `${name} at ${cursor} was told ${changes.length} changes up to ${last}, the log has ${owed.length}`,
      );
      return problems;
    }
    cursor = Math.max(cursor, last + 1);
  }
  const missed = log.slice(cursor).flat().length;
  if (missed > 0) problems.push(`${name} was never told of ${missed} changes from ${cursor} on`);
  return problems;
}

function sameChange(a: Change, b: Change): boolean {
  return a.revision === b.revision && a.key === b.key && a.value === b.value;
}

/** Times without an accepted write, the longest first. */
export function gaps(writes: readonly number[]): number[] {
  const times = [...writes].sort((a, b) => a - b);
  return times
    .slice(1)
    .map((time, at) => time - times[at]!)
    .sort((a, b) => b - a);
}
