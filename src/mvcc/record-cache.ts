/**
 * The newest records of hot keys, within a budget of bytes.
 *
 * Eviction is CLOCK: a hand goes round the cached keys; one that was read since the hand last passed stays, others go.
 * A record that stays gets an allocation of its own: new records share slabs, and a few survivors of many slabs would
 * otherwise hold on to far more memory than the budget counts.
 */

import type { KeyValueBytes } from '../wire/messages.ts';
import type { KeyIndex } from './key-index.ts';

/** What a cached record costs beside its bytes. */
const overheadBytes = 96;

export class RecordCache {
  readonly #budgetBytes: number;
  readonly #slots: KeyIndex[] = [];
  #hand = 0;
  #bytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The newest record of a key, or null. */
  get(index: KeyIndex): KeyValueBytes | null {
    index.wasUsed = true;
    return index.record;
  }

  /** Puts the newest record of a key in the place of what was there. */
  set(index: KeyIndex, record: KeyValueBytes): void {
    const cost = record.length + overheadBytes;
    if (cost > this.#budgetBytes / 4) {
      this.remove(index);
      return;
    }
    if (index.cacheSlot >= 0) {
      this.#bytes += record.length - index.record!.length;
    } else {
      index.cacheSlot = this.#slots.length;
      index.wasUsed = false;
      this.#slots.push(index);
      this.#bytes += cost;
    }
    index.record = record;
    while (this.#bytes > this.#budgetBytes) this.#turnHand();
  }

  remove(index: KeyIndex): void {
    if (index.cacheSlot < 0) return;
    const last = this.#slots.pop()!;
    if (last !== index) {
      this.#slots[index.cacheSlot] = last;
      last.cacheSlot = index.cacheSlot;
    }
    this.#bytes -= index.record!.length + overheadBytes;
    index.cacheSlot = -1;
    index.record = null;
  }

  #turnHand(): void {
    if (this.#hand >= this.#slots.length) this.#hand = 0;
    const index = this.#slots[this.#hand]!;
    if (!index.wasUsed) {
      this.remove(index);
      return;
    }
    index.wasUsed = false;
    const record = index.record!;
    if (record.buffer.byteLength !== record.length) {
      const own = Buffer.allocUnsafeSlow(record.length);
      own.set(record);
      index.record = own;
    }
    this.#hand++;
  }
}
