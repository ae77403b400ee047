/**
 * Calls that wait until a token can be judged. A token made through another member may arrive here before the log entry
 * that made it; until that is applied nobody can say whether it is good.
 *
 * Bounded in number and time, because the index is whatever a client writes behind the dot. What is over the bound, or
 * waited too long, is not let through: its token is judged as it is, and that is unknown.
 */

import type { Clock, Timer } from '../util/runtime.ts';

/** How long a call waits for the entry of its token. */
export const tokenWaitMs = 5000;
/** Calls that may wait at a time. */
export const maxTokenWaits = 10_000;

interface Wait {
  readonly index: number;
  readonly proceed: () => void;
  timer: Timer | null;
}

export class TokenWaits {
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #waits = new Set<Wait>();
  /** No wait is for an index below it: most calls of `applied` look no further. */
  #lowest = Number.POSITIVE_INFINITY;

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#clock = clock;
  }

  /** Calls `proceed` when `index` is applied, or after the longest wait; at once if too many wait. */
  add(index: number, proceed: () => void): void {
    if (this.#waits.size >= maxTokenWaits) {
      proceed();
      return;
    }
    const wait: Wait = { index, proceed, timer: null };
    wait.timer = this.#clock.setTimer(tokenWaitMs, () => this.#end(wait));
    this.#waits.add(wait);
    this.#lowest = Math.min(this.#lowest, index);
  }

  /** Everything up to `index` is applied. */
  applied(index: number): void {
    if (index < this.#lowest) return;
    const waits = [...this.#waits];
    this.#lowest = Number.POSITIVE_INFINITY;
    for (const wait of waits) {
      if (wait.index > index) this.#lowest = Math.min(this.#lowest, wait.index);
    }
    for (const wait of waits) {
      if (wait.index <= index) this.#end(wait);
    }
  }

  /** Lets go of all, without an answer: the member stops. */
  close(): void {
    for (const wait of this.#waits) wait.timer?.cancel();
    this.#waits.clear();
  }

  #end(wait: Wait): void {
    if (!this.#waits.delete(wait)) return;
    wait.timer?.cancel();
    wait.proceed();
  }
}
