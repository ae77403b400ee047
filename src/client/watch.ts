/**
 * A watch that resumes by itself.
 *
 * Invariant: every change in the range from the first revision on is delivered once, in order, and those of one revision
 * together. `#next` is the first revision that was not delivered completely; a stream that breaks is replaced by one
 * that starts there. So a half-received revision (a fragment whose rest never came) is dropped and comes again whole.
 * Only a delivered change or a progress notice moves `#next`. Counter-example: the header of an answer with changes
 * tells the store's revision, which is ahead of the changes while history is sent; to resume from it would lose some.
 *
 * Every watch has a stream of its own: its consumer holds back its own changes and nobody else's, and a request for
 * progress is about this watch alone.
 */

import type { RpcChannelStream } from '../rpc/channel.ts';
import type { Timer } from '../util/runtime.ts';
import { EventType, FilterType } from '../wire/messages.ts';
import {
  type DecodedEvent,
  type DecodedWatchResponse,
  decodeWatchResponse,
  encodeWatchRequest,
} from '../wire/watch-codec.ts';
import { offAbort, onAbort } from './abort.ts';
import type { Caller } from './caller.ts';
import { type Deferred, deferred } from './deferred.ts';
import { CompactedError, closedError, EtcdError, errorOfCancelReason, StatusCode } from './errors.ts';
import { type KeyRange, toWireRange, type WireRange } from './keys.ts';
import { MessageQueue, type Messages } from './message-queue.ts';
import type { Header } from './operations.ts';
import { Pair } from './pair.ts';
import { SteadyStream } from './steady-stream.ts';
import { isAboutToken } from './streams.ts';

export interface WatchOptions {
  /** First revision to tell the changes of; 0: from now on. @default 0 */
  readonly startRevision?: number;
  /** Tell with each change what was there before. @default false */
  readonly previous?: boolean;
  /** Tell of puts. @default true */
  readonly puts?: boolean;
  /** Tell of deletions. @default true */
  readonly deletes?: boolean;
  /** Have the server tell now and then how far it is, when nothing changes. @default false */
  readonly progress?: boolean;
  /**
   * When the history that is needed was compacted: `fail` ends the watch with a `CompactedError`; `continue` says so in
   * a message and goes on with what is left. @default 'fail'
   */
  readonly compacted?: 'fail' | 'continue';
  /** Aborting it ends the watch with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One change of one key. */
export interface WatchEvent {
  readonly type: 'put' | 'delete';
  /** Revision of the change. */
  readonly revision: number;
  /** The new pair; of a deletion only the key and the revision are there. */
  readonly pair: Pair;
  /** What was there before, if it was asked for and is not compacted; null for a new key. */
  readonly previous: Pair | null;
  /** A put that made the key. */
  readonly isCreate: boolean;
}

export type WatchMessage =
  /** Changes in order, of one or more whole revisions; `revision` is the last one's. */
  | {
      readonly kind: 'events';
      readonly revision: number;
      readonly events: readonly WatchEvent[];
      /** Who told them. */
      readonly header: Header;
    }
  /** All changes up to and including `revision` have been told. */
  | { readonly kind: 'progress'; readonly revision: number; readonly header: Header }
  /** The changes after `lastRevision` and before `compactRevision` are lost; it goes on with those at `compactRevision`. */
  | { readonly kind: 'compacted'; readonly lastRevision: number; readonly compactRevision: number };

/** The listener form of a watch. What a listener throws ends the watch with that error. */
export interface WatchListener {
  onEvents(events: readonly WatchEvent[], revision: number): void;
  onProgress?(revision: number): void;
  onCompacted?(compactRevision: number, lastRevision: number): void;
  /** The stream broke; the watch resumes by itself. */
  onInterrupted?(error: Error | null): void;
  /** The watch is over: null after `close`, otherwise why. */
  onEnd?(error: unknown): void;
}

/** Messages that may wait for a consumer before the server is held back. */
const queuedMessagesMax = 16;
/** A request for progress that was not answered is repeated: a server ignores it while it is behind. */
const progressRetryMs = 100;
/** Progress that is told to everybody on a stream. */
const everyWatch = -1;

function overError(): EtcdError {
  return new EtcdError('watchCanceled', 'the watch is over', { code: StatusCode.Canceled });
}

/** What consumes a watch. */
interface Sink {
  message(message: WatchMessage): void;
  interrupted(error: Error | null): void;
  end(error: unknown): void;
}

function eventOf({ type, kv, prevKv }: DecodedEvent): WatchEvent {
  const pair = new Pair(kv);
  const isPut = type === EventType.Put;
  return {
    type: isPut ? 'put' : 'delete',
    revision: pair.modRevision,
    pair,
    previous: prevKv === null ? null : new Pair(prevKv),
    isCreate: isPut && pair.createRevision === pair.modRevision,
  };
}

function filtersOf({ puts = true, deletes = true }: WatchOptions): number[] {
  return [...(puts ? [] : [FilterType.NoPut]), ...(deletes ? [] : [FilterType.NoDelete])];
}

/**
 * A running watch. Iterate over it for single changes, or over `messages()` for whole revisions and notices: one of the
 * two, once. Leaving the loop closes it.
 */
export class Watch implements AsyncIterable<WatchEvent>, AsyncDisposable {
  readonly #range: WireRange;
  readonly #options: WatchOptions;
  readonly #caller: Caller;
  readonly #steady: SteadyStream;
  readonly #sink: Sink;
  readonly #queue: MessageQueue<WatchMessage> | null;
  readonly #onClosed: () => void;
  readonly #onAbort = (): void => this.#end(this.#options.signal!.reason);
  readonly #created = deferred<number>();
  #stream: RpcChannelStream | null = null;
  #next: number;
  /** Revision of the last change that was told. */
  #told = 0;
  #isCreated = false;
  #partial: DecodedEvent[] = [];
  #progress: Deferred<number>[] = [];
  #progressTimer: Timer | null = null;
  #isOver = false;

  /** @param listener null for the form that is iterated over */
  constructor(
    caller: Caller,
    range: KeyRange,
    options: WatchOptions,
    listener: WatchListener | null,
    onClosed: () => void,
  ) {
    this.#caller = caller;
    this.#range = toWireRange(range);
    this.#options = options;
    this.#next = options.startRevision ?? 0;
    this.#onClosed = onClosed;
    this.#queue = listener === null ? this.#createQueue() : null;
    this.#sink = this.#queue === null ? listenerSink(listener!) : queueSink(this.#queue);
    this.#steady = new SteadyStream(
      caller,
      { path: '/etcdserverpb.Watch/Watch', requireLeader: true },
      {
        onOpen: (stream) => this.#onOpen(stream),
        onMessage: (response) => this.#onMessage(response),
        onInterrupted: (error) => this.#onInterrupted(error),
        onFailed: (error) => this.#end(error),
      },
    );
  }

  /** Resolves when a server watches, with the first revision whose changes are told. Rejects if it never does. */
  get created(): Promise<number> {
    return this.#created.promise;
  }

  /** The first revision that was not told yet; 0 before the watch is created. Start another watch here to go on. */
  get nextRevision(): number {
    return this.#next;
  }

  start(): void {
    const { signal } = this.#options;
    if (this.#caller.isClosed) {
      this.#end(closedError());
      return;
    }
    if (signal?.aborted === true) {
      this.#end(signal.reason);
      return;
    }
    if (signal !== undefined) onAbort(signal, this.#onAbort);
    this.#steady.start();
  }

  /** Single changes, in order. @throws what ended the watch: a `CompactedError`, another EtcdError, the signal's reason */
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent, void, undefined> {
    for await (const message of this.messages()) {
      if (message.kind === 'events') yield* message.events;
    }
  }

  /** Whole revisions, progress and gaps, in order. @throws as the other form does; TypeError when there is a listener */
  messages(): Messages<WatchMessage> {
    if (this.#queue === null)
      throw new TypeError('this watch has a listener: there is nothing to iterate over');
    return this.#queue;
  }

  /**
   * Resolves with a revision up to which every change has been told. It is asked again until the server has caught up.
   * @throws what ended the watch
   */
  requestProgress(): Promise<number> {
    const request = deferred<number>();
    if (this.#isOver) request.reject(overError());
    else {
      this.#progress.push(request);
      if (this.#progress.length === 1) this.#askProgress();
    }
    return request.promise;
  }

  /** Ends the watch; what was received can still be taken. */
  close(): void {
    this.#end(null);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #createQueue(): MessageQueue<WatchMessage> {
    return new MessageQueue({
      fullAt: queuedMessagesMax,
      onFull: () => this.#stream?.pause(),
      onDrained: () => this.#stream?.resume(),
      onLeft: () => this.close(),
    });
  }

  #onOpen(stream: RpcChannelStream): void {
    const { previous = false, progress = false } = this.#options;
    this.#stream = stream;
    this.#isCreated = false;
    this.#partial = [];
    const create = {
      ...this.#range,
      startRevision: this.#next,
      progressNotify: progress,
      filters: filtersOf(this.#options),
      prevKv: previous,
      watchId: 0,
      fragment: true,
    };
    stream.write(encodeWatchRequest({ kind: 'create', create }));
  }

  #onMessage(bytes: Uint8Array): void {
    if (this.#isOver) return;
    try {
      const response = decodeWatchResponse(bytes);
      if (response.canceled) this.#onCanceled(response);
      else if (response.created) this.#onCreated(response.header.revision);
      else if (response.events.length > 0 || response.fragment) this.#onEvents(response);
      else this.#onProgress(response.header, response.watchId === everyWatch);
    } catch (error) {
      this.#end(error);
    }
  }

  #onInterrupted(error: Error | null): void {
    try {
      this.#sink.interrupted(error);
    } catch (thrown) {
      this.#end(thrown);
    }
  }

  #onCreated(revision: number): void {
    this.#isCreated = true;
    if (this.#next === 0) this.#next = revision + 1;
    this.#created.resolve(this.#next);
    if (this.#progress.length > 0) this.#askProgress();
  }

  #onEvents({ events, fragment, header }: DecodedWatchResponse): void {
    if (fragment || this.#partial.length > 0) {
      this.#partial.push(...events);
      if (fragment) return;
    }
    const whole = this.#partial.length > 0 ? this.#partial : events;
    this.#partial = [];
    // By what was told, not by `#next`: members before etcd 3.4.25 tell progress ahead of changes they still owe.
    const fresh = whole.filter(({ kv }) => kv.modRevision > this.#told);
    const last = fresh.at(-1);
    if (last === undefined) return;
    const revision = last.kv.modRevision;
    this.#told = revision;
    this.#next = Math.max(this.#next, revision + 1);
    this.#sink.message({ kind: 'events', revision, events: fresh.map(eventOf), header });
  }

  /** Nothing up to `revision` is missing. */
  #onProgress(header: Header, isAnswer: boolean): void {
    const { revision } = header;
    if (revision + 1 > this.#next) this.#next = revision + 1;
    this.#sink.message({ kind: 'progress', revision, header });
    if (!isAnswer) return;
    this.#progressTimer?.cancel();
    for (const { resolve } of this.#progress.splice(0)) resolve(revision);
  }

  #onCanceled({ compactRevision, cancelReason }: DecodedWatchResponse): void {
    const lastRevision = Math.max(0, this.#next - 1);
    if (compactRevision > 0) {
      if (this.#options.compacted !== 'continue') {
        this.#end(new CompactedError(compactRevision, lastRevision, this.#steady.endpointUrl));
        return;
      }
      this.#next = compactRevision;
      this.#sink.message({ kind: 'compacted', lastRevision, compactRevision });
      this.#steady.reopen(null);
      return;
    }
    const error = errorOfCancelReason(cancelReason, this.#steady.endpointUrl);
    if (isAboutToken(error)) this.#steady.reopen(error);
    else this.#end(error);
  }

  #askProgress(): void {
    this.#progressTimer?.cancel();
    if (this.#isCreated) this.#stream?.write(encodeWatchRequest({ kind: 'progress' }));
    const { clock } = this.#caller.options.runtime;
    this.#progressTimer = clock.setTimer(progressRetryMs, () => this.#askProgress());
  }

  #end(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#steady.close();
    this.#progressTimer?.cancel();
    const { signal } = this.#options;
    if (signal !== undefined) offAbort(signal, this.#onAbort);
    const why = error ?? overError();
    this.#created.reject(why);
    for (const { reject } of this.#progress.splice(0)) reject(why);
    this.#onClosed();
    this.#sink.end(error);
  }
}

function queueSink(queue: MessageQueue<WatchMessage>): Sink {
  return {
    message: (message) => queue.push(message),
    interrupted: () => {},
    end: (error) => (error === null ? queue.end() : queue.fail(error)),
  };
}

function listenerSink(listener: WatchListener): Sink {
  return {
    message: (message) => {
      if (message.kind === 'events') listener.onEvents(message.events, message.revision);
      else if (message.kind === 'progress') listener.onProgress?.(message.revision);
      else listener.onCompacted?.(message.compactRevision, message.lastRevision);
    },
    interrupted: (error) => listener.onInterrupted?.(error),
    end: (error) => listener.onEnd?.(error),
  };
}
