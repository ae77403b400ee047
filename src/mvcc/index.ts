/**
 * Every key the store knows, living or deleted but not yet compacted: a hash map for one key, an ordered map for ranges.
 * In the ordered map a living key weighs 1 and a deleted one 0, so that counts of the present cost O(log n).
 */

import { OrderedMap } from '../util/ordered-map.ts';
import { sortStrings } from '../util/sort-strings.ts';
import { KeyIndex } from './key-index.ts';

export class Index {
  readonly #byKey: Map<string, KeyIndex>;
  readonly #ordered: OrderedMap<KeyIndex>;

  constructor(byKey: Map<string, KeyIndex> = new Map(), ordered: OrderedMap<KeyIndex> = new OrderedMap()) {
    this.#byKey = byKey;
    this.#ordered = ordered;
  }

  /** Builds the ordered half from the other. */
  static fromMap(byKey: Map<string, KeyIndex>): Index {
    const keys = [...byKey.keys()];
    sortStrings(keys);
    const values: KeyIndex[] = [];
    const weights: number[] = [];
    for (const key of keys) {
      const index = byKey.get(key)!;
      values.push(index);
      weights.push(index.isLive ? 1 : 0);
    }
    return new Index(byKey, OrderedMap.fromSorted(keys, values, weights));
  }

  /** Number of living keys. */
  get liveCount(): number {
    return this.#ordered.weight;
  }

  /** Number of keys, deleted ones included. */
  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): KeyIndex | undefined {
    return this.#byKey.get(key);
  }

  /** The key's index, ready for a put: it counts as living from now on. */
  revive(key: string): KeyIndex {
    let index = this.#byKey.get(key);
    if (index === undefined) {
      index = new KeyIndex(key);
      this.#byKey.set(key, index);
      this.#ordered.set(key, index, 1);
    } else if (!index.isLive) {
      this.#ordered.reweigh(key, 1);
    }
    return index;
  }

  /** The key was deleted: it no longer counts. */
  bury(index: KeyIndex): void {
    this.#ordered.reweigh(index.key, 0);
  }

  /** Nothing is left of the key. */
  remove(index: KeyIndex): void {
    this.#byKey.delete(index.key);
    this.#ordered.delete(index.key);
  }

  /** Number of living keys in `from` <= key < `to`; null is no end. */
  countLive(from: string, to: string | null): number {
    return this.#ordered.weightBetween(from, to);
  }

  /** Appends the living keys of a range in order, at most `limit`. */
  collectLive(from: string, to: string | null, limit: number, out: KeyIndex[]): void {
    this.#ordered.collect(from, to, limit, true, out);
  }

  /** Appends all keys of a range in order, deleted ones included, at most `limit`. */
  collectAll(from: string, to: string | null, limit: number, out: KeyIndex[]): void {
    this.#ordered.collect(from, to, limit, false, out);
  }
}
