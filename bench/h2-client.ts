/**
 * A small HTTP/2 client for unary gRPC calls over plain TCP, made to cost as little as possible per call, so that a
 * benchmark measures the server and not its own generator (RFC 9113; gRPC over HTTP/2).
 *
 * - Request headers are encoded once per method; per call only the stream id is patched in.
 * - Everything written during one turn leaves in one socket write.
 * - Our dynamic header table has zero bytes, so response headers need no state; equal trailers are recognised by bytes.
 * - Receive windows are large: one WINDOW_UPDATE per 256 MiB received. Send windows are kept, calls wait for them.
 *
 * Invariant: calls leave in the order of `start`, and `onDone` is called exactly once for each started call,
 * also when the connection breaks (then with code 14, UNAVAILABLE).
 */

import { connect, type Socket } from 'node:net';
import { decodeHeaders, encodeHeaders } from './hpack.ts';

const FRAME_HEADER_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 32;

const SETTING_HEADER_TABLE_SIZE = 1;
const SETTING_ENABLE_PUSH = 2;
const SETTING_MAX_CONCURRENT_STREAMS = 3;
const SETTING_INITIAL_WINDOW_SIZE = 4;
const SETTING_MAX_FRAME_SIZE = 5;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const DEFAULT_WINDOW = 65_535;
/** Ours, per stream: the largest response this client takes. */
const STREAM_WINDOW = 16 * 1024 * 1024;
const CONNECTION_WINDOW = 2 ** 30;
const STREAM_ID_MAX = 2 ** 31 - 1;
const OUT_BYTES_MIN = 64 * 1024;

export const UNAVAILABLE = 14;

/** Called once per call. `response` is the message without its gRPC prefix, null unless `code` is 0 and the client keeps bodies. */
export type CallDone = (slot: number, code: number, message: string, response: Buffer | null) => void;

export interface H2ClientOptions {
  readonly host: string;
  readonly port: number;
  /** Whether responses are kept for `onDone`; without, they are only counted off. */
  readonly keepBodies: boolean;
  readonly onDone: CallDone;
  /** After all input of a turn has been handled, before what was started meanwhile is written. */
  readonly onTurn?: () => void;
  /** The connection ended; all its calls have been answered. */
  readonly onClose?: (reason: string) => void;
}

/** The request headers of one method, encoded. */
export type MethodHeaders = Buffer;

/** @param path `/package.Service/Method` */
export function methodHeaders(authority: string, path: string): MethodHeaders {
  return encodeHeaders([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', authority],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
  ]);
}

interface Call {
  readonly slot: number;
  readonly headers: MethodHeaders;
  /** With the five-byte gRPC prefix. */
  readonly body: Buffer;
  sent: number;
  window: number;
  code: number;
  message: string;
  chunks: Buffer[] | null;
}

/** Puts the gRPC prefix (uncompressed, length) before a message. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 5);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

export class H2Client {
  readonly #options: H2ClientOptions;
  readonly #socket: Socket;
  readonly #calls = new Map<number, Call>();
  /** Started but not yet on the wire, in order. */
  #waiting: Call[] = [];
  #waitingAt = 0;
  /** On the wire with a part of the body still to come, in order of their ids. */
  #unfinished: [id: number, call: Call][] = [];
  #out: Buffer = Buffer.allocUnsafe(OUT_BYTES_MIN);
  #outBytes = 0;
  #flushing = false;
  #rest: Buffer | null = null;
  #nextId = 1;
  #sendWindow = DEFAULT_WINDOW;
  #streamWindow = DEFAULT_WINDOW;
  #maxFrame = 16_384;
  #maxStreams = Number.MAX_SAFE_INTEGER;
  #received = 0;
  #lastBlock: Buffer = Buffer.alloc(0);
  #lastCode = -1;
  #lastMessage = '';
  /** Header block that goes on in a CONTINUATION frame. */
  #partial: { id: number; flags: number; blocks: Buffer[] } | null = null;
  #closed: string | null = null;

  /** Connects. Calls may be started at once; `onReady` tells that the connection stands. */
  constructor(options: H2ClientOptions, onReady: () => void) {
    this.#options = options;
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true });
    // The preface is the first thing in the buffer; the socket keeps what is written before it is connected.
    this.#writePreface();
    this.#socket.on('connect', onReady);
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('connection closed'));
  }

  /** Calls that were started and not answered. */
  get inFlight(): number {
    return this.#calls.size + this.#waiting.length - this.#waitingAt;
  }

  /**
   * Starts a call. It leaves with the next flush: at the end of the turn that is being handled, or soon.
   * @param slot given back to `onDone`
   * @param body from `frameMessage`; must not change before the call is answered, unless `copied` says it left already
   * @returns whether the whole body has been copied out, so that the caller may use the buffer again
   */
  start(slot: number, headers: MethodHeaders, body: Buffer): boolean {
    const call: Call = { slot, headers, body, sent: 0, window: 0, code: -1, message: '', chunks: null };
    if (this.#closed !== null) {
      const reason = this.#closed;
      setImmediate(() => this.#options.onDone(slot, UNAVAILABLE, reason, null));
      return true;
    }
    if (this.#waitingAt < this.#waiting.length || !this.#mayOpen()) {
      this.#waiting.push(call);
      return false;
    }
    this.#open(call);
    this.#flushSoon();
    return call.sent === body.length;
  }

  /** Closes the connection; calls without an answer end with UNAVAILABLE. */
  close(): void {
    this.#fail('closed by this side');
  }

  #mayOpen(): boolean {
    return this.#unfinished.length === 0 && this.#sendWindow > 0 && this.#calls.size < this.#maxStreams;
  }

  #open(call: Call): void {
    const id = this.#nextId;
    if (id > STREAM_ID_MAX) throw new Error('stream ids of this connection are used up');
    this.#nextId += 2;
    this.#calls.set(id, call);
    call.window = this.#streamWindow;
    const at = this.#reserve(FRAME_HEADER_BYTES + call.headers.length);
    this.#frameHeader(at, call.headers.length, HEADERS, END_HEADERS, id);
    call.headers.copy(this.#out, at + FRAME_HEADER_BYTES);
    if (!this.#sendBody(id, call)) this.#unfinished.push([id, call]);
  }

  /** @returns whether the whole body is out. */
  #sendBody(id: number, call: Call): boolean {
    while (call.sent < call.body.length) {
      const room = Math.min(this.#sendWindow, call.window, this.#maxFrame);
      if (room <= 0) return false;
      const bytes = Math.min(room, call.body.length - call.sent);
      const last = call.sent + bytes === call.body.length;
      const at = this.#reserve(FRAME_HEADER_BYTES + bytes);
      this.#frameHeader(at, bytes, DATA, last ? END_STREAM : 0, id);
      call.body.copy(this.#out, at + FRAME_HEADER_BYTES, call.sent, call.sent + bytes);
      call.sent += bytes;
      call.window -= bytes;
      this.#sendWindow -= bytes;
    }
    return true;
  }

  /** Sends what waited for windows or for the server's limit of streams. */
  #pump(): void {
    if (this.#unfinished.length > 0) {
      this.#unfinished = this.#unfinished.filter(
        ([id, call]) => this.#calls.has(id) && !this.#sendBody(id, call),
      );
    }
    while (this.#waitingAt < this.#waiting.length && this.#mayOpen()) {
      this.#open(this.#waiting[this.#waitingAt++]!);
    }
    if (this.#waitingAt === this.#waiting.length && this.#waitingAt > 0) {
      this.#waiting = [];
      this.#waitingAt = 0;
    }
  }

  #reserve(bytes: number): number {
    const at = this.#outBytes;
    if (at + bytes > this.#out.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#out.length * 2, at + bytes));
      this.#out.copy(larger, 0, 0, at);
      this.#out = larger;
    }
    this.#outBytes = at + bytes;
    return at;
  }

  #frameHeader(at: number, length: number, type: number, flags: number, id: number): void {
    const out = this.#out;
    out[at] = length >>> 16;
    out[at + 1] = length >>> 8;
    out[at + 2] = length;
    out[at + 3] = type;
    out[at + 4] = flags;
    out[at + 5] = id >>> 24;
    out[at + 6] = id >>> 16;
    out[at + 7] = id >>> 8;
    out[at + 8] = id;
  }

  #control(type: number, flags: number, id: number, payload: Uint8Array): void {
    const at = this.#reserve(FRAME_HEADER_BYTES + payload.length);
    this.#frameHeader(at, payload.length, type, flags, id);
    this.#out.set(payload, at + FRAME_HEADER_BYTES);
    this.#flushSoon();
  }

  #writePreface(): void {
    PREFACE.copy(this.#out, this.#reserve(PREFACE.length));
    const settings = Buffer.alloc(18);
    settings.writeUInt16BE(SETTING_HEADER_TABLE_SIZE, 0);
    settings.writeUInt16BE(SETTING_ENABLE_PUSH, 6);
    settings.writeUInt16BE(SETTING_INITIAL_WINDOW_SIZE, 12);
    settings.writeUInt32BE(STREAM_WINDOW, 14);
    this.#control(SETTINGS, 0, 0, settings);
    this.#windowUpdate(CONNECTION_WINDOW - DEFAULT_WINDOW);
  }

  #windowUpdate(bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.#control(WINDOW_UPDATE, 0, 0, payload);
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  /** One write for everything since the last one. The buffer is given away: the socket may keep it. */
  #flush(): void {
    this.#flushing = false;
    if (this.#outBytes === 0 || this.#closed !== null) return;
    this.#socket.write(this.#out.subarray(0, this.#outBytes));
    this.#out = Buffer.allocUnsafe(Math.max(OUT_BYTES_MIN, this.#outBytes));
    this.#outBytes = 0;
  }

  #onData(chunk: Buffer): void {
    if (this.#closed !== null) return;
    this.#flushing = true;
    let input = chunk;
    if (this.#rest !== null) {
      input = Buffer.concat([this.#rest, chunk]);
      this.#rest = null;
    }
    let at = 0;
    try {
      while (input.length - at >= FRAME_HEADER_BYTES) {
        const end = at + FRAME_HEADER_BYTES + input.readUIntBE(at, 3);
        if (end > input.length) break;
        const id = input.readUInt32BE(at + 5) & STREAM_ID_MAX;
        this.#onFrame(input[at + 3]!, input[at + 4]!, id, input.subarray(at + FRAME_HEADER_BYTES, end));
        at = end;
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    if (at < input.length) this.#rest = Buffer.from(input.subarray(at));
    this.#options.onTurn?.();
    this.#pump();
    this.#flush();
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === DATA) this.#onDataFrame(flags, id, payload);
    else if (type === HEADERS) this.#onHeaders(flags, id, payload);
    else if (type === CONTINUATION) this.#onContinuation(flags, id, payload);
    else if (type === SETTINGS) this.#onSettings(flags, payload);
    else if (type === WINDOW_UPDATE) this.#onWindowUpdate(id, payload.readUInt32BE(0) & STREAM_ID_MAX);
    else if (type === PING && (flags & ACK) === 0) this.#control(PING, ACK, 0, payload);
    else if (type === RST_STREAM)
      this.#finish(id, UNAVAILABLE, `stream reset, HTTP/2 error ${payload.readUInt32BE(0)}`);
    else if (type === GOAWAY) throw new Error(`server said GOAWAY, HTTP/2 error ${payload.readUInt32BE(4)}`);
  }

  #onDataFrame(flags: number, id: number, frame: Buffer): void {
    this.#received += frame.length;
    if (this.#received > CONNECTION_WINDOW / 4) {
      this.#windowUpdate(this.#received);
      this.#received = 0;
    }
    if (this.#options.keepBodies) {
      const call = this.#calls.get(id);
      const payload = (flags & PADDED) === 0 ? frame : frame.subarray(1, frame.length - frame[0]!);
      if (call !== undefined) {
        call.chunks ??= [];
        call.chunks.push(Buffer.from(payload));
      }
    }
    if ((flags & END_STREAM) !== 0) this.#finish(id, 2, 'the server ended the call without a status');
  }

  #onHeaders(flags: number, id: number, frame: Buffer): void {
    let from = 0;
    let to = frame.length;
    if ((flags & PADDED) !== 0) {
      from = 1;
      to -= frame[0]!;
    }
    if ((flags & PRIORITY) !== 0) from += 5;
    const block = frame.subarray(from, to);
    if ((flags & END_HEADERS) === 0) this.#partial = { id, flags, blocks: [Buffer.from(block)] };
    else this.#onHeaderBlock(flags, id, block);
  }

  #onContinuation(flags: number, id: number, payload: Buffer): void {
    const partial = this.#partial;
    if (partial === null || partial.id !== id) throw new Error('CONTINUATION without HEADERS');
    partial.blocks.push(Buffer.from(payload));
    if ((flags & END_HEADERS) === 0) return;
    this.#partial = null;
    this.#onHeaderBlock(partial.flags, id, Buffer.concat(partial.blocks));
  }

  #onHeaderBlock(flags: number, id: number, block: Buffer): void {
    // Response headers before the body say nothing that matters here: status and message travel in the trailers.
    if ((flags & END_STREAM) === 0) return;
    if (!block.equals(this.#lastBlock)) {
      const headers = new Map(decodeHeaders(block));
      const status = headers.get('grpc-status');
      this.#lastCode = status === undefined ? 2 : Number(status);
      const fallback = status === undefined ? `HTTP status ${headers.get(':status') ?? 'unknown'}` : '';
      this.#lastMessage = decodeURIComponent(headers.get('grpc-message') ?? fallback);
      this.#lastBlock = Buffer.from(block);
    }
    this.#finish(id, this.#lastCode, this.#lastMessage);
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & ACK) !== 0) return;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      const setting = payload.readUInt16BE(at);
      if (setting === SETTING_MAX_CONCURRENT_STREAMS) this.#maxStreams = value;
      if (setting === SETTING_MAX_FRAME_SIZE) this.#maxFrame = value;
      if (setting === SETTING_INITIAL_WINDOW_SIZE) {
        for (const [, call] of this.#unfinished) call.window += value - this.#streamWindow;
        this.#streamWindow = value;
      }
    }
    this.#control(SETTINGS, ACK, 0, Buffer.alloc(0));
  }

  #onWindowUpdate(id: number, bytes: number): void {
    if (id === 0) this.#sendWindow += bytes;
    else {
      const call = this.#calls.get(id);
      if (call !== undefined) call.window += bytes;
    }
  }

  #finish(id: number, code: number, message: string): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    const body = code === 0 && call.chunks !== null ? Buffer.concat(call.chunks).subarray(5) : null;
    this.#options.onDone(call.slot, code, message, body);
  }

  #fail(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#socket.destroy();
    const left = [...this.#calls.values(), ...this.#waiting.slice(this.#waitingAt)];
    this.#calls.clear();
    this.#waiting = [];
    this.#waitingAt = 0;
    for (const call of left) this.#options.onDone(call.slot, UNAVAILABLE, reason, null);
    this.#options.onClose?.(reason);
  }
}
