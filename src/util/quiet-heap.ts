/**
 * When a process that has become quiet collects its garbage.
 *
 * V8 collects to go on allocating: what a burst of work leaves stays, tens of MB, until there is more work, or for a minute. So
 * once collections say that there was work, this looks every few seconds whether it goes on; when it does not, and enough
 * has gathered to be worth it, the whole heap is collected, once.
 *
 * The invariants: nothing is collected in a process that works, since everybody waits for as long as it takes; nor in one
 * with a large heap, where that is long; and a process that rests is not woken to look.
 */

/** What is alive and what has gathered. */
export interface HeapLook {
  /** On the heap of JavaScript. */
  readonly heapBytes: number;
  /** In buffers. */
  readonly bufferBytes: number;
}

/** Time between two looks. */
export const quietLookMs: number = 3000;
/** A process that allocated less between two looks is quiet: some 200 puts a second leave more. */
export const quietBytesMax: number = 256 * 1024;
/** Less is not worth a collection. */
export const worthBytesMin: number = 12 * 1024 * 1024;
/** Larger heaps are left to V8. At this size a collection takes some 30 ms. */
export const quietHeapBytesMax: number = 80 * 1024 * 1024;

export class QuietHeap {
  readonly #look: () => HeapLook;
  readonly #later: (look: () => void) => void;
  readonly #collect: () => void;
  /** After the last collection of the whole heap. */
  #keptBytes = 0;
  #isLooking = false;
  /** At the last look, and collections since then. */
  #seenBytes = 0;
  #collections = 0;

  /** @param later calls back once, after `quietLookMs` */
  constructor(look: () => HeapLook, later: (look: () => void) => void, collect: () => void) {
    this.#look = look;
    this.#later = later;
    this.#collect = collect;
  }

  /** V8 has collected garbage. */
  collected(ofWholeHeap: boolean): void {
    this.#collections++;
    const bytes = total(this.#look());
    // Buffers that it has found are counted as gone by the next one, however small.
    this.#keptBytes = ofWholeHeap ? bytes : Math.min(this.#keptBytes, bytes);
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#wait(bytes);
  }

  #wait(seenBytes: number): void {
    this.#seenBytes = seenBytes;
    this.#collections = 0;
    this.#later(() => this.#lookAgain());
  }

  #lookAgain(): void {
    const look = this.#look();
    const bytes = total(look);
    if (this.#collections > 0 || bytes - this.#seenBytes > quietBytesMax) {
      this.#wait(bytes);
      return;
    }
    this.#isLooking = false;
    if (bytes - this.#keptBytes < worthBytesMin || look.heapBytes > quietHeapBytesMax) return;
    // What this collection sets off is not to be looked at again.
    this.#keptBytes = bytes;
    this.#collect();
  }
}

function total({ heapBytes, bufferBytes }: HeapLook): number {
  return heapBytes + bufferBytes;
}
