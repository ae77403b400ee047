/**
 * Many timers on one: deadlines of calls, probes of connections. Setting and cancelling cost a few assignments and
 * no allocation, for nearly every deadline is cancelled long before it comes.
 *
 *     slots:  0 … 1023, each a list of entries whose tick is congruent to it
 *     tick:   16 ms; an entry beyond one round of the wheel stays in its slot until its own round comes
 *
 * Invariants: an entry fires not before its time, and at most one tick and one delay of the clock after it; the clock
 * is set for the first slot that has entries, never later, so an idle wheel wakes up once per round at most, and an
 * empty one not at all.
 */

import type { Clock, Timer } from '../../util/runtime.ts';

export const TICK_MS = 16;
const SLOTS = 1024;

/** `dueTick` of an entry that is in no slot, and of one that is about to fire. */
const UNSET = -1;
const FIRING = -2;

/** What can be put on the wheel. The fields belong to the wheel. */
export abstract class WheelEntry {
  wheelPrevious: WheelEntry | null = null;
  wheelNext: WheelEntry | null = null;
  dueTick: number = UNSET;

  abstract onTimer(): void;
}

export class TimerWheel {
  private readonly clock: Clock;
  private readonly slots: (WheelEntry | null)[] = new Array<WheelEntry | null>(SLOTS).fill(null);
  private entries = 0;
  /** Every entry with a tick up to this one has fired. */
  private doneTick: number;
  private timer: Timer | null = null;
  private timerTick = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
    this.doneTick = Math.floor(clock.now() / TICK_MS);
  }

  /** Sets the entry's timer anew. */
  set(entry: WheelEntry, delayMs: number): void {
    this.cancel(entry);
    const nowMs = this.clock.now();
    // Nothing can be due in the ticks that an empty wheel slept through.
    if (this.entries === 0) this.doneTick = Math.max(this.doneTick, Math.floor(nowMs / TICK_MS) - 1);
    const dueTick = Math.max(Math.ceil((nowMs + delayMs) / TICK_MS), this.doneTick + 1);
    const slot = dueTick % SLOTS;
    const first = this.slots[slot]!;
    entry.dueTick = dueTick;
    entry.wheelNext = first;
    if (first !== null) first.wheelPrevious = entry;
    this.slots[slot] = entry;
    this.entries += 1;
    if (dueTick < this.timerTick) this.arm(dueTick, nowMs);
  }

  cancel(entry: WheelEntry): void {
    if (entry.dueTick === UNSET) return;
    if (entry.dueTick !== FIRING) this.unlink(entry);
    entry.dueTick = UNSET;
  }

  /** Forgets all entries. */
  close(): void {
    this.timer?.cancel();
    this.timer = null;
    this.timerTick = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < SLOTS; slot++) {
      for (let entry = this.slots[slot]!; entry !== null; entry = this.slots[slot]!) this.cancel(entry);
    }
  }

  private unlink(entry: WheelEntry): void {
    const { wheelPrevious, wheelNext } = entry;
    if (wheelPrevious === null) this.slots[entry.dueTick % SLOTS] = wheelNext;
    else wheelPrevious.wheelNext = wheelNext;
    if (wheelNext !== null) wheelNext.wheelPrevious = wheelPrevious;
    entry.wheelPrevious = null;
    entry.wheelNext = null;
    this.entries -= 1;
  }

  private run(): void {
    this.timer = null;
    this.timerTick = Number.POSITIVE_INFINITY;
    const nowTick = Math.floor(this.clock.now() / TICK_MS);
    const due: WheelEntry[] = [];
    const first = Math.max(this.doneTick + 1, nowTick - SLOTS + 1);
    for (let tick = first; tick <= nowTick; tick++) {
      let entry = this.slots[tick % SLOTS]!;
      while (entry !== null) {
        const next: WheelEntry | null = entry.wheelNext;
        if (entry.dueTick <= nowTick) {
          this.unlink(entry);
          entry.dueTick = FIRING;
          due.push(entry);
        }
        entry = next!;
      }
    }
    this.doneTick = Math.max(this.doneTick, nowTick);
    // One that fires may cancel or set another that is due as well.
    for (const entry of due) {
      if (entry.dueTick !== FIRING) continue;
      entry.dueTick = UNSET;
      entry.onTimer();
    }
    this.armNext();
  }

  private armNext(): void {
    if (this.entries === 0) return;
    let tick = this.doneTick + 1;
    while (tick < this.doneTick + SLOTS && this.slots[tick % SLOTS] === null) tick += 1;
    if (tick < this.timerTick) this.arm(tick, this.clock.now());
  }

  private arm(tick: number, nowMs: number): void {
    this.timer?.cancel();
    this.timerTick = tick;
    this.timer = this.clock.setTimer(Math.max(tick * TICK_MS - nowMs, 0), () => this.run());
  }
}
