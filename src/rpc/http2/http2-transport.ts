/**
 * `RpcTransport` on our own HTTP/2: framing and header compression on the sockets themselves.
 *
 * Every connection that has something to send says so; at the end of the turn each of them writes once.
 */

import type { Socket } from 'node:net';
import { afterwards, type Clock, type Logger, type Timer } from '../../util/runtime.ts';
import type { RpcTransport, RpcTransportOptions } from '../transport.ts';
import { Connection } from './connection.ts';
import type { ConnectionOwner, Flushable, Refusal } from './connection-owner.ts';
import { GZIP } from './grpc-call.ts';
import type { KeepaliveOptions } from './keepalive.ts';
import * as limits from './limits.ts';
import { PlainCall, type PlainHandler } from './plain-exchange.ts';
import type { RequestHead } from './request-head.ts';
import type { Http2Stream, StreamHost } from './stream.ts';
import { StreamCall } from './stream-call.ts';
import { TimerWheel } from './timer-wheel.ts';
import { UnaryCall } from './unary-call.ts';

const UNIMPLEMENTED = 12;

export interface Http2TransportOptions extends RpcTransportOptions {
  /** @default etcd's and grpc-go's times */
  readonly keepalive?: Partial<KeepaliveOptions>;
  /** Largest header list of a request, as RFC 7541 §4.1 counts. @default 16777216 */
  readonly maxHeaderListBytes?: number;
  /** Request bytes that one connection may have waiting. @default 268435456 */
  readonly maxHeldBytes?: number;
  /** Answers requests that are not gRPC. @default none: they are refused with 415 */
  readonly onPlain?: PlainHandler;
}

export function http2Transport(options: Http2TransportOptions): RpcTransport {
  return new Http2Transport(options);
}

class Http2Transport implements RpcTransport, ConnectionOwner {
  readonly clock: Clock;
  readonly log: Logger;
  readonly wheel: TimerWheel;
  readonly keepalive: KeepaliveOptions;
  readonly maxReceiveBytes: number;
  readonly maxConcurrentStreams: number;
  readonly maxHeaderListBytes: number;
  readonly maxHeldBytes: number;
  private readonly options: Http2TransportOptions;
  private readonly connections = new Set<Connection>();
  private dirty: Flushable[] = [];
  private flushing = false;
  /** Output that waits, of all connections. */
  private waitingBytes = 0;
  private closing = false;
  private closeListeners: (() => void)[] = [];
  private graceTimer: Timer | null = null;

  constructor(options: Http2TransportOptions) {
    this.options = options;
    this.clock = options.runtime.clock;
    this.log = options.runtime.log;
    this.wheel = new TimerWheel(this.clock);
    this.keepalive = {
      minTimeMs: limits.PING_INTERVAL_MIN_MS,
      idleMinTimeMs: limits.IDLE_PING_INTERVAL_MIN_MS,
      intervalMs: limits.KEEPALIVE_INTERVAL_MS,
      timeoutMs: limits.KEEPALIVE_TIMEOUT_MS,
      ...options.keepalive,
    };
    this.maxReceiveBytes = options.maxReceiveBytes;
    this.maxConcurrentStreams = options.maxConcurrentStreams;
    this.maxHeaderListBytes = options.maxHeaderListBytes ?? limits.HEADER_LIST_BYTES_MAX;
    this.maxHeldBytes = options.maxHeldBytes ?? limits.HELD_BYTES_MAX;
  }

  accept(socket: Socket): void {
    if (this.closing || socket.destroyed) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, this);
    this.connections.add(connection);
    connection.start();
  }

  close(graceMs: number, done: () => void): void {
    this.closeListeners.push(done);
    if (!this.closing) {
      this.closing = true;
      for (const connection of [...this.connections]) connection.drain();
      this.graceTimer = this.clock.setTimer(graceMs, () => {
        for (const connection of [...this.connections]) connection.destroy();
      });
    }
    this.options.runtime.scheduler.defer(() => this.finishClose());
  }

  get isHeeded(): boolean {
    if (!this.closing) return false;
    for (const connection of this.connections) if (connection.isNoticing) return false;
    return true;
  }

  open(
    host: StreamHost,
    id: number,
    head: RequestHead,
    headerBytes: number,
    sendWindow: number,
  ): Http2Stream | Refusal {
    const { onPlain } = this.options;
    if (head.httpStatus === 415 && onPlain !== undefined && head.method !== '' && head.path !== '') {
      return new PlainCall(host, id, head, headerBytes, sendWindow, onPlain);
    }
    if (head.route === null) {
      const refusal = this.route(head);
      if (refusal !== null) return refusal;
    }
    const method = head.route!;
    if (method.kind === 'unary') {
      return new UnaryCall(host, id, head, headerBytes, sendWindow, method);
    }
    return new StreamCall(host, id, head, headerBytes, sendWindow, method.handle);
  }

  /** Finds the method that a head asks for, or says why there is none. */
  private route(head: RequestHead): Refusal | null {
    if (head.refusal !== null) return { ...head.refusal, httpStatus: head.httpStatus };
    const { path, encoding } = head;
    if (path.indexOf('/', 1) < 0) return unimplemented(`malformed method name: ${JSON.stringify(path)}`);
    const method = this.options.methods.get(path);
    if (method === undefined) return unimplemented(this.options.unknownMethod(path));
    if (encoding !== '' && encoding !== GZIP) {
      const name = JSON.stringify(encoding);
      return unimplemented(`grpc: Decompressor is not installed for grpc-encoding ${name}`);
    }
    head.route = method;
    return null;
  }

  get isRoomy(): boolean {
    return this.waitingBytes < limits.ROOMY_OUTPUT_BYTES;
  }

  waits(bytes: number): void {
    this.waitingBytes += bytes;
  }

  /** What is to be sent leaves when the work at hand is done; what a flush leaves over, after others had their turn. */
  touched(connection: Flushable): void {
    const { scheduler } = this.options.runtime;
    this.dirty.push(connection);
    if (this.dirty.length > 1) return;
    if (this.flushing) scheduler.defer(this.flushDirty);
    else afterwards(scheduler, this.flushDirty);
  }

  closed(connection: Flushable): void {
    this.connections.delete(connection as Connection);
    this.finishClose();
  }

  private readonly flushDirty = (): void => {
    const { dirty } = this;
    this.dirty = [];
    this.flushing = true;
    for (const connection of dirty) connection.flush();
    this.flushing = false;
  };

  private finishClose(): void {
    if (!this.closing || this.connections.size > 0) return;
    this.graceTimer?.cancel();
    this.wheel.close();
    const listeners = this.closeListeners;
    this.closeListeners = [];
    for (const done of listeners) done();
  }
}

function unimplemented(message: string): Refusal {
  return { code: UNIMPLEMENTED, message, httpStatus: 200 };
}
