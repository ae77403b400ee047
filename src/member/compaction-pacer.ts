/** Removes what compactions of the store made unreadable, a little at a time, so that writers never wait for it. */

import { exponentialBounds, Histogram } from '../util/metrics.ts';
import type { Clock, Timer } from '../util/runtime.ts';

/** Keys that a step looks at, so that none takes more than two or three milliseconds, and the pause between steps. */
const keysAtOnce = 250;
const pauseMs = 5;

export interface PacedStore {
  readonly isCompacting: boolean;
  readonly isSuspended: boolean;
  compactStep(maxKeys: number): boolean;
}

export interface CompactionPacerHooks {
  /** Records were removed: there is something to flush. */
  stepped(): void;
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
    const { figures } = this;
    const beganAt = this.#clock.now();
    if (this.#beganAt < 0) this.#beganAt = beganAt;
    try {
      const goesOn = this.#store.compactStep(keysAtOnce);
      const now = this.#clock.now();
      figures.steps.observe(now - beganAt);
      if (!goesOn) {
        figures.totals.observe(now - this.#beganAt);
        figures.endedAt = this.#clock.wallNow();
        this.#beganAt = -1;
      }
      this.#hooks.stepped();
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
