/**
 * `RpcTransport` on `@grpc/grpc-js`: the first transport, and the oracle for every other.
 *
 * Only public API is needed to serve calls. Three private fields improve on it, each behind a check, so that a
 * grpc-js without them still serves: larger flow-control windows, the text for an unknown method, and a decoder that
 * refuses large messages in grpc-go's words and copies less. The conformance suite notices when one of them is gone.
 *
 * Memory is bounded per connection by `maxConcurrentStreams` × (stream window + largest message).
 */

import type { Socket } from 'node:net';
import type { Server, ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import type { Timer } from '../util/runtime.ts';
import { grpcJs } from './grpc-js.ts';
import { baseCall, StatusCode, wireStatus } from './grpc-js-call.ts';
import { StreamCall } from './grpc-js-stream.ts';
import { UnaryCall } from './grpc-js-unary.ts';
import { MessageDecoder } from './message-decoder.ts';
import type { RpcTransport, RpcTransportOptions } from './transport.ts';

/** Bytes a client may send on one call before the handler takes them. HTTP/2's default of 64 KiB stalls large puts. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/** The same for all calls of a connection together. */
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
/**
 * Every connection is probed this often. etcd waits two hours, which is too long here: after a protocol error that
 * nghttp2 answers with GOAWAY, Node stops reading from the socket and does not see the client close it. The probe is
 * what ends such a connection.
 */
const KEEPALIVE_INTERVAL_MS = 60 * 1000;
/** A probe unanswered this long ends the connection; etcd's `--grpc-keepalive-timeout`. */
const KEEPALIVE_TIMEOUT_MS = 20 * 1000;

export function grpcJsTransport(options: RpcTransportOptions): RpcTransport {
  return new GrpcJsTransport(options);
}

class GrpcJsTransport implements RpcTransport {
  private readonly options: RpcTransportOptions;
  private readonly server: Server;
  private readonly injector: { injectConnection(socket: Socket): void };
  private readonly sockets = new Set<Socket>();
  private closing = false;
  private closed: (() => void)[] = [];
  private graceTimer: Timer | null = null;

  constructor(options: RpcTransportOptions) {
    this.options = options;
    const { Server, ServerCredentials } = grpcJs();
    this.server = new Server({
      'grpc.enable_channelz': 0,
      'grpc.max_receive_message_length': options.maxReceiveBytes,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': options.maxConcurrentStreams,
      'grpc.keepalive_time_ms': KEEPALIVE_INTERVAL_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      interceptors: [this.intercept()],
    });
    for (const path of options.methods.keys()) {
      // Every shape is a two-way stream to grpc-js; the interceptor takes the call before a handler is asked for.
      this.server.register(path, unreachable, asBuffer, identity, 'bidi');
    }
    raiseStreamWindow(this.server);
    answerUnknownMethods(this.server);
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
    raiseConnectionWindow(this.server);
  }

  accept(socket: Socket): void {
    if (this.closing) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.forget(socket));
    this.injector.injectConnection(socket);
  }

  close(graceMs: number, done: () => void): void {
    this.closed.push(done);
    if (!this.closing) {
      this.closing = true;
      // Says GOAWAY on every connection; each closes with its last call.
      this.server.tryShutdown(() => {});
      this.graceTimer = this.options.runtime.clock.setTimer(graceMs, () => this.cut());
    }
    this.options.runtime.scheduler.defer(() => this.finishClose());
  }

  /** `@grpc/grpc-js` says once which calls it takes, and refuses others itself. */
  get isHeeded(): boolean {
    return this.closing;
  }

  private forget(socket: Socket): void {
    this.sockets.delete(socket);
    this.finishClose();
  }

  private cut(): void {
    this.server.forceShutdown();
    for (const socket of this.sockets) socket.destroy();
  }

  private finishClose(): void {
    if (!this.closing || this.sockets.size > 0) return;
    this.graceTimer?.cancel();
    const listeners = this.closed;
    this.closed = [];
    for (const done of listeners) done();
  }

  /** Takes every call at its lowest layer (see `grpc-js-call.ts`). */
  private intercept(): ServerInterceptor {
    const { methods, unknownMethod, maxReceiveBytes, runtime } = this.options;
    const take = (path: string, intercepted: ServerInterceptingCallInterface): unknown => {
      replaceDecoder(intercepted, maxReceiveBytes);
      const call = baseCall(intercepted);
      const method = methods.get(path);
      if (method === undefined) {
        call.sendStatus(wireStatus({ code: StatusCode.Unimplemented, message: unknownMethod(path) }));
        return OVER;
      }
      if (method.kind === 'unary') return new UnaryCall(path, call, method.handle, runtime.log);
      return new StreamCall(path, call, method.handle, runtime);
    };
    // grpc-js calls nothing but `start` on what an interceptor returns last in the chain.
    return (method, call) => take(method.path, call) as ReturnType<ServerInterceptor>;
  }
}

const OVER = { start(): void {} };

function unreachable(): never {
  throw new Error('grpc-js asked for a handler although the interceptor takes every call');
}

function identity(message: Buffer): Buffer {
  return message;
}

function asBuffer(message: Uint8Array): Buffer {
  if (Buffer.isBuffer(message)) return message;
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}

// The private fields

interface PrivateServer {
  commonServerOptions?: { settings?: Record<string, unknown> };
  http2Servers?: Map<{ on(event: 'session', listener: (session: Session) => void): void }, unknown>;
  _retrieveHandler?: (path: string) => unknown;
}

interface Session {
  setLocalWindowSize?(bytes: number): void;
}

/** grpc-js has the option for clients only; its servers keep HTTP/2's 65,535 bytes. */
function raiseStreamWindow(server: Server): void {
  const common = (server as unknown as PrivateServer).commonServerOptions;
  if (typeof common !== 'object' || common === null) return;
  common.settings = { ...common.settings, initialWindowSize: STREAM_WINDOW_BYTES };
}

function raiseConnectionWindow(server: Server): void {
  const http2Servers = (server as unknown as PrivateServer).http2Servers;
  if (!(http2Servers instanceof Map)) return;
  for (const http2Server of http2Servers.keys()) {
    http2Server.on('session', (session) => session.setLocalWindowSize?.(CONNECTION_WINDOW_BYTES));
  }
}

/** Gives every path a handler, so that unknown ones reach the interceptor too. */
function answerUnknownMethods(server: Server): void {
  const target = server as unknown as PrivateServer;
  const retrieve = target._retrieveHandler;
  if (typeof retrieve !== 'function') return;
  target._retrieveHandler = (path) =>
    retrieve.call(server, path) ?? {
      func: unreachable,
      serialize: asBuffer,
      deserialize: identity,
      type: 'bidi',
      path,
    };
}

function replaceDecoder(call: unknown, maxReceiveBytes: number): void {
  const target = call as { decoder?: { write?: unknown } };
  if (typeof target.decoder?.write !== 'function') return;
  target.decoder = new MessageDecoder(maxReceiveBytes);
}
