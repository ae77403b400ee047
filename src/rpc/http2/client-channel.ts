/**
 * `RpcChannel` on our own HTTP/2.
 *
 *     idle ──call──► connecting ──SETTINGS──► ready ──lost, GOAWAY──► idle
 *                        │
 *                        └──failed──► resting ──time──► idle
 *
 * Calls wait while a connection is being made, and fail at once while it rests: who has other endpoints goes there.
 * A connection that the server drains ends with its last call; meanwhile the next call makes another.
 */

import type { Socket } from 'node:net';
import type { Runtime, Timer } from '../../util/runtime.ts';
import type {
  RpcChannel,
  RpcChannelCall,
  RpcChannelListener,
  RpcChannelOptions,
  RpcChannelStream,
  RpcFailure,
  RpcMetadata,
  UnaryDone,
} from '../channel.ts';
import { ClientStreaming, ClientUnary } from './client-calls.ts';
import type { ClientConnectionOwner } from './client-connection.ts';
import { ClientConnection } from './client-connection.ts';
import { SocketOpener } from './client-socket.ts';
import type { ClientStream } from './client-stream.ts';
import { Unconnected } from './client-stream.ts';
import { CONNECT_TIMEOUT_MS, WAITING_CALLS_MAX } from './limits.ts';
import { TimerWheel } from './timer-wheel.ts';

const USER_AGENT = 'keelson-client';
const UNAVAILABLE = 14;
const CLOSED: RpcFailure = { code: UNAVAILABLE, message: 'Channel closed before call started', sent: false };
const UINT32_RANGE = 2 ** 32;

/** The channel to one endpoint. Nothing is connected before it is needed. */
export function http2Channel(options: RpcChannelOptions): RpcChannel {
  return new Http2Channel(options);
}

class Http2Channel implements RpcChannel {
  private readonly options: RpcChannelOptions;
  private readonly runtime: Runtime;
  private readonly opener: SocketOpener;
  private readonly wheel: TimerWheel;
  private readonly unconnected: Unconnected;
  private keepaliveMs: number;
  /** The one that calls go to, or will go to when it is ready. */
  private current: ClientConnection | null = null;
  private readonly draining = new Set<ClientConnection>();
  /** Calls that wait for `current`. */
  private waiting: ClientStream[] = [];
  private connectTimer: Timer | null = null;
  private failures = 0;
  private restsUntilMs = Number.NEGATIVE_INFINITY;
  private lastFailure = '';
  private isClosed = false;

  constructor(options: RpcChannelOptions) {
    this.options = options;
    this.runtime = options.runtime;
    this.opener = new SocketOpener(options.address, options.tls);
    this.wheel = new TimerWheel(options.runtime.clock);
    this.unconnected = new Unconnected(this.wheel);
    this.keepaliveMs = options.keepaliveMs;
  }

  get isReady(): boolean {
    return this.current?.isReady === true;
  }

  connect(): void {
    if (this.isClosed || this.current !== null || this.isResting) return;
    let connection: ClientConnection | null = null;
    const owner: ClientConnectionOwner = {
      onReady: () => this.onReady(),
      onDraining: (tooManyPings) => this.onDraining(connection!, tooManyPings),
      onClosed: (why) => this.onClosed(connection!, why),
    };
    let socket: Socket;
    try {
      socket = this.opener.open(() => connection!.begin());
    } catch (error) {
      this.rest(error instanceof Error ? error.message : String(error));
      return;
    }
    const { maxReceiveBytes, keepaliveTimeoutMs } = this.options;
    connection = new ClientConnection(
      socket,
      {
        scheme: this.opener.scheme,
        authority: this.opener.authority,
        userAgent: USER_AGENT,
        maxReceiveBytes,
        keepaliveMs: this.keepaliveMs,
        keepaliveTimeoutMs,
        wheel: this.wheel,
        scheduler: this.runtime.scheduler,
        log: this.runtime.log,
      },
      owner,
    );
    this.current = connection;
    this.connectTimer = this.runtime.clock.setTimer(CONNECT_TIMEOUT_MS, () => {
      connection.destroy(`not connected within ${CONNECT_TIMEOUT_MS} ms`);
    });
  }

  unary(
    path: string,
    request: Uint8Array,
    metadata: RpcMetadata,
    done: UnaryDone,
    timeoutMs = 0,
  ): RpcChannelCall {
    const call = new ClientUnary(this.unconnected, path, metadata, timeoutMs, request, done);
    this.start(call);
    return call;
  }

  stream(path: string, metadata: RpcMetadata, listener: RpcChannelListener): RpcChannelStream {
    const call = new ClientStreaming(this.unconnected, path, metadata, listener);
    this.start(call);
    return call;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.connectTimer?.cancel();
    this.fail(CLOSED);
    for (const connection of this.draining) connection.destroy('closed by this side');
    this.current?.destroy('closed by this side');
    this.current = null;
    this.wheel.close();
  }

  private start(call: ClientStream): void {
    if (this.isReady) {
      this.current!.start(call);
      return;
    }
    this.connect();
    if (this.current === null) {
      const failure = this.isClosed ? CLOSED : this.unavailable();
      this.runtime.scheduler.defer(() => call.abort(failure));
    } else if (this.waiting.length >= WAITING_CALLS_MAX) {
      this.runtime.scheduler.defer(() => call.abort(this.unavailable()));
    } else {
      this.waiting.push(call);
      // Given up calls are forgotten before they make a heap.
      if (this.waiting.length % SWEEP_EVERY === 0) this.waiting = this.waiting.filter(({ done }) => !done);
    }
  }

  private get isResting(): boolean {
    return this.runtime.clock.now() < this.restsUntilMs;
  }

  private unavailable(): RpcFailure {
    const message = `No connection established. Last error: ${this.lastFailure}`;
    return { code: UNAVAILABLE, message, sent: false };
  }

  private onReady(): void {
    this.connectTimer?.cancel();
    this.connectTimer = null;
    this.failures = 0;
    const { waiting } = this;
    this.waiting = [];
    for (const call of waiting) if (!call.done) this.start(call);
  }

  private onDraining(connection: ClientConnection, tooManyPings: boolean): void {
    if (tooManyPings) this.keepaliveMs = Math.min(this.keepaliveMs * 2, KEEPALIVE_MS_MAX);
    this.draining.add(connection);
    if (this.current === connection) this.leave('the server takes no more calls');
  }

  private onClosed(connection: ClientConnection, why: string): void {
    this.draining.delete(connection);
    if (this.current === connection) this.leave(why === '' ? 'the connection was closed' : why);
  }

  /** `current` is over. If it never was ready, the server is given a rest. */
  private leave(why: string): void {
    const wasReady = this.connectTimer === null;
    this.current = null;
    this.connectTimer?.cancel();
    this.connectTimer = null;
    if (!wasReady) this.rest(why);
  }

  private rest(why: string): void {
    const { reconnectMinMs, reconnectMaxMs } = this.options;
    const longestMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(this.failures, 20));
    const drawn = this.runtime.random.uint32() / UINT32_RANGE;
    this.failures += 1;
    this.restsUntilMs = this.runtime.clock.now() + longestMs * (0.8 + 0.2 * drawn);
    this.lastFailure = why;
    this.fail(this.unavailable());
  }

  /** Fails what waits for a connection. */
  private fail(failure: RpcFailure): void {
    const { waiting } = this;
    this.waiting = [];
    if (waiting.length === 0) return;
    this.runtime.scheduler.defer(() => {
      for (const call of waiting) call.abort(failure);
    });
  }
}

const SWEEP_EVERY = 1024;
/** A server that punishes pings is pinged less and less often, but not never. */
const KEEPALIVE_MS_MAX = 60 * 60 * 1000;
