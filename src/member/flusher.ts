/**
 * Makes the applied state durable behind the log: when much has collected, or when the oldest of it has waited long
 * enough. Writers never wait for it.
 */

import type { Backend } from '../backend/backend.ts';
import { exponentialBounds, Histogram } from '../util/metrics.ts';
import type { Clock } from '../util/runtime.ts';
import type { MemberLimits } from './types.ts';

/**
 * Keys that were compacted are flushed after so many: their removal weighs little in bytes, but each costs the flush a step,
 * and its end puts all of them in force at once.
 */
const compactedMax = 1000;

export interface FlusherHooks {
  /** Draws a line under everything applied (`Backend.mark`). */
  mark(): void;
  /** The state up to `index` is on disk. */
  durable(index: number): void;
  failed(error: Error): void;
}

export class Flusher {
  readonly #backend: Backend;
  readonly #limits: MemberLimits;
  readonly #clock: Clock;
  readonly #hooks: FlusherHooks;
  /** When the oldest change that is not being flushed was made; -1 for none. */
  #dirtySince = -1;
  #running = false;
  #compacted = 0;
  /** How long flushes took. */
  readonly seconds: Histogram = new Histogram(exponentialBounds(0.001, 2, 14));

  constructor(backend: Backend, limits: MemberLimits, clock: Clock, hooks: FlusherHooks) {
    this.#backend = backend;
    this.#limits = limits;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Something was applied. */
  touch(): void {
    if (this.#dirtySince < 0) this.#dirtySince = this.#clock.now();
    if (this.#backend.pendingBytes >= this.#limits.flushBytes) this.#start();
  }

  /** So many keys were compacted. */
  compacted(keys: number): void {
    this.#compacted += keys;
    this.touch();
  }

  /** Whether enough was compacted for the next flush, and the one before still runs. Begins that flush when it may. */
  get isBehind(): boolean {
    if (this.#compacted < compactedMax) return false;
    if (this.#running) return true;
    this.#start();
    return false;
  }

  tick(): void {
    if (this.#dirtySince < 0) return;
    if (this.#clock.now() - this.#dirtySince >= this.#limits.flushMs) this.#start();
  }

  /** Flushes everything, also behind a flush that runs; for the end. */
  flushAll(done: (error: Error | null) => void): void {
    this.#hooks.mark();
    this.#backend.flush((error) => done(error));
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#dirtySince = -1;
    this.#compacted = 0;
    this.#hooks.mark();
    const beganAt = this.#clock.now();
    this.#backend.flush((error, index) => {
      this.#running = false;
      this.seconds.observe((this.#clock.now() - beganAt) / 1000);
      if (error !== null) this.#hooks.failed(error);
      else this.#hooks.durable(index);
    });
  }
}
