/**
 * Requests that were made here and wait for their entry to be applied, oldest first.
 *
 * A request leaves the table exactly once: applied, timed out, or failed at stop. After a timeout its outcome is
 * unknown: the entry may still be applied, and then finds nobody waiting.
 */

import type { Failure } from '../util/failure.ts';
import type { ProposeDone } from './types.ts';

export interface PendingRequest {
  readonly sequence: number;
  /** The decoded request; apply uses it instead of decoding the entry again. */
  readonly request: unknown;
  readonly done: ProposeDone<unknown>;
  readonly startedAt: number;
  /** Handed to the core. Until then the request is certain not to have happened. */
  proposed: boolean;
}

export class PendingRequests {
  readonly #bySequence = new Map<number, PendingRequest>();
  #sequence = 0;

  get size(): number {
    return this.#bySequence.size;
  }

  add(request: unknown, startedAt: number, done: ProposeDone<unknown>): PendingRequest {
    const sequence = ++this.#sequence;
    const pending: PendingRequest = { sequence, request, done, startedAt, proposed: false };
    this.#bySequence.set(sequence, pending);
    return pending;
  }

  get(sequence: number): PendingRequest | undefined {
    return this.#bySequence.get(sequence);
  }

  resolve(pending: PendingRequest, failure: Failure | null, result: unknown): void {
    if (!this.#bySequence.delete(pending.sequence)) return;
    pending.done(failure, failure === null ? result : null);
  }

  /** Fails every request started before `deadline`; `reasonOf` says with what. */
  expire(startedBefore: number, failureOf: (pending: PendingRequest) => Failure): void {
    for (const pending of this.#bySequence.values()) {
      if (pending.startedAt >= startedBefore) return;
      this.resolve(pending, failureOf(pending), null);
    }
  }

  failAll(failure: Failure): void {
    for (const pending of [...this.#bySequence.values()]) this.resolve(pending, failure, null);
  }
}
