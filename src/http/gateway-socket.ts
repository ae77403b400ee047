/**
 * The JSON gateway over a WebSocket, as etcd has it for watches in a browser: each message of the client is a JSON request,
 * each line that the gateway would answer is a message. The end of the call closes the WebSocket, and its end is the end
 * of the call. A token comes as `Sec-WebSocket-Protocol: Bearer, TOKEN`, for pages cannot set other headers.
 *
 * Unary methods are served as well: the first message is the request.
 */

import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Duplex, Readable, Writable } from 'node:stream';
import type { UpgradeHandler } from '../rpc/http1.ts';
import { type Access, mayAsk } from './access.ts';
import type { Gateway } from './gateway.ts';
import { gatewayMethods } from './gateway-paths.ts';
import { CloseCode, closeFrame, Opcode, WebSocketReader, webSocketFrame } from './web-socket.ts';

/** What every handshake is hashed with (RFC 6455 §1.3). */
const handshakeId = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const version = '13';
const bearer = 'Bearer';
/** Messages that wait for a call that reads no further. With more, nothing is read from the socket. */
const maxWaitingBytes = 1024 * 1024;
const lineFeed = 0x0a;

/** @param maxMessageBytes largest message of a client */
export function gatewaySocket(gateway: Gateway, access: Access, maxMessageBytes: number): UpgradeHandler {
  return (request, socket, head) => {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const refusal = refusalOf(request, path, access);
    if (refusal !== null) {
      refuse(socket, refusal);
      return;
    }
    const { 'sec-websocket-protocol': protocol = '', 'sec-websocket-key': key } = request.headers;
    accept(socket, key!, protocol);
    const asked = new AskedBySocket(request, socket, protocol);
    const answer = new AnswerBySocket(socket);
    serve(socket, head, asked, answer, maxMessageBytes);
    gateway(path, asked as unknown as IncomingMessage, answer as unknown as ServerResponse);
  };
}

function refusalOf(request: IncomingMessage, path: string, access: Access): number | null {
  const { headers, method } = request;
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': asked } = headers;
  if (!mayAsk(request, access)) return 403;
  if (!gatewayMethods.has(path)) return 404;
  if (method !== 'GET') return 405;
  if (asked !== version) return 426;
  return /^[A-Za-z0-9+/]{22}==$/.test(key) ? null : 400;
}

function refuse(socket: Duplex, status: number): void {
  const words = STATUS_CODES[status]!;
  socket.end(
    `HTTP/1.1 ${status} ${words}\r\nSec-WebSocket-Version: ${version}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${words.length + 1}\r\n\r\n${words}\n`,
  );
}

function accept(socket: Duplex, key: string, protocol: string): void {
  const proof = createHash('sha1').update(`${key}${handshakeId}`).digest('base64');
  const chosen = protocol.startsWith(bearer) ? `Sec-WebSocket-Protocol: ${bearer}\r\n` : '';
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${proof}\r\n${chosen}\r\n`,
  );
}

function serve(
  socket: Duplex,
  head: Buffer,
  asked: AskedBySocket,
  answer: AnswerBySocket,
  maxMessageBytes: number,
): void {
  const reader = new WebSocketReader(maxMessageBytes, {
    message: (payload) => asked.hear(payload),
    ping: (payload) => answer.send(webSocketFrame(Opcode.Pong, payload)),
    closed: () => answer.leave(CloseCode.Normal, ''),
    fault: (code, reason) => answer.leave(code, reason),
  });
  socket.on('data', (chunk: Buffer) => reader.read(chunk));
  socket.once('end', () => answer.destroy());
  socket.once('close', () => answer.destroy());
  answer.once('close', () => asked.destroy());
  if (head.length > 0) reader.read(head);
}

/** The messages of a client, as the body of a request. */
class AskedBySocket extends Readable {
  readonly method = 'POST';
  readonly url: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly socket: Duplex;

  constructor(request: IncomingMessage, socket: Duplex, protocol: string) {
    super({ highWaterMark: maxWaitingBytes });
    this.url = request.url ?? '/';
    this.socket = socket;
    this.headers = { ...request.headers };
    const [, token] = protocol.split(/^Bearer\s*,/);
    if (token !== undefined) this.headers['authorization'] = `${bearer} ${token.trim()}`;
  }

  hear(message: Buffer): void {
    if (!this.push(message)) this.socket.pause();
  }

  override _read(): void {
    this.socket.resume();
  }
}

/** An answer whose lines are messages. */
class AnswerBySocket extends Writable {
  statusCode = 200;
  headersSent = false;
  readonly #socket: Duplex;
  #line: Buffer[] = [];
  #hasLeft = false;

  constructor(socket: Duplex) {
    super();
    this.#socket = socket;
  }

  /** There are no headers after the handshake. */
  setHeader(): this {
    return this;
  }

  send(frame: Buffer): boolean {
    return this.#socket.writable ? this.#socket.write(frame) : false;
  }

  /** Says why the WebSocket ends, and ends it. */
  leave(code: number, reason: string): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    if (this.#socket.writable) this.#socket.end(closeFrame(code, reason));
    this.destroy();
  }

  override _write(part: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.headersSent = true;
    let from = 0;
    let hasRoom = true;
    for (let at = part.indexOf(lineFeed); at >= 0; at = part.indexOf(lineFeed, from)) {
      this.#line.push(part.subarray(from, at));
      hasRoom = this.#flush();
      from = at + 1;
    }
    if (from < part.length) this.#line.push(part.subarray(from));
    if (hasRoom) done();
    else this.#socket.once('drain', done);
  }

  #flush(): boolean {
    const line = Buffer.concat(this.#line);
    this.#line = [];
    return line.length === 0 || this.send(webSocketFrame(Opcode.Text, line));
  }

  override _final(done: () => void): void {
    this.#flush();
    done();
    this.leave(CloseCode.Normal, '');
  }
}
