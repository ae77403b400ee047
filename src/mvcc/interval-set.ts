/**
 * A set of keys made of ranges, for finding puts under deletes. Kept as disjoint intervals in order, so that adding and
 * asking cost O(log n) however many a hostile txn brings.
 */

import { upperBound } from '../util/sorted-keys.ts';

export class IntervalSet {
  readonly #starts: string[] = [];
  /** null is no end; only the last can be. */
  readonly #ends: (string | null)[] = [];

  /** Adds `from` <= key < `to`; an empty interval adds nothing. */
  add(from: string, to: string | null): void {
    if (to !== null && to <= from) return;
    // Everything from the first interval that ends at or after `from` to the last that starts at or before `to` merges.
    let first = upperBound(this.#starts, from);
    if (first > 0 && this.#reaches(first - 1, from)) first--;
    let last = first;
    let start = from;
    let end = to;
    while (last < this.#starts.length && (to === null || this.#starts[last]! <= to)) {
      if (this.#starts[last]! < start) start = this.#starts[last]!;
      const otherEnd = this.#ends[last]!;
      if (end !== null && (otherEnd === null || otherEnd > end)) end = otherEnd;
      last++;
    }
    this.#starts.splice(first, last - first, start);
    this.#ends.splice(first, last - first, end);
  }

  addAll(other: IntervalSet): void {
    for (let i = 0; i < other.#starts.length; i++) this.add(other.#starts[i]!, other.#ends[i]!);
  }

  has(key: string): boolean {
    const at = upperBound(this.#starts, key) - 1;
    if (at < 0) return false;
    const end = this.#ends[at]!;
    return end === null || key < end;
  }

  #reaches(at: number, key: string): boolean {
    const end = this.#ends[at]!;
    return end === null || end >= key;
  }
}
