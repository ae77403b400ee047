/**
 * Requests that were made here and wait for their entry to be applied, oldest first.
 *
 *     first                      first + slots.length - head
 *     [ 17 | – | 19 | 20 | … ]   a request that has left leaves a hole; holes in front are forgotten
 *       head
 *
 * A request leaves the table exactly once: applied, timed out, or failed at stop. After a timeout its outcome is
 * unknown: the entry may still be applied, and then finds nobody waiting.
 */

import type { Failure } from '../util/failure.ts';
import { type Asker, envelopeOverheadBytes, type LoggedRequest } from './envelope.ts';
import type { ProposeDone, RequestKind } from './types.ts';

export interface PendingRequest extends LoggedRequest {
  /** Empty while an entry has it. */
  body: Uint8Array;
  /** What it takes in the log. */
  readonly bytes: number;
  /** The decoded request; apply uses it instead of decoding the entry again. Null: it does not. */
  readonly request: unknown;
  readonly done: ProposeDone<unknown>;
  readonly about: unknown;
  readonly startedAt: number;
  /** Handed to the core. Until then the request is certain not to have happened. */
  proposed: boolean;
}

/** Empty slots in front of the table before it is cut. */
const holesKept = 1024;

export class PendingRequests {
  #slots: (PendingRequest | undefined)[] = [];
  #head = 0;
  /** The sequence of the request at `#head`. */
  #first = 1;
  #size = 0;
  #bytes = 0;

  get size(): number {
    return this.#size;
  }

  /** The bytes of all of them, as they enter the log. */
  get bytes(): number {
    return this.#bytes;
  }

  add(
    kind: RequestKind,
    body: Uint8Array,
    asker: Asker,
    request: unknown,
    startedAt: number,
    done: ProposeDone<unknown>,
    about: unknown = null,
  ): PendingRequest {
    const sequence = this.#first + this.#slots.length - this.#head;
    const bytes = envelopeOverheadBytes + body.length;
    const pending: PendingRequest = {
      kind,
      sequence,
      asker,
      body,
      bytes,
      request,
      done,
      about,
      startedAt,
      proposed: false,
    };
    this.#slots.push(pending);
    this.#size++;
    this.#bytes += bytes;
    return pending;
  }

  get oldest(): PendingRequest | null {
    return this.#slots[this.#head] ?? null;
  }

  get(sequence: number): PendingRequest | undefined {
    return sequence < this.#first ? undefined : this.#slots[this.#head + sequence - this.#first];
  }

  resolve(pending: PendingRequest, failure: Failure | null, result: unknown): void {
    if (this.get(pending.sequence) !== pending) return;
    this.#slots[this.#head + pending.sequence - this.#first] = undefined;
    this.#size--;
    this.#bytes -= pending.bytes;
    this.#forgetHoles();
    pending.done(failure, failure === null ? result : null, pending.about);
  }

  #forgetHoles(): void {
    const slots = this.#slots;
    while (this.#head < slots.length && slots[this.#head] === undefined) {
      this.#head++;
      this.#first++;
    }
    if (this.#head === slots.length) {
      this.#slots = [];
      this.#head = 0;
    } else if (this.#head > holesKept && this.#head * 2 > slots.length) {
      this.#slots = slots.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Fails every request started before `startedBefore`; `failureOf` says with what. */
  expire(startedBefore: number, failureOf: (pending: PendingRequest) => Failure): void {
    for (let pending = this.oldest; pending !== null; pending = this.oldest) {
      if (pending.startedAt >= startedBefore) return;
      this.resolve(pending, failureOf(pending), null);
    }
  }

  failAll(failure: Failure): void {
    const end = this.#first + this.#slots.length - this.#head;
    for (let pending = this.oldest; pending !== null && pending.sequence < end; pending = this.oldest) {
      this.resolve(pending, failure, null);
    }
  }
}
