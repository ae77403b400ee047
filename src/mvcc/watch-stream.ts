/**
 * One client's stream of watchers: ids, answers, and what to do when it is full.
 *
 * A full stream is sent nothing until `resume`. Its watchers with something to see become cursors that stand still; only
 * answers to its own requests and the fragments still missing of the notice it was full at are kept, both bounded.
 *
 * Header revisions never go back on a stream (a compacted watcher's 0 aside): whatever waits for watchers at the head is
 * sent before anything that speaks of the newest revision.
 */

import { Failure } from '../util/failure.ts';
import type { Event } from '../wire/messages.ts';
import type { WatchCreate, WatchNotice, WatchSink, WatchStream } from './types.ts';
import type { GroupShape } from './watch-group.ts';
import {
  canceledNotice,
  compactedNotice,
  createdNotice,
  createRefusal,
  eventsNotice,
  type Fragmenter,
  noWatchId,
  progressNotice,
  refusedNotice,
} from './watch-notices.ts';
import type { Watcher } from './watch-watcher.ts';

/** What a stream needs of the hub. */
export interface StreamHost {
  /** The newest revision. */
  readonly newest: number;
  /** Counts what is told. */
  sentEvents: number;
  readonly fragmenter: Fragmenter;
  readonly maxQueuedAnswers: number;
  readonly hasRoom: boolean;
  /** Sends what watchers at the head have coming. */
  flush(): void;
  /** Makes a watcher that stands nowhere yet. */
  enroll(stream: Stream, id: number, shape: GroupShape, request: WatchCreate): Watcher;
  /** Gives it the place that its cursor asks for. */
  place(watcher: Watcher): void;
  dismiss(watcher: Watcher): void;
  /** The stream's parked watchers may go on. */
  unpark(stream: Stream): void;
  forget(stream: Stream): void;
}

function shapeOf(request: WatchCreate): GroupShape {
  const { key, end, prevKv, noPut, noDelete } = request;
  // etcd watches "\0", the least key, when none is given.
  const from = key === '' ? '\0' : key;
  const isPoint = end === '';
  const to = isPoint ? `${from}\0` : end === '\0' ? null : end;
  return { from, to, isPoint, prevKv, noPut, noDelete };
}

export class Stream implements WatchStream {
  /** Includes those ended by compaction. */
  readonly watchers: Map<number, Watcher> = new Map();
  /** Those that are behind while the stream is full. */
  readonly parked: Set<Watcher> = new Set();
  /** How many of them have seen everything. */
  atHead = 0;
  readonly #host: StreamHost;
  readonly #sink: WatchSink;
  #nextId = 0;
  #isFull = false;
  #isClosed = false;
  /** What has to wait until the stream can take more, in order. */
  #queue: WatchNotice[] = [];
  #queuedAnswers = 0;

  constructor(host: StreamHost, sink: WatchSink) {
    this.#host = host;
    this.#sink = sink;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** @throws Failure 'tooManyRequests' when too many answers wait for a full stream */
  create(request: WatchCreate): void {
    this.#checkQueue();
    const host = this.#host;
    host.flush();
    if (this.#isClosed) return;
    const shape = shapeOf(request);
    const refusal = this.#refusal(request, shape);
    if (refusal !== '') {
      this.#answer(refusedNotice(host.newest, refusal));
      return;
    }
    const id = request.watchId === 0 ? this.#pickId() : request.watchId;
    const watcher = host.enroll(this, id, shape, request);
    this.watchers.set(id, watcher);
    this.#answer(createdNotice(id, host.newest));
    if (this.watchers.get(id) === watcher) host.place(watcher);
  }

  /** @throws Failure 'tooManyRequests' when too many answers wait for a full stream */
  refuse(reason: string): void {
    this.#checkQueue();
    this.#host.flush();
    this.#answer(refusedNotice(this.#host.newest, reason));
  }

  /** Why not, in the order in which etcd looks; '' when nothing is wrong. */
  #refusal(request: WatchCreate, shape: GroupShape): string {
    if (request.startRevision < 0) return createRefusal.compacted;
    if (shape.to !== null && shape.from >= shape.to) return createRefusal.emptyRange;
    if (request.watchId !== 0 && this.watchers.has(request.watchId)) return createRefusal.duplicateId;
    return this.#host.hasRoom ? '' : createRefusal.tooMany;
  }

  #pickId(): number {
    while (this.watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  /** @throws Failure 'tooManyRequests' when too many answers wait for a full stream */
  cancel(watchId: number): void {
    if (!this.watchers.has(watchId)) return;
    this.#checkQueue();
    this.#host.flush();
    const watcher = this.watchers.get(watchId);
    if (watcher === undefined) return;
    this.watchers.delete(watchId);
    this.#host.dismiss(watcher);
    this.#answer(canceledNotice(watchId, this.#host.newest));
  }

  /**
   * Silently not answered while a watcher is behind, waits for its start revision or was ended by compaction, when there
   * is none, and when the stream is full: the client has to ask again (etcd 3.6).
   */
  requestProgress(): void {
    const host = this.#host;
    host.flush();
    if (this.#isFull || this.watchers.size === 0 || this.atHead !== this.watchers.size) return;
    for (const watcher of this.watchers.values()) if (watcher.startRevision > host.newest) return;
    this.#send(progressNotice(noWatchId, host.newest));
  }

  /** Tells watchers that asked for it how far they are, unless an event has told them since the last tick. */
  progressTick(): void {
    const { newest } = this.#host;
    for (const watcher of this.watchers.values()) {
      if (!watcher.progressNotify) continue;
      const isQuiet = !watcher.hadEvents && watcher.isAtHead && watcher.startRevision <= newest;
      watcher.hadEvents = false;
      if (isQuiet && !this.#isFull) this.#send(progressNotice(watcher.id, newest));
    }
  }

  resume(): void {
    if (this.#isClosed || !this.#isFull) return;
    this.#isFull = false;
    const queue = this.#queue;
    this.#queue = [];
    let next = 0;
    while (next < queue.length && !this.#isFull) {
      const notice = queue[next++]!;
      if (notice.events.length === 0) this.#queuedAnswers--;
      this.#send(notice);
    }
    if (this.#isClosed) return;
    if (next < queue.length) this.#queue = queue.slice(next).concat(this.#queue);
    if (!this.#isFull && this.parked.size > 0) this.#host.unpark(this);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const watcher of this.watchers.values()) this.#host.dismiss(watcher);
    this.watchers.clear();
    this.#queue = [];
    this.#queuedAnswers = 0;
    this.#host.forget(this);
  }

  /** Sends one watcher its events. The stream must not be full before. */
  deliver(watcher: Watcher, events: readonly Event[], revision: number): void {
    if (this.#isFull || this.#isClosed) throw new Error('the stream cannot take events');
    watcher.hadEvents = true;
    this.#host.sentEvents += events.length;
    if (!watcher.fragment || events.length === 1) {
      this.#sendEvents(watcher.id, revision, events);
      return;
    }
    const pieces = this.#host.fragmenter.cut(events);
    for (let i = 0; i < pieces.length; i++) {
      this.#sendOrQueue(eventsNotice(watcher.id, revision, pieces[i]!, i < pieces.length - 1));
    }
  }

  /** Tells that a watcher was ended by compaction. The stream must not be full before. */
  tellCompacted(watcher: Watcher, compactRevision: number): void {
    this.#send(compactedNotice(watcher.id, compactRevision));
  }

  #checkQueue(): void {
    if (this.#queuedAnswers < this.#host.maxQueuedAnswers) return;
    throw new Failure(
      'tooManyRequests',
      `${this.#queuedAnswers} answers wait for a watch stream that is full`,
    );
  }

  #answer(notice: WatchNotice): void {
    if (this.#isFull && !this.#isClosed) this.#queuedAnswers++;
    this.#sendOrQueue(notice);
  }

  #sendOrQueue(notice: WatchNotice): void {
    if (this.#isClosed) return;
    if (this.#isFull) this.#queue.push(notice);
    else this.#send(notice);
  }

  #send(notice: WatchNotice): void {
    if (this.#isClosed) return;
    if (!this.#sink.send(notice)) this.#isFull = true;
  }

  /** As `#send`, without a notice for those who need none. */
  #sendEvents(watchId: number, revision: number, events: readonly Event[]): void {
    const sink = this.#sink;
    if (sink.sendEvents === undefined) this.#send(eventsNotice(watchId, revision, events, false));
    else if (!sink.sendEvents(watchId, revision, events)) this.#isFull = true;
  }
}
