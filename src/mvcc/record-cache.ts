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
 * everything in the queue counts against the budget, replaced records too, and a record that comes to the end again gets
 * an allocation of its own: a few survivors of many slabs would otherwise hold far more memory than the budget says.
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
    this.#append(index.row, buffer, offset, length);
    while (this.#bytes > this.#budgetBytes) this.#dropOldest();
  }

  remove(index: KeyIndex): void {
    const place = this.#table.cachePlaceOf(index.row);
    if (place === 0) return;
    this.#buffers[place - 1] = null;
    this.#table.setCachePlace(index.row, 0);
  }

  #append(row: number, buffer: ArrayBufferLike, offset: number, length: number): void {
    if (this.#length === this.#buffers.length) this.#grow();
    const at = (this.#start + this.#length) & (this.#buffers.length - 1);
    this.#buffers[at] = buffer;
    this.#offsets[at] = offset;
    this.#lengths[at] = length;
    this.#rows[at] = row;
    this.#wasRead[at] = 0;
    this.#length++;
    this.#bytes += length + overheadBytes;
    this.#table.setCachePlace(row, at + 1);
  }

  #dropOldest(): void {
    const at = this.#start;
    const buffer = this.#buffers[at]!;
    const length = this.#lengths[at]!;
    this.#buffers[at] = null;
    this.#bytes -= length + overheadBytes;
    this.#start = (at + 1) & (this.#buffers.length - 1);
    this.#length--;
    if (buffer === null) return;
    const row = this.#rows[at]!;
    if (this.#wasRead[at] === 0) {
      this.#table.setCachePlace(row, 0);
    } else if (buffer.byteLength === length) {
      this.#append(row, buffer, 0, length);
    } else {
      const own = Buffer.allocUnsafeSlow(length);
      own.set(new Uint8Array(buffer, this.#offsets[at]!, length));
      this.#append(row, own.buffer, 0, length);
    }
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
