/**
 * HTTP/1.1 on sockets that someone else accepted: health, version and metrics beside gRPC or the peer protocol.
 *
 * Node's own header timeout works only for a server that listens itself, so there is one here: a connection must
 * complete the head of its next request within `REQUEST_HEAD_TIMEOUT_MS`. Malformed requests get Node's 400 and a
 * closed socket.
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Runtime, Timer } from '../util/runtime.ts';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Takes over a connection whose request asks for another protocol. `head` came behind the request. */
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** From the opening of a connection, or its last response, to the end of the next request's headers. */
export const REQUEST_HEAD_TIMEOUT_MS: number = 30_000;

/** Line and headers of a request, as Go's servers have it: clients send cookies and tokens of other services along. */
export const REQUEST_HEAD_BYTES_MAX: number = 1 << 20;

interface Connection {
  timer: Timer | null;
  /** Requests whose responses are not complete. */
  running: number;
}

export class Http1 {
  private readonly runtime: Runtime;
  private readonly handler: HttpHandler;
  private readonly server: Server;
  private readonly connections = new Map<Socket, Connection>();
  private closing = false;

  /** @param upgrade gets every request that asks for another protocol. @default they are requests as others */
  constructor(handler: HttpHandler, runtime: Runtime, upgrade: UpgradeHandler | null = null) {
    this.handler = handler;
    this.runtime = runtime;
    const limits = { maxHeaderSize: REQUEST_HEAD_BYTES_MAX };
    this.server = createServer(limits, (request, response) => this.serve(request, response));
    // A client may close its side once it has asked; it still gets its answer (Go's servers do the same).
    Object.assign(this.server, { httpAllowHalfOpen: true });
    if (upgrade === null) return;
    this.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const connection = this.connections.get(request.socket);
      if (connection === undefined || this.closing) {
        socket.destroy();
        return;
      }
      connection.timer?.cancel();
      connection.running += 1;
      upgrade(request, socket, head);
    });
  }

  /** `socket` speaks HTTP/1.1 from its first byte; it may be paused. */
  accept(socket: Socket): void {
    if (this.closing) {
      socket.destroy();
      return;
    }
    const connection: Connection = { timer: null, running: 0 };
    this.connections.set(socket, connection);
    socket.once('close', () => {
      connection.timer?.cancel();
      this.connections.delete(socket);
    });
    this.awaitRequest(socket, connection);
    socket.allowHalfOpen = true;
    this.server.emit('connection', socket);
    socket.resume();
  }

  /** Idle connections end now, the others with their response. */
  close(): void {
    this.closing = true;
    for (const [socket, connection] of this.connections) {
      if (connection.running === 0) socket.destroy();
    }
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const socket = request.socket;
    const connection = this.connections.get(socket);
    if (connection === undefined) return;
    connection.timer?.cancel();
    connection.running += 1;
    if (this.closing) response.setHeader('connection', 'close');
    response.once('close', () => {
      connection.running -= 1;
      if (socket.destroyed || connection.running > 0) return;
      if (this.closing) socket.destroySoon();
      else this.awaitRequest(socket, connection);
    });
    try {
      this.handler(request, response);
    } catch (error) {
      this.runtime.log.error('an http handler threw', { url: request.url, error });
      if (!response.headersSent) response.statusCode = 500;
      response.end();
    }
  }

  private awaitRequest(socket: Socket, connection: Connection): void {
    connection.timer?.cancel();
    connection.timer = this.runtime.clock.setTimer(REQUEST_HEAD_TIMEOUT_MS, () => socket.destroy());
  }
}
