/**
 * The client port: gRPC and HTTP/1.1 on one address, told apart by the first bytes, as etcd does it. An HTTP/2
 * connection begins with `PRI * HTTP/2.0` (RFC 9113 §3.4), which no HTTP/1.1 method does.
 */

import type { Socket } from 'node:net';
import type { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { type ConnectionPlaces, clientPlaces } from './connection-places.ts';
import type { HttpHandler, UpgradeHandler } from './http1.ts';
import { Http1 } from './http1.ts';
import { beginsWith, DEFAULT_MAX_CONNECTIONS, Listener, type Protocol } from './listener.ts';
import type { TlsOptions } from './tls-options.ts';
import type { RpcTransport } from './transport.ts';

export interface PortOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A Unix socket instead of host and port. @default none */
  readonly path?: string;
  /** @default none: connections are in the clear */
  readonly tls?: TlsOptions | null;
  /** With `tls`: gRPC for connections that come in the clear all the same, and HTTP/1.1 beside. @default refused */
  readonly grpcInTheClear?: RpcTransport | null;
  /** Connections are accepted, and wait for `release`. @default false */
  readonly isHeld?: boolean;
  /** Not closed by the port: several ports may share it. Null: no gRPC here. */
  readonly grpc: RpcTransport | null;
  /** Null: no HTTP/1.1 here. */
  readonly http: HttpHandler | null;
  /** Gets connections whose first request asks for a WebSocket. @default they are served as other requests */
  readonly webSocket?: UpgradeHandler | null;
  readonly runtime: Runtime;
  /** Open connections; more are closed when they arrive. @default 65536 */
  readonly maxConnections?: number;
  /** @default those that all clients of this process share */
  readonly places?: ConnectionPlaces;
}

export interface Port {
  readonly host: string;
  readonly port: number;
  /** Serves a connection that was accepted elsewhere: a TLS socket after its handshake, or a plain one. */
  route(socket: Socket): void;
  /** Ends the waiting of connections on a port that was held. */
  release(): void;
  /**
   * Stops listening and ends idle HTTP connections. Calls that run may finish within `graceMs`, then they are cut.
   * gRPC connections end when the transport is closed, which is to be done at the same time.
   */
  close(graceMs: number, done: () => void): void;
}

/** Enough of the preface to tell: no HTTP/1.1 method begins like this. */
const PREFACE_START: Buffer = Buffer.from('PRI ');

/** A head that is longer is none of a WebSocket. */
const SOCKET_HEAD_BYTES_MAX = 16_384;
const GET_START: Buffer = Buffer.from('GET ');
const HEAD_END: Buffer = Buffer.from('\r\n\r\n');

/** Whether the head of a request asks for a WebSocket; null while it is not complete. */
function asksForSocket(first: Buffer): boolean | null {
  const isGet = beginsWith(first, GET_START);
  if (isGet !== true) return isGet;
  const end = first.indexOf(HEAD_END);
  if (end < 0) return first.length < SOCKET_HEAD_BYTES_MAX ? null : false;
  if (end > SOCKET_HEAD_BYTES_MAX) return false;
  return /\r\nupgrade:[ \t]*websocket[ \t]*\r\n/i.test(first.toString('latin1', 0, end + 2));
}

/**
 * Opens a client port.
 *
 * @param done gets the open port, or a `Failure` 'portTaken' or 'badConfig' that says what to do.
 */
export function listen(
  options: PortOptions,
  done: (failure: Failure | null, port: Port | null) => void,
): void {
  const { host, grpc, grpcInTheClear = null, runtime, path, webSocket = null } = options;
  const http = options.http === null ? null : new Http1(options.http, runtime);
  // By itself: where nothing else asks for another protocol, such requests are served as any other.
  const sockets =
    webSocket === null || options.http === null ? null : new Http1(options.http, runtime, webSocket);
  const listener = new Listener({
    host,
    port: options.port,
    ...(path === undefined ? {} : { path }),
    tls: options.tls ?? null,
    isHeld: options.isHeld ?? false,
    maxConnections: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    places: options.places ?? clientPlaces(),
    runtime,
    protocols: protocolsOf(grpc, http, sockets),
    inTheClear: grpcInTheClear === null ? null : protocolsOf(grpcInTheClear, http, sockets),
  });
  listener.listen((failure) => {
    if (failure !== null) {
      done(failure, null);
      return;
    }
    done(null, {
      host,
      port: listener.port,
      route: (socket) => listener.route(socket),
      release: () => listener.release(),
      close: (graceMs, closed) => {
        http?.close();
        sockets?.close();
        listener.close(graceMs, closed);
      },
    });
  });
}

function protocolsOf(grpc: RpcTransport | null, http: Http1 | null, sockets: Http1 | null): Protocol[] {
  return [
    {
      recognise: (first) => beginsWith(first, PREFACE_START),
      accept: (socket) => {
        if (grpc === null) socket.destroy();
        else grpc.accept(socket);
      },
    },
    {
      recognise: (first) => (sockets === null ? false : asksForSocket(first)),
      accept: (socket) => sockets!.accept(socket),
    },
    {
      recognise: () => true,
      accept: (socket) => {
        if (http === null) socket.destroy();
        else http.accept(socket);
      },
    },
  ];
}
