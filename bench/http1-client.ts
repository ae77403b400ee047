/**
 * The smallest HTTP/1.1 client that keeps a connection: one request at a time, answers with a content-length or in chunks.
 * A benchmark's generator must cost less than what it measures; node's own client costs about as much as the server.
 */

import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const headEnd = Buffer.from('\r\n\r\n');
const contentLength = /\n[Cc]ontent-[Ll]ength: *(\d+)/;

export interface Http1Answer {
  readonly code: number;
  readonly body: Buffer;
}

export class Http1Connection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #fixed: string;
  #waiting: ((answer: Http1Answer) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #onChunk: ((text: Buffer) => void) | null = null;
  #rest: Buffer[] = [];
  #size = 0;
  /** Bytes of the whole answer; -1: its head is not complete; -2: in chunks. */
  #wanted = -1;
  #headLength = 0;
  #code = 0;

  private constructor(socket: Socket, host: string, token: string) {
    this.#socket = socket;
    this.#host = host;
    this.#fixed = `host: ${host}\r\naccept: application/json\r\n${token === '' ? '' : `authorization: Bearer ${token}\r\n`}`;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('error', (error) => this.#failed?.(error));
    socket.on('close', () => this.#failed?.(new Error(`${this.#host} closed the connection`)));
  }

  /** @param url `http://127.0.0.1:80` or `https://…`, whose certificate is not looked at */
  static open(url: string, token: string = ''): Promise<Http1Connection> {
    const { protocol, hostname: host, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const done = (): void => resolve(new Http1Connection(socket, `${host}:${port}`, token));
      const options = { host, port: Number(port) };
      const socket: Socket =
        protocol === 'https:'
          ? connectTls({ ...options, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, done)
          : connect(options, done);
      socket.once('error', reject);
    });
  }

  /** Sends a request and waits for its answer. @param type of the body, when there is one */
  send(
    method: string,
    path: string,
    body: string = '',
    type: string = 'application/json',
  ): Promise<Http1Answer> {
    const head = `${method} ${path} HTTP/1.1\r\n${this.#fixed}`;
    const length =
      body === '' ? '' : `content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#failed = reject;
      this.#socket.write(`${head}${length}\r\n${body}`);
    });
  }

  /** Begins a watch: every piece of the body goes to `onChunk` until the connection is closed. */
  stream(path: string, onChunk: (piece: Buffer) => void): void {
    this.#onChunk = onChunk;
    this.#socket.write(`GET ${path} HTTP/1.1\r\n${this.#fixed}\r\n`);
  }

  close(): void {
    this.#failed = null;
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    if (this.#onChunk !== null) {
      this.#onChunk(data);
      return;
    }
    this.#rest.push(data);
    this.#size += data.length;
    if (this.#wanted === -1) this.#readHead();
    if (this.#wanted === -2) {
      const tail = this.#rest[this.#rest.length - 1]!;
      if (tail.subarray(-5).toString('latin1') === '0\r\n\r\n') this.#wanted = this.#size;
    }
    if (this.#wanted >= 0 && this.#size >= this.#wanted) this.#answer();
  }

  #readHead(): void {
    const all = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest);
    this.#rest = [all];
    const at = all.indexOf(headEnd);
    if (at < 0) return;
    const head = all.toString('latin1', 0, at);
    this.#code = Number(head.slice(9, 12));
    this.#headLength = at + headEnd.length;
    const length = contentLength.exec(head);
    this.#wanted = length === null ? -2 : this.#headLength + Number(length[1]);
  }

  #answer(): void {
    const all = this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest);
    const resolve = this.#waiting;
    const answer = { code: this.#code, body: all.subarray(this.#headLength) };
    this.#rest = [];
    this.#size = 0;
    this.#wanted = -1;
    this.#waiting = null;
    resolve?.(answer);
  }
}
