/**
 * The configurations of the log, by the index of the entry that brought each; the oldest is the one at the log's base.
 *
 * Invariant: indexes strictly rise, and the last one is in effect. A configuration is in effect from its append on
 * (paper section 6), so truncating its entry brings the one before it back.
 */

import { assertSound } from './configuration.ts';
import type { ConfState } from './types.ts';

export class ConfHistory {
  #indexes: number[];
  #confs: ConfState[];

  constructor(index: number, conf: ConfState) {
    this.#indexes = [index];
    this.#confs = [conf];
  }

  get current(): ConfState {
    return this.#confs[this.#confs.length - 1]!;
  }

  /** Index of the entry that brought the current configuration. */
  get currentIndex(): number {
    return this.#indexes[this.#indexes.length - 1]!;
  }

  append(index: number, conf: ConfState): void {
    if (index <= this.currentIndex) {
      throw new Error(`configuration at ${index} is not after the one at ${this.currentIndex}`);
    }
    assertSound(conf);
    this.#indexes.push(index);
    this.#confs.push(conf);
  }

  /** Forgets the configurations from `index` on. */
  truncate(index: number): void {
    while (this.#indexes.length > 1 && this.currentIndex >= index) {
      this.#indexes.pop();
      this.#confs.pop();
    }
    if (this.currentIndex >= index) throw new Error(`configuration at the base of the log cut at ${index}`);
  }

  /** The configuration in effect at `index`, which is not before the base. */
  at(index: number): ConfState {
    for (let i = this.#indexes.length - 1; i >= 0; i--)
      if (this.#indexes[i]! <= index) return this.#confs[i]!;
    throw new Error(`configuration at ${index}: the oldest known is at ${this.#indexes[0]}`);
  }

  /** Forgets what only entries up to `index` need. */
  compact(index: number): void {
    let drop = 0;
    while (drop + 1 < this.#indexes.length && this.#indexes[drop + 1]! <= index) drop++;
    this.#indexes.splice(0, drop);
    this.#confs.splice(0, drop);
  }

  /** A state tells the configuration at `index`. What the log says of later ones stays. */
  rebase(index: number, conf: ConfState): void {
    assertSound(conf);
    let drop = 0;
    while (drop < this.#indexes.length && this.#indexes[drop]! <= index) drop++;
    this.#indexes.splice(0, drop, index);
    this.#confs.splice(0, drop, conf);
  }

  /** A snapshot replaces everything. */
  reset(index: number, conf: ConfState): void {
    assertSound(conf);
    this.#indexes = [index];
    this.#confs = [conf];
  }
}
