/**
 * The append messages on their way to one follower: a ring of (last index, bytes), oldest first.
 *
 *     start ──► [ 12 | 15 | 19 | … ]  count entries, indexes strictly rising
 *
 * Invariant: `count` never exceeds the window; `bytes` is the sum over the ring. The ring grows as needed, so that
 * a thousand idle followers cost nothing.
 */

const initialSlots = 8;

export class Inflights {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  #indexes: number[] = new Array(initialSlots).fill(0);
  #sizes: number[] = new Array(initialSlots).fill(0);
  #start = 0;
  #count = 0;
  #bytes = 0;

  /** @param maxCount messages, @param maxBytes bytes of entries under way at once. */
  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#count >= this.#maxCount || this.#bytes >= this.#maxBytes;
  }

  /** Bytes that may still be sent before the window is full. */
  get room(): number {
    return this.#maxBytes - this.#bytes;
  }

  /** Notes a message whose last entry is `index`. */
  add(index: number, bytes: number): void {
    if (this.#count >= this.#maxCount) throw new Error(`inflights: ${this.#count} messages is the window`);
    if (this.#count === this.#indexes.length) this.#grow();
    const slot = (this.#start + this.#count) % this.#indexes.length;
    this.#indexes[slot] = index;
    this.#sizes[slot] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Forgets the messages whose entries are all acknowledged by `index`. */
  freeUpTo(index: number): void {
    while (this.#count > 0 && this.#indexes[this.#start]! <= index) {
      this.#bytes -= this.#sizes[this.#start]!;
      this.#start = (this.#start + 1) % this.#indexes.length;
      this.#count--;
    }
  }

  reset(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #grow(): void {
    const slots = this.#indexes.length;
    const indexes = new Array<number>(slots * 2).fill(0);
    const sizes = new Array<number>(slots * 2).fill(0);
    for (let i = 0; i < this.#count; i++) {
      const slot = (this.#start + i) % slots;
      indexes[i] = this.#indexes[slot]!;
      sizes[i] = this.#sizes[slot]!;
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}
