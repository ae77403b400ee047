/**
 * The way of a request into the log: sealed, waiting until the core takes it, pending until its entry is applied.
 *
 *     propose ─► waiting ─(core accepts)─► pending ─(entry applied)─► done
 *                   │        ▲                │
 *                   │        └─(sent back by a leader that does not take it)
 *                   └─(time is over: never happened)   └─(time is over: outcome unknown)
 *
 * While there is no leader requests wait; count and bytes are bounded, and what comes beyond is refused at once.
 */

import type { Caller } from '../auth/types.ts';
import { Failure } from '../util/failure.ts';
import type { Clock } from '../util/runtime.ts';
import type { EnvelopeCodec } from './envelope.ts';
import { type PendingRequest, PendingRequests } from './pending.ts';
import type { MemberLimits, ProposeDone, RequestKind } from './types.ts';

/** Data handed to the core in one go. */
const proposedBytesAtOnce = 1 << 20;

export class Proposals {
  readonly pending: PendingRequests = new PendingRequests();
  readonly #codec: EnvelopeCodec;
  readonly #limits: MemberLimits;
  readonly #clock: Clock;
  /** Requests that the core has not taken yet, oldest first. */
  #waiting: PendingRequest[] = [];
  /** Requests that ended without being applied, as far as is known. */
  failed = 0;

  constructor(codec: EnvelopeCodec, limits: MemberLimits, clock: Clock) {
    this.#codec = codec;
    this.#limits = limits;
    this.#clock = clock;
  }

  /**
   * Lets a request wait for the core, or says why not.
   * @param applyLag entries that are committed and not applied. As in etcd these must not grow without bound.
   */
  add(
    kind: RequestKind,
    body: Uint8Array,
    request: unknown,
    caller: Caller,
    applyLag: number,
    done: ProposeDone<unknown>,
  ): Failure | null {
    const { maxPendingRequests, maxPendingBytes, maxApplyLag, maxRequestBytes } = this.#limits;
    const isFull = this.pending.size >= maxPendingRequests || this.pending.bytes >= maxPendingBytes;
    if (isFull || applyLag > maxApplyLag) return new Failure('tooManyRequests');
    const sealed = this.#codec.seal(kind, this.pending.nextSequence, body, caller);
    if (sealed.length > maxRequestBytes) return new Failure('requestTooLarge');
    this.#waiting.push(this.pending.add(request, sealed, this.#clock.now(), done));
    return null;
  }

  /** Lets a request of the member itself wait: there are few of them, and the cluster needs them most when it is full. */
  addOwn(kind: RequestKind, body: Uint8Array, done: ProposeDone<unknown>): void {
    const sealed = this.#codec.seal(kind, this.pending.nextSequence, body, 'member');
    this.#waiting.push(this.pending.add(undefined, sealed, this.#clock.now(), done));
  }

  /** Hands what waits to the core, as far as it takes it. */
  handOver(propose: (datas: readonly Uint8Array[]) => boolean): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    let taken = 0;
    while (taken < waiting.length) {
      const datas: Uint8Array[] = [];
      let bytes = 0;
      let end = taken;
      for (; end < waiting.length && bytes < proposedBytesAtOnce; end++) {
        const { sealed } = waiting[end]!;
        datas.push(sealed);
        bytes += sealed.length;
      }
      if (!propose(datas)) break;
      for (; taken < end; taken++) waiting[taken]!.proposed = true;
    }
    this.#waiting = taken === waiting.length ? [] : waiting.slice(taken);
  }

  /** Lets requests wait again that a leader has sent back untouched. */
  takeBack(returned: readonly Uint8Array[]): void {
    for (const sealed of returned) {
      const { isOwn, sequence } = this.#codec.open(sealed);
      const pending = isOwn ? this.pending.get(sequence) : undefined;
      if (pending === undefined || !pending.proposed) continue;
      pending.proposed = false;
      this.#waiting.push(pending);
    }
  }

  /** Fails what began before `startedBefore`. */
  expire(startedBefore: number, failureOf: (pending: PendingRequest) => Failure): void {
    const { oldest } = this.pending;
    if (oldest === null || oldest.startedAt >= startedBefore) return;
    const before = this.pending.size;
    this.pending.expire(startedBefore, failureOf);
    this.failed += before - this.pending.size;
    this.#waiting = this.#waiting.filter(({ sequence }) => this.pending.get(sequence) !== undefined);
  }

  failAll(failure: Failure): void {
    this.#waiting = [];
    this.failed += this.pending.size;
    this.pending.failAll(failure);
  }
}
