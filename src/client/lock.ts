/** Locks across processes, with a token that tells a holder from those before it. */

import { type HeldPlace, Holding, type PlaceOptions } from './held-place.ts';
import type { CallOptions } from './options.ts';

export type LockOptions = PlaceOptions;

/**
 * A lock that is held. No lock of this kind can promise that nobody else holds it: a process may sleep beyond its lease.
 * What is safe is to hand `fencingToken` to whatever is being protected, or to put `guard` into transactions.
 * Leaving an `await using` releases it.
 */
export class Lock extends Holding implements AsyncDisposable {
  readonly name: string;

  constructor(name: string, held: HeldPlace) {
    super(held);
    this.name = name;
  }

  /** Lets the next one have it. Of a lock that is lost or released, nothing. */
  release(options: CallOptions = {}): Promise<void> {
    return this.giveBack(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
