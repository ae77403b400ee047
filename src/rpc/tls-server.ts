/**
 * TLS in front of a port: takes accepted connections, shakes hands, asks who the caller is, and hands over a socket that
 * reads and writes plain bytes. What a connection needs is read anew for each, so that certificates can be exchanged.
 */

import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import type { Logger } from '../util/runtime.ts';
import { TlsFiles } from './tls-files.ts';
import { checkCaller } from './tls-identity.ts';
import type { TlsOptions } from './tls-options.ts';
import { certificateProblem, connectionProblem } from './tls-problems.ts';

/** A connection has so long for its handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TlsAcceptor {
  /** @param socket nothing has been read from it */
  accept(socket: Socket): void;
  /** Hands over no socket from now on. */
  close(): void;
}

/**
 * @param secured gets each socket after its handshake, and the one below it
 * @param side who is refused, for the log
 * @throws Failure 'badConfig' when a file is missing or not what it should be
 */
export function tlsAcceptor(
  options: TlsOptions,
  log: Logger,
  secured: (socket: TLSSocket) => void,
  side: 'client' | 'peer' = 'client',
): TlsAcceptor {
  const rejected = `rejected connection on ${side} endpoint`;
  const files = new TlsFiles(options, 'server', log);
  const { trustedCaFile = '', clientCertAuth = false } = options;
  const mustShow = clientCertAuth || trustedCaFile !== '';
  const server: Server = createServer({
    ...files.current().settings,
    ALPNProtocols: ['h2', 'http/1.1'],
    requestCert: mustShow,
    rejectUnauthorized: mustShow,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  let { settings, revoked } = files.current();
  let isClosed = false;
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    const shown = certificateProblem(String(socket.authorizationError ?? ''));
    if (shown !== null) log.warn(rejected, { 'remote-addr': addressOf(socket), error: shown });
    // Somebody looked whether the port is there, and went away.
    else if (error.code === 'ECONNRESET') log.debug(rejected, { error });
    else log.warn(rejected, { 'remote-addr': addressOf(socket), error: connectionProblem(error) });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', ignore);
    checkCaller(socket, options, revoked, (problem) => {
      if (problem === null && !isClosed) {
        secured(socket);
        return;
      }
      if (problem !== null) {
        log.warn(rejected, { 'remote-addr': addressOf(socket), error: problem });
      }
      socket.destroy();
    });
  });
  return {
    accept(socket) {
      const current = files.current();
      if (current.settings !== settings) {
        ({ settings, revoked } = current);
        server.setSecureContext(settings);
      }
      server.emit('connection', socket);
    },
    close() {
      isClosed = true;
    },
  };
}

/** Undefined where there is none: on a Unix socket, or when the other side has gone. */
function addressOf({ remoteAddress, remotePort }: TLSSocket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort}`;
}

function ignore(): void {}
