/**
 * The sockets of the API server: TLS with HTTP/2 and HTTP/1.1 behind ALPN, and plain HTTP/1.1 for loopback. Idle watches
 * live for half an hour and more: node's own timeouts are off where they would cut them.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../util/runtime.ts';
import { Http1Connections } from './http1-connection.ts';

/** Idle connections stay longer than the 90 s for which Go reuses them. */
const keepAliveMs = 120_000;
const headersMs = 60_000;
const maxStreams = 1000;

export interface TlsMaterial {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** Authorities of client certificates, PEM; empty: none are asked for. */
  readonly clientAuthorities: string;
  /** Oldest version that is spoken. @default 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Null: plain HTTP. */
  readonly tls: TlsMaterial | null;
  readonly clock: Clock;
  readonly handle: (message: IncomingMessage, response: ServerResponse) => void;
}

export interface Listener {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  readonly port: number;
  /** No new connections; those without a request end, the others when theirs is answered. */
  drain(): void;
  /** Ends every connection, watches too. */
  close(): Promise<void>;
}

type Handle = ListenOptions['handle'];

function plainServer(handle: Handle): Server {
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, handle);
  server.headersTimeout = headersMs;
  return server;
}

function secureServer(tls: TlsMaterial, handle: Handle): Http2SecureServer {
  const asksForCertificate = tls.clientAuthorities !== '';
  const server = createSecureServer({
    key: tls.key,
    cert: tls.cert,
    allowHTTP1: true,
    minVersion: tls.minVersion ?? 'TLSv1.2',
    settings: { maxConcurrentStreams: maxStreams },
    requestCert: asksForCertificate,
    rejectUnauthorized: false,
    ...(asksForCertificate ? { ca: tls.clientAuthorities } : {}),
  });
  // The compatible request and response of http2 have what the handler uses of node:http's.
  server.on('request', handle as never);
  return server;
}

/**
 * Gives connections of HTTP/1.1 to `http1` before node's server sees them. What it does not serve comes back to that server, as
 * does HTTP/2.
 */
function goThroughHttp1(server: Server | Http2SecureServer, options: ListenOptions): Http1Connections {
  const event = options.tls === null ? 'connection' : 'secureConnection';
  const [own] = server.listeners(event) as ((this: unknown, socket: Socket) => void)[];
  if (own === undefined) throw new Error(`node's server does not take its connections by '${event}'`);
  const http1 = new Http1Connections({
    clock: options.clock,
    handle: options.handle,
    elsewhere: (socket) => own.call(server, socket),
    keepAliveMs: options.tls === null ? keepAliveMs : 0,
  });
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => {
    const { alpnProtocol = 'http/1.1' } = socket as Partial<TLSSocket>;
    if (alpnProtocol === 'h2') own.call(server, socket);
    else http1.take(socket);
  });
  return http1;
}

const answerToPlainText = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';

/** Begins to listen. @throws the system's error, EADDRINUSE, EACCES, … */
export async function listen(options: ListenOptions): Promise<Listener> {
  const server =
    options.tls === null ? plainServer(options.handle) : secureServer(options.tls, options.handle);
  const http1 = goThroughHttp1(server, options);
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  // A client that breaks off a handshake is no event of ours; who speaks no TLS at all is told so, in the words of Go's server.
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const { _parent: below } = socket as unknown as { _parent?: Socket | null };
    const isPlain = error.code === 'ERR_SSL_HTTP_REQUEST' && below != null && sockets.has(below);
    if (isPlain && !below.destroyed) below.end(answerToPlainText, () => below.destroy());
  });
  server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === null ? 'http' : 'https';
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `${scheme}://${host}:${port}`,
    port,
    drain: () => {
      server.close();
      http1.drain();
      if ('closeIdleConnections' in server) server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        if (server.listening) server.close(() => resolve());
        else if (sockets.size === 0) resolve();
        else server.once('close', () => resolve());
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
      }),
  };
}
