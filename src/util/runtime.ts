/**
 * Everything a member takes from the world except disk and network, behind small interfaces.
 *
 * Production uses `nodeRuntime()` (`node-runtime.ts`), the simulator its own. No other file of the house
 * may read a clock, draw a random number or set a timer: that is what makes a run repeatable.
 */

/** A timer that was set; cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic time in milliseconds with fractions; its zero is arbitrary. */
  now(): number;
  /** Wall time, milliseconds since 1970. For people and certificates, never for decisions of the store. */
  wallNow(): number;
  /** Calls `fire` once, not before `delayMs` have passed. */
  setTimer(delayMs: number, fire: () => void): Timer;
}

export interface Random {
  /** A uniformly drawn integer in [0, 2^32). */
  uint32(): number;
}

export interface Scheduler {
  /** Runs `job` once, soon, after the input that is already waiting has been read. Jobs run in order. */
  defer(job: () => void): void;
  /**
   * Runs `job` once the work at hand is done, before any further input and whatever was deferred: for what that work has
   * to send. What does so again and again keeps the process from everything else. Where it is missing, `defer` will do.
   */
  afterwards?(job: () => void): void;
}

/** `afterwards`, or `defer` on a scheduler without it. */
export function afterwards(scheduler: Scheduler, job: () => void): void {
  if (scheduler.afterwards === undefined) scheduler.defer(job);
  else scheduler.afterwards(job);
}

export const LogLevel = { Debug: 10, Info: 20, Warn: 30, Error: 40 } as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

export interface Logger {
  /** @param fields facts that belong to the line; bytes and bigint are rendered by the sink. */
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface Runtime {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: Logger;
}

function ignore(): void {}

/** A logger that says nothing: the default of the embedded library. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
