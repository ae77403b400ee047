/**
 * Feeds watchers that are behind, in bounded steps and in turn: those whose next revision the ring still has from the ring,
 * the others from the state, one read at a time. A read serves every watcher whose cursor lies in what it brought, so
 * watchers that start together stay together.
 *
 * A watcher is ended when what it needs was compacted, with one mercy: as long as the ring has all that
 * came since the watcher was created, it is told from there. Without that, a stream that was full for a moment would lose
 * its watchers to a compaction of the newest revision, which etcd does not do either. A watcher from an older revision
 * gets no such mercy, even where the ring could help: its events would lack the previous values.
 *
 * Revisions are merged into one notice as etcd does when it catches up; its header says the newest revision, although more
 * notices may follow.
 */

import { Failure } from '../util/failure.ts';
import type { Event } from '../wire/messages.ts';
import { watchEventBytes } from '../wire/watch-codec.ts';
import type { Change, History } from './types.ts';
import { type ChangeSource, HistoryWindow, indexOfRevision } from './watch-change.ts';
import type { WatchGroup } from './watch-group.ts';
import type { WatchLimits } from './watch-options.ts';
import type { ChangeRing } from './watch-ring.ts';
import type { Watcher } from './watch-watcher.ts';

/** What catching up needs of the hub. */
export interface CatchUpHost {
  readonly history: History;
  readonly limits: WatchLimits;
  readonly ring: ChangeRing;
  /** The newest revision. Everything before is sent to watchers at the head while a step runs. */
  readonly newest: number;
  readonly wake: () => void;
  move(watcher: Watcher, place: Set<Watcher>): void;
  place(watcher: Watcher): void;
  endCompacted(watcher: Watcher): void;
}

/** What a group is told from a revision on, by one source that does not change meanwhile. */
interface Feed {
  readonly from: number;
  readonly events: readonly Event[];
  readonly next: number;
}

function covers(source: ChangeSource, revision: number): boolean {
  return revision >= source.first && revision < source.end;
}

export class CatchUp {
  readonly #host: CatchUpHost;
  /** Their next revision is in the ring, as far as is known. Those that wait longest come first. */
  readonly #near: Set<Watcher> = new Set();
  /** Their next revision has to be read. Those that wait longest come first. */
  readonly #far: Set<Watcher> = new Set();
  /** The last feed of each group in this step: watchers of a group at the same revision share it. */
  readonly #feeds: Map<WatchGroup, Feed> = new Map();
  #window: HistoryWindow | null = null;
  /** Watchers to feed from the window, in turn. */
  readonly #takers: Set<Watcher> = new Set();
  /** Changes that may still be looked at in this half of the step. */
  #budget = 0;
  #isReading = false;
  /** Raised to make the read that is under way count for nothing. */
  #epoch = 0;
  #failed: Error | null = null;
  #isStopped = false;

  constructor(host: CatchUpHost) {
    this.#host = host;
  }

  /** How many are behind on streams that can take more. */
  get size(): number {
    return this.#near.size + this.#far.size;
  }

  add(watcher: Watcher): void {
    const isNear = watcher.cursor >= this.#host.ring.first;
    this.#host.move(watcher, isNear ? this.#near : this.#far);
    this.#host.wake();
  }

  /** What was read, or is being read, is not of the present state. */
  discard(): void {
    this.#epoch++;
    this.#isReading = false;
    this.#window = null;
    this.#takers.clear();
  }

  /**
   * Feeds some. Returns true while there is more to do at once.
   * @throws the error with which the state could not be read
   */
  step(): boolean {
    if (this.#failed !== null) throw this.#failed;
    const half = Math.ceil(this.#host.limits.pumpChanges / 2);
    this.#budget = half;
    this.#feedNear();
    this.#feeds.clear();
    this.#budget = half;
    this.#feedFar();
    this.#feeds.clear();
    if (this.#takers.size === 0) {
      this.#window = null;
      this.#read();
    }
    return this.#near.size > 0 || this.#takers.size > 0;
  }

  #feedNear(): void {
    const { ring } = this.#host;
    // Whoever is not done goes to the back of the set, where this loop comes to it again.
    for (const watcher of this.#near) {
      if (this.#budget <= 0) return;
      if (watcher.cursor >= ring.first) this.#feed(watcher, ring, this.#near);
      else this.#host.move(watcher, this.#far);
    }
  }

  #feedFar(): void {
    const window = this.#window;
    if (window === null) return;
    for (const watcher of this.#takers) {
      if (this.#budget <= 0) return;
      this.#takers.delete(watcher);
      if (watcher.place !== this.#far || !covers(window, watcher.cursor)) continue;
      this.#feed(watcher, window, this.#far);
      if (watcher.place === this.#far && covers(window, watcher.cursor)) this.#takers.add(watcher);
    }
  }

  /** Sends one notice at most. */
  #feed(watcher: Watcher, source: ChangeSource, place: Set<Watcher>): void {
    this.#budget--;
    if (!this.#mayGoOn(watcher)) return;
    const host = this.#host;
    const feed = this.#feedOf(watcher, source);
    watcher.cursor = feed.next;
    if (feed.events.length > 0) watcher.stream.deliver(watcher, feed.events, host.newest);
    // Whoever was told may have closed its stream in return.
    if (watcher.place !== place) return;
    if (feed.next > host.newest) host.place(watcher);
    else host.move(watcher, feed.next >= host.ring.first ? this.#near : this.#far);
  }

  /** False: it is parked, or it was ended. */
  #mayGoOn(watcher: Watcher): boolean {
    const { stream, cursor } = watcher;
    const { history, ring } = this.#host;
    if (stream.isFull) {
      this.#host.move(watcher, stream.parked);
      return false;
    }
    if (cursor >= history.compactRevision) return true;
    if (cursor >= watcher.knownFrom && cursor >= ring.first) return true;
    this.#host.endCompacted(watcher);
    return false;
  }

  #feedOf(watcher: Watcher, source: ChangeSource): Feed {
    const { group, cursor } = watcher;
    const known = this.#feeds.get(group);
    if (known !== undefined && known.from === cursor) return known;
    const feed = this.#collect(group, source, cursor);
    this.#feeds.set(group, feed);
    return feed;
  }

  /** Whole revisions from `from` on, until a limit is reached. */
  #collect(group: WatchGroup, source: ChangeSource, from: number): Feed {
    const { batchBytes, batchRevisions, pumpChanges } = this.#host.limits;
    const events: Event[] = [];
    const start = indexOfRevision(source, from);
    let next = source.end;
    let bytes = 0;
    let revisions = 0;
    let current = 0;
    let told = 0;
    let i = start;
    for (; i < source.length; i++) {
      const watched = source.at(i);
      const { change } = watched;
      if (change.revision !== current) {
        if (bytes >= batchBytes || revisions >= batchRevisions || i - start >= pumpChanges) {
          next = change.revision;
          break;
        }
        current = change.revision;
      }
      if (!group.wants(change)) continue;
      const event = source.event(watched, group.prevKv);
      events.push(event);
      bytes += watchEventBytes(event);
      if (told !== current) revisions++;
      told = current;
    }
    this.#budget -= i - start;
    return { from, events, next };
  }

  /** Reads on for the one that waits longest, unless a read is under way. */
  #read(): void {
    if (this.#isReading || this.#isStopped) return;
    for (const watcher of this.#far) {
      if (!this.#mayGoOn(watcher)) continue;
      const epoch = this.#epoch;
      const from = watcher.cursor;
      this.#isReading = true;
      this.#host.history.read(from, this.#host.limits.historyReadBytes, (error, changes, next) => {
        if (epoch === this.#epoch) this.#take(error, changes, from, next);
      });
      return;
    }
  }

  #take(error: Error | null, changes: readonly Change[], from: number, next: number): void {
    this.#isReading = false;
    if (error !== null) {
      const reason = error instanceof Failure ? error.reason : null;
      // Whoever needed what was compacted meanwhile is told so in the next step.
      if (reason === 'stopped') this.#isStopped = true;
      else if (reason !== 'compacted') this.#failed = error;
    } else {
      if (next <= from) throw new Error(`a read from revision ${from} did not get on`);
      this.#window = new HistoryWindow(this.#host.history, from, next, changes);
      for (const watcher of this.#far) {
        if (covers(this.#window, watcher.cursor)) this.#takers.add(watcher);
      }
    }
    this.#host.wake();
  }
}
