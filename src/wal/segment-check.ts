/**
 * Reads a segment of a running log, and says whether it still holds what was written: its header, each record's checksum, and
 * that each follows the one before up to the End behind the last; or, of the segment that is written to, up to where it was
 * durable when the reading began. It is read in blocks, so that who asks can let others have their turn in between.
 */

import { crc32 } from 'node:zlib';

import type { Disk } from '../util/disk.ts';
import { RecordKind, readRecordHeader, recordHeaderBytes } from './record.ts';
import { decodeSegmentHeader } from './segment.ts';
import { SegmentReader } from './segment-reader.ts';

/** Bytes after which whoever asks gets a chance to do something else. */
const stepBytes = 64 * 1024;

/** A place that does not hold what was written there. */
export interface SegmentFault {
  readonly path: string;
  readonly offset: number;
}

/**
 * Yields bytes that were read; returns the first fault, or null.
 * @param durable how many bytes of it are looked at: records that end there; null for a segment that has an End
 * @throws Error of the disk
 */
export function* segmentSteps(
  disk: Disk,
  path: string,
  durable: number | null = null,
): Generator<number, SegmentFault | null> {
  const file = disk.open(path);
  try {
    const reader = new SegmentReader(file);
    const decoded = decodeSegmentHeader((offset, length) => reader.read(offset, length));
    if (typeof decoded === 'string') return { path, offset: 0 };
    const { seed } = decoded.header;
    let { link } = decoded.header;
    let offset = decoded.length;
    const end = durable ?? Number.POSITIVE_INFINITY;
    for (let from = offset; offset < end; ) {
      const header = readRecordHeader(reader.read(offset, recordHeaderBytes), 0, seed, offset);
      if (header === null || header.link !== link) return { path, offset };
      if (header.kind === RecordKind.End) return null;
      const body = reader.read(offset + recordHeaderBytes, header.bodyLength);
      if (body.length < header.bodyLength || crc32(body) !== header.bodyCheck) return { path, offset };
      offset += recordHeaderBytes + header.bodyLength;
      link = header.check;
      if (offset - from < stepBytes) continue;
      yield offset - from;
      from = offset;
    }
    return null;
  } finally {
    file.closeSync();
  }
}
