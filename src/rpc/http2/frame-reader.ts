/**
 * Cuts what a peer sends into frames (RFC 9113 §3.4, §4.1).
 *
 *     | length: u24 | type: u8 | flags: u8 | reserved: 1 bit, stream: 31 bits | payload |
 *
 * A frame that lies whole within a chunk is handed on in place; only one that is cut by the end of a chunk is put
 * together in a buffer of its own. The invariant: nothing is kept for a frame before its length was compared with the
 * limit, so a peer pins at most one frame here.
 */

import {
  ConnectionError,
  ErrorCode,
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  PREFACE,
  STREAM_ID_MAX,
} from './frames.ts';

export interface FrameSink {
  /** The payload is `[from, to)` of `bytes`, which is never written to again. */
  onFrame(type: number, flags: number, id: number, bytes: Buffer, from: number, to: number): void;
}

export class FrameReader {
  private readonly sink: FrameSink;
  private prefaceBytes = 0;
  /** A frame of which a part has come: at first room for its header only. */
  private partial: Buffer | null = null;
  private partialBytes = 0;

  /** @param expectsPreface whether the peer is a client, whose first bytes are the preface */
  constructor(sink: FrameSink, expectsPreface = true) {
    this.sink = sink;
    if (!expectsPreface) this.prefaceBytes = PREFACE.length;
  }

  get hasPreface(): boolean {
    return this.prefaceBytes === PREFACE.length;
  }

  /** @throws ConnectionError for a false preface and a frame that is too large; and what the sink throws. */
  read(chunk: Buffer): void {
    let at = this.hasPreface ? 0 : this.readPreface(chunk);
    while (this.partial !== null && at < chunk.length) at = this.fillPartial(this.partial, chunk, at);
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const payload = at + FRAME_HEADER_BYTES;
      const end = payload + checkedLength(chunk, at);
      if (end > chunk.length) break;
      const id = chunk.readUInt32BE(at + 5) & STREAM_ID_MAX;
      this.sink.onFrame(chunk[at + 3]!, chunk[at + 4]!, id, chunk, payload, end);
      at = end;
    }
    if (at === chunk.length) return;
    const rest = chunk.length - at;
    const room = rest < FRAME_HEADER_BYTES ? 0 : checkedLength(chunk, at);
    this.partial = Buffer.allocUnsafe(FRAME_HEADER_BYTES + room);
    this.partialBytes = chunk.copy(this.partial, 0, at);
  }

  private readPreface(chunk: Buffer): number {
    const bytes = Math.min(PREFACE.length - this.prefaceBytes, chunk.length);
    if (chunk.compare(PREFACE, this.prefaceBytes, this.prefaceBytes + bytes, 0, bytes) !== 0) {
      throw new ConnectionError(ErrorCode.ProtocolError, 'the connection preface is not that of HTTP/2');
    }
    this.prefaceBytes += bytes;
    return bytes;
  }

  private fillPartial(partial: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(partial, this.partialBytes, at);
    this.partialBytes += copied;
    if (this.partialBytes < partial.length) return at + copied;
    const length = checkedLength(partial, 0);
    if (partial.length === FRAME_HEADER_BYTES && length > 0) {
      this.partial = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
      partial.copy(this.partial);
      return at + copied;
    }
    this.partial = null;
    const id = partial.readUInt32BE(5) & STREAM_ID_MAX;
    this.sink.onFrame(partial[3]!, partial[4]!, id, partial, FRAME_HEADER_BYTES, partial.length);
    return at + copied;
  }
}

function checkedLength(bytes: Buffer, at: number): number {
  const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
  if (length > FRAME_PAYLOAD_BYTES_MAX) {
    throw new ConnectionError(ErrorCode.FrameSizeError, `a frame of ${length} bytes`);
  }
  return length;
}
