/**
 * One record of the log. All numbers are little-endian; a record begins at a multiple of 8 and is one long.
 *
 *      0        4            8        12            16       22     23      24
 *     ┌────────┬────────────┬────────┬─────────────┬────────┬──────┬───────┬───────────────┐
 *     │ check  │ body check │ link   │ body length │ group  │ kind │ flags │ body …        │
 *     └────────┴────────────┴────────┴─────────────┴────────┴──────┴───────┴───────────────┘
 *
 *   check       CRC-32 of bytes 4–23, started with (seed of the segment XOR offset of the record)
 *   body check  CRC-32 of the body; being under `check`, it makes `check` stand for the whole record
 *   link        `check` of the record before
 *   group       number of the group of records that went to disk in one write, from 1, without gaps
 *   flags       1 on the last record of its group
 *
 * Because of `link`, a record counts only behind the one it was written behind: a hole or a swap breaks the chain.
 * Because of the seed, which nobody outside knows, and of the offset, bytes that look like a record are one only where
 * the log put them: a copy elsewhere, or an image of a log inside somebody's value, does not pass.
 *
 * Kinds: Append is what one call appended, hard state and entries together, so that either both are there or none.
 * Restart voids all entries: the log goes on behind a snapshot. Mark has no body: it says that the group before was
 * durable. End has no body: it says that another segment follows.
 *
 * Body of Append and Restart:
 *
 *      0             8               16      20            21  24     32       40     40+v   rows    payloads
 *     ┌─────────────┬───────────────┬───────┬─────────────┬───┬──────┬────────┬──────┬──────┬───────┬──────────────┐
 *     │ first index │ previous term │ count │ vote len +1 │ 0 │ term │ commit │ vote │ row… │ data… │ 0 to a       │
 *     └─────────────┴───────────────┴───────┴─────────────┴───┴──────┴────────┴──────┴──────┴───────┴─ multiple of 8
 *     row: term u64 │ data length u32 │ type u32
 *
 * A vote length of 0 means: no hard state here. The entry before the first one has index `first index` − 1 and term
 * `previous term`; when it exists, the log is cut behind it first. A Restart has no entries: its base is that entry.
 */

import { crc32 } from 'node:zlib';

import type { WalEntry, WalHardState } from './types.ts';

export const RecordKind = { Append: 1, Restart: 2, Mark: 3, End: 4 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

export const recordHeaderBytes = 24;
export const recordAlignment = 8;
const bodyFixedBytes = 40;
const rowBytes = 16;
const lastOfGroup = 1;
export const maxVoteBytes = 64;

/** What is to become one record. Marks and Ends leave everything but `kind` and `group` unread. */
export interface RecordContent {
  readonly kind: RecordKind;
  readonly firstIndex: number;
  readonly previousTerm: number;
  readonly hardState: WalHardState | null;
  readonly entries: readonly WalEntry[];
}

export interface RecordHeader {
  readonly check: number;
  readonly bodyCheck: number;
  readonly link: number;
  readonly bodyLength: number;
  readonly group: number;
  readonly kind: RecordKind;
  readonly endsGroup: boolean;
}

function aligned(length: number): number {
  return Math.ceil(length / recordAlignment) * recordAlignment;
}

/** Unsigned 53-bit numbers, stored in 8 bytes. */
export function writeU64(buffer: Buffer, value: number, offset: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  buffer.writeUInt32LE(value - high * 0x1_0000_0000, offset);
  buffer.writeUInt32LE(high, offset + 4);
}

export function readU64(buffer: Buffer, offset: number): number {
  return buffer.readUInt32LE(offset + 4) * 0x1_0000_0000 + buffer.readUInt32LE(offset);
}

function checkStart(seed: number, offset: number): number {
  return (seed ^ offset) >>> 0;
}

/** Length of the body of an Append or Restart; a Mark or End has none. */
export function bodyLengthOf(content: RecordContent): number {
  if (content.kind === RecordKind.Mark || content.kind === RecordKind.End) return 0;
  const { hardState, entries } = content;
  let length = bodyFixedBytes + (hardState === null ? 0 : Buffer.byteLength(hardState.vote));
  length += entries.length * rowBytes;
  for (let i = 0; i < entries.length; i++) length += entries[i]!.data.length;
  return aligned(length);
}

/**
 * Fills in the header at `at` in `buffer`, whose body check is known.
 *
 * @param offset where the record will stand in its file
 * @returns the record's check, the link of the next
 */
export function writeRecordHeader(
  buffer: Buffer,
  at: number,
  header: Omit<RecordHeader, 'check'>,
  seed: number,
  offset: number,
): number {
  buffer.writeUInt32LE(header.bodyCheck, at + 4);
  buffer.writeUInt32LE(header.link, at + 8);
  buffer.writeUInt32LE(header.bodyLength, at + 12);
  buffer.writeUIntLE(header.group, at + 16, 6);
  buffer[at + 22] = header.kind;
  buffer[at + 23] = header.endsGroup ? lastOfGroup : 0;
  const check = crc32(buffer.subarray(at + 4, at + recordHeaderBytes), checkStart(seed, offset));
  buffer.writeUInt32LE(check, at);
  return check;
}

/**
 * Reads the header at `at` in `buffer`.
 *
 * @param offset where the bytes stand in their file
 * @returns null when there is no header of this log at this place
 */
export function readRecordHeader(
  buffer: Buffer,
  at: number,
  seed: number,
  offset: number,
): RecordHeader | null {
  if (buffer.length - at < recordHeaderBytes) return null;
  const kind = buffer[at + 22]!;
  const bodyLength = buffer.readUInt32LE(at + 12);
  if (kind < RecordKind.Append || kind > RecordKind.End || bodyLength % recordAlignment !== 0) return null;
  const check = buffer.readUInt32LE(at);
  if (crc32(buffer.subarray(at + 4, at + recordHeaderBytes), checkStart(seed, offset)) !== check) return null;
  return {
    check,
    bodyCheck: buffer.readUInt32LE(at + 4),
    link: buffer.readUInt32LE(at + 8),
    bodyLength,
    group: readGroup(buffer, at),
    kind: kind as RecordKind,
    endsGroup: (buffer[at + 23]! & lastOfGroup) !== 0,
  };
}

/** The group number of a header, checked or not. */
export function readGroup(buffer: Buffer, at: number): number {
  return buffer.readUIntLE(at + 16, 6);
}

/**
 * Writes everything of a body but the payloads.
 *
 * @returns the position behind the rows, where the payloads begin
 */
export function writeBodyHead(buffer: Buffer, at: number, content: RecordContent): number {
  const { hardState, entries } = content;
  writeU64(buffer, content.firstIndex, at);
  writeU64(buffer, content.previousTerm, at + 8);
  buffer.writeUInt32LE(entries.length, at + 16);
  buffer.fill(0, at + 20, at + bodyFixedBytes);
  let next = at + bodyFixedBytes;
  if (hardState !== null) {
    const voteBytes = buffer.write(hardState.vote, next, maxVoteBytes, 'utf8');
    buffer[at + 20] = voteBytes + 1;
    writeU64(buffer, hardState.term, at + 24);
    writeU64(buffer, hardState.commit, at + 32);
    next += voteBytes;
  }
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    writeU64(buffer, entry.term, next);
    buffer.writeUInt32LE(entry.data.length, next + 8);
    buffer.writeUInt32LE(entry.type, next + 12);
    next += rowBytes;
  }
  return next;
}

/**
 * Reads a body whose check was right; the entries' data are views on it.
 *
 * @returns null when its lengths do not fit together, which no log of ours contains
 */
export function readBody(kind: RecordKind, body: Buffer): RecordContent | null {
  if (kind === RecordKind.Mark || kind === RecordKind.End) {
    return body.length === 0 ? { kind, firstIndex: 0, previousTerm: 0, hardState: null, entries: [] } : null;
  }
  if (body.length < bodyFixedBytes) return null;
  const firstIndex = readU64(body, 0);
  const count = body.readUInt32LE(16);
  const voteBytes = Math.max(0, body[20]! - 1);
  let row = bodyFixedBytes + voteBytes;
  let data = row + count * rowBytes;
  if (data > body.length) return null;

  const hardState =
    body[20] === 0
      ? null
      : {
          term: readU64(body, 24),
          vote: body.toString('utf8', bodyFixedBytes, row),
          commit: readU64(body, 32),
        };
  const entries: WalEntry[] = [];
  for (let i = 0; i < count; i++) {
    const end = data + body.readUInt32LE(row + 8);
    if (end > body.length) return null;
    entries.push({
      index: firstIndex + i,
      term: readU64(body, row),
      type: body.readUInt32LE(row + 12),
      data: body.subarray(data, end),
    });
    row += rowBytes;
    data = end;
  }
  return { kind, firstIndex, previousTerm: readU64(body, 8), hardState, entries };
}
