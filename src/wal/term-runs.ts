/**
 * Which term each entry of the log has, in little memory: one pair per run of entries of the same term.
 *
 *     index  5 6 7 8 9        first  5 7 9
 *     term   2 2 4 4 5        term   2 4 5
 *
 * Terms never fall from one entry to the next, and the first run begins at the base of the log.
 */

import type { WalBase, WalEntry } from './types.ts';

export class TermRuns {
  #first: number[] = [];
  #term: number[] = [];
  lastIndex = 0;

  constructor(base: WalBase) {
    this.restart(base);
  }

  get baseIndex(): number {
    return this.#first[0]!;
  }

  get lastTerm(): number {
    return this.#term[this.#term.length - 1]!;
  }

  restart(base: WalBase): void {
    this.#first = [base.index];
    this.#term = [base.term];
    this.lastIndex = base.index;
  }

  /** Entries behind `index` are void. */
  truncateAfter(index: number): void {
    if (index >= this.lastIndex) return;
    if (index < this.baseIndex)
      throw new Error(`the log begins at ${this.baseIndex}; it cannot be cut at ${index}`);
    while (this.#first[this.#first.length - 1]! > index) {
      this.#first.pop();
      this.#term.pop();
    }
    this.lastIndex = index;
  }

  /** Adds entries right behind the last one; throws, having changed nothing before the wrong one, on a gap. */
  append(entries: readonly WalEntry[]): void {
    for (let i = 0; i < entries.length; i++) {
      const { index, term } = entries[i]!;
      const lastTerm = this.lastTerm;
      if (index !== this.lastIndex + 1)
        throw new Error(`entry ${index} cannot follow entry ${this.lastIndex}`);
      if (term !== lastTerm) {
        if (term < lastTerm) throw new Error(`entry ${index} has term ${term}, the one before ${lastTerm}`);
        this.#first.push(index);
        this.#term.push(term);
      }
      this.lastIndex = index;
    }
  }

  /** Forgets the terms of entries before `index`, which becomes the base. */
  release(index: number): void {
    const base = Math.min(index, this.lastIndex);
    if (base <= this.baseIndex) return;
    let run = 0;
    while (run + 1 < this.#first.length && this.#first[run + 1]! <= base) run++;
    this.#first.splice(0, run);
    this.#term.splice(0, run);
    this.#first[0] = base;
  }
}
