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
  #records: (KeyValueBytes | null)[] = new Array(minSlots).fill(null);
  #rows = new Uint32Array(minSlots);
  #costs = new Uint32Array(minSlots);
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
    this.#wasRead[place - 1] = 1;
    return this.#records[place - 1]!;
  }

  /** Puts the newest record of a key in the place of what was there. */
  set(index: KeyIndex, record: KeyValueBytes): void {
    this.remove(index);
    if (record.length + overheadBytes > this.#budgetBytes / 4) return;
    this.#append(index.row, record);
    while (this.#bytes > this.#budgetBytes) this.#dropOldest();
  }

  remove(index: KeyIndex): void {
    const place = this.#table.cachePlaceOf(index.row);
    if (place === 0) return;
    this.#records[place - 1] = null;
    this.#table.setCachePlace(index.row, 0);
  }

  #append(row: number, record: KeyValueBytes): void {
    if (this.#length === this.#records.length) this.#grow();
    const at = (this.#start + this.#length) & (this.#records.length - 1);
    this.#records[at] = record;
    this.#rows[at] = row;
    this.#costs[at] = record.length + overheadBytes;
    this.#wasRead[at] = 0;
    this.#length++;
    this.#bytes += record.length + overheadBytes;
    this.#table.setCachePlace(row, at + 1);
  }

  #dropOldest(): void {
    const at = this.#start;
    const record = this.#records[at]!;
    this.#records[at] = null;
    this.#bytes -= this.#costs[at]!;
    this.#start = (at + 1) & (this.#records.length - 1);
    this.#length--;
    if (record === null) return;
    const row = this.#rows[at]!;
    if (this.#wasRead[at] === 0) {
      this.#table.setCachePlace(row, 0);
    } else if (record.buffer.byteLength === record.length) {
      this.#append(row, record);
    } else {
      const own = Buffer.allocUnsafeSlow(record.length);
      own.set(record);
      this.#append(row, own);
    }
  }

  #grow(): void {
    const mask = this.#records.length - 1;
    const size = this.#records.length * 2;
    const records: (KeyValueBytes | null)[] = new Array(size).fill(null);
    const rows = new Uint32Array(size);
    const costs = new Uint32Array(size);
    const wasRead = new Uint8Array(size);
    for (let i = 0; i < this.#length; i++) {
      const at = (this.#start + i) & mask;
      records[i] = this.#records[at]!;
      rows[i] = this.#rows[at]!;
      costs[i] = this.#costs[at]!;
      wasRead[i] = this.#wasRead[at]!;
      if (records[i] !== null) this.#table.setCachePlace(rows[i]!, i + 1);
    }
    this.#records = records;
    this.#rows = rows;
    this.#costs = costs;
    this.#wasRead = wasRead;
    this.#start = 0;
  }
}
