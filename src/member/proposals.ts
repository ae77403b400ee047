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
import {
  type Asker,
  countedBytes,
  type EnvelopeCodec,
  entryBytes,
  envelopeOverheadBytes,
  requestBytes,
} from './envelope.ts';
import { type PendingRequest, PendingRequests } from './pending.ts';
import { type MemberLimits, type ProposeDone, RequestKind } from './types.ts';

/**
 * Requests share an entry up to this; a larger one has an entry of its own. Beyond it there is nothing left to save,
 * and followers would wait longer for the first byte of an entry that they can write.
 */
const sharedEntryBytes = 256 * 1024;

const noBytes: Uint8Array = new Uint8Array(0);

/** What the core refused: kept, or a turn without a leader would seal the same again. */
interface SealedEntry {
  readonly data: Uint8Array;
  readonly count: number;
}

export class Proposals {
  readonly pending: PendingRequests = new PendingRequests();
  readonly #codec: EnvelopeCodec;
  readonly #limits: MemberLimits;
  readonly #clock: Clock;
  readonly #entryBytesMax: number;
  /** Requests that the core has not taken yet, oldest first. */
  #waiting: PendingRequest[] = [];
  /** When what comes now began; -1: the clock is to be read. It is read once for all that come between two turns, and at each tick. */
  #now = -1;
  /** About what those take in an entry. */
  #waitingBytes = 0;
  /** The first of them. */
  #refused: SealedEntry | null = null;
  /** Requests that ended without being applied, as far as is known. */
  failed = 0;

  constructor(codec: EnvelopeCodec, limits: MemberLimits, clock: Clock) {
    this.#codec = codec;
    this.#limits = limits;
    this.#clock = clock;
    this.#entryBytesMax = Math.min(sharedEntryBytes, limits.raftMessageBytes);
  }

  /** Requests wait for the core. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Enough of them to fill an entry, which then has nothing to gain from more. */
  get fillEntry(): boolean {
    return this.#waitingBytes >= this.#entryBytesMax;
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
    about: unknown = null,
  ): Failure | null {
    const { maxPendingRequests, maxPendingBytes, maxApplyLag, maxRequestBytes } = this.#limits;
    const isFull = this.pending.size >= maxPendingRequests || this.pending.bytes >= maxPendingBytes;
    if (isFull || applyLag > maxApplyLag) return new Failure('tooManyRequests');
    if (countedBytes(body, caller) > maxRequestBytes) return new Failure('requestTooLarge');
    // Puts are read where they stand in the entry.
    this.#wait(kind, body, caller, kind === RequestKind.Put ? null : request, done, about);
    return null;
  }

  /**
   * Lets a request of the member itself wait, before all of clients: there are few of them, and the cluster needs them most
   * when it is full. Counter-example: behind a hundred thousand puts the end of a lease runs out of time itself.
   */
  addOwn(kind: RequestKind, body: Uint8Array, done: ProposeDone<unknown>): void {
    this.#wait(kind, body, 'member', undefined, done, null);
    const waiting = this.#waiting;
    const own = waiting[waiting.length - 1]!;
    const place = waiting.findIndex(({ asker }) => asker !== 'member');
    if (place < 0) return;
    waiting.pop();
    waiting.splice(place, 0, own);
    // What was sealed and refused is the first no more.
    this.#refused = null;
  }

  #wait(
    kind: RequestKind,
    body: Uint8Array,
    asker: Asker,
    request: unknown,
    done: ProposeDone<unknown>,
    about: unknown,
  ): void {
    if (this.#now < 0) this.#now = this.#clock.now();
    this.#waiting.push(this.pending.add(kind, body, asker, request, this.#now, done, about));
    this.#waitingBytes += envelopeOverheadBytes + body.length;
  }

  /** Hands what waits to the core, as far as it takes it. */
  handOver(propose: (datas: readonly Uint8Array[]) => boolean): void {
    this.#now = -1;
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    let taken = 0;
    while (taken < waiting.length) {
      const sealed = this.#refused ?? this.#seal(taken);
      this.#refused = null;
      if (!propose([sealed.data])) {
        this.#refused = sealed;
        break;
      }
      for (const end = taken + sealed.count; taken < end; taken++) {
        const pending = waiting[taken]!;
        pending.proposed = true;
        // The entry has them now: what the client sent them in may go.
        pending.body = noBytes;
      }
    }
    this.#keep(taken === waiting.length ? [] : waiting.slice(taken));
  }

  #keep(waiting: PendingRequest[]): void {
    this.#waiting = waiting;
    this.#waitingBytes = 0;
    for (const { bytes } of waiting) this.#waitingBytes += bytes;
  }

  /** An entry of what waits from `from` on, in the order in which it came. */
  #seal(from: number): SealedEntry {
    const waiting = this.#waiting;
    const { sequence } = waiting[from]!;
    let bytes = 0;
    let to = from;
    for (; to < waiting.length; to++) {
      const { body, asker } = waiting[to]!;
      const more = requestBytes(body, asker);
      if (to > from && entryBytes(bytes + more) > this.#entryBytesMax) break;
      // What ran out of time has left a gap, and what was sent back stands behind what came later.
      if (waiting[to]!.sequence !== sequence + to - from) break;
      bytes += more;
    }
    return { data: this.#codec.seal(waiting, from, to, bytes), count: to - from };
  }

  /** Lets requests wait again that a leader has sent back untouched. */
  takeBack(returned: readonly Uint8Array[]): void {
    for (const sealed of returned) {
      const opened = this.#codec.open(sealed);
      while (opened.isOwn && opened.next()) {
        const pending = this.pending.get(opened.sequence);
        if (pending === undefined || !pending.proposed) continue;
        pending.proposed = false;
        pending.body = opened.body;
        this.#waiting.push(pending);
        this.#waitingBytes += pending.bytes;
      }
    }
  }

  /** Fails what began before `startedBefore`. */
  expire(startedBefore: number, failureOf: (pending: PendingRequest) => Failure): void {
    this.#now = -1;
    const { oldest } = this.pending;
    if (oldest === null || oldest.startedAt >= startedBefore) return;
    const before = this.pending.size;
    this.pending.expire(startedBefore, failureOf);
    this.failed += before - this.pending.size;
    this.#keep(this.#waiting.filter(({ sequence }) => this.pending.get(sequence) !== undefined));
    this.#refused = null;
  }

  failAll(failure: Failure): void {
    this.#keep([]);
    this.#refused = null;
    this.failed += this.pending.size;
    this.pending.failAll(failure);
  }
}
