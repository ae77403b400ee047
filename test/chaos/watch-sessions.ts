/**
 * What single watchers were told, and their judge: a watcher may look at a part of the keys, from any revision on, without
 * puts or deletions, with what was there before. Held against a replay of the log of all changes, as etcd promises it:
 *
 *     ordered, unique    revisions rise from message to message, and no change comes twice
 *     reliable           nothing of the log is missing between two changes that were told, nor before a progress notice
 *     atomic             the changes of one revision come in one message
 *     resumable          a watcher that goes on from where another one ended lacks nothing (`from` is the next revision)
 *     bookmarkable       after progress up to R comes nothing of R or before
 *     filtered           nothing comes that is outside the keys or that was not asked for
 *     previous           what was there before is what the log says, and a new key is told as one
 *     from its start     nothing comes from before the first revision that was asked for
 *     compaction         is told (`judgeCompacted`)
 */

import type { Change, Log } from './judge.ts';

/** One change as a watcher was told it. */
export interface ToldChange extends Change {
  /** Null: nothing was there, or it was not asked for. */
  readonly previous: string | null;
  readonly isCreate: boolean;
}

/** One message; without changes it is a progress notice. */
export interface ToldMessage {
  /** Of a progress notice: everything up to here was told. */
  readonly revision: number;
  readonly changes: readonly ToldChange[];
}

export interface WatchSession {
  readonly name: string;
  readonly kind: 'list-then-watch' | 'fan-out' | 'slow-reader';
  /** All keys that begin with it. */
  readonly prefix: string;
  /** Only this key, null for all under the prefix. */
  readonly key: string | null;
  /** First revision to be told of. */
  from: number;
  readonly puts: boolean;
  readonly deletes: boolean;
  readonly previous: boolean;
  readonly told: ToldMessage[];
}

/** The changes of each key, for looking up what was there before a revision. */
export class KeyHistories {
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

  /** The value of the key before `revision`, null where there was none. */
  before(key: string, revision: number): string | null {
    const list = this.byKey.get(key) ?? [];
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]!.revision < revision) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? null : list[low - 1]!.value;
  }
}

function wants({ prefix, key, puts, deletes }: WatchSession, change: Change): boolean {
  if (key === null ? !change.key.startsWith(prefix) : change.key !== key) return false;
  return change.value === null ? deletes : puts;
}

/** What is wrong with a change by itself; null for nothing. */
function problemOf(session: WatchSession, told: ToldChange, histories: KeyHistories): string | null {
  const { key, revision, previous, isCreate, value } = told;
  if (revision < session.from) return `was told of ${revision}, it began at ${session.from}`;
  if (!wants(session, told)) return `was told of ${key}, which it did not ask for`;
  const before = histories.before(key, revision);
  if (session.previous && previous !== before)
    return `was told that ${key} was «${previous}» before ${revision}, the log says «${before}»`;
  if (value !== null && isCreate !== (before === null))
    return `was told that ${key} is ${isCreate ? '' : 'not '}new at ${revision}`;
  return null;
}

/** @param end the last revision that counts: leases that nobody renews end whenever they end */
export function judgeSession(
  session: WatchSession,
  log: Log,
  histories: KeyHistories,
  end: number,
): string | null {
  let cursor = session.from;
  for (const { revision, changes } of session.told) {
    const last = changes.length === 0 ? revision : changes.at(-1)!.revision;
    if (last > end) return null;
    if (changes.length > 0 && changes[0]!.revision < cursor)
      return `${session.name} was told of ${changes[0]!.revision} after all up to ${cursor - 1}`;
    const owed: Change[] = [];
    for (let at = cursor; at <= last; at++) {
      for (const change of log[at] ?? []) if (wants(session, change)) owed.push(change);
    }
    if (owed.length !== changes.length)
      return `${session.name} was told ${changes.length} changes from ${cursor} to ${last}, the log has ${owed.length}`;
    for (const [at, change] of changes.entries()) {
      const due = owed[at]!;
      if (due.revision !== change.revision || due.key !== change.key || due.value !== change.value)
        return `${session.name} was told of ${change.key} at ${change.revision}, due was ${due.key} at ${due.revision}`;
      const problem = problemOf(session, change, histories);
      if (problem !== null) return `${session.name} ${problem}`;
    }
    cursor = Math.max(cursor, last + 1);
  }
  return null;
}

/** What was listed, with the changes after it, is what a list at the last of them shows. */
export function judgeReflection(
  name: string,
  listed: ReadonlyMap<string, string>,
  told: readonly ToldMessage[],
  again: ReadonlyMap<string, string>,
): string | null {
  const kept = new Map(listed);
  for (const { changes } of told) {
    for (const { key, value } of changes) {
      if (value === null) kept.delete(key);
      else kept.set(key, value);
    }
  }
  if (kept.size !== again.size) return `${name} has ${kept.size} keys, a list shows ${again.size}`;
  for (const [key, value] of again) {
    if (kept.get(key) !== value) return `${name} has «${kept.get(key)}» for ${key}, a list shows «${value}»`;
  }
  return null;
}
