/**
 * Cuts the bytes of a call into gRPC messages (gRPC over HTTP/2, "Length-Prefixed-Message"), when it is asked to:
 *
 *     | compressed: u8 | length: u32, big endian | message: length bytes |
 *
 * Bytes that are not asked for stay as they came. A message that lies whole within a chunk is handed on as a view.
 * The room for a message that comes in pieces grows with what has come, so that an announced length costs nothing.
 *
 * The invariant: `heldBytes` is what is pinned here between two calls of `push`.
 */

import { tooLargeText } from '../message-decoder.ts';

export const MESSAGE_PREFIX_BYTES = 5;
const PARTIAL_BYTES_MIN = 1024;
const EMPTY: Buffer = Buffer.alloc(0);

/** A message prefix that cannot be: `code` is the gRPC status. */
export class MessageFault extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;

export class MessageReader {
  private readonly maxBytes: number;
  private chunks: Buffer[] = [];
  private head = 0;
  private at = 0;
  private waiting = 0;
  /** The message that is being put together: bytes so far, and how many it will have; -1: none. */
  private partial: Buffer = EMPTY;
  private partialBytes = 0;
  private partialTotal = -1;
  /** Of the message that `next` gave last. */
  compressed = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes that wait for `next`. */
  get waitingBytes(): number {
    return this.waiting;
  }

  get heldBytes(): number {
    return this.waiting + this.partial.length;
  }

  /** Whether the bytes so far end inside of a message or its prefix. Only meaningful when `next` gave null. */
  get isInside(): boolean {
    return this.waiting > 0 || this.partialTotal >= 0;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.waiting += chunk.length;
  }

  /** Copies what waits, so that it does not pin the larger chunks that it is part of. */
  detach(): void {
    if (this.waiting === 0) return;
    const last = this.chunks.length - 1;
    const from = last === this.head ? this.at : 0;
    this.chunks[last] = Buffer.from(this.chunks[last]!.subarray(from));
    if (last === this.head) this.at = 0;
  }

  /**
   * The next message, or null when it is not complete.
   * @throws MessageFault when a message announces more than the limit, or is of no known form
   */
  next(): Buffer | null {
    if (this.partialTotal < 0) {
      if (this.waiting < MESSAGE_PREFIX_BYTES) return null;
      const length = this.takePrefix();
      if (length === 0) return EMPTY;
      if (this.waiting > 0) {
        const chunk = this.chunks[this.head]!;
        if (chunk.length - this.at >= length) {
          const message = chunk.subarray(this.at, this.at + length);
          this.skip(length);
          return message;
        }
      }
      this.partialTotal = length;
      this.partialBytes = 0;
    }
    this.fillPartial();
    if (this.partialBytes < this.partialTotal) return null;
    const message = this.partial;
    this.partial = EMPTY;
    this.partialTotal = -1;
    return message;
  }

  private takePrefix(): number {
    const flag = this.takeByte();
    const length =
      this.takeByte() * 0x1000000 + ((this.takeByte() << 16) | (this.takeByte() << 8) | this.takeByte());
    if (flag > 1) throw new MessageFault(INTERNAL, `grpc: received unexpected payload format ${flag}`);
    if (length > this.maxBytes)
      throw new MessageFault(RESOURCE_EXHAUSTED, tooLargeText(length, this.maxBytes));
    this.compressed = flag === 1;
    return length;
  }

  private takeByte(): number {
    const byte = this.chunks[this.head]![this.at]!;
    this.skip(1);
    return byte;
  }

  private skip(bytes: number): void {
    this.at += bytes;
    this.waiting -= bytes;
    if (this.at < this.chunks[this.head]!.length) return;
    this.at = 0;
    this.head += 1;
    if (this.head < this.chunks.length) return;
    this.chunks = [];
    this.head = 0;
  }

  private fillPartial(): void {
    while (this.waiting > 0 && this.partialBytes < this.partialTotal) {
      const chunk = this.chunks[this.head]!;
      const bytes = Math.min(chunk.length - this.at, this.partialTotal - this.partialBytes);
      this.growPartial(this.partialBytes + bytes);
      chunk.copy(this.partial, this.partialBytes, this.at, this.at + bytes);
      this.partialBytes += bytes;
      this.skip(bytes);
    }
  }

  private growPartial(bytes: number): void {
    if (bytes <= this.partial.length) return;
    const wanted = Math.max(bytes * 2, this.partial.length * 4, PARTIAL_BYTES_MIN);
    const larger = Buffer.allocUnsafeSlow(Math.min(wanted, this.partialTotal));
    this.partial.copy(larger, 0, 0, this.partialBytes);
    this.partial = larger;
  }
}
