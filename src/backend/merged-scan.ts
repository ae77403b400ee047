/**
 * One ordered read over the durable state with the buffered writes laid over it. Both were captured when the read began,
 * so what happens meanwhile does not show.
 */

import type { BackendEntry } from './backend.ts';
import type { BaseCursor } from './base-state.ts';
import type { OverlayEntry } from './overlay.ts';

const chunkEntries = 16_384;
/** Most a scan fetches at a time. */
export const scanChunkBytes: number = 4 * 1024 * 1024;

export class MergedScan {
  readonly #cursor: BaseCursor;
  readonly #overlay: readonly OverlayEntry[];
  readonly #limit: number;
  readonly #done: (error: Error | null, entries: readonly BackendEntry[]) => void;
  readonly #result: BackendEntry[] = [];
  #at = 0;
  #bytesLeft: number;

  constructor(
    cursor: BaseCursor,
    overlay: readonly OverlayEntry[],
    limit: number,
    maxBytes: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
  ) {
    this.#cursor = cursor;
    this.#overlay = overlay;
    this.#limit = limit;
    this.#bytesLeft = maxBytes;
    this.#done = done;
  }

  start(): void {
    this.#read();
  }

  #read(): void {
    const room = this.#limit - this.#result.length;
    // Deletions in the overlay may hide entries, so a few more than `room` can be needed.
    const hidden = Math.max(0, this.#overlay.length - this.#at);
    const want = Math.min(chunkEntries, room + hidden);
    this.#cursor.next(want, Math.min(scanChunkBytes, Math.max(1, this.#bytesLeft)), this.#merge);
  }

  readonly #merge = (error: Error | null, entries: readonly BackendEntry[]): void => {
    if (error !== null) {
      this.#finish(error);
      return;
    }
    for (const entry of entries) {
      this.#takeOverlay(entry.key);
      if (this.#isFull) break;
      const over = this.#overlay[this.#at];
      if (over?.key === entry.key) {
        this.#at++;
        if (over.value !== null) this.#take({ key: over.key, value: over.value });
      } else {
        this.#take(entry);
      }
      if (this.#isFull) break;
    }
    if (entries.length === 0) this.#takeOverlay(null);
    if (entries.length === 0 || this.#isFull) this.#finish(null);
    else this.#read();
  };

  /** Takes the buffered entries that stand before `key`; null takes all. */
  #takeOverlay(key: string | null): void {
    while (this.#at < this.#overlay.length && !this.#isFull) {
      const over = this.#overlay[this.#at]!;
      if (key !== null && over.key >= key) return;
      this.#at++;
      if (over.value !== null) this.#take({ key: over.key, value: over.value });
    }
  }

  #take(entry: BackendEntry): void {
    this.#result.push(entry);
    this.#bytesLeft -= entry.key.length + entry.value.length;
  }

  get #isFull(): boolean {
    return this.#result.length >= this.#limit || this.#bytesLeft <= 0;
  }

  #finish(error: Error | null): void {
    this.#cursor.close();
    this.#done(error, error === null ? this.#result : []);
  }
}
