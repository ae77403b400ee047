/**
 * A binary heap of times: the earliest is at hand, and every entry knows its place, so that it can be moved or taken out
 * wherever it stands, in O(log n).
 *
 * Invariant: `entries[i].index === i`, and no entry is earlier than its parent, `entries[(i - 1) >> 1]`.
 */

export interface HeapEntry<T> {
  /** Milliseconds. Only the heap writes it. */
  atMs: number;
  /** Its place, or -1 when it is in no heap. Only the heap writes it. */
  index: number;
  readonly item: T;
}

export function heapEntry<T>(item: T, atMs: number): HeapEntry<T> {
  return { atMs, index: -1, item };
}

export class DeadlineHeap<T> {
  readonly #entries: HeapEntry<T>[] = [];

  /** Makes a heap of many entries at once, in O(n). */
  static of<T>(entries: Iterable<HeapEntry<T>>): DeadlineHeap<T> {
    const heap = new DeadlineHeap<T>();
    for (const entry of entries) heap.#append(entry);
    for (let i = (heap.size >> 1) - 1; i >= 0; i--) heap.#sink(heap.#entries[i]!);
    return heap;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The earliest entry. */
  get top(): HeapEntry<T> | undefined {
    return this.#entries[0];
  }

  add(entry: HeapEntry<T>): void {
    this.#append(entry);
    this.#rise(entry);
  }

  move(entry: HeapEntry<T>, atMs: number): void {
    this.#check(entry);
    const isEarlier = atMs < entry.atMs;
    entry.atMs = atMs;
    if (isEarlier) this.#rise(entry);
    else this.#sink(entry);
  }

  remove(entry: HeapEntry<T>): void {
    this.#check(entry);
    const { index } = entry;
    const last = this.#entries.pop()!;
    entry.index = -1;
    if (last === entry) return;
    this.#place(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  #check(entry: HeapEntry<T>): void {
    if (this.#entries[entry.index] !== entry) throw new Error('the entry is not in this heap');
  }

  #append(entry: HeapEntry<T>): void {
    if (entry.index !== -1) throw new Error('the entry is in a heap already');
    entry.index = this.#entries.length;
    this.#entries.push(entry);
  }

  #place(entry: HeapEntry<T>, index: number): void {
    this.#entries[index] = entry;
    entry.index = index;
  }

  #rise(entry: HeapEntry<T>): void {
    let { index } = entry;
    while (index > 0) {
      const parent = this.#entries[(index - 1) >> 1]!;
      if (parent.atMs <= entry.atMs) break;
      const above = parent.index;
      this.#place(parent, index);
      index = above;
    }
    this.#place(entry, index);
  }

  #sink(entry: HeapEntry<T>): void {
    const entries = this.#entries;
    let { index } = entry;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && entries[child + 1]!.atMs < entries[child]!.atMs) child++;
      const below = entries[child]!;
      if (below.atMs >= entry.atMs) break;
      this.#place(below, index);
      index = child;
    }
    this.#place(entry, index);
  }
}
