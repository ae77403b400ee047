/**
 * Ticks at a steady rate. A tick that comes late does not delay the ones after it; ticks that were missed altogether
 * (the process was suspended) are not made up for, since that would end every lease and election timeout at once.
 */

import type { Clock, Timer } from '../util/runtime.ts';

export class Ticker {
  readonly #clock: Clock;
  readonly #tick: () => void;
  #periodMs: number;
  #timer: Timer | null = null;
  #due = 0;
  /** When the timer that is set runs out: not after `#due`. */
  #armedFor = 0;

  constructor(clock: Clock, periodMs: number, tick: () => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#tick = tick;
  }

  /** @param phase part of a period until the first tick: drawn, so that members do not tick in step */
  start(phase: number): void {
    this.#due = this.#clock.now() + phase * this.#periodMs;
    this.#arm();
  }

  /** Ticks at another rate: a faster one from now on, a slower one from the next tick on. */
  pace(periodMs: number): void {
    const isFaster = periodMs < this.#periodMs;
    this.#periodMs = periodMs;
    if (!isFaster || this.#timer === null) return;
    this.#timer.cancel();
    this.#due = Math.min(this.#due, this.#clock.now() + periodMs);
    this.#arm();
  }

  /**
   * Somebody else ticks now: the next tick is due in so much time, and from there on at the rate. A timer that is set for
   * sooner runs out and is set again then: Node's clock would wake the process for it all the same.
   */
  postpone(delayMs: number): void {
    if (this.#timer === null) return;
    this.#due = this.#clock.now() + delayMs;
    if (this.#due >= this.#armedFor) return;
    this.#timer.cancel();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    const now = this.#clock.now();
    if (now - this.#due > this.#periodMs) this.#due = now;
    this.#armedFor = this.#due;
    this.#timer = this.#clock.setTimer(Math.max(0, this.#due - now), this.#ranOut);
  }

  readonly #ranOut = (): void => {
    const isPutOff = this.#due > this.#armedFor;
    if (!isPutOff) this.#due += this.#periodMs;
    this.#arm();
    if (!isPutOff) this.#tick();
  };
}
