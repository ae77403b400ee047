/**
 * `etcdserverpb.Watch`: each RPC stream is one stream of the watch hub, and what the hub tells becomes WatchResponses.
 *
 * The hub decides everything about watchers (ids, order, progress, cancellation); here is the wire, and who may watch
 * what, which is asked once per watcher. Two rules:
 *
 * - A stream that is full takes no further requests either. Its client could otherwise make it answer without end
 *   while it never reads.
 * - Half-closing ends nothing: `curl` and the gateway send one request, close their side and go on listening.
 */

import { binaryString } from '../mvcc/key-range.ts';
import type { WatchCreate, WatchNotice, WatchSink, WatchStream } from '../mvcc/types.ts';
import { eventsNotice } from '../mvcc/watch-notices.ts';
import { type RpcStatus, type RpcStream, writeNumbered } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import type { Event, WatchCreateRequest } from '../wire/messages.ts';
import { FilterType } from '../wire/messages.ts';
import { decodeWatchRequest, encodeWatchResponse } from '../wire/watch-codec.ts';
import type { ServiceContext } from './context.ts';
import { rpcErrorText, statusOf } from './errors.ts';
import { type ServiceMethods, stream } from './guard.ts';
import { SharedEvents } from './shared-events.ts';

export interface WatchOptions {
  /** Idle watchers that asked for it are told how far they are this often, plus up to a tenth. */
  readonly progressIntervalMs: number;
}

/** etcd's `--watch-progress-notify-interval`. */
export const defaultProgressIntervalMs: number = 10 * 60 * 1000;
/** Shorter intervals are raised to this. */
const minProgressIntervalMs = 100;

export function watchMethods(context: ServiceContext, options: WatchOptions): ServiceMethods {
  const events = new SharedEvents();
  const ticker = new ProgressTicker(context.member.runtime, options.progressIntervalMs, () =>
    context.store.watches.progressTick(),
  );
  return {
    Watch: stream((rpc) => {
      const session = new WatchSession(context, rpc, events, () => ticker.remove());
      ticker.add();
      session.start();
    }),
  };
}

class WatchSession implements WatchSink {
  readonly #context: ServiceContext;
  readonly #rpc: RpcStream;
  readonly #events: SharedEvents;
  readonly #ended: () => void;
  #watches: WatchStream | null = null;
  #isFull = false;
  #isOver = false;

  constructor(context: ServiceContext, rpc: RpcStream, events: SharedEvents, ended: () => void) {
    this.#context = context;
    this.#rpc = rpc;
    this.#events = events;
    this.#ended = ended;
  }

  start(): void {
    this.#rpc.onCancel(() => this.#close());
    this.#rpc.onDrain(() => this.#onDrain());
    this.#rpc.onMessage((request) => this.#onRequest(request));
    this.#watches = this.#context.store.watches.open(this);
  }

  /** Called by the hub, which is in the middle of the member's turn: nothing may be thrown at it. */
  send(notice: WatchNotice): boolean {
    if (this.#isOver) return false;
    try {
      if (!this.#rpc.write(this.#encode(notice))) this.#pause();
    } catch (error) {
      this.#failLater(error);
    }
    return !this.#isFull;
  }

  /** The same for what most notices are: here nothing is made per watcher. */
  sendEvents(watchId: number, revision: number, events: readonly Event[]): boolean {
    // An id of 0 is not written.
    if (watchId === 0) return this.send(eventsNotice(watchId, revision, events, false));
    if (this.#isOver) return false;
    try {
      const head = this.#events.head(this.#context.header(revision));
      const tail = this.#events.encode(events);
      if (!writeNumbered(this.#rpc, head, watchId, tail)) this.#pause();
    } catch (error) {
      this.#failLater(error);
    }
    return !this.#isFull;
  }

  #pause(): void {
    this.#isFull = true;
    this.#rpc.pause();
  }

  /** Not within the hub's own work on this stream. */
  #failLater(error: unknown): void {
    const status = this.#context.statusOf(error);
    this.#isFull = true;
    this.#context.member.runtime.scheduler.defer(() => this.#fail(status));
  }

  #encode(notice: WatchNotice): Uint8Array {
    const { watchId, created, canceled, compactRevision, cancelReason, fragment, events } = notice;
    const header = this.#context.header(notice.revision);
    const response = { header, watchId, created, canceled, compactRevision, cancelReason, fragment, events };
    return encodeWatchResponse(response, events.length === 0 ? undefined : this.#events.encode(events));
  }

  #onRequest(bytes: Uint8Array): void {
    const watches = this.#watches;
    if (watches === null || this.#isOver) return;
    try {
      const request = decodeWatchRequest(bytes);
      if (request.kind === 'create') this.#create(watches, request.create);
      else if (request.kind === 'cancel') watches.cancel(request.watchId);
      else if (request.kind === 'progress') watches.requestProgress();
    } catch (error) {
      this.#fail(this.#context.streamStatusOf(error));
    }
  }

  #create(watches: WatchStream, request: WatchCreateRequest): void {
    const { authorizer } = this.#context;
    try {
      // A revision that never was is told before permission, as in etcd; the hub does.
      if (authorizer.enabled && request.startRevision >= 0) {
        authorizer.checks.watch(authorizer.callerOf(this.#rpc), request.key, request.rangeEnd);
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      watches.refuse(rpcErrorText(statusOf(error)));
      return;
    }
    watches.create(watchCreate(request));
  }

  #onDrain(): void {
    if (this.#isOver) return;
    this.#isFull = false;
    try {
      this.#watches?.resume();
    } catch (error) {
      this.#fail(this.#context.statusOf(error));
    }
    if (!this.#isFull) this.#rpc.resume();
  }

  #fail(status: RpcStatus): void {
    if (this.#isOver) return;
    this.#close();
    this.#rpc.end(status);
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended();
    this.#watches?.close();
  }
}

/** What the hub is asked for. The key is kept: a binary string is a copy of the request's bytes. */
function watchCreate(request: WatchCreateRequest): WatchCreate {
  const { key, filters } = request;
  return {
    // No key is the smallest key, only here.
    key: key.length === 0 ? '\0' : binaryString(key),
    end: binaryString(request.rangeEnd),
    startRevision: request.startRevision,
    progressNotify: request.progressNotify,
    noPut: filters.includes(FilterType.NoPut),
    noDelete: filters.includes(FilterType.NoDelete),
    prevKv: request.prevKv,
    watchId: request.watchId,
    fragment: request.fragment,
  };
}

/** Ticks as long as there are streams. */
class ProgressTicker {
  readonly #runtime: Runtime;
  readonly #intervalMs: number;
  readonly #tick: () => void;
  #streams = 0;
  #timer: Timer | null = null;

  constructor(runtime: Runtime, intervalMs: number, tick: () => void) {
    this.#runtime = runtime;
    this.#intervalMs = Math.max(intervalMs, minProgressIntervalMs);
    this.#tick = tick;
  }

  add(): void {
    this.#streams++;
    if (this.#timer === null) this.#arm();
  }

  remove(): void {
    this.#streams--;
    if (this.#streams > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** With up to a tenth on top, so that the members of a cluster do not all tick at once. */
  #arm(): void {
    const { clock, random } = this.#runtime;
    const jitter = random.uint32() / 2 ** 32 / 10;
    this.#timer = clock.setTimer(this.#intervalMs * (1 + jitter), () => {
      this.#arm();
      this.#tick();
    });
  }
}
