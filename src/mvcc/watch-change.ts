/**
 * A change and its event. The event is made once, when the first watcher wants it, and all watchers get the same object: a
 * consumer may key a cache of encodings by it.
 *
 * What the key was before is looked up once too. For watchers that exist when the change is published that happens at
 * once: later, a compaction may have taken it away.
 */

import type { Event, KeyValueBytes } from '../wire/messages.ts';
import { EventType } from '../wire/messages.ts';
import type { Change, History } from './types.ts';

/** What a change costs in memory beside its key and record: objects and a view of bytes. */
const overheadBytes = 200;

export class WatchedChange {
  readonly change: Change;
  /** Memory it holds on to, about. */
  bytes: number;
  #plain: Event | null = null;
  #withPrevious: Event | null = null;

  constructor(change: Change) {
    this.change = change;
    this.bytes = overheadBytes + change.key.length + change.record.length;
  }

  /** @param prevKv with what the key was before (never for a creation) */
  event(prevKv: boolean, history: History): Event {
    if (!prevKv) {
      this.#plain ??= this.#make(null);
      return this.#plain;
    }
    if (this.#withPrevious !== null) return this.#withPrevious;
    const { change } = this;
    const previous = change.isCreate ? null : history.previous(change.key, change.revision);
    if (previous === null) {
      this.#plain ??= this.#make(null);
      this.#withPrevious = this.#plain;
    } else {
      this.#withPrevious = this.#make(previous);
      this.bytes += previous.length;
    }
    return this.#withPrevious;
  }

  #make(prevKv: KeyValueBytes | null): Event {
    const { type, record } = this.change;
    return { type: type === EventType.Delete ? EventType.Delete : EventType.Put, kv: record, prevKv };
  }
}

/** Changes of revisions without a gap, in order: what watchers that are behind are fed from. */
export interface ChangeSource {
  /** The first revision it has. */
  readonly first: number;
  /** The first revision behind it. */
  readonly end: number;
  readonly length: number;
  at(index: number): WatchedChange;
  event(watched: WatchedChange, prevKv: boolean): Event;
}

/** The index of the first change at or after `revision`. */
export function indexOfRevision(source: ChangeSource, revision: number): number {
  let low = 0;
  let high = source.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (source.at(middle).change.revision < revision) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What one read of the state gave. */
export class HistoryWindow implements ChangeSource {
  readonly first: number;
  readonly end: number;
  readonly #changes: WatchedChange[] = [];
  readonly #history: History;

  constructor(history: History, first: number, end: number, changes: readonly Change[]) {
    this.#history = history;
    this.first = first;
    this.end = end;
    for (const change of changes) this.#changes.push(new WatchedChange(change));
  }

  get length(): number {
    return this.#changes.length;
  }

  at(index: number): WatchedChange {
    return this.#changes[index]!;
  }

  event(watched: WatchedChange, prevKv: boolean): Event {
    return watched.event(prevKv, this.#history);
  }
}
