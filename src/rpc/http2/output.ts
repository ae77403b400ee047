/**
 * What one connection is about to send: frames are put together in a slab of bytes, and everything of a turn leaves
 * in one write. Large bodies are not copied: they go between two parts of the slab as they are.
 *
 *     parts:  [slab 0..a] [body] [slab a..b] [body] …      slab b..end is what comes next
 *
 * The invariant: bytes that the socket may still hold are never written to. A slab is used again only when the socket
 * took all of it at once; otherwise it is given away.
 */

import type { Socket } from 'node:net';
import { FRAME_HEADER_BYTES, FrameType } from './frames.ts';

const SLAB_BYTES_MIN = 2048;
const SLAB_BYTES_MAX = 64 * 1024;
/** From here on, a copy costs more than an entry in the socket's list of buffers. */
export const BODY_BYTES_NOT_COPIED = 8192;

/** Chunks that streams fill and the socket lets go of again; as many are kept for the next ones. */
export const CHUNK_BYTES: number = 64 * 1024;
const IDLE_CHUNKS_MAX = 64;
const idleChunks: Buffer[] = [];

export function takeChunk(): Buffer {
  return idleChunks.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
}

function keepChunks(chunks: readonly Buffer[]): void {
  for (const chunk of chunks) if (idleChunks.length < IDLE_CHUNKS_MAX) idleChunks.push(chunk);
}

const NO_CHUNKS: Buffer[] = [];

export class Output {
  slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES_MIN);
  /** Of the slab: where the part begins that is not among `parts` yet, and where the next byte goes. */
  private begin = 0;
  private end = 0;
  private parts: Uint8Array[] = [];
  private partBytes = 0;
  /** Of these chunks, the last octets are among what was written since the last flush. */
  private spent: Buffer[] = NO_CHUNKS;

  /** Bytes since the last flush. */
  get bytes(): number {
    return this.partBytes + this.end - this.begin;
  }

  /** @returns where in `slab` there is room for so many bytes, all of which the caller writes. */
  reserve(bytes: number): number {
    if (this.end + bytes > this.slab.length) this.renew(bytes);
    const at = this.end;
    this.end = at + bytes;
    return at;
  }

  /** Writes a frame header at `at` of the slab. */
  header(at: number, length: number, type: number, flags: number, id: number): void {
    const { slab } = this;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    slab[at + 5] = id >>> 24;
    slab[at + 6] = id >>> 16;
    slab[at + 7] = id >>> 8;
    slab[at + 8] = id;
  }

  /** Writes a header block that fits in one frame. */
  headers(id: number, flags: number, block: Uint8Array): void {
    const at = this.reserve(FRAME_HEADER_BYTES + block.length);
    this.header(at, block.length, FrameType.Headers, flags, id);
    this.slab.set(block, at + FRAME_HEADER_BYTES);
  }

  /** Writes a small frame whose payload is numbers of 32 bits. */
  control(type: number, flags: number, id: number, words: readonly number[]): void {
    const bytes = FRAME_HEADER_BYTES + words.length * 4;
    const at = this.reserve(bytes);
    this.header(at, words.length * 4, type, flags, id);
    for (let index = 0; index < words.length; index++) {
      this.slab.writeUInt32BE(words[index]! >>> 0, at + FRAME_HEADER_BYTES + index * 4);
    }
  }

  /** Writes a small frame with any payload. */
  frame(type: number, flags: number, id: number, payload: Uint8Array): void {
    const bytes = FRAME_HEADER_BYTES + payload.length;
    const at = this.reserve(bytes);
    this.header(at, payload.length, type, flags, id);
    this.slab.set(payload, at + FRAME_HEADER_BYTES);
  }

  /** Appends bytes; they must not change before they have left. */
  append(bytes: Uint8Array): void {
    if (bytes.length < BODY_BYTES_NOT_COPIED) {
      const at = this.reserve(bytes.length);
      this.slab.set(bytes, at);
      return;
    }
    this.cut();
    this.parts.push(bytes);
    this.partBytes += bytes.length;
  }

  /** The chunk may be used again as soon as what was appended so far has left. */
  giveBack(chunk: Buffer): void {
    if (this.spent === NO_CHUNKS) this.spent = [];
    this.spent.push(chunk);
  }

  /**
   * Hands everything to the socket in one write.
   * @returns false: the socket has more than it likes; wait for its `drain`.
   */
  flush(socket: Socket): boolean {
    if (this.bytes === 0) return true;
    let taking = true;
    if (this.parts.length === 0) {
      taking = this.writeLast(socket, this.slab.subarray(this.begin, this.end));
      this.begin = this.end;
    } else {
      this.cut();
      const { parts } = this;
      const last = parts.length - 1;
      socket.cork();
      for (let index = 0; index < last; index++) socket.write(parts[index]!);
      taking = this.writeLast(socket, parts[last]!);
      socket.uncork();
      this.parts = [];
      this.partBytes = 0;
    }
    if (socket.writableLength === 0) {
      this.begin = 0;
      this.end = 0;
      taking = true;
    }
    return taking;
  }

  /** Chunks come back when all of it has left; never, if the socket fails, for who knows what the system still reads. */
  private writeLast(socket: Socket, part: Uint8Array): boolean {
    const { spent } = this;
    if (spent === NO_CHUNKS) return socket.write(part);
    this.spent = NO_CHUNKS;
    return socket.write(part, (error) => {
      if (!error) keepChunks(spent);
    });
  }

  /** Drops what has not been flushed. */
  clear(): void {
    this.spent = NO_CHUNKS;
    this.parts = [];
    this.partBytes = 0;
    this.begin = this.end;
  }

  /** Moves the part of the slab that is written to the list. */
  private cut(): void {
    if (this.end === this.begin) return;
    this.parts.push(this.slab.subarray(this.begin, this.end));
    this.partBytes += this.end - this.begin;
    this.begin = this.end;
  }

  private renew(bytes: number): void {
    this.cut();
    const doubled = Math.min(this.slab.length * 2, SLAB_BYTES_MAX);
    this.slab = Buffer.allocUnsafeSlow(Math.max(doubled, bytes));
    this.begin = 0;
    this.end = 0;
  }
}
