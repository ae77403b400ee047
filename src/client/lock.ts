/** Locks across processes, with a token that tells a holder from those before it. */

import { type Comparison, compare } from './compare.ts';
import { givePlaceBack, type HeldPlace, type PlaceOptions } from './held-place.ts';
import type { Lease } from './lease.ts';
import type { CallOptions } from './options.ts';

export type LockOptions = PlaceOptions;

/**
 * A lock that is held. No lock of this kind can promise that nobody else holds it: a process may sleep beyond its lease.
 * What is safe is to hand `fencingToken` to whatever is being protected, or to put `guard` into transactions.
 * Leaving an `await using` releases it.
 */
export class Lock implements AsyncDisposable {
  readonly name: string;
  readonly #held: HeldPlace;
  #isReleased = false;

  constructor(name: string, held: HeldPlace) {
    this.name = name;
    this.#held = held;
  }

  /** The key that stands for the lock while it is held. */
  get key(): string {
    return this.#held.place.key;
  }

  /** Higher than that of every holder before. */
  get fencingToken(): number {
    return this.#held.place.revision;
  }

  get lease(): Lease {
    return this.#held.lease;
  }

  /** Aborted with a `LeaseLostError` when the lock is lost. */
  get signal(): AbortSignal {
    return this.#held.lease.signal;
  }

  get isHeld(): boolean {
    return !this.#isReleased && !this.#held.lease.isLost;
  }

  /** Holds in a transaction as long as the lock is held. */
  get guard(): Comparison {
    return compare.createRevision(this.key, '=', this.fencingToken);
  }

  /** Lets the next one have it. Of a lock that is lost or released, nothing. */
  async release(options: CallOptions = {}): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    await givePlaceBack(this.#held, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
