/**
 * What is wrong with a frame by itself is found here (RFC 9113 §6: lengths, padding, streams it may not be on, its
 * place in the order of frames); what remains is told to the connection as events.
 */

import type { FrameSink } from './frame-reader.ts';
import { ConnectionError, ErrorCode, Flag, FrameType, STREAM_ID_MAX } from './frames.ts';
import { HeaderReader } from './header-reader.ts';
import type { HeaderField } from './header-table.ts';
import type { PeerSettings } from './settings.ts';
import { readSettings } from './settings.ts';

/** `Head`: what header blocks are read as. */
export interface FrameEvents<Head> {
  /** No further frame is wanted. */
  readonly isOver: boolean;
  /** Octets `[from, to)` of `bytes`; `flowBytes` counts padding, too. */
  onData(id: number, bytes: Buffer, from: number, to: number, flowBytes: number, end: boolean): void;
  /** A header block is complete. `blocks` has what there is to know of it besides. */
  onHeaders(id: number, head: Head, blocks: HeaderReader<Head>): void;
  onReset(id: number, code: number): void;
  /** `id` 0: the connection. */
  onWindowUpdate(id: number, increment: number): void;
  onSettings(settings: PeerSettings): void;
  onPing(data: Buffer, ack: boolean): void;
  /** The peer opens no more streams, and answers none above `lastId`; `text` is its debug data. */
  onGoaway(lastId: number, code: number, text: string): void;
  /** A frame that moves nothing. */
  onIdleFrame(): void;
}

const PRIORITY_BYTES = 5;
const WORD_BYTES = 4;
const PING_BYTES = 8;
const GOAWAY_BYTES_MIN = 8;

export class InboundFrames<Head> implements FrameSink {
  private readonly events: FrameEvents<Head>;
  private readonly blocks: HeaderReader<Head>;
  /** The first frame of the peer, which must be SETTINGS, has come. */
  hasSettings = false;

  constructor(
    events: FrameEvents<Head>,
    maxHeaderListBytes: number,
    interpret: (fields: readonly HeaderField[]) => Head,
  ) {
    this.events = events;
    this.blocks = new HeaderReader<Head>(maxHeaderListBytes, interpret);
  }

  /** @throws ConnectionError with the code that RFC 9113 names for each fault */
  onFrame(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    const { events, blocks } = this;
    if (events.isOver) return;
    if (blocks.openStream !== 0 && (type !== FrameType.Continuation || id !== blocks.openStream)) {
      throw protocolError('a frame inside of a header block');
    }
    if (!this.hasSettings && type !== FrameType.Settings)
      throw protocolError('the first frame is not SETTINGS');
    switch (type) {
      case FrameType.Data:
        this.data(flags, id, bytes, from, to);
        break;
      case FrameType.Headers:
        if (id === 0) throw protocolError('HEADERS on stream 0');
        this.headers(id, blocks.headers(flags, id, bytes, from, to));
        break;
      case FrameType.Continuation:
        if (blocks.openStream === 0) throw protocolError('CONTINUATION without HEADERS');
        this.headers(id, blocks.continuation(flags, bytes, from, to));
        break;
      case FrameType.WindowUpdate:
        expectBytes('WINDOW_UPDATE', to - from, WORD_BYTES);
        events.onWindowUpdate(id, bytes.readUInt32BE(from) & STREAM_ID_MAX);
        break;
      case FrameType.RstStream:
        expectBytes('RST_STREAM', to - from, WORD_BYTES);
        if (id === 0) throw protocolError('RST_STREAM of stream 0');
        events.onReset(id, bytes.readUInt32BE(from));
        break;
      case FrameType.Settings:
        this.settings(flags, id, bytes, from, to);
        break;
      case FrameType.Ping:
        if (id !== 0) throw protocolError('PING on a stream');
        expectBytes('PING', to - from, PING_BYTES);
        events.onPing(bytes.subarray(from, to), (flags & Flag.Ack) !== 0);
        break;
      case FrameType.Goaway:
        this.goaway(id, bytes, from, to);
        break;
      default:
        this.other(type, id, to - from);
    }
  }

  private data(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id === 0) throw protocolError('DATA on stream 0');
    let begin = from;
    let end = to;
    if ((flags & Flag.Padded) !== 0) {
      if (from === to) throw new ConnectionError(ErrorCode.FrameSizeError, 'DATA without its pad length');
      begin += 1;
      end -= bytes[from]!;
      if (begin > end) throw protocolError('DATA with more padding than payload');
    }
    this.events.onData(id, bytes, begin, end, to - from, (flags & Flag.EndStream) !== 0);
  }

  private headers(id: number, head: Head | null): void {
    if (head !== null) this.events.onHeaders(id, head, this.blocks);
  }

  private settings(flags: number, id: number, bytes: Buffer, from: number, to: number): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    if ((flags & Flag.Ack) === 0) {
      const settings = readSettings(bytes, from, to);
      this.hasSettings = true;
      this.events.onSettings(settings);
      return;
    }
    expectBytes('an acknowledgement of SETTINGS', to - from, 0);
    if (!this.hasSettings) throw protocolError('the first frame is not SETTINGS');
    this.events.onIdleFrame();
  }

  private goaway(id: number, bytes: Buffer, from: number, to: number): void {
    if (id !== 0) throw protocolError('GOAWAY on a stream');
    if (to - from < GOAWAY_BYTES_MIN) expectBytes('GOAWAY', to - from, GOAWAY_BYTES_MIN);
    const lastId = bytes.readUInt32BE(from) & STREAM_ID_MAX;
    const text = bytes.toString('utf8', from + GOAWAY_BYTES_MIN, to);
    this.events.onGoaway(lastId, bytes.readUInt32BE(from + WORD_BYTES), text);
  }

  /** PRIORITY and unknown frames are checked and ignored, as grpc-go does. Nobody is asked for pushes here. */
  private other(type: number, id: number, length: number): void {
    if (type === FrameType.PushPromise) throw protocolError('PUSH_PROMISE, which nobody allowed');
    if (type === FrameType.Priority) {
      if (id === 0) throw protocolError('PRIORITY of stream 0');
      expectBytes('PRIORITY', length, PRIORITY_BYTES);
    }
    this.events.onIdleFrame();
  }
}

export function protocolError(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.ProtocolError, what);
}

function expectBytes(what: string, bytes: number, expected: number): void {
  if (bytes !== expected) throw new ConnectionError(ErrorCode.FrameSizeError, `${what} of ${bytes} bytes`);
}
