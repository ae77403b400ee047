/** Removes what compactions of the store made unreadable, a little at a time, so that writers never wait for it. */

import { exponentialBounds, Histogram } from '../util/metrics.ts';
import type { Clock, Timer } from '../util/runtime.ts';

/**
 * A step looks at so many keys at a time, for a millisecond or so often, whatever comes first; and the pause between steps.
 */
const keysAtOnce = 32;
const stepMs = 1;
const timesMax = 8;
const pauseMs = 5;

export interface PacedStore {
  readonly isCompacting: boolean;
  readonly isSuspended: boolean;
  compactStep(maxKeys: number): boolean;
}

export interface CompactionPacerHooks {
  /** Records were removed: there is something to flush. @param keys that were looked at */
  stepped(keys: number): void;
  /** So much was removed and not flushed yet that more had better wait. */
  isHeldUp(): boolean;
  failed(error: Error): void;
}

/** For metrics, in milliseconds. */
export interface CompactionFigures {
  /** How long each step kept everybody else waiting. */
  readonly steps: Histogram;
  /** How long each compaction took, pauses included. */
  readonly totals: Histogram;
  /** Wall time of the end of the last one; 0 for none. */
  endedAt: number;
}

export class CompactionPacer {
  readonly #store: PacedStore;
  readonly #clock: Clock;
  readonly #hooks: CompactionPacerHooks;
  #timer: Timer | null = null;
  #stopped = false;
  /** When the first step of the compaction under way was made; -1 for none. */
  #beganAt = -1;
  readonly figures: CompactionFigures = {
    steps: new Histogram(exponentialBounds(1, 2, 14)),
    totals: new Histogram(exponentialBounds(100, 2, 14)),
    endedAt: 0,
  };

  constructor(store: PacedStore, clock: Clock, hooks: CompactionPacerHooks) {
    this.#store = store;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Called after each turn. */
  look(): void {
    if (this.#timer !== null || this.#stopped) return;
    if (!this.#store.isCompacting || this.#store.isSuspended) return;
    this.#timer = this.#clock.setTimer(pauseMs, () => {
      this.#timer = null;
      this.#step();
    });
  }

  #step(): void {
    if (this.#stopped || this.#store.isSuspended) return;
    if (this.#hooks.isHeldUp()) {
      this.look();
      return;
    }
    const { figures } = this;
    const beganAt = this.#clock.now();
    if (this.#beganAt < 0) this.#beganAt = beganAt;
    try {
      let goesOn = true;
      let now = beganAt;
      let times = 0;
      for (; goesOn && times < timesMax && now - beganAt < stepMs; times++) {
        goesOn = this.#store.compactStep(keysAtOnce);
        now = this.#clock.now();
      }
      figures.steps.observe(now - beganAt);
      if (!goesOn) {
        figures.totals.observe(now - this.#beganAt);
        figures.endedAt = this.#clock.wallNow();
        this.#beganAt = -1;
      }
      this.#hooks.stepped(times * keysAtOnce);
    } catch (error) {
      this.#hooks.failed(error as Error);
      return;
    }
    this.look();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }
}
