/**
 * The real world behind the Runtime interface: the one file that reads a clock, draws random numbers and sets timers.
 *
 * A timer that is set keeps the process alive. A member in memory has no socket that would, and a program that waits
 * for its answer must not end in the middle; so whoever sets a timer cancels it when it stops, and a closed member
 * leaves nothing behind.
 */

import { getRandomValues } from 'node:crypto';

import type { Clock, Logger, Random, Runtime, Scheduler, Timer } from './runtime.ts';
import { silentLogger } from './runtime.ts';

/**
 * As they were when this file was loaded. Test runners put others in their place (`mock.timers`, `useFakeTimers`), to hold
 * the time of the program under test; a member beside it has to go on.
 */
const real = {
  wallNow: Date.now,
  now: performance.now.bind(performance),
  setTimeout,
  clearTimeout,
  setImmediate,
  nextTick: process.nextTick,
} as const;

/** What setTimeout can count to; a longer wait is made of several. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Random numbers are fetched from the system this many at a time. */
const randomPoolSize = 256;

/**
 * A timer that keeps its word: setTimeout counts in whole milliseconds of a clock that is read once per loop, and may
 * fire up to a millisecond early by `performance.now`. Fired early, it waits for the rest.
 */
class NodeTimer implements Timer {
  readonly #due: number;
  readonly #fire: () => void;
  #handle: NodeJS.Timeout | null = null;

  constructor(delayMs: number, fire: () => void) {
    this.#due = real.now() + delayMs;
    this.#fire = fire;
    this.#arm(delayMs);
  }

  cancel(): void {
    if (this.#handle !== null) real.clearTimeout(this.#handle);
    this.#handle = null;
  }

  #arm(delayMs: number): void {
    this.#handle = real.setTimeout(() => this.#wake(), Math.min(Math.ceil(delayMs), longestTimeoutMs));
  }

  #wake(): void {
    const restMs = this.#due - real.now();
    if (restMs > 0) {
      this.#arm(restMs);
      return;
    }
    this.#handle = null;
    this.#fire();
  }
}

class NodeClock implements Clock {
  now(): number {
    return real.now();
  }

  wallNow(): number {
    return real.wallNow();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    if (!(delayMs >= 0)) throw new Error(`a timer needs a delay of 0 ms or more, not ${delayMs}`);
    return new NodeTimer(delayMs, fire);
  }
}

/** Numbers of the system's own generator, fetched in batches: election timeouts of members never run in step. */
class NodeRandom implements Random {
  readonly #pool: Uint32Array<ArrayBuffer> = new Uint32Array(randomPoolSize);
  #next: number = randomPoolSize;

  uint32(): number {
    if (this.#next === randomPoolSize) {
      getRandomValues(this.#pool);
      this.#next = 0;
    }
    return this.#pool[this.#next++]!;
  }
}

/** Immediates run in the order they were set, after the sockets that are readable have been read. */
const nodeScheduler: Scheduler = {
  defer(job: () => void): void {
    real.setImmediate(job);
  },
  afterwards(job: () => void): void {
    real.nextTick(job);
  },
};

/**
 * The Runtime of production.
 *
 * @param options.log where log lines go; by default nowhere
 */
export function nodeRuntime(options: { readonly log?: Logger } = {}): Runtime {
  return {
    clock: new NodeClock(),
    random: new NodeRandom(),
    scheduler: nodeScheduler,
    log: options.log ?? silentLogger,
  };
}
