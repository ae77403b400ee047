/**
 * One HTTP/2 connection of a client (RFC 9113), server side: frames in, streams between, frames out.
 *
 * All input that is read in a turn of the event loop is handled before anything is written; then everything leaves in
 * one write. Where RFC 9113 leaves a choice, and where clients are known to break it, grpc-go's server is followed.
 *
 * Faults end a stream (RST_STREAM) or, when the state of both sides may have come apart, the connection (GOAWAY with
 * the fault's code, then the last bytes, then the end). Whatever the peer does is bounded by `limits.ts`.
 */

import type { Socket } from 'node:net';
import { Allowance } from './allowance.ts';
import { peerAddress, verifiedCommonName } from './client-identity.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  Flag,
  FrameType,
  STREAM_ID_MAX,
  WINDOW_BYTES_MAX,
} from './frames.ts';
import { HeaderReader } from './header-reader.ts';
import { Alarm, PingPolice, Probe } from './keepalive.ts';
import * as limits from './limits.ts';
import { Output } from './output.ts';
import type { RequestHead } from './request-head.ts';
import { ResponseBlocks } from './response-blocks.ts';
import { SendTurns } from './send-turns.ts';
import { ownSettings, readSettings } from './settings.ts';
import type { Http2Stream, StreamHost } from './stream.ts';
import { writeHeaderBlock } from './write-header-block.ts';

/** What grpc-go pings with while it drains; any eight bytes would do. */
const DRAIN_PING: Buffer = Buffer.from([1, 6, 1, 8, 0, 3, 3, 9]);
/** Ids of closed streams that are remembered, to tell a late frame from a false one. */
const CLOSED_REMEMBERED = 256;
const RESET_REMEMBERED = 1024;

/** Open: takes calls. Noticing: says so that it will not. Draining: ends with its last call. Over: ends now. */
const Phase = { Open: 0, Noticing: 1, Draining: 2, Over: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

export class Connection implements StreamHost, FrameSink {
  readonly output = new Output();
  readonly blocks = new ResponseBlocks();
  readonly peer: string;
  sendWindow = DEFAULT_WINDOW_BYTES;

  private readonly socket: Socket;
  private readonly owner: ConnectionOwner;
  private readonly frames: FrameReader;
  private readonly headers: HeaderReader;
  private readonly turns = new SendTurns();
  private readonly streams = new Map<number, Http2Stream>();
  /** Streams that have sent their end before the client sent its own; they are reset with the next flush. */
  private answeredEarly: Http2Stream[] = [];
  private postponed: (() => void)[] = [];
  private identity: string | null = null;

  private phase: Phase = Phase.Open;
  private hasSettings = false;
  /** Whether the socket wants no more until it says `drain`. */
  private blocked = false;
  private flushing = false;
  private lastId = 0;
  private peerStreamWindow = DEFAULT_WINDOW_BYTES;
  /** Bytes of DATA since the last WINDOW_UPDATE for the connection. */
  private received = 0;
  private waitingBytes = 0;
  private heldBytes = 0;
  private headerBytes = 0;

  private readonly alarm = new Alarm();
  private readonly probe: Probe;
  private readonly pings: PingPolice;
  private readonly resets: Allowance;
  private readonly settingsFrames: Allowance;
  private readonly idleFrames: Allowance;
  private readonly windowUpdates: Allowance;
  private readonly closedIds = new Uint32Array(CLOSED_REMEMBERED);
  private closedCount = 0;
  private readonly resetIds = new Set<number>();

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket;
    this.owner = owner;
    this.peer = peerAddress(socket);
    this.frames = new FrameReader(this);
    this.headers = new HeaderReader(owner.maxHeaderListBytes);
    const { clock } = owner;
    this.pings = new PingPolice(clock, owner.keepalive);
    this.resets = new Allowance(clock, limits.RESET_BURST, limits.RESETS_PER_SECOND);
    this.settingsFrames = new Allowance(clock, limits.SETTINGS_BURST, limits.SETTINGS_PER_SECOND);
    this.idleFrames = new Allowance(clock, limits.IDLE_FRAME_BURST, limits.IDLE_FRAMES_PER_SECOND);
    this.windowUpdates = new Allowance(clock, limits.WINDOW_UPDATE_BURST, limits.WINDOW_UPDATES_PER_SECOND);
    this.probe = new Probe(
      owner.wheel,
      owner.keepalive,
      () => this.sendPing(NO_PING),
      () => this.socket.destroy(),
    );
    this.alarm.set(owner.wheel, limits.PREFACE_TIMEOUT_MS, () => this.socket.destroy());
  }

  /** Begins to serve. */
  start(): void {
    const { socket, output, owner } = this;
    socket.on('data', (chunk: Buffer) => this.onChunk(chunk));
    socket.on('drain', () => this.onDrain());
    socket.on('error', ignore);
    socket.on('end', () => this.onEnd());
    socket.once('close', () => this.onClose());
    output.frame(FrameType.Settings, 0, 0, ownSettings(owner.maxConcurrentStreams, owner.maxHeaderListBytes));
    output.control(FrameType.WindowUpdate, 0, 0, [limits.CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES]);
    this.touch();
    socket.resume();
  }

  /** Takes no more calls, and ends with the last one. */
  drain(): void {
    if (this.phase !== Phase.Open) return;
    if (!this.hasSettings) {
      this.socket.destroy();
      return;
    }
    // Calls may be on their way: the client is told, and what comes before it has heard is still served.
    this.phase = Phase.Noticing;
    this.goaway(STREAM_ID_MAX, ErrorCode.NoError, 'graceful_stop');
    this.sendPing(DRAIN_PING);
    this.alarm.set(this.wheel, limits.DRAIN_NOTICE_MS, () => this.drainNoticed());
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Sends what is due. Called once at the end of a turn. */
  flush(): void {
    this.flushing = false;
    if (this.phase === Phase.Over) return;
    this.resetAnsweredEarly();
    if (this.phase === Phase.Draining && this.streams.size === 0) {
      this.end();
      return;
    }
    if (this.blocked) return;
    const { turns, output } = this;
    while (!turns.isEmpty && output.bytes < limits.TURN_OUTPUT_BYTES) turns.turn(this.sendWindow);
    this.write();
    if (!turns.isEmpty && !this.blocked) this.touch();
    this.runPostponed();
  }

  // What streams ask for

  get wheel(): StreamHost['wheel'] {
    return this.owner.wheel;
  }

  get log(): StreamHost['log'] {
    return this.owner.log;
  }

  get maxReceiveBytes(): number {
    return this.owner.maxReceiveBytes;
  }

  get commonName(): string {
    this.identity ??= verifiedCommonName(this.socket);
    return this.identity;
  }

  get congested(): boolean {
    return this.waitingBytes > limits.WAITING_OUTPUT_BYTES_MAX;
  }

  mayWriteNow(bytes: number): boolean {
    return !this.blocked && bytes <= this.sendWindow && this.output.bytes < limits.TURN_OUTPUT_BYTES;
  }

  spend(bytes: number): void {
    this.sendWindow -= bytes;
    this.windowUpdates.give(bytes);
    this.pings.excused = true;
  }

  waits(bytes: number): void {
    this.waitingBytes += bytes;
  }

  holds(bytes: number): boolean {
    this.heldBytes += bytes;
    return bytes <= 0 || this.heldBytes <= limits.HELD_BYTES_MAX;
  }

  schedule(stream: Http2Stream): void {
    this.turns.add(stream);
    this.touch();
  }

  finished(stream: Http2Stream): void {
    this.pings.excused = true;
    if (stream.halfClosed) this.forget(stream);
    else this.answeredEarly.push(stream);
    this.touch();
  }

  reset(stream: Http2Stream, code: ErrorCode): void {
    this.sendReset(stream.id, code);
    this.forget(stream);
    this.rememberReset(stream.id);
    stream.abort();
  }

  credit(stream: Http2Stream): void {
    if (stream.done || stream.halfClosed || !stream.hasTakenAll) return;
    if (stream.unacknowledged < limits.STREAM_WINDOW_BYTES / 2) return;
    this.output.control(FrameType.WindowUpdate, 0, stream.id, [stream.unacknowledged]);
    stream.unacknowledged = 0;
    this.touch();
  }

  postpone(job: () => void): void {
    this.postponed.push(job);
  }

  // Input

  private onChunk(chunk: Buffer): void {
    if (this.phase === Phase.Over) return;
    this.probe.active = true;
    try {
      this.frames.read(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      this.fail(error.code, error.message);
      return;
    }
    if (this.received < limits.CONNECTION_WINDOW_BYTES / 4) return;
    this.output.control(FrameType.WindowUpdate, 0, 0, [this.received]);
    this.received = 0;
    this.touch();
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (this.phase === Phase.Over) return;
    if (
      this.headers.openStream !== 0 &&
      (type !== FrameType.Continuation || id !== this.headers.openStream)
    ) {
      throw protocolError('a frame inside of a header block');
    }
    if (!this.hasSettings && type !== FrameType.Settings)
      throw protocolError('the first frame is not SETTINGS');
    switch (type) {
      case FrameType.Data:
        this.onData(flags, id, bytes, from, to);
        break;
      case FrameType.Headers:
        this.checkRequestId(id);
        this.onHeaders(id, this.headers.headers(flags, id, bytes, from, to));
        break;
      case FrameType.Continuation:
        if (this.headers.openStream === 0) throw protocolError('CONTINUATION without HEADERS');
        this.onHeaders(id, this.headers.continuation(flags, bytes, from, to));
        break;
      case FrameType.WindowUpdate:
        this.onWindowUpdate(id, bytes, from, to);
        break;
      case FrameType.RstStream:
        this.onReset(id, from, to);
        break;
      case FrameType.Settings:
        this.onSettings(flags, id, bytes, from, to);
        break;
      case FrameType.Ping:
        this.onPing(flags, id, bytes, from, to);
        break;
      case FrameType.PushPromise:
        throw protocolError('a client may not push');
      case FrameType.Priority:
        if (id === 0) throw protocolError('PRIORITY of stream 0');
        if (to - from !== 5) throw sizeError('PRIORITY', to - from);
        this.countIdle();
        break;
      case FrameType.Goaway:
        if (id !== 0) throw protocolError('GOAWAY on a stream');
        if (to - from < 8) throw sizeError('GOAWAY', to - from);
        this.countIdle();
        break;
      default:
        this.countIdle();
    }
  }

  private onData(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id === 0) throw protocolError('DATA on stream 0');
    this.received += to - from;
    let begin = from;
    let end = to;
    if ((flags & Flag.Padded) !== 0) {
      if (from === to) throw sizeError('padded DATA', 0);
      begin += 1;
      end -= bytes[from]!;
      if (begin > end) throw protocolError('DATA with more padding than payload');
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.onLateFrame(id, 'DATA');
      return;
    }
    if (stream.halfClosed) {
      this.faultOf(stream, ErrorCode.StreamClosed);
      return;
    }
    const isEnd = (flags & Flag.EndStream) !== 0;
    if (begin === end && !isEnd) this.countIdle();
    stream.unacknowledged += to - from;
    if (stream.unacknowledged > limits.STREAM_WINDOW_BYTES) {
      this.faultOf(stream, ErrorCode.FlowControlError);
      return;
    }
    stream.halfClosed = isEnd;
    if (!stream.done && begin < end) stream.takeData(bytes, begin, end);
    if (!isEnd) this.credit(stream);
    else if (!stream.done) stream.takeEnd();
  }

  private checkRequestId(id: number): void {
    if (id % 2 === 1 && (id > this.lastId || this.streams.has(id) || this.resetIds.has(id))) return;
    if (this.closedIds.includes(id)) {
      throw new ConnectionError(ErrorCode.StreamClosed, `HEADERS on the closed stream ${id}`);
    }
    throw protocolError(`received an illegal stream id: ${id}`);
  }

  /** A header block is complete, unless `head` is null. */
  private onHeaders(id: number, head: RequestHead | null): void {
    if (head === null) return;
    const { headers } = this;
    if (id <= this.lastId) {
      this.onRequestTrailers(id, headers.endStream);
      return;
    }
    this.lastId = id;
    if (headers.truncated) this.refuseStream(id, ErrorCode.FrameSizeError);
    else if (head.malformed) this.refuseStream(id, ErrorCode.ProtocolError);
    else if (this.phase !== Phase.Open && this.phase !== Phase.Noticing) {
      this.refuseStream(id, ErrorCode.RefusedStream);
    } else if (this.streams.size >= this.owner.maxConcurrentStreams) {
      this.refuseStream(id, ErrorCode.RefusedStream);
    } else if (this.headerBytes + headers.literalBytes > limits.OPEN_HEADER_BYTES_MAX) {
      this.refuseStream(id, ErrorCode.EnhanceYourCalm);
    } else this.open(id, head, headers.endStream, headers.literalBytes);
  }

  private open(id: number, head: RequestHead, end: boolean, headerBytes: number): void {
    const opened = this.owner.open(this, id, head, headerBytes, this.peerStreamWindow);
    if ('code' in opened) {
      const { httpStatus } = opened;
      const block = this.blocks.takeTrailersOnly(head, httpStatus, opened.code, opened.message);
      writeHeaderBlock(this.output, id, Flag.EndStream, block);
      this.pings.excused = true;
      this.rememberClosed(id);
      if (!end) {
        this.sendReset(id, ErrorCode.NoError);
        this.rememberReset(id);
      }
      this.touch();
      return;
    }
    this.streams.set(id, opened);
    this.headerBytes += headerBytes;
    opened.halfClosed = end;
    opened.start();
    if (end && !opened.done) opened.takeEnd();
  }

  /** Trailers of a request: gRPC has none, but HTTP does. They say nothing but that it ends. */
  private onRequestTrailers(id: number, end: boolean): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    if (stream.halfClosed) {
      this.faultOf(stream, ErrorCode.StreamClosed);
    } else if (!end) {
      this.faultOf(stream, ErrorCode.ProtocolError);
    } else {
      stream.halfClosed = true;
      if (!stream.done) stream.takeEnd();
    }
  }

  private onReset(id: number, from: number, to: number): void {
    if (to - from !== 4) throw sizeError('RST_STREAM', to - from);
    if (id === 0 || id > this.lastId) throw protocolError(`RST_STREAM of the idle stream ${id}`);
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.countIdle();
      return;
    }
    if (!stream.done) this.countReset();
    this.forget(stream);
    stream.abort();
    this.touch();
  }

  private onWindowUpdate(id: number, bytes: Buffer, from: number, to: number): void {
    if (to - from !== 4) throw sizeError('WINDOW_UPDATE', to - from);
    if (!this.windowUpdates.take()) throw floodOf('WINDOW_UPDATE');
    const increment = bytes.readUInt32BE(from) & WINDOW_BYTES_MAX;
    if (id === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE by 0');
      if (this.sendWindow + increment > WINDOW_BYTES_MAX) {
        throw new ConnectionError(ErrorCode.FlowControlError, 'the window of the connection is too large');
      }
      const wasClosed = this.sendWindow <= 0;
      this.sendWindow += increment;
      if (wasClosed && this.sendWindow > 0) this.windowOpened();
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (id > this.lastId) throw protocolError(`WINDOW_UPDATE of the idle stream ${id}`);
      return;
    }
    if (increment === 0) this.faultOf(stream, ErrorCode.ProtocolError);
    else if (stream.sendWindow + increment > WINDOW_BYTES_MAX) {
      this.faultOf(stream, ErrorCode.FlowControlError);
    } else {
      stream.sendWindow += increment;
      if (stream.canSend && !stream.done) this.schedule(stream);
    }
  }

  private windowOpened(): void {
    this.turns.windowOpened();
    this.touch();
  }

  private onSettings(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    if ((flags & Flag.Ack) !== 0) {
      if (to !== from) throw sizeError('an acknowledgement of SETTINGS', to - from);
      if (!this.hasSettings) throw protocolError('the first frame is not SETTINGS');
      this.countIdle();
      return;
    }
    if (!this.settingsFrames.take()) throw floodOf('SETTINGS');
    const settings = readSettings(bytes, from, to);
    if (settings.headerTableBytes >= 0) this.blocks.limitTable(settings.headerTableBytes);
    if (settings.initialWindowBytes >= 0) this.changeStreamWindows(settings.initialWindowBytes);
    if (!this.hasSettings) {
      this.hasSettings = true;
      this.wheel.cancel(this.alarm);
    }
    this.output.control(FrameType.Settings, Flag.Ack, 0, []);
    this.touch();
  }

  /** A client's new initial window counts for open streams, too (RFC 9113 §6.9.2). */
  private changeStreamWindows(bytes: number): void {
    const change = bytes - this.peerStreamWindow;
    if (change === 0) return;
    this.peerStreamWindow = bytes;
    for (const stream of this.streams.values()) {
      stream.sendWindow += change;
      if (stream.sendWindow > WINDOW_BYTES_MAX) {
        throw new ConnectionError(ErrorCode.FlowControlError, 'the window of a stream is too large');
      }
      this.turns.add(stream);
    }
  }

  private onPing(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id !== 0) throw protocolError('PING on a stream');
    if (to - from !== 8) throw sizeError('PING', to - from);
    if ((flags & Flag.Ack) !== 0) {
      if (this.phase === Phase.Noticing && bytes.compare(DRAIN_PING, 0, 8, from, to) === 0)
        this.drainNoticed();
      else this.countIdle();
      return;
    }
    if (!this.pings.allows(this.streams.size > 0)) {
      throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'too_many_pings');
    }
    this.output.frame(FrameType.Ping, Flag.Ack, 0, bytes.subarray(from, to));
    this.touch();
  }

  // Faults and floods

  private onLateFrame(id: number, what: string): void {
    if (id > this.lastId) throw protocolError(`${what} on the idle stream ${id}`);
    this.countIdle();
    if (!this.resetIds.has(id)) this.sendReset(id, ErrorCode.StreamClosed);
  }

  /** A fault of the client that costs it one call. It counts like a reset, for it costs us as much. */
  private faultOf(stream: Http2Stream, code: ErrorCode): void {
    this.countReset();
    this.reset(stream, code);
  }

  private refuseStream(id: number, code: ErrorCode): void {
    this.countReset();
    this.sendReset(id, code);
    this.rememberReset(id);
  }

  private countReset(): void {
    if (!this.resets.take()) throw floodOf('reset calls');
  }

  private countIdle(): void {
    if (!this.idleFrames.take()) throw floodOf('frames without effect');
  }

  private sendReset(id: number, code: ErrorCode): void {
    this.output.control(FrameType.RstStream, 0, id, [code]);
    this.touch();
  }

  private sendPing(data: Buffer): void {
    this.output.frame(FrameType.Ping, 0, 0, data);
    this.touch();
  }

  private goaway(lastId: number, code: ErrorCode, text: string): void {
    const payload = Buffer.alloc(8 + Buffer.byteLength(text));
    payload.writeUInt32BE(lastId, 0);
    payload.writeUInt32BE(code, 4);
    payload.write(text, 8);
    this.output.frame(FrameType.Goaway, 0, 0, payload);
    this.touch();
  }

  // Streams that end

  private forget(stream: Http2Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.headerBytes -= stream.headerBytes;
    this.rememberClosed(stream.id);
  }

  private rememberClosed(id: number): void {
    this.closedIds[this.closedCount % CLOSED_REMEMBERED] = id;
    this.closedCount += 1;
  }

  private rememberReset(id: number): void {
    if (this.resetIds.size >= RESET_REMEMBERED) {
      for (const oldest of this.resetIds) {
        this.resetIds.delete(oldest);
        break;
      }
    }
    this.resetIds.add(id);
  }

  private resetAnsweredEarly(): void {
    if (this.answeredEarly.length === 0) return;
    const early = this.answeredEarly;
    this.answeredEarly = [];
    for (const stream of early) {
      if (!this.streams.has(stream.id)) continue;
      if (!stream.halfClosed) {
        this.sendReset(stream.id, ErrorCode.NoError);
        this.rememberReset(stream.id);
      }
      this.forget(stream);
    }
  }

  private runPostponed(): void {
    if (this.postponed.length === 0 || this.congested) return;
    const jobs = this.postponed;
    this.postponed = [];
    for (const job of jobs) job();
  }

  // Output

  private touch(): void {
    if (this.flushing || this.phase === Phase.Over) return;
    this.flushing = true;
    this.owner.touched(this);
  }

  private write(): void {
    if (!this.socket.writable) return;
    this.blocked = !this.output.flush(this.socket);
    if (this.blocked && this.output.controlBytes > limits.CONTROL_OUTPUT_BYTES_MAX) this.socket.pause();
  }

  private onDrain(): void {
    this.blocked = false;
    this.output.controlBytes = 0;
    this.socket.resume();
    this.flush();
  }

  // The end

  private drainNoticed(): void {
    if (this.phase !== Phase.Noticing) return;
    this.phase = Phase.Draining;
    this.wheel.cancel(this.alarm);
    this.goaway(this.lastId, ErrorCode.NoError, 'graceful_stop');
  }

  private fail(code: ErrorCode, text: string): void {
    if (this.phase === Phase.Over) return;
    this.owner.log.debug('an HTTP/2 connection failed', { peer: this.peer, code, text });
    this.goaway(this.lastId, code, text);
    this.end();
  }

  /** Sends what is framed, then ends our side, and gives the client some time to end its own. */
  private end(): void {
    this.phase = Phase.Over;
    if (this.socket.writable) {
      this.output.flush(this.socket);
      this.socket.end();
    }
    this.socket.resume();
    this.abortStreams();
    this.alarm.set(this.wheel, limits.LINGER_MS, () => this.socket.destroy());
  }

  private onEnd(): void {
    this.phase = Phase.Over;
    this.abortStreams();
    this.socket.destroySoon();
  }

  private onClose(): void {
    this.phase = Phase.Over;
    this.wheel.cancel(this.alarm);
    this.wheel.cancel(this.probe);
    this.abortStreams();
    this.output.clear();
    this.owner.closed(this);
  }

  private abortStreams(): void {
    this.turns.clear();
    this.postponed = [];
    const streams = [...this.streams.values()];
    this.streams.clear();
    for (const stream of streams) stream.abort();
  }
}

const NO_PING: Buffer = Buffer.alloc(8);

function ignore(): void {}

function protocolError(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.ProtocolError, what);
}

function sizeError(what: string, bytes: number): ConnectionError {
  return new ConnectionError(ErrorCode.FrameSizeError, `${what} of ${bytes} bytes`);
}

function floodOf(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.EnhanceYourCalm, `too many ${what}`);
}
