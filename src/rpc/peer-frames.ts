/**
 * What travels between members on TCP.
 *
 *     the dialler's introduction        the acceptor's answer, the same shape
 *     | 89 'K' 'L' 'N' | version: u8 | body length: u16 | body | crc32 of all before: u32 |
 *       body: strings, each | length: u8 | UTF-8 |
 *       dialler: cluster id, its own id, the id it wants     acceptor: 'welcome' or 'refused', reason
 *
 *     then, from dialler to acceptor, frames; from both, signs of life
 *     | length: u32 | crc32: u32 | payload: length bytes |
 *     | ffffffff    | 00000000   |                                a sign of life
 *
 * All numbers are big endian. The checksum of a frame continues the one before it (the first continues 0), so that a
 * frame lost, doubled or swapped is noticed as well as a flipped bit, of which TCP's own 16-bit sum misses some. The
 * first byte is no ASCII, which tells the protocol from HTTP on the same port.
 */

import { crc32 } from 'node:zlib';

import { chainCrc } from '../util/chain-crc.ts';

export const PEER_MAGIC: Buffer = Buffer.from([0x89, 0x4b, 0x4c, 0x4e]);
const PEER_PROTOCOL_VERSION = 1;
/** Largest introduction or answer, in bytes. */
export const MAX_INTRODUCTION_BYTES: number = 1024;
const FRAME_HEADER_BYTES = 8;
const SIGN_OF_LIFE_LENGTH = 0xffffffff;
export const SIGN_OF_LIFE: Buffer = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

const INTRODUCTION_HEADER_BYTES = 7;
const CHECKSUM_BYTES = 4;
/** Batches up to this size are copied into one buffer; copying is then cheaper than a vector of buffers. */
const COPIED_BATCH_BYTES = 8 * 1024;

/** @param strings at most 255 bytes of UTF-8 each */
export function encodeIntroduction(strings: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const text of strings) {
    const bytes = Buffer.from(text);
    if (bytes.length > 255) throw new Error(`a string of an introduction has ${bytes.length} bytes, not 255`);
    parts.push(Buffer.from([bytes.length]), bytes);
  }
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(INTRODUCTION_HEADER_BYTES);
  PEER_MAGIC.copy(header);
  header.writeUInt8(PEER_PROTOCOL_VERSION, 4);
  header.writeUInt16BE(body.length, 5);
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(body, crc32(header)));
  return Buffer.concat([header, body, checksum]);
}

export interface Introduction {
  readonly strings: readonly string[];
  /** Bytes of the input that it took. */
  readonly bytes: number;
}

/**
 * @returns null when more bytes are needed
 * @throws Error that says what is wrong with the bytes
 */
export function decodeIntroduction(input: Buffer): Introduction | null {
  const magicBytes = Math.min(input.length, PEER_MAGIC.length);
  if (input.compare(PEER_MAGIC, 0, magicBytes, 0, magicBytes) !== 0) {
    throw new Error('the other end does not speak the peer protocol');
  }
  if (input.length < INTRODUCTION_HEADER_BYTES) return null;
  const version = input.readUInt8(4);
  if (version !== PEER_PROTOCOL_VERSION) {
    throw new Error(
      `the other end speaks version ${version} of the peer protocol, not ${PEER_PROTOCOL_VERSION}`,
    );
  }
  const bodyEnd = INTRODUCTION_HEADER_BYTES + input.readUInt16BE(5);
  const bytes = bodyEnd + CHECKSUM_BYTES;
  if (bytes > MAX_INTRODUCTION_BYTES) throw new Error(`an introduction of ${bytes} bytes is too long`);
  if (input.length < bytes) return null;
  if (crc32(input.subarray(0, bodyEnd)) !== input.readUInt32BE(bodyEnd)) {
    throw new Error('the introduction is damaged: its checksum does not match');
  }
  return { strings: decodeStrings(input.subarray(INTRODUCTION_HEADER_BYTES, bodyEnd)), bytes };
}

function decodeStrings(body: Buffer): string[] {
  const strings: string[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 1 + body.readUInt8(at);
    if (end > body.length) throw new Error('a string of the introduction ends behind it');
    strings.push(body.toString('utf8', at + 1, end));
    at = end;
  }
  return strings;
}

/** What a frame carries: bytes, or pieces that follow each other. */
export type Payload = Uint8Array | readonly Uint8Array[];

export function payloadBytes(payload: Payload): number {
  if (payload instanceof Uint8Array) return payload.length;
  let bytes = 0;
  for (const piece of payload) bytes += piece.length;
  return bytes;
}

/** Wraps payloads as frames, in order, one connection long. */
export class FrameWriter {
  private checksum = 0;

  /** @returns the buffers to write, in order; a small batch is one buffer. */
  encode(payloads: readonly Payload[]): Uint8Array[] {
    let total = 0;
    for (const payload of payloads) total += FRAME_HEADER_BYTES + payloadBytes(payload);
    return total <= COPIED_BATCH_BYTES ? [this.copy(payloads, total)] : this.refer(payloads);
  }

  private copy(payloads: readonly Payload[], total: number): Uint8Array {
    const batch = Buffer.allocUnsafe(total);
    let at = 0;
    for (const payload of payloads) {
      this.writeHeader(batch, at, payload);
      at += FRAME_HEADER_BYTES;
      for (const piece of piecesOf(payload)) {
        batch.set(piece, at);
        at += piece.length;
      }
    }
    return batch;
  }

  private refer(payloads: readonly Payload[]): Uint8Array[] {
    const headers = Buffer.allocUnsafe(payloads.length * FRAME_HEADER_BYTES);
    const buffers: Uint8Array[] = [];
    let at = 0;
    for (const payload of payloads) {
      this.writeHeader(headers, at, payload);
      buffers.push(headers.subarray(at, at + FRAME_HEADER_BYTES), ...piecesOf(payload));
      at += FRAME_HEADER_BYTES;
    }
    return buffers;
  }

  private writeHeader(target: Buffer, at: number, payload: Payload): void {
    for (const piece of piecesOf(payload)) this.checksum = chainCrc(piece, this.checksum);
    target.writeUInt32BE(payloadBytes(payload), at);
    target.writeUInt32BE(this.checksum, at + 4);
  }
}

function piecesOf(payload: Payload): readonly Uint8Array[] {
  return payload instanceof Uint8Array ? [payload] : payload;
}

/**
 * Finds the frames in what arrives. At most one frame is kept while it is incomplete, and only after its length
 * was compared with the limit. Payloads that lie whole within a chunk are views of it.
 */
export class FrameReader {
  private readonly maxFrameBytes: number;
  private checksum = 0;
  private readonly header: Buffer = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  private headerBytes = 0;
  private partial: Buffer | null = null;
  private partialBytes = 0;
  /** What was wrong with the bytes, once something was; nothing is read from then on. */
  failure: string | null = null;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** @returns the payloads that `chunk` completes, those before a failure included. */
  read(chunk: Buffer): Buffer[] {
    const payloads: Buffer[] = [];
    let at = 0;
    while (at < chunk.length && this.failure === null) {
      if (this.partial !== null) {
        const copied = chunk.copy(this.partial, this.partialBytes, at);
        this.partialBytes += copied;
        at += copied;
        if (this.partialBytes === this.partial.length) {
          const payload = this.partial;
          this.partial = null;
          this.check(payload, this.header.readUInt32BE(4), payloads);
        }
      } else if (this.headerBytes > 0 || chunk.length - at < FRAME_HEADER_BYTES) {
        const copied = chunk.copy(this.header, this.headerBytes, at);
        this.headerBytes += copied;
        at += copied;
        if (this.headerBytes === FRAME_HEADER_BYTES) {
          this.headerBytes = 0;
          at = this.begin(this.header, 0, chunk, at, payloads);
        }
      } else {
        at = this.begin(chunk, at, chunk, at + FRAME_HEADER_BYTES, payloads);
      }
    }
    return payloads;
  }

  /** Starts the frame whose header is at `headerAt`, and whose payload begins at `at` of the chunk. */
  private begin(header: Buffer, headerAt: number, chunk: Buffer, at: number, payloads: Buffer[]): number {
    const length = header.readUInt32BE(headerAt);
    const checksum = header.readUInt32BE(headerAt + 4);
    if (length === SIGN_OF_LIFE_LENGTH) return at;
    if (length > this.maxFrameBytes) {
      this.failure = `a frame of ${length} bytes is larger than the ${this.maxFrameBytes} that are allowed`;
      return at;
    }
    if (chunk.length - at >= length) {
      this.check(chunk.subarray(at, at + length), checksum, payloads);
      return at + length;
    }
    if (header !== this.header) header.copy(this.header, 0, headerAt, headerAt + FRAME_HEADER_BYTES);
    this.partial = Buffer.allocUnsafeSlow(length);
    this.partialBytes = chunk.copy(this.partial, 0, at);
    return chunk.length;
  }

  private check(payload: Buffer, checksum: number, payloads: Buffer[]): void {
    this.checksum = chainCrc(payload, this.checksum);
    if (this.checksum === checksum) payloads.push(payload);
    else this.failure = 'a frame is damaged: its checksum does not match';
  }
}
