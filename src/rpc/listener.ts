/**
 * A TCP port that serves several protocols: the first bytes of a connection say which.
 *
 * The protocols are asked in order; each says yes, no, or that it needs more bytes, and the last one must say yes to
 * all. Nothing is consumed: the chosen protocol gets the socket, paused, as if it had accepted it itself.
 *
 * A connection that does not show its protocol within `SNIFF_TIMEOUT_MS` is closed, so an idle one costs a timer and
 * one of the bounded places. `route` is also the way in for sockets accepted elsewhere, plain or TLS.
 *
 * A port may be held: connections are accepted and wait, unread, until it is released. So a server takes its address
 * before it can serve, and nobody gets half an answer meanwhile.
 */

import { unlinkSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { Failure } from '../util/failure.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import type { ConnectionPlaces } from './connection-places.ts';
import type { TlsOptions } from './tls-options.ts';
import { type TlsAcceptor, tlsAcceptor } from './tls-server.ts';

/** Time a new connection has to send the bytes that tell its protocol. */
export const SNIFF_TIMEOUT_MS: number = 10_000;
/** Of `sockaddr_un` on Linux, with the zero behind it. */
const UNIX_PATH_BYTES_MAX = 107;
/** Open connections per port; more are closed when they arrive. */
export const DEFAULT_MAX_CONNECTIONS: number = 65_536;

/** Those who are refused come again at once. */
const COMPLAINT_INTERVAL_MS = 10_000;

export interface Protocol {
  /** Judges the first bytes of a connection; null: it takes more to tell. */
  recognise(first: Buffer): boolean | null;
  accept(socket: Socket): void;
}

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** A Unix socket instead of host and port; what is left of an earlier one is replaced. @default none */
  readonly path?: string;
  /** @default none: connections are in the clear */
  readonly tls?: TlsOptions | null;
  /** Who calls, as the log says it. @default 'client' */
  readonly side?: 'client' | 'peer';
  /** With `tls`: what serves connections that come in the clear all the same. @default they are refused */
  readonly inTheClear?: readonly Protocol[] | null;
  /** Connections wait for `release`. @default false */
  readonly isHeld?: boolean;
  readonly maxConnections: number;
  /** Shared with other ports; a connection that finds none is closed. @default none: only `maxConnections` counts */
  readonly places?: ConnectionPlaces | null;
  readonly protocols: readonly Protocol[];
  readonly runtime: Runtime;
}

/** How the first message of a handshake begins (RFC 8446 §5.1); no protocol in the clear does so. */
const TLS_HANDSHAKE = 0x16;

export class Listener {
  private readonly options: ListenerOptions;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  /** Those of `sockets` whose protocol is not known yet. */
  private readonly unknown = new Set<Socket>();
  private graceTimer: Timer | null = null;
  private closing = false;
  /** When it was said last that connections are refused. */
  private complainedAt = Number.NEGATIVE_INFINITY;
  /** Connections that wait for `release`; null: nobody has to wait. */
  private held: Socket[] | null;
  private tls: TlsAcceptor | null = null;
  /** The port that was bound; 0 before, and for a Unix socket. */
  port = 0;

  constructor(options: ListenerOptions) {
    this.options = options;
    this.held = options.isHeld === true ? [] : null;
    this.server = createServer({ noDelay: true }, (socket) => this.arrive(socket));
    this.server.maxConnections = options.maxConnections;
    this.server.on('drop', () => {
      options.runtime.log.warn('connection refused: the port has as many as it may have', {
        port: this.port,
        maxConnections: options.maxConnections,
      });
    });
  }

  /** Gives a connection its place, or closes it. */
  private arrive(socket: Socket): void {
    const { places = null, runtime } = this.options;
    if (places !== null) {
      if (!places.take()) {
        socket.on('error', ignore);
        socket.destroy();
        const now = runtime.clock.now();
        if (now - this.complainedAt >= COMPLAINT_INTERVAL_MS) {
          this.complainedAt = now;
          runtime.log.warn(
            'connections refused: this process may open no more files; raise its limit (ulimit -n, LimitNOFILE= of systemd)',
            { port: this.port, connections: places.most },
          );
        }
        return;
      }
      socket.once('close', () => places.giveBack());
    }
    this.accept(socket);
  }

  /** @param done gets a `Failure` ('portTaken' or 'badConfig') when the address cannot be had. */
  listen(done: (failure: Failure | null) => void): void {
    const { host, port, path, runtime } = this.options;
    const at = path ?? `${host}:${port}`;
    const refused = (error: NodeJS.ErrnoException): void => done(listenFailure(error, at));
    try {
      this.openTls();
      if (path !== undefined) removeStale(path);
    } catch (error) {
      const failure = error instanceof Failure ? error : listenFailure(error as Error, at);
      runtime.scheduler.defer(() => done(failure));
      return;
    }
    this.server.once('error', refused);
    this.server.listen(path === undefined ? { host, port } : { path }, () => {
      this.server.removeListener('error', refused);
      this.server.on('error', (error) => runtime.log.error('a listening port failed', { port, error }));
      const address = this.server.address();
      this.port = typeof address === 'object' && address !== null ? address.port : port;
      done(null);
    });
  }

  private openTls(): void {
    const { tls = null, runtime, side } = this.options;
    if (tls === null) return;
    this.tls = tlsAcceptor(tls, runtime.log, (socket) => this.route(socket), side);
  }

  private accept(socket: Socket): void {
    const { held, tls } = this;
    if (held !== null && !this.closing) {
      held.push(socket);
      this.watch(socket);
    } else if (tls !== null && !this.closing) {
      const { inTheClear = null } = this.options;
      if (inTheClear === null) {
        this.watch(socket);
        tls.accept(socket);
      } else {
        this.sniff(socket, [handshake(tls), ...inTheClear]);
      }
    } else {
      this.route(socket);
    }
  }

  /** So that a connection is cut when the port closes, whatever has become of it. */
  private watch(socket: Socket): void {
    socket.on('error', ignore);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** Serves those who wait, and from now on everybody at once. */
  release(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const socket of held) {
      if (!socket.destroyed) this.accept(socket);
    }
  }

  /** Finds the protocol of an accepted connection and hands it over. */
  route(socket: Socket): void {
    this.sniff(socket, this.options.protocols);
  }

  private sniff(socket: Socket, protocols: readonly Protocol[]): void {
    socket.on('error', ignore);
    if (this.closing) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    this.unknown.add(socket);
    let first: Buffer | null = null;
    const timer = this.options.runtime.clock.setTimer(SNIFF_TIMEOUT_MS, () => socket.destroy());
    const look = (chunk: Buffer): void => {
      first = first === null ? chunk : Buffer.concat([first, chunk]);
      const protocol = protocolOf(protocols, first);
      if (protocol === null) return;
      timer.cancel();
      this.unknown.delete(socket);
      socket.removeListener('data', look);
      socket.pause();
      socket.unshift(first);
      protocol.accept(socket);
    };
    socket.on('data', look);
    socket.once('close', () => {
      timer.cancel();
      this.unknown.delete(socket);
      this.sockets.delete(socket);
    });
  }

  /**
   * Stops listening, drops connections that said nothing yet, and waits for the others, which their protocols end;
   * after `graceMs` they are cut. `done` is called when no connection is left.
   */
  close(graceMs: number, done: () => void): void {
    this.closing = true;
    this.tls?.close();
    for (const socket of this.unknown) socket.destroy();
    for (const socket of this.held ?? []) socket.destroy();
    this.graceTimer ??= this.options.runtime.clock.setTimer(graceMs, () => {
      for (const socket of this.sockets) socket.destroy();
    });
    this.server.close(() => {
      this.graceTimer?.cancel();
      done();
    });
  }
}

function handshake(tls: TlsAcceptor): Protocol {
  return { recognise: (first) => first[0] === TLS_HANDSHAKE, accept: (socket) => tls.accept(socket) };
}

function protocolOf(protocols: readonly Protocol[], first: Buffer): Protocol | null {
  for (const protocol of protocols) {
    const verdict = protocol.recognise(first);
    if (verdict === true) return protocol;
    if (verdict === null) return null;
  }
  throw new Error('the last protocol of a port must take every connection');
}

/** Compares a connection's first bytes with how a protocol begins, as far as both go. */
export function beginsWith(first: Buffer, beginning: Buffer): boolean | null {
  const length = Math.min(first.length, beginning.length);
  if (first.compare(beginning, 0, length, 0, length) !== 0) return false;
  return first.length >= beginning.length ? true : null;
}

function ignore(): void {}

/** Like Go's etcd: a socket file that is left from before stands in nobody's way. */
function removeStale(path: string): void {
  // The system cuts longer ones off, and listens somewhere else.
  if (Buffer.byteLength(path) > UNIX_PATH_BYTES_MAX) {
    throw new Failure(
      'badConfig',
      `cannot listen on ${path}: the path of a Unix socket has at most ${UNIX_PATH_BYTES_MAX} bytes`,
    );
  }
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function listenFailure(error: NodeJS.ErrnoException, address: string): Failure {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Failure(
        'portTaken',
        `cannot listen on ${address}: another process has this port. Stop it, or choose another port.`,
        { cause: error },
      );
    case 'EACCES':
      return new Failure(
        'badConfig',
        `cannot listen on ${address}: not permitted; choose a port from 1024 on`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Failure(
        'badConfig',
        `cannot listen on ${address}: this machine has no such address; use one of its own, or 0.0.0.0`,
        { cause: error },
      );
    default:
      return new Failure('badConfig', `cannot listen on ${address}: ${error.message}`, { cause: error });
  }
}
