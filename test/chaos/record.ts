/**
 * What clients did and were told, for the judges. Times are of this process's monotonic clock; an operation without an
 * answer, or with any error, is in doubt for ever.
 */

import type { Change } from './judge.ts';
import type { ToldChange, WatchSession } from './watch-sessions.ts';

/** `stale` is a serializable read, `past` one of the revision that is `expected`. */
export type NotedKind = 'put' | 'get' | 'swap' | 'transfer' | 'total' | 'guarded' | 'stale' | 'past';

export interface Noted {
  readonly kind: NotedKind;
  readonly key: string;
  readonly call: number;
  /** Infinity when in doubt. */
  return: number;
  /** What it writes, '' for reads. */
  readonly value: string;
  /** What a swap expects, or the revision a read asks for. */
  readonly expected: string;
  /** What a read saw. */
  seen: string;
  /** Whether a transaction took the branch that writes. */
  succeeded: boolean;
  /** Revision of the store in the answer's header; 0 when in doubt. */
  revision: number;
}

export class Record {
  readonly all: Noted[] = [];
  answered = 0;
  inDoubt = 0;
  /** Times of accepted writes, for the time without any. */
  readonly writes: number[] = [];
  /** By key: until when its lease was promised to live. Leases that were revoked are not here. */
  readonly leased: Map<string, number> = new Map();
  /** What watchers were told that looked at a part, from some revision on. */
  readonly sessions: WatchSession[] = [];
  /** Watchers that were asked for, caches, and caches that were compared with a second list. */
  opened = 0;
  caches = 0;
  reflections = 0;
  /** What workloads have seen to be wrong by themselves. */
  readonly problems: string[] = [];
  /** The newest revision that anybody was answered. */
  newest = 1;
  private readonly changes: Change[][] = [];
  private readonly toldChanges: ToldChange[][] = [];

  /** The same change as one object, however many watchers are told of it: what a run keeps in memory is mostly these. */
  change(change: Change): Change {
    const { revision, key, value } = change;
    const known = this.changes[revision] ?? [];
    this.changes[revision] = known;
    const same = known.find((other) => other.key === key && other.value === value);
    if (same === undefined) known.push(change);
    return same ?? change;
  }

  toldChange(change: ToldChange): ToldChange {
    const { revision, key, value, previous, isCreate } = change;
    const known = this.toldChanges[revision] ?? [];
    this.toldChanges[revision] = known;
    const same = known.find(
      (other) =>
        other.key === key &&
        other.value === value &&
        other.previous === previous &&
        other.isCreate === isCreate,
    );
    if (same === undefined) known.push(change);
    return same ?? change;
  }

  begin(kind: NotedKind, key: string, value = '', expected = ''): Noted {
    const noted: Noted = {
      kind,
      key,
      value,
      expected,
      call: performance.now(),
      return: Number.POSITIVE_INFINITY,
      seen: '',
      succeeded: false,
      revision: 0,
    };
    this.all.push(noted);
    return noted;
  }

  answer(noted: Noted, revision: number, seen = '', succeeded = true): void {
    noted.return = performance.now();
    noted.revision = revision;
    noted.seen = seen;
    noted.succeeded = succeeded;
    this.answered++;
    this.newest = Math.max(this.newest, revision);
    if (noted.value !== '' && succeeded) this.writes.push(noted.return);
  }
}
