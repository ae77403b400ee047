/** Holds work to a rate: what is not used collects, but no more than a moment's worth. */

/** Unused rate that may collect, in milliseconds. */
const collectsMs = 500;

export class Pacer {
  readonly #perMs: number;
  readonly #most: number;
  #left: number;
  #at: number;

  /** @param now milliseconds; a moment's worth may be used at once */
  constructor(perSecond: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#most = Math.max(1, this.#perMs * collectsMs);
    this.#left = this.#most;
    this.#at = now;
  }

  /** How many may be done now. */
  allowed(now: number): number {
    if (now > this.#at) {
      this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perMs);
      this.#at = now;
    }
    return Math.floor(this.#left);
  }

  /** So many, of those allowed, were done. */
  spend(count: number): void {
    this.#left -= count;
  }
}
