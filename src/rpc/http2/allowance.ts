/**
 * How often something may happen: a burst, and a rate at which it is earned again. The clock is read only when the
 * burst is used up, so an allowance that is never strained costs a decrement. The price: what was earned while it lay unused
 * counts then, so at most two bursts may follow one another.
 */

import type { Clock } from '../../util/runtime.ts';

export class Allowance {
  private readonly clock: Clock;
  private readonly burst: number;
  private readonly perSecond: number;
  private left: number;
  private earnedAtMs: number;

  constructor(clock: Clock, burst: number, perSecond: number) {
    this.clock = clock;
    this.burst = burst;
    this.perSecond = perSecond;
    this.left = burst;
    this.earnedAtMs = clock.now();
  }

  /** @returns whether it may happen once more. */
  take(): boolean {
    if (this.left < 1) this.earn();
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }

  /** Gives back what was earned by other means. */
  give(times: number): void {
    this.left = Math.min(this.burst, this.left + times);
  }

  private earn(): void {
    const nowMs = this.clock.now();
    const forMs = nowMs - this.earnedAtMs;
    this.earnedAtMs = nowMs;
    this.give((forMs * this.perSecond) / 1000);
  }
}
