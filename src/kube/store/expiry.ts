/**
 * Keys of a memory store that go by themselves. One timer for the next one due; keys that expire were created with nearly
 * the same time to live, so a list in order of creation is nearly in order of expiry.
 */

import type { Clock, Timer } from '../../util/runtime.ts';

/** Keys that are due soon go together: no more than one wake-up in this time. */
const coarseMs = 1000;

export class Expiry {
  readonly #clock: Clock;
  readonly #expire: (key: string) => void;
  /** Key to the time at which it goes. */
  readonly #due: Map<string, number> = new Map();
  #timer: Timer | null = null;
  #timerDue: number = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, expire: (key: string) => void) {
    this.#clock = clock;
    this.#expire = expire;
  }

  set(key: string, delayMs: number): void {
    const due = this.#clock.now() + delayMs;
    this.#due.delete(key);
    this.#due.set(key, due);
    if (due < this.#timerDue) this.#arm(due);
  }

  forget(key: string): void {
    this.#due.delete(key);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerDue = Number.POSITIVE_INFINITY;
    this.#due.clear();
  }

  #arm(due: number): void {
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = this.#clock.setTimer(Math.max(0, due - this.#clock.now()), () => this.#wake());
  }

  #wake(): void {
    this.#timer = null;
    this.#timerDue = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, due] of [...this.#due]) {
      if (due <= now) {
        this.#due.delete(key);
        this.#expire(key);
      } else if (due < next) next = due;
    }
    if (next !== Number.POSITIVE_INFINITY) this.#arm(Math.max(next, now + coarseMs));
  }
}
