/**
 * The newest records of hot keys, within a budget of bytes.
 *
 * A queue of what was cached, in order; the oldest is looked at when the budget is used up. If it was read since, it comes
 * to the end of the queue again, else it goes.
 *
 *     oldest                                    newest
 *     [ a read │ b │ - │ c read │ - │ d │ e ]           -  : another record of the key, or none, took its place
 *
 * New records share slabs, so one that stays holds on to its neighbours, also to those that are no longer wanted. Hence
 * everything in the queue counts against the budget, replaced records too, and a record that comes to the end again is
 * copied, next to others that did: a few survivors of many slabs would otherwise hold far more memory than the budget says.
 *
 * And it is not worth holding much of what was replaced: with few keys that are written over and over nearly all of the
 * budget would be. Once the queue has `wornShare` times as many bytes as are wanted of it, its old end is cleared with each write,
 * and what is wanted of that is copied to the new end.
 *
 * Kept as places in slabs and not as views of them: nearly all records go without having been read, and an object for each
 * would be the collector's work.
 */

import type { KeyValueBytes } from '../wire/messages.ts';
import type { KeyIndex } from './key-index.ts';
import type { KeyTable } from './key-table.ts';

/** What a cached record costs beside its bytes. */
const overheadBytes = 128;
const minSlots = 64;
/** The queue may have so many times the bytes that are wanted of it, and as much beside, before its old end is cleared. */
const wornShare = 3;
export const wornBytes: number = 1024 * 1024;
/** Places that a write clears then. It adds one, and most of the queue is replaced: it gets shorter, and no write waits long. */
const clearedPerWrite = 3;
/** Records that are copied share pieces of memory of this size. */
const copiesBytes = 16 * 1024;

export class RecordCache {
  readonly #budgetBytes: number;
  readonly #table: KeyTable;
  /** Circular, of one length, a power of two. The table has a key's place in it, from 1. */
  #buffers: (ArrayBufferLike | null)[] = new Array(minSlots).fill(null);
  #offsets = new Uint32Array(minSlots);
  #lengths = new Uint32Array(minSlots);
  #rows = new Uint32Array(minSlots);
  #wasRead = new Uint8Array(minSlots);
  #start = 0;
  #length = 0;
  #bytes = 0;
  /** Of records that are the newest of their keys. */
  #wanted = 0;
  #copies: ArrayBufferLike = new ArrayBuffer(0);
  #copiesAt = 0;

  constructor(budgetBytes: number, table: KeyTable) {
    this.#budgetBytes = budgetBytes;
    this.#table = table;
  }

  /** What counts against the budget. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The newest record of a key, or null. */
  get(index: KeyIndex): KeyValueBytes | null {
    const place = this.#table.cachePlaceOf(index.row);
    if (place === 0) return null;
    const at = place - 1;
    this.#wasRead[at] = 1;
    return Buffer.from(this.#buffers[at]! as ArrayBuffer, this.#offsets[at]!, this.#lengths[at]!);
  }

  /** Puts the newest record of a key in the place of what was there. */
  set(index: KeyIndex, record: KeyValueBytes): void {
    this.setPart(index, record.buffer, record.byteOffset, record.length);
  }

  /** The same for a record that stands at `buffer[offset, offset + length)`. */
  setPart(index: KeyIndex, buffer: ArrayBufferLike, offset: number, length: number): void {
    this.remove(index);
    if (length + overheadBytes > this.#budgetBytes / 4) return;
    this.#append(index.row, buffer, offset, length, 0);
    for (let i = 0; i < clearedPerWrite && this.#bytes > this.#wanted * wornShare + wornBytes; i++)
      this.#dropOldest(true);
    while (this.#bytes > this.#budgetBytes) this.#dropOldest(false);
  }

  remove(index: KeyIndex): void {
    const place = this.#table.cachePlaceOf(index.row);
    if (place === 0) return;
    this.#buffers[place - 1] = null;
    this.#wanted -= this.#lengths[place - 1]! + overheadBytes;
    this.#table.setCachePlace(index.row, 0);
  }

  #append(row: number, buffer: ArrayBufferLike, offset: number, length: number, wasRead: number): void {
    if (this.#length === this.#buffers.length) this.#grow();
    const at = (this.#start + this.#length) & (this.#buffers.length - 1);
    this.#buffers[at] = buffer;
    this.#offsets[at] = offset;
    this.#lengths[at] = length;
    this.#rows[at] = row;
    this.#wasRead[at] = wasRead;
    this.#length++;
    this.#bytes += length + overheadBytes;
    this.#wanted += length + overheadBytes;
    this.#table.setCachePlace(row, at + 1);
  }

  /** @param keeps what is wanted goes to the end again, read or not */
  #dropOldest(keeps: boolean): void {
    const at = this.#start;
    const buffer = this.#buffers[at]!;
    const length = this.#lengths[at]!;
    this.#buffers[at] = null;
    this.#bytes -= length + overheadBytes;
    this.#start = (at + 1) & (this.#buffers.length - 1);
    this.#length--;
    if (buffer === null) return;
    this.#wanted -= length + overheadBytes;
    const row = this.#rows[at]!;
    const wasRead = this.#wasRead[at]!;
    if (wasRead === 0 && !keeps) {
      this.#table.setCachePlace(row, 0);
    } else if (buffer.byteLength === length) {
      this.#append(row, buffer, 0, length, keeps ? wasRead : 0);
    } else {
      const copyAt = this.#copy(buffer, this.#offsets[at]!, length);
      this.#append(row, this.#copies, copyAt, length, keeps ? wasRead : 0);
    }
  }

  /** @returns where it stands in `#copies` */
  #copy(buffer: ArrayBufferLike, offset: number, length: number): number {
    if (this.#copiesAt + length > this.#copies.byteLength) {
      this.#copies = Buffer.allocUnsafeSlow(Math.max(copiesBytes, length)).buffer;
      this.#copiesAt = 0;
    }
    const at = this.#copiesAt;
    new Uint8Array(this.#copies, at, length).set(new Uint8Array(buffer, offset, length));
    this.#copiesAt = at + length;
    return at;
  }

  #grow(): void {
    const mask = this.#buffers.length - 1;
    const size = this.#buffers.length * 2;
    const buffers: (ArrayBufferLike | null)[] = new Array(size).fill(null);
    const offsets = new Uint32Array(size);
    const lengths = new Uint32Array(size);
    const rows = new Uint32Array(size);
    const wasRead = new Uint8Array(size);
    for (let i = 0; i < this.#length; i++) {
      const at = (this.#start + i) & mask;
      buffers[i] = this.#buffers[at]!;
      offsets[i] = this.#offsets[at]!;
      lengths[i] = this.#lengths[at]!;
      rows[i] = this.#rows[at]!;
      wasRead[i] = this.#wasRead[at]!;
      if (buffers[i] !== null) this.#table.setCachePlace(rows[i]!, i + 1);
    }
    this.#buffers = buffers;
    this.#offsets = offsets;
    this.#lengths = lengths;
    this.#rows = rows;
    this.#wasRead = wasRead;
    this.#start = 0;
  }
}
