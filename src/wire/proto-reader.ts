/**
 * Reads the protobuf wire format (protobuf.dev, "Encoding") from a byte array, field by field.
 *
 * Invariant: `at <= end <= bytes.length`, and nothing outside `[start, end)` is ever looked at. Input that breaks the
 * format raises Failure 'malformedRequest'; no input raises anything else. As gogo/protobuf does for etcd, a known
 * field with the wrong wire type is an error and an unknown field is skipped, be it a group, which proto3 does not have.
 */

import { Failure } from '../util/failure.ts';

export const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, GroupStart: 3, GroupEnd: 4, Fixed32: 5 } as const;

/** Messages inside messages, the outermost counted as 1; the limit of the protobuf implementations of Google. */
export const maxMessageDepth = 100;

/** The value of every absent bytes field. It has no bytes, so sharing it is safe. */
export const emptyBytes: Uint8Array = new Uint8Array(0);

const two28 = 0x1000_0000;
const mask28 = two28 - 1;
/** Values of the bits from 28 on at which a number leaves the safe integers. */
const unsafeHigh = 2 ** 25;

// The last varint that was read, by weight: bits 0-27, 28-55 and 56-63. Module-wide, for reading never nests.
let low28 = 0;
let middle28 = 0;
let high8 = 0;

/** The error of every decoder: says what is wrong with the bytes, for logs. */
export function malformed(what: string): Failure {
  return new Failure('malformedRequest', `malformed protobuf message: ${what}`);
}

/** A cursor over one message. Fields are public because the decoders of the hot messages live on them. */
export class Reader {
  bytes: Uint8Array;
  at: number;
  end: number;
  /** That of `bytes` once it was asked for: to ask is a call. */
  #buffer: ArrayBufferLike | null = null;

  /** @param bytes the buffer; `start` and `end` delimit the message in it. Views that are read share its memory. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** Begins with another message: for decoders that are used for every request. */
  restart(bytes: Uint8Array, start: number, end: number): this {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.#buffer = null;
    }
    this.at = start;
    this.end = end;
    return this;
  }

  /** Reads a field's tag, `number << 3 | wireType`. Ask only while `at < end`. */
  tag(): number {
    const { bytes, at, end } = this;
    if (at < end && bytes[at]! < 0x80) {
      const tag = bytes[at]!;
      this.at = at + 1;
      if (tag < 8) throw malformed('field number 0');
      return tag;
    }
    return this.#longTag();
  }

  /** Reads an int64; what is beyond the safe integers is saturated. */
  int64(): number {
    const { bytes, at, end } = this;
    if (at < end && bytes[at]! < 0x80) {
      this.at = at + 1;
      return bytes[at]!;
    }
    this.#varint();
    if (high8 < 0x80) {
      if (high8 !== 0 || middle28 >= unsafeHigh) return Number.MAX_SAFE_INTEGER;
      return middle28 * two28 + low28;
    }
    // Two's complement: -(~bits) - 1.
    const middle = ~middle28 & mask28;
    if (high8 !== 0xff) return Number.MIN_SAFE_INTEGER;
    return Math.max(-(middle * two28 + (~low28 & mask28)) - 1, Number.MIN_SAFE_INTEGER);
  }

  /** Reads a uint64; what is beyond the safe integers is saturated. */
  uint64(): number {
    const { bytes, at, end } = this;
    if (at < end && bytes[at]! < 0x80) {
      this.at = at + 1;
      return bytes[at]!;
    }
    this.#varint();
    if (high8 !== 0 || middle28 >= unsafeHigh) return Number.MAX_SAFE_INTEGER;
    return middle28 * two28 + low28;
  }

  /** Reads an int64 in its full range. */
  bigInt64(): bigint {
    this.#varint();
    return high8 < 0x80 ? unsignedBigint() : unsignedBigint() - 0x1_0000_0000_0000_0000n;
  }

  /** Reads a uint64 in its full range. */
  bigUint64(): bigint {
    this.#varint();
    return unsignedBigint();
  }

  /** Reads an int32 or an enum: the low 32 bits, signed. Numbers without a name are kept. */
  int32(): number {
    return this.#low32() | 0;
  }

  /** Reads a uint32: the low 32 bits. */
  uint32(): number {
    return this.#low32() >>> 0;
  }

  /** Reads a bool: any varint but 0 is true. */
  bool(): boolean {
    const { bytes, at, end } = this;
    if (at < end && bytes[at]! < 0x80) {
      this.at = at + 1;
      return bytes[at] !== 0;
    }
    this.#varint();
    return (low28 | middle28 | high8) !== 0;
  }

  /** Reads a bytes field as a view on the buffer; nothing is copied. */
  view(): Uint8Array {
    const start = this.#length();
    return start === this.at ? emptyBytes : this.bytes.subarray(start, this.at);
  }

  /** The same as a plain array of bytes, whatever the buffer is: to make one costs half as much. */
  plainView(): Uint8Array {
    const start = this.#length();
    if (start === this.at) return emptyBytes;
    this.#buffer ??= this.bytes.buffer;
    return new Uint8Array(this.#buffer, this.bytes.byteOffset + start, this.at - start);
  }

  /** Moves behind a bytes field and returns where its bytes start. */
  pass(): number {
    return this.#length();
  }

  /** Reads a string field; what is not UTF-8 becomes U+FFFD. */
  string(): string {
    const start = this.#length();
    const { buffer, byteOffset } = this.bytes;
    return Buffer.from(buffer, byteOffset + start, this.at - start).toString('utf8');
  }

  /**
   * Steps into a message field: `end` becomes the end of that message. Returns the outer end, which belongs into
   * `end` again once the inner message is read.
   */
  enter(): number {
    const start = this.#length();
    const outer = this.end;
    this.end = this.at;
    this.at = start;
    return outer;
  }

  /**
   * Skips a field that the decoder has no case for.
   * @param lastField every field number up to it is known, so that coming here means that its wire type is wrong.
   */
  skip(tag: number, lastField: number): void {
    if (tag >>> 3 <= lastField) throw malformed(`field ${tag >>> 3} has wire type ${tag & 7}`);
    const wireType = tag & 7;
    if (wireType === WireType.GroupStart) this.#skipGroup();
    else this.#skipContent(wireType);
  }

  /** Of the ends of groups only the number counts: gogo/protobuf does not ask which one they end. */
  #skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      this.#varint();
      const wireType = low28 & 7;
      if (wireType === WireType.GroupStart) depth++;
      else if (wireType === WireType.GroupEnd) depth--;
      else this.#skipContent(wireType);
    }
  }

  #skipContent(wireType: number): void {
    if (wireType === WireType.Varint) this.#varint();
    else if (wireType === WireType.Bytes) this.#length();
    else if (wireType === WireType.Fixed64) this.#fixed(8);
    else if (wireType === WireType.Fixed32) this.#fixed(4);
    else throw malformed(`wire type ${wireType}`);
  }

  #fixed(bytes: number): void {
    if (this.end - this.at < bytes) throw malformed('ends inside a fixed field');
    this.at += bytes;
  }

  /** Reads a length, moves behind the bytes it counts and returns where they start. */
  #length(): number {
    const length = this.uint64();
    const start = this.at;
    if (length > this.end - start) throw malformed('ends inside a length-delimited field');
    this.at = start + length;
    return start;
  }

  #longTag(): number {
    this.#varint();
    if (middle28 >= 16 || high8 !== 0) throw malformed('field number beyond 32 bits');
    const tag = (low28 | (middle28 << 28)) >>> 0;
    if (tag < 8) throw malformed('field number 0');
    return tag;
  }

  #low32(): number {
    const { bytes, at, end } = this;
    if (at < end && bytes[at]! < 0x80) {
      this.at = at + 1;
      return bytes[at]!;
    }
    this.#varint();
    return low28 | (middle28 << 28);
  }

  /** Reads one varint of at most ten bytes. Of the tenth only the lowest bit counts, as in Go. */
  #varint(): void {
    const { bytes, end } = this;
    let at = this.at;
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end) throw malformed('ends inside a varint');
      const byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift < 56) middle |= bits << (shift - 28);
      else high |= bits << (shift - 56);
      if (byte < 0x80) break;
      if (shift === 63) throw malformed('varint of more than ten bytes');
    }
    this.at = at;
    low28 = low;
    middle28 = middle;
    high8 = high & 0xff;
  }
}

function unsignedBigint(): bigint {
  if (high8 === 0 && middle28 < unsafeHigh) return BigInt(middle28 * two28 + low28);
  return (BigInt(high8 * two28 + middle28) << 28n) | BigInt(low28);
}
