/**
 * The beginning of a segment file: who it belongs to and where the log stood when it began. It is complete and
 * durable before the file gets its final name, so a segment without a sound header is damaged, never half-made.
 *
 *      0            8        12       16         24     28     32      38        40       48
 *     ┌────────────┬────────┬────────┬──────────┬──────┬──────┬───────┬─────────┬────────┬────────┬─
 *     │ KEELSWAL   │ check  │ length │ sequence │ seed │ link │ group │ version │ index  │ term   │
 *     └────────────┴────────┴────────┴──────────┴──────┴──────┴───────┴─────────┴────────┴────────┴─
 *      56       64       72         74              76      80
 *     ┬────────┬────────┬──────────┬───────────────┬───────┬──────┬──────────┬─────────────────────────┐
 *     │ term   │ commit │ vote len │ metadata len  │ flags │ vote │ metadata │ 0 to a multiple of 512  │
 *     ┴────────┴────────┴──────────┴───────────────┴───────┴──────┴──────────┴─────────────────────────┘
 *
 *   check     CRC-32 of everything behind it up to `length`
 *   sequence  number of the segment, from 1 without gaps; the file is named after it
 *   seed      random; every check of a record of this segment starts from it
 *   link      `check` of the last record of the segment before, 0 in the first
 *   group     number of the last group before this segment, 0 in the first
 *   index …   index and term of the last entry before this segment: the log's base when older segments are gone
 *   term …    hard state at that moment
 *   flags     1: the file was another segment before, whose bytes stand behind the last record; without it zeros do
 *             2: the log's owner knew of others who have what it leads to (`Wal.hasOthers`)
 *
 * The header fills whole sectors of 512 bytes, so no later write touches a sector of it.
 */

import { crc32 } from 'node:zlib';

import { Failure } from '../util/failure.ts';
import { maxVoteBytes, readU64, writeU64 } from './record.ts';
import type { WalBase, WalHardState } from './types.ts';

const magic = 'KEELSWAL';
/** 1 knew no flags. */
const version = 2;
const fixedBytes = 80;
const sectorBytes = 512;
const reusedFlag = 1;
const othersFlag = 2;
export const maxMetadataBytes = 4096;

export interface SegmentHeader {
  readonly sequence: number;
  readonly seed: number;
  readonly link: number;
  readonly group: number;
  readonly base: WalBase;
  readonly hardState: WalHardState;
  readonly metadata: Uint8Array;
  /** The file was another segment before. */
  readonly isReused: boolean;
  /** The owner knew of others when the segment began. */
  readonly hasOthers: boolean;
}

export function segmentName(sequence: number): string {
  return `${sequence.toString(16).padStart(16, '0')}.wal`;
}

/** The sequence number in a file name; null for a name that is no segment's. */
export function parseSegmentName(name: string): number | null {
  return /^[0-9a-f]{16}\.wal$/.test(name) ? Number.parseInt(name.slice(0, 16), 16) : null;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const voteBytes = Buffer.byteLength(header.hardState.vote);
  if (voteBytes > maxVoteBytes)
    throw new Error(`a vote of ${voteBytes} bytes is longer than ${maxVoteBytes}`);
  if (header.metadata.length > maxMetadataBytes) {
    throw new Error(`metadata of ${header.metadata.length} bytes are longer than ${maxMetadataBytes}`);
  }
  const used = fixedBytes + voteBytes + header.metadata.length;
  const bytes = Buffer.alloc(Math.ceil(used / sectorBytes) * sectorBytes);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 12);
  writeU64(bytes, header.sequence, 16);
  bytes.writeUInt32LE(header.seed, 24);
  bytes.writeUInt32LE(header.link, 28);
  bytes.writeUIntLE(header.group, 32, 6);
  bytes.writeUInt16LE(version, 38);
  writeU64(bytes, header.base.index, 40);
  writeU64(bytes, header.base.term, 48);
  writeU64(bytes, header.hardState.term, 56);
  writeU64(bytes, header.hardState.commit, 64);
  bytes.writeUInt16LE(voteBytes, 72);
  bytes.writeUInt16LE(header.metadata.length, 74);
  bytes.writeUInt32LE((header.isReused ? reusedFlag : 0) | (header.hasOthers ? othersFlag : 0), 76);
  bytes.write(header.hardState.vote, fixedBytes, 'utf8');
  bytes.set(header.metadata, fixedBytes + voteBytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
  return bytes;
}

/**
 * Reads the header of a segment.
 *
 * @param read gives bytes of the file, fewer at its end
 * @returns the header and its length, or what is wrong with it
 * @throws Failure 'dataDirNewer' when a later version wrote it
 */
export function decodeSegmentHeader(
  read: (offset: number, length: number) => Buffer,
): { readonly header: SegmentHeader; readonly length: number } | string {
  const start = read(0, sectorBytes);
  if (start.length < sectorBytes || start.toString('latin1', 0, magic.length) !== magic) {
    return 'this is not the beginning of a segment';
  }
  const length = start.readUInt32LE(12);
  const longest = fixedBytes + maxVoteBytes + maxMetadataBytes + sectorBytes;
  if (length < sectorBytes || length > longest) return 'the segment header is damaged';
  const bytes = read(0, length);
  if (bytes.length < length || crc32(bytes.subarray(12)) !== bytes.readUInt32LE(8)) {
    return 'the segment header is damaged';
  }
  if (bytes.readUInt16LE(38) > version) {
    const told = `a segment of the log has format ${bytes.readUInt16LE(38)}, and this program knows formats up to ${version}`;
    throw new Failure('dataDirNewer', told);
  }
  const voteEnd = fixedBytes + bytes.readUInt16LE(72);
  const header = {
    sequence: readU64(bytes, 16),
    seed: bytes.readUInt32LE(24),
    link: bytes.readUInt32LE(28),
    group: bytes.readUIntLE(32, 6),
    base: { index: readU64(bytes, 40), term: readU64(bytes, 48) },
    hardState: {
      term: readU64(bytes, 56),
      vote: bytes.toString('utf8', fixedBytes, voteEnd),
      commit: readU64(bytes, 64),
    },
    metadata: Uint8Array.from(bytes.subarray(voteEnd, voteEnd + bytes.readUInt16LE(74))),
    isReused: (bytes.readUInt32LE(76) & reusedFlag) !== 0,
    hasOthers: (bytes.readUInt32LE(76) & othersFlag) !== 0,
  };
  return { header, length };
}
