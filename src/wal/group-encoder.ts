/**
 * Turns what was appended since the last write into one group of records, ready for one write.
 *
 * Everything small is packed into one buffer that is used again for the next group (there is never more than one
 * write in flight). Large payloads are not copied: they go to the disk as they are, between two pieces of the buffer.
 *
 *     chunks:  [ headers, rows, small payloads … ][ large payload ][ … padding, next record … ]
 */

import { crc32 } from 'node:zlib';

import { chainCrc } from '../util/chain-crc.ts';
import {
  bodyLengthOf,
  type RecordContent,
  type RecordKind,
  recordHeaderBytes,
  writeBodyHead,
  writeRecordHeader,
} from './record.ts';

/** Payloads up to this are copied (measured): below it, two more checksum calls and one more piece cost more. */
const copiedPayloadBytesMax = 4 * 1024;

const firstBufferBytes = 64 * 1024;
/** A buffer grown beyond this for a large group is let go after it. */
const keptBufferBytesMax = 1024 * 1024;

const noBytes: Buffer = Buffer.alloc(0);

export class GroupEncoder {
  /** The pieces to write, one after another; they are in use until the write has ended. */
  chunks: Uint8Array[] = [];
  /** Length of all pieces. */
  bytes = 0;
  /** Check of the last record encoded. */
  link = 0;

  #buffer: Buffer = Buffer.allocUnsafeSlow(firstBufferBytes);
  /** Filled up to here, and handed out as pieces up to there. */
  #at = 0;
  #cut = 0;
  #bodyCheck = 0;
  #checked = 0;

  /** Bytes that `content` will take as a record. */
  static sizeOf(content: RecordContent): number {
    return recordHeaderBytes + bodyLengthOf(content);
  }

  /**
   * Encodes a whole group.
   *
   * @param bytes the sum of `sizeOf` over the contents
   * @param offset where the group will stand in its file
   * @param seed of the segment
   * @param link check of the record before
   * @param group its number
   */
  encode(
    contents: readonly RecordContent[],
    bytes: number,
    offset: number,
    seed: number,
    link: number,
    group: number,
  ): void {
    this.#reserve(contents, bytes);
    this.chunks = [];
    this.link = link;
    let written = 0;
    for (let i = 0; i < contents.length; i++) {
      written += this.#encodeRecord(contents[i]!, offset + written, seed, group, i === contents.length - 1);
    }
    this.#cutPiece();
    if (written !== bytes) throw new Error(`a group of ${bytes} bytes came out as ${written}`);
    this.bytes = bytes;
  }

  /** Lets the payloads go, which would otherwise stay in memory until the next group. */
  clear(): void {
    this.chunks = [];
    if (this.#buffer.length > keptBufferBytesMax) this.#buffer = noBytes;
  }

  #reserve(contents: readonly RecordContent[], bytes: number): void {
    this.#at = 0;
    this.#cut = 0;
    if (this.#buffer.length >= bytes) return;
    let copied = bytes;
    for (const { entries } of contents) {
      for (const { data } of entries) if (data.length > copiedPayloadBytesMax) copied -= data.length;
    }
    if (this.#buffer.length < copied)
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(firstBufferBytes, copied));
  }

  #encodeRecord(
    content: RecordContent,
    offset: number,
    seed: number,
    group: number,
    endsGroup: boolean,
  ): number {
    const bodyLength = bodyLengthOf(content);
    const headerAt = this.#at;
    this.#at += recordHeaderBytes;
    this.#bodyCheck = 0;
    this.#checked = this.#at;
    if (bodyLength > 0) this.#encodeBody(content, bodyLength);
    const header = {
      bodyCheck: this.#bodyCheck,
      link: this.link,
      bodyLength,
      group,
      kind: content.kind,
      endsGroup,
    };
    this.link = writeRecordHeader(this.#buffer, headerAt, header, seed, offset);
    return recordHeaderBytes + bodyLength;
  }

  #encodeBody(content: RecordContent, bodyLength: number): void {
    const start = this.#at;
    this.#at = writeBodyHead(this.#buffer, start, content);
    let outside = 0;
    const entries = content.entries;
    for (let i = 0; i < entries.length; i++) {
      const data = entries[i]!.data;
      if (data.length <= copiedPayloadBytesMax) {
        this.#buffer.set(data, this.#at);
        this.#at += data.length;
      } else {
        this.#checkUpToHere();
        this.#cutPiece();
        this.chunks.push(data);
        this.#bodyCheck = chainCrc(data, this.#bodyCheck);
        outside += data.length;
      }
    }
    const padding = bodyLength - outside - (this.#at - start);
    this.#buffer.fill(0, this.#at, this.#at + padding);
    this.#at += padding;
    this.#checkUpToHere();
  }

  #checkUpToHere(): void {
    this.#bodyCheck = crc32(this.#buffer.subarray(this.#checked, this.#at), this.#bodyCheck);
    this.#checked = this.#at;
  }

  #cutPiece(): void {
    if (this.#at > this.#cut) this.chunks.push(this.#buffer.subarray(this.#cut, this.#at));
    this.#cut = this.#at;
  }
}

/** A record without a body, in a group of its own: a Mark or an End. */
export function encodeBare(
  kind: typeof RecordKind.Mark | typeof RecordKind.End,
  offset: number,
  seed: number,
  link: number,
  group: number,
): { readonly bytes: Buffer; readonly check: number } {
  const bytes = Buffer.alloc(recordHeaderBytes);
  const header = { bodyCheck: 0, link, bodyLength: 0, group, kind, endsGroup: true };
  return { bytes, check: writeRecordHeader(bytes, 0, header, seed, offset) };
}
