/**
 * What a signal to end means. The first asks for a clean end, and one more ends the process at once; but Ctrl-C comes twice where
 * something stands between the terminal and the process: the terminal signals all of its group, and npm, or whatever
 * started the process, passes on what it got itself.
 */

/** What comes so soon after the first signal is the same wish, by another way. Milliseconds. */
export const sameWishMs = 500;

export class StopSignals {
  #firstAt: number | null = null;

  /** @param now milliseconds of a clock that does not jump */
  take(now: number): 'stop' | 'same' | 'end' {
    if (this.#firstAt === null) {
      this.#firstAt = now;
      return 'stop';
    }
    return now - this.#firstAt < sameWishMs ? 'same' : 'end';
  }
}
