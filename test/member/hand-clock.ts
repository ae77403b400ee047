/** Time in the hands of a test: it stands still until it is moved, and timers that are due by then run out in their order. */

import type { Clock, Timer } from '../../src/util/runtime.ts';

interface SetTimer {
  readonly at: number;
  readonly fire: () => void;
}

export class HandClock implements Clock {
  #now = 0;
  #timers: SetTimer[] = [];
  /** How many timers were set so far. */
  timersSet = 0;

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    this.timersSet++;
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves on to `until`, stopping at each timer on the way. */
  run(until: number): void {
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = next.at;
      next.fire();
    }
    this.#now = until;
  }
}
