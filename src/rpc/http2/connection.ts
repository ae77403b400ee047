/**
 * One HTTP/2 connection of a client (RFC 9113), server side: frames in, streams between, frames out.
 *
 * All that is read at once is handled before anything is written; then everything leaves in one write, and so do all
 * answers of a turn of the member. Where RFC 9113 leaves a choice, and where clients are known to break it, grpc-go's server is followed.
 *
 * Faults end a stream (RST_STREAM) or, when the state of both sides may have come apart, the connection (GOAWAY with
 * the fault's code, then the last bytes, then the end). Whatever the peer does is bounded by `limits.ts`.
 */

import type { Socket } from 'node:net';
import { peerAddress, verifiedCommonName } from './client-identity.ts';
import type { ConnectionOwner } from './connection-owner.ts';
import {
  writeGoaway,
  writePing,
  writeReset,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from './control-frames.ts';
import { FloodGuard } from './flood-guard.ts';
import { FlowingConnection } from './flowing-connection.ts';
import { FrameReader } from './frame-reader.ts';
import { ConnectionError, DEFAULT_WINDOW_BYTES, ErrorCode, Flag, STREAM_ID_MAX } from './frames.ts';
import type { HeaderReader } from './header-reader.ts';
import { type FrameEvents, InboundFrames, protocolError } from './inbound-frames.ts';
import { Alarm, PingPolice, Probe } from './keepalive.ts';
import * as limits from './limits.ts';
import { hasPseudoHeader, type RequestHead, requestHead } from './request-head.ts';
import { ResponseBlocks } from './response-blocks.ts';
import type { PeerSettings } from './settings.ts';
import { ownSettings } from './settings.ts';
import type { Http2Stream, StreamHost } from './stream.ts';
import { StreamTable } from './stream-table.ts';
import { writeHeaderBlock } from './write-header-block.ts';

/** What our probes and our notice of draining carry; the latter is told apart when it comes back. */
const PROBE_PING: Buffer = Buffer.from('probe   ');
const DRAIN_PING: Buffer = Buffer.from('draining');

/** Open: takes calls. Noticing: says that it will not. Draining: ends with its last call. Over: takes nothing. */
const Phase = { Open: 0, Noticing: 1, Draining: 2, Over: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

export class Connection
  extends FlowingConnection<Http2Stream>
  implements StreamHost, FrameEvents<RequestHead>
{
  readonly blocks: ResponseBlocks = new ResponseBlocks();
  readonly peer: string;

  private readonly socket: Socket;
  private readonly owner: ConnectionOwner;
  private readonly frames: FrameReader;
  private readonly inbound: InboundFrames<RequestHead>;
  private readonly streams = new StreamTable();
  private readonly floods: FloodGuard;
  private readonly pings: PingPolice;
  private readonly probe: Probe;
  private readonly alarm = new Alarm();
  private identity: string | null = null;

  private phase: Phase = Phase.Open;
  /** Whether the socket wants no more until it says `drain`. */
  private blocked = false;
  /** Whether a flush at the end of this turn has been asked for. */
  private touched = false;
  private waitingBytes = 0;
  private heldBytes = 0;
  /** Streams that have sent their end before the client sent its own; they are reset with the next flush. */
  private answeredEarly: Http2Stream[] = [];
  private postponed: (() => void)[] = [];

  constructor(socket: Socket, owner: ConnectionOwner) {
    super(limits.CONNECTION_WINDOW_BYTES, limits.STREAM_WINDOW_BYTES);
    this.socket = socket;
    this.owner = owner;
    this.peer = peerAddress(socket);
    this.inbound = new InboundFrames<RequestHead>(this, owner.maxHeaderListBytes, requestHead);
    this.frames = new FrameReader(this.inbound);
    this.floods = new FloodGuard(owner.clock);
    this.pings = new PingPolice(owner.clock, owner.keepalive);
    const ping = (): void => this.ping(PROBE_PING, false);
    this.probe = new Probe(owner.wheel, owner.keepalive, ping, () => this.destroy());
  }

  /** Begins to serve. */
  start(): void {
    const { socket, output, owner } = this;
    socket.on('data', (chunk: Buffer) => this.onChunk(chunk));
    socket.on('drain', () => this.onDrain());
    socket.on('error', ignore);
    socket.on('end', () => this.onEnd());
    socket.once('close', () => this.onClose());
    this.alarm.set(owner.wheel, limits.PREFACE_TIMEOUT_MS, () => this.destroy());
    writeSettings(output, ownSettings(owner.maxConcurrentStreams, owner.maxHeaderListBytes));
    writeWindowUpdate(output, 0, limits.CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES);
    this.touch();
    socket.resume();
  }

  /** Takes no more calls, and ends with the last one. */
  drain(): void {
    if (this.phase !== Phase.Open) return;
    if (!this.inbound.hasSettings) {
      this.destroy();
      return;
    }
    // Calls may be on their way: the client is told, and what comes before it has heard is still served.
    this.phase = Phase.Noticing;
    writeGoaway(this.output, STREAM_ID_MAX, ErrorCode.NoError, 'graceful_stop');
    this.ping(DRAIN_PING, false);
    this.alarm.set(this.wheel, limits.DRAIN_NOTICE_MS, () => this.onDrainNoticed());
  }

  /** The client was told that no more calls are taken, and has not confirmed it. */
  get isNoticing(): boolean {
    return this.phase === Phase.Noticing;
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Sends what is due. Called once at the end of a turn. */
  flush(): void {
    this.touched = false;
    if (this.phase === Phase.Over) return;
    try {
      this.sendDue();
    } catch (error) {
      this.fail(error);
    }
  }

  private sendDue(): void {
    if (this.answeredEarly.length > 0) this.resetAnsweredEarly();
    if (this.phase === Phase.Draining && this.streams.size === 0) {
      this.end();
      return;
    }
    const { turns, output } = this;
    if (this.blocked) {
      // No answer is framed now, so this is what the client makes us say without reading any of it.
      if (output.bytes > limits.CONTROL_OUTPUT_BYTES_MAX) this.socket.pause();
      return;
    }
    while (!turns.isEmpty && output.bytes < limits.TURN_OUTPUT_BYTES) turns.turn(this.sendWindow);
    this.write();
    if (!turns.isEmpty && !this.blocked) this.touch();
    if (this.postponed.length > 0 && !this.congested) this.runPostponed();
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
    this.floods.countSent(bytes);
    this.pings.excused = true;
  }

  get isRoomy(): boolean {
    return this.owner.isRoomy;
  }

  waits(bytes: number): void {
    this.waitingBytes += bytes;
    this.owner.waits(bytes);
  }

  holds(bytes: number): boolean {
    this.heldBytes += bytes;
    return bytes <= 0 || this.heldBytes <= this.owner.maxHeldBytes;
  }

  finished(stream: Http2Stream): void {
    this.pings.excused = true;
    if (stream.halfClosed) this.streams.remove(stream);
    else this.answeredEarly.push(stream);
    this.touch();
  }

  override credit(stream: Http2Stream): void {
    if (!stream.halfClosed) super.credit(stream);
  }

  postpone(job: () => void): void {
    this.postponed.push(job);
  }

  private runPostponed(): void {
    const jobs = this.postponed;
    this.postponed = [];
    // What one of them sends may postpone the others again.
    for (const job of jobs) job();
  }

  // Input

  get isOver(): boolean {
    return this.phase === Phase.Over;
  }

  private onChunk(chunk: Buffer): void {
    if (this.phase === Phase.Over) return;
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
      this.onLateData(id, flowBytes);
      return;
    }
    if (stream.halfClosed) {
      this.fault(stream, ErrorCode.StreamClosed);
      return;
    }
    if (from === to && !end) this.floods.countIdleFrame();
    if (!this.take(stream, flowBytes)) return;
    stream.halfClosed = end;
    if (!stream.done && from < to) stream.takeData(bytes, from, to);
    if (!end) this.credit(stream);
    else if (!stream.done) stream.takeEnd();
  }

  private onLateData(id: number, flowBytes: number): void {
    if (id > this.streams.lastId) throw protocolError(`DATA on the idle stream ${id}`);
    // What follows a reset of ours was on its way, be it much.
    if (this.streams.wasReset(id) && flowBytes > 0) return;
    this.floods.countIdleFrame();
    if (!this.streams.wasReset(id)) this.reset(id, ErrorCode.StreamClosed);
  }

  onHeaders(id: number, head: RequestHead, blocks: HeaderReader<RequestHead>): void {
    const { streams } = this;
    if (id <= streams.lastId || id % 2 === 0) {
      this.onMoreHeaders(id, head, blocks.endStream);
      return;
    }
    streams.lastId = id;
    const isClosing = this.phase !== Phase.Open && this.phase !== Phase.Noticing;
    if (blocks.truncated) this.refuse(id, ErrorCode.FrameSizeError);
    else if (head.malformed) this.refuse(id, ErrorCode.ProtocolError);
    else if (isClosing || streams.size >= this.owner.maxConcurrentStreams) {
      this.refuse(id, ErrorCode.RefusedStream);
    } else if (streams.headerBytes + blocks.literalBytes > limits.OPEN_HEADER_BYTES_MAX) {
      this.refuse(id, ErrorCode.EnhanceYourCalm);
    } else this.open(id, head, blocks.endStream, blocks.literalBytes);
  }

  private open(id: number, head: RequestHead, end: boolean, headerBytes: number): void {
    const opened = this.owner.open(this, id, head, headerBytes, this.peerStreamWindow);
    if ('httpStatus' in opened) {
      const block = this.blocks.takeTrailersOnly(head, opened.httpStatus, opened.code, opened.message);
      writeHeaderBlock(this.output, id, Flag.EndStream, block);
      this.pings.excused = true;
      this.streams.rememberClosed(id);
      if (end) this.touch();
      else this.reset(id, ErrorCode.NoError);
      return;
    }
    this.streams.add(opened);
    opened.halfClosed = end;
    opened.start();
    if (end && !opened.done) opened.takeEnd();
  }

  /** Not a new request: trailers of one, which say nothing but that it ends, or a fault. */
  private onMoreHeaders(id: number, head: RequestHead, end: boolean): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) {
      if (stream.halfClosed) this.fault(stream, ErrorCode.StreamClosed);
      else if (!end || head.malformed || hasPseudoHeader(head)) this.fault(stream, ErrorCode.ProtocolError);
      else {
        stream.halfClosed = true;
        if (!stream.done) stream.takeEnd();
      }
    } else if (this.streams.wasReset(id)) this.floods.countIdleFrame();
    else if (this.streams.wasClosed(id)) {
      throw new ConnectionError(ErrorCode.StreamClosed, `HEADERS on the closed stream ${id}`);
    } else throw protocolError(`received an illegal stream id: ${id}`);
  }

  onReset(id: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (id > this.streams.lastId) throw protocolError(`RST_STREAM of the idle stream ${id}`);
      this.floods.countIdleFrame();
      return;
    }
    if (!stream.done) this.floods.countReset();
    this.streams.remove(stream);
    stream.abort();
    this.touch();
  }

  override onWindowUpdate(id: number, increment: number): void {
    this.floods.countWindowUpdate();
    super.onWindowUpdate(id, increment);
  }

  protected streamOf(id: number): Http2Stream | undefined {
    return this.streams.get(id);
  }

  protected openStreams(): Iterable<Http2Stream> {
    return this.streams.values();
  }

  protected onClosedStream(id: number, what: string): void {
    if (id > this.streams.lastId) throw protocolError(`${what} on the idle stream ${id}`);
  }

  onSettings(settings: PeerSettings): void {
    this.floods.countSettings();
    this.wheel.cancel(this.alarm);
    if (settings.headerTableBytes >= 0) this.blocks.limitTable(settings.headerTableBytes);
    if (settings.initialWindowBytes >= 0) this.changeStreamWindows(settings.initialWindowBytes);
    writeSettingsAck(this.output);
    this.touch();
  }

  onPing(data: Buffer, ack: boolean): void {
    if (ack) {
      if (this.phase === Phase.Noticing && data.equals(DRAIN_PING)) this.onDrainNoticed();
      else this.floods.countIdleFrame();
      return;
    }
    if (!this.pings.allows(this.streams.size > 0)) {
      throw new ConnectionError(ErrorCode.EnhanceYourCalm, 'too_many_pings');
    }
    this.ping(data, true);
  }

  onIdleFrame(): void {
    this.floods.countIdleFrame();
  }

  /** A client that will take no pushes, which we never send; as grpc-go does, it is served on. */
  onGoaway(): void {
    this.floods.countIdleFrame();
  }

  /** A fault of the client that costs it one call. It counts like a reset, for it costs us as much. */
  protected fault(stream: Http2Stream, code: ErrorCode): void {
    this.floods.countReset();
    this.streams.remove(stream);
    this.reset(stream.id, code);
    stream.abort();
  }

  /** A request that gets no stream. */
  private refuse(id: number, code: ErrorCode): void {
    this.floods.countReset();
    this.reset(id, code);
  }

  private reset(id: number, code: ErrorCode): void {
    writeReset(this.output, id, code);
    this.streams.rememberReset(id);
    this.touch();
  }

  // Output

  protected touch(): void {
    if (this.touched || this.phase === Phase.Over) return;
    this.touched = true;
    this.owner.touched(this);
  }

  private ping(data: Buffer, ack: boolean): void {
    writePing(this.output, data, ack);
    this.touch();
  }

  private resetAnsweredEarly(): void {
    const early = this.answeredEarly;
    this.answeredEarly = [];
    for (const stream of early) {
      if (this.streams.remove(stream) && !stream.halfClosed) this.reset(stream.id, ErrorCode.NoError);
    }
  }

  private write(): void {
    if (!this.socket.writable) return;
    this.blocked = !this.output.flush(this.socket);
  }

  /**
   * A socket whose system takes everything at once drains within the write: what is left then leaves in a turn of its
   * own. If it left here, it would drain again, and again, and nobody else would have a turn until the client is slower.
   */
  private onDrain(): void {
    if (this.phase === Phase.Over || !this.blocked) return;
    this.blocked = false;
    this.socket.resume();
    this.flush();
  }

  // The end

  private onDrainNoticed(): void {
    if (this.phase !== Phase.Noticing) return;
    this.phase = Phase.Draining;
    this.wheel.cancel(this.alarm);
    writeGoaway(this.output, this.streams.lastId, ErrorCode.NoError, 'graceful_stop');
    this.touch();
  }

  /** A fault of the client, or, if it is no `ConnectionError`, one of ours, which shall cost this client only. */
  private fail(error: unknown): void {
    if (this.phase === Phase.Over) return;
    const { peer } = this;
    const isTheirs = error instanceof ConnectionError;
    const code = isTheirs ? error.code : ErrorCode.InternalError;
    if (isTheirs) this.log.debug('an HTTP/2 connection failed', { peer, code, message: error.message });
    else this.log.error('an HTTP/2 connection failed', { peer, error });
    writeGoaway(this.output, this.streams.lastId, code, isTheirs ? error.message : 'internal error');
    this.end();
  }

  /** Sends what is framed, ends our side, and gives the client some time to end its own. */
  private end(): void {
    this.phase = Phase.Over;
    if (this.socket.writable) {
      this.output.flush(this.socket);
      this.socket.end();
    }
    // What still comes is read and dropped: unread bytes would make the system take back the GOAWAY.
    this.socket.resume();
    this.abortStreams();
    this.alarm.set(this.wheel, limits.LINGER_MS, () => this.destroy());
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
    this.answeredEarly = [];
    for (const stream of this.streams.clear()) stream.abort();
  }
}

function ignore(): void {}
