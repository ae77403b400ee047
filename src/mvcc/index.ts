/**
 * Every key the store knows, living or deleted but not yet compacted: a table with a row for each, found by hash, and an
 * ordered map of the rows for ranges. In the ordered map a living key weighs 1 and a deleted one 0, so that counts of the
 * present cost O(log n).
 */

import { OrderedMap } from '../util/ordered-map.ts';
import { sortStrings } from '../util/sort-strings.ts';
import { KeyIndex } from './key-index.ts';
import { binarySlice } from './key-range.ts';
import { KeyTable } from './key-table.ts';

export class Index {
  readonly table: KeyTable;
  readonly #ordered: OrderedMap<number>;
  #revived: KeyIndex | null = null;

  constructor(table: KeyTable = new KeyTable(), ordered: OrderedMap<number> = new OrderedMap()) {
    this.table = table;
    this.#ordered = ordered;
  }

  /** Builds the ordered half from the other. */
  static fromTable(table: KeyTable): Index {
    const rows = table.rows();
    const keys: string[] = [];
    let isSorted = true;
    for (let i = 0; i < rows.length; i++) {
      const key = table.keyOf(rows[i]!);
      if (i > 0 && !(keys[i - 1]! < key)) isSorted = false;
      keys.push(key);
    }
    if (!isSorted) sortStrings(keys, rows);
    return new Index(table, OrderedMap.fromSorted(keys, rows, weightsOf(table, rows)));
  }

  /** Number of living keys. */
  get liveCount(): number {
    return this.#ordered.weight;
  }

  get(key: string): KeyIndex | undefined {
    const row = this.table.find(key);
    return row < 0 ? undefined : new KeyIndex(this.table, row);
  }

  /** The index of the key that is `bytes[start, end)`. */
  find(bytes: Uint8Array, start: number, end: number): KeyIndex | undefined {
    const row = this.table.findBytes(bytes, start, end);
    return row < 0 ? undefined : new KeyIndex(this.table, row);
  }

  /**
   * As `find`, for a look in passing.
   * @returns the same handle each time, good until the next call of this or of `revive`
   */
  peek(bytes: Uint8Array, start: number, end: number): KeyIndex | undefined {
    const row = this.table.findBytes(bytes, start, end);
    return row < 0 ? undefined : this.#handle(row);
  }

  /**
   * The index of the key that is `bytes[start, end)`, ready for a put: it counts as living from now on.
   * @returns the same handle each time, good until the next call
   */
  revive(bytes: Uint8Array, start: number, end: number): KeyIndex {
    const { table } = this;
    const row = table.findBytes(bytes, start, end);
    if (row < 0) return this.#begin(binarySlice(bytes, start, end));
    const index = this.#handle(row);
    if (!index.isLive) this.#ordered.reweigh(index.key, 1);
    return index;
  }

  #begin(key: string): KeyIndex {
    const row = this.table.add(key);
    this.#ordered.set(key, row, 1);
    return this.#handle(row);
  }

  #handle(row: number): KeyIndex {
    const revived = this.#revived ?? new KeyIndex(this.table, row);
    revived.moveTo(row);
    this.#revived = revived;
    return revived;
  }

  /** The key was deleted: it no longer counts. */
  bury(index: KeyIndex): void {
    this.#ordered.reweigh(index.key, 0);
  }

  /**
   * The same for all keys of a range that live.
   * @param only the rows of those that are meant, in key order; null: all of them
   */
  buryRange(from: string, to: string | null, only: readonly number[] | null = null): void {
    this.#ordered.lighten(from, to, only);
  }

  /** Nothing is left of the key, and no handle on it may be used any more. */
  remove(index: KeyIndex): void {
    this.table.remove(index.key);
    this.#ordered.delete(index.key);
  }

  /** Number of living keys in `from` <= key < `to`; null is no end. */
  countLive(from: string, to: string | null): number {
    return this.#ordered.weightBetween(from, to);
  }

  /** Appends the living keys of a range in order, at most `limit`. */
  collectLive(from: string, to: string | null, limit: number, out: KeyIndex[]): void {
    this.#collect(from, to, limit, true, out);
  }

  /** Appends the rows of the living keys of a range in order. */
  collectLiveRows(from: string, to: string | null, out: number[]): void {
    this.#ordered.collect(from, to, Number.POSITIVE_INFINITY, true, out);
  }

  /** Appends all keys of a range in order, deleted ones included, at most `limit`. */
  collectAll(from: string, to: string | null, limit: number, out: KeyIndex[]): void {
    this.#collect(from, to, limit, false, out);
  }

  #collect(from: string, to: string | null, limit: number, liveOnly: boolean, out: KeyIndex[]): void {
    const rows: number[] = [];
    this.#ordered.collect(from, to, limit, liveOnly, rows);
    for (let i = 0; i < rows.length; i++) out.push(new KeyIndex(this.table, rows[i]!));
  }
}

/** Null: all live. */
function weightsOf(table: KeyTable, rows: readonly number[]): number[] | null {
  let weights: number[] | null = null;
  for (let i = 0; i < rows.length; i++) {
    if (table.isLive(rows[i]!)) continue;
    weights ??= new Array<number>(rows.length).fill(1);
    weights[i] = 0;
  }
  return weights;
}
