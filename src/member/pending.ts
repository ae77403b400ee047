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
  /** As it enters the log. */
  readonly sealed: Uint8Array;
  /** Handed to the core. Until then the request is certain not to have happened. */
  proposed: boolean;
}

export class PendingRequests {
  readonly #bySequence = new Map<number, PendingRequest>();
  #sequence = 0;
  #bytes = 0;

  get size(): number {
    return this.#bySequence.size;
  }

  /** The bytes of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number that the next request gets. */
  get nextSequence(): number {
    return this.#sequence + 1;
  }

  /** @param sealed the request in an envelope with `nextSequence` */
  add(request: unknown, sealed: Uint8Array, startedAt: number, done: ProposeDone<unknown>): PendingRequest {
    const sequence = ++this.#sequence;
    const pending: PendingRequest = { sequence, request, sealed, done, startedAt, proposed: false };
    this.#bySequence.set(sequence, pending);
    this.#bytes += sealed.length;
    return pending;
  }

  get oldest(): PendingRequest | null {
    for (const pending of this.#bySequence.values()) return pending;
    return null;
  }

  get(sequence: number): PendingRequest | undefined {
    return this.#bySequence.get(sequence);
  }

  resolve(pending: PendingRequest, failure: Failure | null, result: unknown): void {
    if (!this.#bySequence.delete(pending.sequence)) return;
    this.#bytes -= pending.sealed.length;
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
