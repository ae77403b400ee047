/**
 * Reads a segment from front to back in blocks. Records within a block come as views on it, so the entries of a long
 * log cost one allocation per block, and what stays in memory is little more than what was asked for.
 */

import type { DiskFile } from '../util/disk.ts';
import { readGroup, readRecordHeader, recordAlignment, recordHeaderBytes } from './record.ts';

const blockBytes = 256 * 1024;

export class SegmentReader {
  readonly #file: DiskFile;
  readonly #size: number;
  #block: Buffer = Buffer.alloc(0);
  #blockOffset = 0;

  constructor(file: DiskFile) {
    this.#file = file;
    this.#size = file.size();
  }

  /** `length` bytes at `offset`, fewer at the end of the file. */
  read(offset: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.#size - offset));
    const within = offset - this.#blockOffset;
    if (within < 0 || within + wanted > this.#block.length) {
      this.#block = this.#file.readSync(offset, Math.min(Math.max(wanted, blockBytes), this.#size - offset));
      this.#blockOffset = offset;
    }
    const start = offset - this.#blockOffset;
    return this.#block.subarray(start, start + wanted);
  }

  /** Where the last byte that is not zero ends, looking from `from` on; `from` when all is zero. */
  usedEnd(from: number): number {
    const zeros = Buffer.alloc(blockBytes);
    let end = from;
    for (let offset = from; offset < this.#size; offset += blockBytes) {
      const block = this.read(offset, blockBytes);
      if (block.equals(zeros.subarray(0, block.length))) continue;
      let last = block.length;
      while (block[last - 1] === 0) last--;
      end = offset + last;
    }
    return end;
  }

  /**
   * Looks from `from` on for sound headers of records of `group` and of groups behind it.
   *
   * @returns where the first one of a later group stands, -1 when there is none; and where the last record of `group` ends that
   *   begins before that, `from` when there is none
   */
  remainsOf(group: number, from: number, seed: number): { readonly later: number; readonly end: number } {
    // Groups have no gaps and none is shorter than a header, so a larger number is no number of this log.
    const highest = group + this.#size / recordHeaderBytes;
    let end = from;
    for (let offset = from; offset < this.#size; offset += blockBytes) {
      const block = this.read(offset, blockBytes + recordHeaderBytes - recordAlignment);
      for (let at = 0; at + recordHeaderBytes <= block.length; at += recordAlignment) {
        const found = readGroup(block, at);
        if (found < group || found > highest) continue;
        const header = readRecordHeader(block, at, seed, offset + at);
        if (header === null) continue;
        if (found > group) return { later: offset + at, end };
        end = Math.min(this.#size, offset + at + recordHeaderBytes + header.bodyLength);
      }
    }
    return { later: -1, end };
  }
}
