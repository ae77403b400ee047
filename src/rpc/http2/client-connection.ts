/**
 * One HTTP/2 connection of a client (RFC 9113) to a gRPC server: calls out, responses in.
 *
 * All input that is read in a turn of the event loop is handled before anything is written; then everything leaves in
 * one write. Calls beyond the server's limit of concurrent streams wait here, in their order, and leave as others end.
 *
 * The connection is ready with the server's first SETTINGS and not before: a proxy that lets in and hangs up must not
 * make a call look as if it had left. It takes no more calls after GOAWAY, and ends with the last one.
 */

import type { Socket } from 'node:net';
import type { Logger, Scheduler } from '../../util/runtime.ts';
import type { RpcFailure } from '../channel.ts';
import { connectionProblem } from '../tls-problems.ts';
import type { ClientStream, ClientStreamHost } from './client-stream.ts';
import {
  writeGoaway,
  writePing,
  writeReset,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from './control-frames.ts';
import { FlowingConnection } from './flowing-connection.ts';
import { FrameReader } from './frame-reader.ts';
import { ConnectionError, DEFAULT_WINDOW_BYTES, ErrorCode, PREFACE, STREAM_ID_MAX } from './frames.ts';
import type { HeaderReader } from './header-reader.ts';
import { type FrameEvents, InboundFrames, protocolError } from './inbound-frames.ts';
import * as limits from './limits.ts';
import { RequestBlocks } from './request-blocks.ts';
import {
  type ResponseHead,
  responseHead,
  statusOfDrop,
  statusOfReset,
  statusOfUnseen,
} from './response-head.ts';
import { clientSettings, type PeerSettings } from './settings.ts';
import { SilenceProbe } from './silence-probe.ts';
import type { TimerWheel } from './timer-wheel.ts';

export interface ClientConnectionOptions {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly userAgent: string;
  readonly maxReceiveBytes: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly wheel: TimerWheel;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}

export interface ClientConnectionOwner {
  /** Calls may be started. */
  onReady(): void;
  /** No more calls may be started; those that were go on. `tooManyPings`: the server dislikes how often it is probed. */
  onDraining(tooManyPings: boolean): void;
  /** It is over. All calls have been told. */
  onClosed(why: string): void;
}

const PROBE_PING: Buffer = Buffer.from('keelson ');
const TOO_MANY_WAIT: RpcFailure = {
  code: 8,
  message: 'too many calls wait for this connection',
  sent: false,
};

export class ClientConnection
  extends FlowingConnection<ClientStream>
  implements ClientStreamHost, FrameEvents<ResponseHead>
{
  readonly blocks: RequestBlocks;
  readonly wheel: TimerWheel;
  readonly maxReceiveBytes: number;
  /** The first SETTINGS of the server have come, and nothing has ended since. */
  isReady = false;
  isOver = false;

  private readonly socket: Socket;
  private readonly owner: ClientConnectionOwner;
  private readonly options: ClientConnectionOptions;
  private readonly frames: FrameReader;
  private readonly streams = new Map<number, ClientStream>();
  private readonly probe: SilenceProbe;
  private readonly flushJob = (): void => this.flush();
  /** Calls that wait for others to end. */
  private waiting: ClientStream[] = [];
  private waitingAt = 0;
  private nextId = 1;
  private maxStreams = Number.MAX_SAFE_INTEGER;
  private waitingBytes = 0;
  private isDraining = false;
  /** Whether the socket wants no more until it says `drain`. */
  private blocked = false;
  private touched = false;

  /** @param socket about to be connected */
  constructor(socket: Socket, options: ClientConnectionOptions, owner: ClientConnectionOwner) {
    super(limits.CLIENT_CONNECTION_WINDOW_BYTES, limits.CLIENT_STREAM_WINDOW_BYTES);
    this.socket = socket;
    this.options = options;
    this.owner = owner;
    this.wheel = options.wheel;
    this.maxReceiveBytes = options.maxReceiveBytes;
    this.blocks = new RequestBlocks(options.scheme, options.authority, options.userAgent);
    this.frames = new FrameReader(
      new InboundFrames<ResponseHead>(this, limits.HEADER_LIST_BYTES_MAX, responseHead),
      false,
    );
    this.probe = new SilenceProbe(options.wheel, options.keepaliveMs, options.keepaliveTimeoutMs, {
      hasCalls: () => this.streams.size > 0,
      ping: () => {
        writePing(this.output, PROBE_PING, false);
        this.touch();
      },
      giveUp: () => this.destroy('the server does not answer'),
    });
    socket.on('data', (chunk: Buffer) => this.onChunk(chunk));
    socket.on('drain', () => this.onDrain());
    socket.on('error', (error) => this.destroy(connectionProblem(error)));
    socket.on('end', () => this.destroy(''));
    socket.on('close', () => this.destroy(''));
  }

  /** Calls that were started and have not ended. */
  get callCount(): number {
    return this.streams.size + this.waiting.length - this.waitingAt;
  }

  /** Begins to speak: the socket is connected. */
  begin(): void {
    const { output } = this;
    output.slab.set(PREFACE, output.reserve(PREFACE.length));
    writeSettings(output, clientSettings(limits.CLIENT_STREAM_WINDOW_BYTES, limits.HEADER_LIST_BYTES_MAX));
    writeWindowUpdate(output, 0, limits.CLIENT_CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    this.touch();
  }

  /** Starts a call, which waits if the server takes no more at a time. The connection is ready. */
  start(stream: ClientStream): void {
    if (this.streams.size < this.maxStreams && this.waitingAt === this.waiting.length) {
      this.open(stream);
    } else if (this.waiting.length - this.waitingAt < limits.WAITING_CALLS_MAX) {
      this.waiting.push(stream);
    } else {
      this.options.scheduler.defer(() => stream.abort(TOO_MANY_WAIT));
    }
  }

  /** Ends the connection, and with it the calls on it. */
  destroy(why: string): void {
    this.socket.destroy();
    this.end(why);
  }

  private end(why: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.isReady = false;
    this.turns.clear();
    this.output.clear();
    this.wheel.cancel(this.probe);
    const opened = [...this.streams.values()];
    const waiting = this.waiting.slice(this.waitingAt);
    this.streams.clear();
    this.waiting = [];
    this.waitingAt = 0;
    for (const stream of opened) stream.abort(statusOfDrop(why, true));
    for (const stream of waiting) stream.abort(statusOfDrop(why, false));
    this.owner.onClosed(why);
  }

  private open(stream: ClientStream): void {
    const id = this.nextId;
    this.nextId += 2;
    this.streams.set(id, stream);
    if (this.streams.size === 1) this.socket.ref();
    this.probe.arm();
    stream.open(this, id, this.peerStreamWindow);
    this.touch();
    if (this.nextId >= STREAM_ID_MAX) this.drain(false);
  }

  /** A call is over: its place is free for another. */
  private remove(stream: ClientStream): void {
    if (!this.streams.delete(stream.id)) return;
    if (this.waitingAt < this.waiting.length) this.startWaiting();
    if (this.streams.size > 0) return;
    this.socket.unref();
    if (this.isDraining) this.touch();
  }

  private startWaiting(): void {
    while (this.waitingAt < this.waiting.length && this.streams.size < this.maxStreams) {
      const stream = this.waiting[this.waitingAt]!;
      this.waitingAt += 1;
      if (!stream.done) this.open(stream);
    }
    if (this.waitingAt === this.waiting.length || this.waitingAt === WAITING_GARBAGE_MAX) {
      this.waiting.splice(0, this.waitingAt);
      this.waitingAt = 0;
    }
  }

  // What calls ask for

  mayWriteNow(bytes: number): boolean {
    return !this.blocked && bytes <= this.sendWindow;
  }

  spend(bytes: number): void {
    this.sendWindow -= bytes;
  }

  waits(bytes: number): void {
    this.waitingBytes += bytes;
  }

  /** Request bytes that wait for windows, or for a server that does not read. */
  get bufferedBytes(): number {
    return this.waitingBytes + this.output.bytes + this.socket.writableLength;
  }

  cancelled(stream: ClientStream): void {
    if (this.isOver || this.streams.get(stream.id) !== stream) return;
    this.reset(stream.id, ErrorCode.Cancel);
    this.remove(stream);
  }

  // Input

  private onChunk(chunk: Buffer): void {
    if (this.isOver) return;
    this.probe.active = true;
    try {
      this.frames.read(chunk);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.creditAll();
  }

  onData(id: number, bytes: Buffer, from: number, to: number, flowBytes: number, end: boolean): void {
    this.received += flowBytes;
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.onClosedStream(id, 'DATA');
      return;
    }
    if (!this.take(stream, flowBytes)) return;
    if (from < to) stream.takeData(bytes, from, to);
    if (!end) {
      this.credit(stream);
      return;
    }
    this.endResponse(stream);
    if (!stream.done) stream.takeEnd();
  }

  onHeaders(id: number, head: ResponseHead, blocks: HeaderReader<ResponseHead>): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.onClosedStream(id, 'HEADERS');
      return;
    }
    if (blocks.truncated) this.fault(stream, ErrorCode.FrameSizeError);
    else if (head.malformed || stream.isMisplaced(head)) this.fault(stream, ErrorCode.ProtocolError);
    else if (blocks.endStream) {
      this.endResponse(stream);
      stream.takeHeaders(head, true);
    } else if (!stream.takeHeaders(head, false)) this.fault(stream, ErrorCode.ProtocolError);
  }

  /** The server has said everything; if we have not, neither it nor we want to hear the rest. */
  private endResponse(stream: ClientStream): void {
    if (!stream.hasEnded) this.reset(stream.id, ErrorCode.NoError);
    this.remove(stream);
  }

  onReset(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      this.onClosedStream(id, 'RST_STREAM');
      return;
    }
    this.remove(stream);
    stream.takeReset(code);
  }

  protected streamOf(id: number): ClientStream | undefined {
    return this.streams.get(id);
  }

  protected openStreams(): Iterable<ClientStream> {
    return this.streams.values();
  }

  onSettings(settings: PeerSettings): void {
    const { headerTableBytes, initialWindowBytes, maxConcurrentStreams, enablePush } = settings;
    if (enablePush === 1) throw protocolError('a server may not ask for pushes');
    if (headerTableBytes >= 0) this.blocks.limitTable(headerTableBytes);
    if (initialWindowBytes >= 0) this.changeStreamWindows(initialWindowBytes);
    if (maxConcurrentStreams >= 0) this.maxStreams = maxConcurrentStreams;
    writeSettingsAck(this.output);
    this.touch();
    if (!this.isReady && !this.isDraining) {
      this.isReady = true;
      if (this.streams.size === 0) this.socket.unref();
      this.owner.onReady();
    } else this.startWaiting();
  }

  onPing(data: Buffer, ack: boolean): void {
    if (ack) return;
    writePing(this.output, data, true);
    this.touch();
  }

  onIdleFrame(): void {}

  onGoaway(lastId: number, code: number, text: string): void {
    this.drain(code === ErrorCode.EnhanceYourCalm && text === 'too_many_pings');
    for (const stream of [...this.streams.values()]) {
      if (stream.id <= lastId) continue;
      this.remove(stream);
      stream.abort(statusOfUnseen);
    }
  }

  private drain(tooManyPings: boolean): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.isReady = false;
    const waiting = this.waiting.slice(this.waitingAt);
    this.waiting = [];
    this.waitingAt = 0;
    this.owner.onDraining(tooManyPings);
    for (const stream of waiting) stream.abort(statusOfUnseen);
    this.touch();
  }

  /** What comes for a call that is over was on its way; for one that never was, it is a fault. */
  protected onClosedStream(id: number, what: string): void {
    if (id >= this.nextId || id % 2 === 0) throw protocolError(`${what} on the idle stream ${id}`);
  }

  /** A fault of the server that costs it one call. */
  protected fault(stream: ClientStream, code: ErrorCode): void {
    this.reset(stream.id, code);
    this.remove(stream);
    stream.abort(statusOfReset(code, -1));
  }

  private reset(id: number, code: ErrorCode): void {
    writeReset(this.output, id, code);
    this.touch();
  }

  // Output

  protected touch(): void {
    if (this.touched || this.isOver) return;
    this.touched = true;
    this.options.scheduler.defer(this.flushJob);
  }

  private flush(): void {
    this.touched = false;
    if (this.isOver) return;
    const { turns, output } = this;
    if (this.isDraining && this.streams.size === 0) {
      output.flush(this.socket);
      this.socket.destroySoon();
      this.end('');
      return;
    }
    if (this.blocked) {
      // Only what the server makes us say grows now.
      if (output.bytes > limits.CONTROL_OUTPUT_BYTES_MAX + this.streams.size * HEADERS_BYTES)
        this.socket.pause();
      return;
    }
    while (!turns.isEmpty && output.bytes < limits.TURN_OUTPUT_BYTES) turns.turn(this.sendWindow);
    if (this.socket.writable) this.blocked = !output.flush(this.socket);
    if (!turns.isEmpty && !this.blocked) this.touch();
  }

  private onDrain(): void {
    if (this.isOver) return;
    this.blocked = false;
    this.socket.resume();
    this.flush();
  }

  /** A fault of the server, or, if it is no `ConnectionError`, one of whoever uses this: that is not swallowed. */
  private fail(error: unknown): void {
    if (!(error instanceof ConnectionError)) {
      this.destroy('internal error');
      throw error;
    }
    this.options.log.debug('an HTTP/2 connection to a server failed', { error: error.message });
    writeGoaway(this.output, 0, error.code, error.message);
    if (this.socket.writable) this.output.flush(this.socket);
    this.socket.destroySoon();
    this.end(error.message);
  }
}

const WAITING_GARBAGE_MAX = 1024;
/** About what the head of a call takes. */
const HEADERS_BYTES = 512;
