/** Removes what compactions of the store made unreadable, a little at a time, so that writers never wait for it. */

import type { Clock, Timer } from '../util/runtime.ts';

/** Keys that a step looks at, and the pause between steps. */
const keysAtOnce = 500;
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

export class CompactionPacer {
  readonly #store: PacedStore;
  readonly #clock: Clock;
  readonly #hooks: CompactionPacerHooks;
  #timer: Timer | null = null;
  #stopped = false;

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
    try {
      this.#store.compactStep(keysAtOnce);
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
