/**
 * An answer of HTTP/1.1 (RFC 9112 §4, §7.1): with a body of known length one write, head and body together, and otherwise a stream
 * in chunks. It has what the handler uses of node:http's ServerResponse, and its bytes are those that node would send.
 */

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { AnswerHeaders } from './respond.ts';

/** What an answer asks of its connection. */
export interface Http1Owner {
  readonly socket: Socket;
  /** `Date: …`, `Connection: …`, each with its line end. */
  readonly ownHeaders: string;
  /** The answer was written; the connection may go on. */
  answered(): void;
}

const forbiddenInValues = /[^\t\x20-\x7e\x80-\xff]/;

function line(name: string, value: string | number): string {
  if (typeof value === 'string' && forbiddenInValues.test(value)) {
    throw new TypeError(`Invalid character in header content ["${name}"]`);
  }
  return `${name}: ${value}\r\n`;
}

function headOf(code: number, headers: AnswerHeaders): string {
  let head = `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? 'unknown'}\r\n`;
  for (const name in headers) {
    const value = headers[name]!;
    if (Array.isArray(value)) for (const one of value) head += line(name, one);
    else head += line(name, value);
  }
  return head;
}

export class Http1Response {
  readonly #owner: Http1Owner;
  readonly #isHead: boolean;
  #closeListeners: (() => void)[] | null = null;
  /** Not sent yet; empty: sent, or none. */
  #head = '';
  #isClosed = false;
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  /** Watches write their chunks to the socket themselves, as with node's. */
  chunkedEncoding = false;
  readonly outputSize: number = 0;

  /** @param isHead the request asked for no body */
  constructor(owner: Http1Owner, isHead: boolean) {
    this.#owner = owner;
    this.#isHead = isHead;
  }

  get socket(): Socket {
    return this.#owner.socket;
  }

  get writableLength(): number {
    return this.#owner.socket.writableLength;
  }

  get destroyed(): boolean {
    return this.#owner.socket.destroyed;
  }

  /** Only 'close' is ever told: once, when the answer is complete or the client is gone. */
  on(event: string, listener: () => void): this {
    if (event !== 'close') return this;
    if (this.#closeListeners === null) this.#closeListeners = [listener];
    else this.#closeListeners.push(listener);
    return this;
  }

  writeHead(code: number, headers: AnswerHeaders): this {
    if (this.headersSent) throw new Error('an answer has one head');
    this.#head = headOf(code, headers);
    this.statusCode = code;
    this.headersSent = true;
    this.chunkedEncoding = headers['content-length'] === undefined && !this.#isHead;
    this.#head += this.#owner.ownHeaders;
    this.#head += this.chunkedEncoding ? 'Transfer-Encoding: chunked\r\n\r\n' : '\r\n';
    return this;
  }

  flushHeaders(): void {
    const head = this.#head;
    this.#head = '';
    if (head !== '') this.#owner.socket.write(head, 'latin1');
  }

  /** A part of a stream. */
  write(part: Uint8Array): boolean {
    this.flushHeaders();
    const { socket } = this.#owner;
    if (!this.chunkedEncoding || part.length === 0) return true;
    socket.cork();
    socket.write(`${part.length.toString(16)}\r\n`, 'latin1');
    socket.write(part);
    const hasRoom = socket.write('\r\n', 'latin1');
    socket.uncork();
    return hasRoom;
  }

  /** @param body only of an answer whose length was said; a text of ASCII, or bytes, goes out without being copied */
  end(body: string | Uint8Array = ''): void {
    if (this.writableEnded) return;
    this.writableEnded = true;
    const { socket } = this.#owner;
    if (this.chunkedEncoding) {
      this.flushHeaders();
      socket.write('0\r\n\r\n', 'latin1');
    } else if (this.#isHead || body.length === 0) {
      this.flushHeaders();
    } else if (typeof body !== 'string') {
      socket.cork();
      this.flushHeaders();
      socket.write(body);
      socket.uncork();
    } else if (Buffer.byteLength(body) === body.length) {
      socket.write(this.#head + body, 'latin1');
      this.#head = '';
    } else {
      socket.write(Buffer.concat([Buffer.from(this.#head, 'latin1'), Buffer.from(body)]));
      this.#head = '';
    }
    this.closed();
    this.#owner.answered();
  }

  destroy(): void {
    this.#owner.socket.destroy();
  }

  /** Nothing more will be written. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const listeners = this.#closeListeners;
    if (listeners !== null) for (const listener of listeners) listener();
  }
}
