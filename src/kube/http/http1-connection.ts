/**
 * Connections of HTTP/1.1 whose requests are as plain as those of most clients: a head in one piece, a body that is small and of
 * known length, one request after the other. Node's server makes two streams and a dozen listeners for each request; here it
 * is one object. The first request that is anything else goes, with its connection, to node's server, which begins with the
 * bytes of that request.
 *
 *     idle ── head ──▶ at work ── answered, and the body is there ──▶ idle
 *       └── anything else ──▶ node's            (never while a request is at work)
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../util/runtime.ts';
import { badRequest } from '../api/status.ts';
import { type Http1Head, Http1HeadReader } from './http1-head.ts';
import { type Http1Owner, Http1Response } from './http1-response.ts';

/** Longer heads are node's, which refuses them at this size. */
const headBytesMax = 16 << 10;
/** Larger bodies are node's: they are held back while nobody reads them. */
const bodyBytesMax = 64 << 10;
/** What may wait behind a request that is at work. */
const waitingBytesMax = 64 << 10;
/** A connection that has not asked for anything after this ends, and one whose body is missing so long after its answer. */
const requestMs = 60_000;
/** How often it is looked which connections have been idle for too long. */
const lookMs = 5000;

const headEnd = Buffer.from('\r\n\r\n');

export interface Http1Options {
  readonly clock: Clock;
  readonly handle: (message: IncomingMessage, response: ServerResponse) => void;
  /** Takes a connection whose next bytes are unread. */
  readonly elsewhere: (socket: Socket) => void;
  /** Idle connections end after this, and are told so; 0: they stay. */
  readonly keepAliveMs: number;
}

/** All such connections of one port. */
export class Http1Connections {
  readonly options: Http1Options;
  readonly #open = new Set<Http1Connection>();
  #timer: Timer | null = null;
  #isDraining = false;
  #second = -1;
  #ownHeaders = '';

  constructor(options: Http1Options) {
    this.options = options;
  }

  /** @param socket nothing of it was read */
  take(socket: Socket): void {
    if (this.#isDraining) {
      socket.destroy();
      return;
    }
    this.#open.add(new Http1Connection(this, socket));
    this.#timer ??= this.#look();
  }

  left(connection: Http1Connection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** What every answer says of its time and its connection. */
  get ownHeaders(): string {
    const { clock, keepAliveMs } = this.options;
    const second = Math.floor(clock.wallNow() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      const patience = keepAliveMs === 0 ? '' : `Keep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n`;
      const stays = this.#isDraining ? 'Connection: close\r\n' : `Connection: keep-alive\r\n${patience}`;
      this.#ownHeaders = `Date: ${new Date(second * 1000).toUTCString()}\r\n${stays}`;
    }
    return this.#ownHeaders;
  }

  #look(): Timer {
    return this.options.clock.setTimer(lookMs, () => {
      const now = this.options.clock.now();
      for (const connection of this.#open) connection.look(now);
      this.#timer = this.#open.size > 0 ? this.#look() : null;
    });
  }

  /** Those without a request end, the others when theirs is answered. */
  drain(): void {
    this.#isDraining = true;
    this.#second = -1;
    for (const connection of this.#open) connection.drain();
  }
}

/** A body of which a part is missing. */
interface Incoming {
  missing: number;
  readonly parts: Buffer[];
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: Error) => void;
}

class Http1Connection implements Http1Owner {
  readonly socket: Socket;
  readonly #all: Http1Connections;
  readonly #heads = new Http1HeadReader();
  /** What comes after the request that is at work. */
  #waiting: Buffer | null = null;
  /** Null: all of the last request is there. */
  #incoming: Incoming | null = null;
  #response: Http1Response | null = null;
  #hasAsked = false;
  #isReading = false;
  /** When the last answer was given; at first, when the connection began. */
  #sinceMs: number;

  constructor(all: Http1Connections, socket: Socket) {
    this.#all = all;
    this.socket = socket;
    this.#sinceMs = all.options.clock.now();
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.on('error', ignore);
  }

  readonly #onData = (chunk: Buffer): void => {
    const rest = this.#incoming === null ? chunk : this.#feed(this.#incoming, chunk);
    if (rest.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = waiting === null ? rest : Buffer.concat([waiting, rest]);
    if (this.#response === null) this.#read();
    else if (this.#waiting.length > waitingBytesMax) this.socket.pause();
  };

  /** @returns what comes after the body */
  #feed(incoming: Incoming, chunk: Buffer): Buffer {
    const part = chunk.subarray(0, incoming.missing);
    incoming.parts.push(part);
    incoming.missing -= part.length;
    if (incoming.missing === 0) {
      this.#incoming = null;
      incoming.resolve(Buffer.concat(incoming.parts));
    }
    return chunk.subarray(part.length);
  }

  /** A client that closes its side has gone, as for node's server. */
  readonly #onEnd = (): void => {
    this.socket.end();
    this.#gone();
  };

  readonly #onClose = (): void => {
    this.#all.left(this);
    this.#gone();
  };

  #gone(): void {
    this.#incoming?.reject(badRequest('the client went away'));
    this.#incoming = null;
    this.#response?.closed();
  }

  /** Requests that came together are read one after the other, without recursion. */
  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#waiting !== null && this.#response === null && this.#readOne(this.#waiting));
    this.#isReading = false;
  }

  /** @returns false: this connection is not read here any more */
  #readOne(bytes: Buffer): boolean {
    const end = bytes.indexOf(headEnd);
    const head = end < 0 || end > headBytesMax ? null : this.#heads.read(bytes.toString('latin1', 0, end));
    if (head === null || head.length > bodyBytesMax) {
      this.#leave(bytes);
      return false;
    }
    const from = end + headEnd.length;
    const next = from + head.length;
    this.#waiting = bytes.length > next ? bytes.subarray(next) : null;
    const isComplete = bytes.length >= next;
    this.#serve(
      head,
      isComplete ? bytes.subarray(from, next) : this.#rest(bytes.subarray(from), head.length),
    );
    return true;
  }

  #rest(part: Buffer, length: number): Promise<Buffer> {
    const body = new Promise<Buffer>((resolve, reject) => {
      this.#incoming = { missing: length - part.length, parts: [part], resolve, reject };
    });
    // Nobody has to read it.
    body.catch(ignore);
    return body;
  }

  #serve({ method, target, headers }: Http1Head, body: Buffer | Promise<Buffer>): void {
    const { socket } = this;
    this.#hasAsked = true;
    const response = new Http1Response(this, method === 'HEAD');
    this.#response = response;
    const message: PlainMessage = { method, url: target, headers, socket, body };
    this.#all.options.handle(message as unknown as IncomingMessage, response as unknown as ServerResponse);
  }

  get ownHeaders(): string {
    return this.#all.ownHeaders;
  }

  answered(): void {
    this.#response = null;
    const { socket } = this;
    if (this.#all.isDraining) {
      socket.end();
      return;
    }
    this.#sinceMs = this.#all.options.clock.now();
    if (this.#waiting === null) return;
    if (socket.isPaused()) socket.resume();
    this.#read();
  }

  /** The rest of this connection is node's. */
  #leave(bytes: Buffer): void {
    const { socket } = this;
    socket.removeListener('data', this.#onData);
    socket.removeListener('end', this.#onEnd);
    socket.removeListener('close', this.#onClose);
    this.#all.left(this);
    if (socket.destroyed) return;
    socket.pause();
    socket.unshift(bytes);
    this.#all.options.elsewhere(socket);
    socket.resume();
  }

  look(nowMs: number): void {
    if (this.#response !== null) return;
    const { keepAliveMs } = this.#all.options;
    const isAwaited = this.#incoming !== null || !this.#hasAsked;
    const patienceMs = isAwaited ? requestMs : keepAliveMs;
    if (patienceMs > 0 && nowMs - this.#sinceMs > patienceMs) this.socket.destroy();
  }

  drain(): void {
    if (this.#response === null) this.socket.destroy();
  }
}

/** What the handler uses of node:http's IncomingMessage, and the body. */
export interface PlainMessage extends Pick<IncomingMessage, 'socket'> {
  readonly method: string;
  readonly url: string;
  readonly headers: Http1Head['headers'];
  readonly body: Buffer | Promise<Buffer>;
}

function ignore(): void {}
