/**
 * A sort that goes on in steps, between which others have their turn: runs are sorted, then merged two by two.
 *
 *     8 2 5 1 │ 7 3 6 4      runs, each sorted at once
 *     1 2 5 8 │ 3 4 6 7      merged, a little at a time
 *     1 2 3 4 5 6 7 8
 *
 * What compares as equal keeps its order.
 */

const runLength = 512;
/** Sorting an item of a run costs about as much as merging so many. */
const runCost = 4;

export class StepSort<T> {
  #items: T[];
  #merged: T[] = [];
  readonly #compare: (a: T, b: T) => number;
  /** Up to here the runs are sorted. */
  #sorted = 0;
  /** Length of the runs that are merged. */
  #width = runLength;
  /** The two runs under way: where each goes on; the first ends where the second began. */
  #left = 0;
  #right = 0;
  #middle = 0;
  #end = 0;

  /** @param items are taken over */
  constructor(items: T[], compare: (a: T, b: T) => number) {
    this.#items = items;
    this.#compare = compare;
  }

  /** What was sorted, once `step` has said so. */
  get items(): readonly T[] {
    return this.#items;
  }

  /** Does about so much: an item that is merged is one. Returns true when all is sorted. */
  step(work: number): boolean {
    const count = this.#items.length;
    let left = work;
    for (; this.#sorted < count; left -= runLength * runCost) {
      if (left <= 0) return false;
      this.#sortRun();
    }
    for (; this.#width < count; left--) {
      if (left <= 0) return false;
      if (this.#merged.length === count) this.#nextPass();
      else this.#mergeOne(count);
    }
    return true;
  }

  #sortRun(): void {
    const from = this.#sorted;
    const run = this.#items.slice(from, from + runLength).sort(this.#compare);
    for (let i = 0; i < run.length; i++) this.#items[from + i] = run[i]!;
    this.#sorted = from + run.length;
  }

  #nextPass(): void {
    this.#items = this.#merged;
    this.#merged = [];
    this.#width *= 2;
    this.#left = this.#right = this.#middle = this.#end = 0;
  }

  #mergeOne(count: number): void {
    if (this.#left === this.#middle && this.#right === this.#end) {
      this.#left = this.#end;
      this.#middle = Math.min(count, this.#left + this.#width);
      this.#right = this.#middle;
      this.#end = Math.min(count, this.#middle + this.#width);
    }
    const items = this.#items;
    const takesLeft =
      this.#right === this.#end ||
      (this.#left < this.#middle && this.#compare(items[this.#left]!, items[this.#right]!) <= 0);
    this.#merged.push(takesLeft ? items[this.#left++]! : items[this.#right++]!);
  }
}
