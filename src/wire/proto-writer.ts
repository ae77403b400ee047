/**
 * Writes the protobuf wire format into a buffer that grows, from its end towards its start.
 *
 * Backwards, because a nested message stands behind its length: written last to first, the length is known when its
 * turn comes, and nothing is measured beforehand or moved afterwards (gogo/protobuf marshals the same way, for the same
 * reason). So the fields of a message are written in descending order, list elements last to first, and a field's
 * value before its tag. The result is the canonical form: ascending order, defaults left out.
 *
 *     const writer = new Writer();
 *     writer.int64Field(2, 5);                 // 10 05
 *     writer.bytesField(1, key);               // 0a 03 61 62 63 | 10 05
 *     const bytes = writer.finish();
 *
 * Invariant: the bytes written so far are `buffer[at, buffer.length)`.
 */

import { WireType } from './proto-reader.ts';

const two28 = 0x1000_0000;
const mask28 = two28 - 1;
const two32 = 0x1_0000_0000;

/** A result up to this size is copied into a buffer of its own; above, the writer's buffer is given away. */
const copiedBytes = 2048;
/** Up to this size a loop copies faster than `set`, which wants a view of the part to copy. */
const loopedBytes = 64;
const firstCapacity = 4096;

const bigintScratch = new BigInt64Array(1);
/** The low and the high half of `bigintScratch`; the byte order of all platforms of Node is little-endian. */
const bigintHalves = new Uint32Array(bigintScratch.buffer);

/** Bytes of a varint for a safe integer; a negative one takes ten. */
export function varintBytes(value: number): number {
  if (value < 0x80) return value < 0 ? 10 : 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  if (value < 2 ** 35) return 5;
  if (value < 2 ** 42) return 6;
  return value < 2 ** 49 ? 7 : 8;
}

/** Bytes of a varint for an int64 or uint64 in full range. */
export function bigVarintBytes(value: bigint): number {
  bigintScratch[0] = value;
  const high = bigintHalves[1]!;
  if (high === 0) return varintBytes(bigintHalves[0]!);
  return ((63 - Math.clz32(high)) / 7 + 1) | 0;
}

/** Writes a safe integer as an int64 varint at `at` and returns the place behind it. There must be room. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let to = at;
  let rest = value;
  if (value >= two32 || value < 0) {
    // A negative number is its two's complement in 64 bits, the complement of -value - 1.
    const positive = value < 0 ? -(value + 1) : value;
    let low = positive % two28;
    let high = (positive - low) / two28;
    if (value < 0) {
      low = ~low & mask28;
      high = ~high & mask28;
    }
    bytes[to] = low | 0x80;
    bytes[to + 1] = (low >>> 7) | 0x80;
    bytes[to + 2] = (low >>> 14) | 0x80;
    bytes[to + 3] = (low >>> 21) | 0x80;
    to += 4;
    if (value < 0) {
      bytes[to] = high | 0x80;
      bytes[to + 1] = (high >>> 7) | 0x80;
      bytes[to + 2] = (high >>> 14) | 0x80;
      bytes[to + 3] = (high >>> 21) | 0x80;
      bytes[to + 4] = 0xff;
      bytes[to + 5] = 1;
      return to + 6;
    }
    rest = high;
  }
  while (rest >= 0x80) {
    bytes[to++] = rest | 0x80;
    rest >>>= 7;
  }
  bytes[to++] = rest;
  return to;
}

/** Writes an int64 or uint64 in full range at `at` and returns the place behind it. There must be room. */
export function writeBigVarint(bytes: Uint8Array, at: number, value: bigint): number {
  bigintScratch[0] = value;
  let low = bigintHalves[0]!;
  let high = bigintHalves[1]!;
  let to = at;
  while (high !== 0) {
    bytes[to++] = low | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  return writeVarint(bytes, to, low);
}

export class Writer {
  buffer: Buffer;
  at: number;

  constructor(capacity: number = firstCapacity) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
    this.at = capacity;
  }

  /** Bytes written so far. Take it before a nested message is written, for `lengthPrefix` afterwards. */
  get written(): number {
    return this.buffer.length - this.at;
  }

  /** Makes room for `bytes` more. Whoever knows the size of a large message saves the doublings. */
  reserve(bytes: number): void {
    if (this.at >= bytes) return;
    const written = this.written;
    const larger = Buffer.allocUnsafeSlow(Math.max(written + bytes, 2 * this.buffer.length));
    larger.set(this.buffer.subarray(this.at), larger.length - written);
    this.at = larger.length - written;
    this.buffer = larger;
  }

  varint(value: number): void {
    this.reserve(10);
    this.at -= varintBytes(value);
    writeVarint(this.buffer, this.at, value);
  }

  bigVarint(value: bigint): void {
    this.reserve(10);
    this.at -= bigVarintBytes(value);
    writeBigVarint(this.buffer, this.at, value);
  }

  /** Bytes as they are, without tag or length. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.at -= bytes.length;
    this.buffer.set(bytes, this.at);
  }

  tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** An int64, int32 or enum field; 0 is left out. */
  int64Field(field: number, value: number): void {
    if (value === 0) return;
    this.varint(value);
    this.tag(field, WireType.Varint);
  }

  /** An int64 or uint64 field in full range; 0 is left out. */
  bigint64Field(field: number, value: bigint): void {
    if (value === 0n) return;
    this.bigVarint(value);
    this.tag(field, WireType.Varint);
  }

  /** A bool field; false is left out. */
  boolField(field: number, value: boolean): void {
    if (!value) return;
    this.varint(1);
    this.tag(field, WireType.Varint);
  }

  /** A bytes field; empty is left out. */
  bytesField(field: number, value: Uint8Array): void {
    if (value.length !== 0) this.element(field, value);
  }

  /** Bytes or an encoded message that is there even when empty: list elements, members of a oneof, set messages. */
  element(field: number, value: Uint8Array): void {
    this.raw(value);
    this.varint(value.length);
    this.tag(field, WireType.Bytes);
  }

  /** A string field; empty is left out. */
  stringField(field: number, value: string): void {
    if (value.length !== 0) this.element(field, Buffer.from(value, 'utf8'));
  }

  /** Closes a nested message: its length and tag go in front of it. `before` is `written` from before its fields. */
  lengthPrefix(field: number, before: number): void {
    this.varint(this.written - before);
    this.tag(field, WireType.Bytes);
  }

  /** Returns the message and starts over, so that one writer serves message after message. */
  finish(): Uint8Array {
    const { buffer, at } = this;
    const length = buffer.length - at;
    if (length <= copiedBytes) {
      const result = Buffer.allocUnsafe(length);
      if (length > loopedBytes) result.set(buffer.subarray(at));
      else for (let i = 0; i < length; i++) result[i] = buffer[at + i]!;
      this.at = buffer.length;
      return result;
    }
    this.buffer = Buffer.allocUnsafeSlow(firstCapacity);
    this.at = firstCapacity;
    return buffer.subarray(at);
  }

  /** Drops what was written, after an encoder was left by an exception. */
  reset(): void {
    this.at = this.buffer.length;
  }
}
