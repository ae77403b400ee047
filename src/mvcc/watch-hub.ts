/**
 * The watch hub: tells every watcher every change of its range, in order, once, all of a revision together.
 *
 *     publish ─► index ─► groups of like watchers: pending ──(pump: once per turn)──► streams
 *        └─────► ring ──► watchers a little behind ─────────(pump: bounded steps)──►    │
 *     History ──────────► watchers far behind ──────────────(pump, read by read)───►    └► sinks
 *
 * A change finds its watchers through the index, so that idle watchers of other keys cost nothing. A watcher whose stream
 * is full, or whose start lies in the past, is a cursor that catches up from the ring or from the state.
 *
 * Invariant: a watcher at the head was sent everything up to `#sent` and has the rest up to `#newest` pending in its
 * group; every other one was sent everything below its cursor and nothing from there on.
 *
 * `Event` objects are shared: a change gives the same object to all watchers with prev_kv that are told at the head or from
 * the ring, and another one to all without. Like watchers (same range, filters and prev_kv) at the same revision get the
 * same `events` array, too, one after the other: an encoding can be cached by the array that was sent last.
 */

import type { WatchFigures } from './figures.ts';
import type { Audience, Change, History, WatchCreate, WatchHub, WatchSink, WatchStream } from './types.ts';
import { CatchUp } from './watch-catch-up.ts';
import type { GroupShape, WatchGroup } from './watch-group.ts';
import { WatchIndex } from './watch-index.ts';
import { Fragmenter } from './watch-notices.ts';
import { type HubOptions, type WatchLimits, watchLimits } from './watch-options.ts';
import { ChangeRing } from './watch-ring.ts';
import { Stream } from './watch-stream.ts';
import { Watcher } from './watch-watcher.ts';

export type { HubOptions } from './watch-options.ts';

function byPendingLast(a: WatchGroup, b: WatchGroup): number {
  return a.pendingLast - b.pendingLast;
}

export class Hub implements WatchHub, Audience {
  /** @internal */
  readonly history: History;
  /** @internal */
  readonly limits: WatchLimits;
  /** @internal */
  readonly ring: ChangeRing;
  /** @internal */
  readonly fragmenter: Fragmenter;
  readonly #options: HubOptions;
  readonly #streams: Set<Stream> = new Set();
  readonly #index = new WatchIndex();
  readonly #catchUp: CatchUp;
  /** Watchers of the future by the revision they wait for. */
  readonly #waiting: Map<number, Set<Watcher>> = new Map();
  /** Groups with something pending. */
  #touched: WatchGroup[] = [];
  readonly #found: WatchGroup[] = [];
  #newest: number;
  #sent: number;
  #watcherCount = 0;
  /** @internal counted by the streams */
  sentEvents = 0;
  #hasFullBatch = false;
  #isFlushing = false;
  #isPumping = false;
  #isSuspended = false;
  #isAwake = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.history = options.history;
    this.limits = watchLimits(options);
    this.ring = new ChangeRing(options.history, this.limits.ringBytes, this.limits.ringChanges);
    this.fragmenter = new Fragmenter(this.limits.maxNoticeBytes);
    this.#newest = options.history.revision;
    this.#sent = this.#newest;
    this.#catchUp = new CatchUp(this);
  }

  /** Watchers of all streams; one that was ended by compaction counts until its client cancels it, as in etcd. */
  get watcherCount(): number {
    return this.#watcherCount;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** Watchers that are behind. Goes over the streams: for metrics. */
  get slowWatcherCount(): number {
    let count = this.#catchUp.size;
    for (const stream of this.#streams) count += stream.parked.size;
    return count;
  }

  figures(): WatchFigures {
    const { streamCount: streams, slowWatcherCount: slowWatchers, sentEvents } = this;
    return { streams, slowWatchers, sentEvents };
  }

  /** Index entries that all publishes together have looked at. */
  get visitedCount(): number {
    return this.#index.visited;
  }

  open(sink: WatchSink): WatchStream {
    const stream = new Stream(this, sink);
    this.#streams.add(stream);
    return stream;
  }

  /**
   * Takes the changes of one revision, in sub-revision order, right after it became the newest. What they tell is sent by
   * the next `pump`; only when a notice would outgrow its batch limits it goes out at once.
   * @throws Error when a revision was left out
   */
  publish(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const { revision } = changes[0]!;
    this.#checkNext(revision);
    if (this.#watcherCount === 0) {
      this.#pass(revision);
      return;
    }
    this.#startWaiting(revision);
    this.#newest = revision;
    for (let i = 0; i < changes.length; i++) this.#publishOne(changes[i]!);
    this.ring.endRevision(revision);
    if (this.#hasFullBatch) this.flush();
  }

  get isEmpty(): boolean {
    return this.#watcherCount === 0;
  }

  passed(revision: number): void {
    this.#checkNext(revision);
    if (this.#watcherCount !== 0) throw new Error('somebody wants to see the changes');
    this.#pass(revision);
  }

  /** Nobody is behind, and who comes later reads the state. */
  #pass(revision: number): void {
    this.#newest = revision;
    this.#sent = revision;
    this.ring.restart(revision + 1);
  }

  #checkNext(revision: number): void {
    if (revision === this.#newest + 1) return;
    throw new Error(`revision ${revision} is published behind ${this.#newest}`);
  }

  #publishOne(change: Change): void {
    const watched = this.ring.push(change);
    const found = this.#found;
    this.#index.collect(change.key, found);
    for (let i = 0; i < found.length; i++) {
      const group = found[i]!;
      if (!group.admits(change)) continue;
      if (group.head.size > 0) {
        if (!group.hasPending) this.#touched.push(group);
        group.append(this.ring.event(watched, group.prevKv), change.revision);
        if (group.isFull(this.limits.batchBytes, this.limits.batchRevisions)) this.#hasFullBatch = true;
      } else if (group.prevKv) {
        // For those behind: the previous value may be compacted by the time they get here.
        this.ring.event(watched, true);
      }
    }
    found.length = 0;
  }

  /** The revision that some watchers have waited for is about to come. */
  #startWaiting(revision: number): void {
    const bucket = this.#waiting.get(revision);
    if (bucket === undefined) return;
    for (const watcher of bucket) {
      // What is pending in the group belongs to revisions before its start.
      if (watcher.group.hasPending) this.#catchUp.add(watcher);
      else this.place(watcher);
    }
  }

  pump(): void {
    if (this.#isPumping || this.#isFlushing) return;
    this.#isPumping = true;
    this.#isAwake = false;
    try {
      this.flush();
      if (this.#mayCatchUp && this.#catchUp.step()) this.wake();
      this.fragmenter.forget();
    } finally {
      this.#isPumping = false;
    }
  }

  /** Not while the state is another one than the hub was told of. */
  get #mayCatchUp(): boolean {
    return !this.#isSuspended && this.history.revision === this.#newest;
  }

  progressTick(): void {
    this.flush();
    for (const stream of this.#streams) stream.progressTick();
  }

  /**
   * The state is about to be replaced: until `resync` nothing is read from it. To be called before the new state is put in
   * force, since a read that spans both sees neither.
   */
  suspend(): void {
    this.flush();
    this.#isSuspended = true;
    this.#catchUp.discard();
  }

  resync(): void {
    this.flush();
    this.#isSuspended = false;
    this.#catchUp.discard();
    const atHead = this.#newest + 1;
    this.#newest = this.history.revision;
    this.#sent = this.#newest;
    this.ring.restart(this.#newest + 1);
    for (const stream of this.#streams) {
      for (const watcher of stream.watchers.values()) {
        if (watcher.place === null || watcher.place === stream.parked) continue;
        if (watcher.isAtHead) watcher.cursor = atHead;
        this.place(watcher);
      }
    }
  }

  /** @internal The newest revision. */
  get newest(): number {
    return this.#newest;
  }

  /** @internal */
  get maxQueuedAnswers(): number {
    return this.limits.maxQueuedAnswers;
  }

  /** @internal */
  get hasRoom(): boolean {
    return this.#watcherCount < this.limits.maxWatchers;
  }

  /** @internal Asks for a pump, once until it comes. */
  readonly wake = (): void => {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#options.wake();
  };

  /**
   * @internal Sends what watchers at the head have pending, groups that end at an older revision first: so the header
   * revisions of a stream ascend.
   */
  flush(): void {
    if (this.#isFlushing) return;
    if (this.#touched.length > 0) {
      this.#isFlushing = true;
      const touched = this.#touched;
      this.#touched = [];
      try {
        touched.sort(byPendingLast);
        for (const group of touched) this.#flushGroup(group);
      } finally {
        this.#isFlushing = false;
      }
    }
    this.#hasFullBatch = false;
    this.#sent = this.#newest;
  }

  #flushGroup(group: WatchGroup): void {
    const last = group.pendingLast;
    const events = group.takePending();
    for (const watcher of group.head) {
      const { stream } = watcher;
      // It came while the group was being told.
      if (watcher.cursor > last) continue;
      if (stream.isFull) {
        watcher.cursor = Math.max(watcher.cursor, this.#sent + 1);
        this.move(watcher, stream.parked);
      } else {
        stream.deliver(watcher, events, last);
      }
    }
  }

  /** @internal */
  enroll(stream: Stream, id: number, shape: GroupShape, request: WatchCreate): Watcher {
    const group = this.#index.obtain(shape);
    group.size++;
    this.#watcherCount++;
    return new Watcher(stream, id, group, request, this.#newest);
  }

  /** @internal */
  dismiss(watcher: Watcher): void {
    this.#leave(watcher);
    const { group } = watcher;
    group.size--;
    this.#watcherCount--;
    if (group.size === 0) this.#index.release(group);
  }

  /** @internal Gives a watcher the place that its cursor asks for. */
  place(watcher: Watcher): void {
    const { cursor, group } = watcher;
    if (cursor <= this.#newest) {
      this.#catchUp.add(watcher);
    } else if (cursor === this.#newest + 1) {
      this.move(watcher, group.head);
    } else {
      // Left first: the last of a bucket takes the bucket with it.
      this.#leave(watcher);
      let bucket = this.#waiting.get(cursor);
      if (bucket === undefined) {
        bucket = new Set();
        this.#waiting.set(cursor, bucket);
      }
      this.move(watcher, bucket);
    }
  }

  /** @internal Puts a watcher at the back of a place. */
  move(watcher: Watcher, place: Set<Watcher>): void {
    this.#leave(watcher);
    watcher.place = place;
    place.add(watcher);
    if (watcher.isAtHead) watcher.stream.atHead++;
  }

  #leave(watcher: Watcher): void {
    const { place, cursor } = watcher;
    if (place === null) return;
    if (watcher.isAtHead) watcher.stream.atHead--;
    place.delete(watcher);
    watcher.place = null;
    if (place.size === 0 && this.#waiting.get(cursor) === place) this.#waiting.delete(cursor);
  }

  /** @internal Its id stays taken, and its cancel answered, as in etcd. */
  endCompacted(watcher: Watcher): void {
    this.#leave(watcher);
    watcher.stream.tellCompacted(watcher, this.history.compactRevision);
  }

  /** @internal */
  unpark(stream: Stream): void {
    for (const watcher of stream.parked) this.place(watcher);
  }

  /** @internal */
  forget(stream: Stream): void {
    this.#streams.delete(stream);
  }
}
