/**
 * Linearizable reads without log writes (thesis 6.4): all reads of a turn share one read-index round; when the quorum
 * has confirmed the round and the confirmed index has been applied, they may read the local store.
 *
 * A round's number is used once. A round without an answer is asked again under a new number, so that an
 * acknowledgement of the earlier asking can never confirm a read that began after it.
 */

import type { Failure } from '../util/failure.ts';
import type { ReadDone } from './types.ts';

interface Waiter {
  readonly done: ReadDone;
  readonly startedAt: number;
}

interface Round {
  readonly waiters: Waiter[];
  readonly askedAt: number;
}

interface Confirmed {
  readonly index: number;
  readonly waiters: Waiter[];
}

/** Rounds under way at once; reads beyond them share the next one. */
const maxRounds = 4;
/** A round without an answer is asked again, as in etcd. */
const retryMs = 500;

export class ReadRounds {
  #waiting: Waiter[] = [];
  readonly #rounds = new Map<number, Round>();
  readonly #confirmed: Confirmed[] = [];
  #context = 0;
  /** Rounds that had to be asked again, and reads that no round confirmed in time. */
  slow = 0;
  failed = 0;

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#rounds.size === 0 && this.#confirmed.length === 0;
  }

  add(startedAt: number, done: ReadDone): void {
    this.#waiting.push({ done, startedAt });
  }

  /** Starts a round for the reads that wait, if `ask` (the core) accepts one. */
  begin(now: number, ask: (context: number) => boolean): void {
    if (this.#waiting.length === 0 || this.#rounds.size >= maxRounds) return;
    const context = this.#context + 1;
    if (!ask(context)) return;
    this.#context = context;
    this.#rounds.set(context, { waiters: this.#waiting, askedAt: now });
    this.#waiting = [];
  }

  confirmed(context: number, index: number): void {
    const round = this.#rounds.get(context);
    if (round === undefined) return;
    this.#rounds.delete(context);
    this.#confirmed.push({ index, waiters: round.waiters });
  }

  /** The core gave the round up: its reads wait for the next one. */
  dropped(context: number): void {
    const round = this.#rounds.get(context);
    if (round === undefined) return;
    this.#rounds.delete(context);
    this.#waiting = round.waiters.concat(this.#waiting);
  }

  release(applied: number): void {
    let kept = 0;
    for (const group of this.#confirmed) {
      if (group.index <= applied) for (const waiter of group.waiters) waiter.done(null);
      else this.#confirmed[kept++] = group;
    }
    this.#confirmed.length = kept;
  }

  /** Asks stale rounds again and fails the reads that began before `startedBefore`. */
  tick(now: number, startedBefore: number, failure: Failure): void {
    for (const [context, round] of this.#rounds) {
      if (now - round.askedAt < retryMs) continue;
      this.slow++;
      this.dropped(context);
    }
    const before = this.#count;
    this.#waiting = failOld(this.#waiting, startedBefore, failure);
    for (let i = 0; i < this.#confirmed.length; i++) {
      const group = this.#confirmed[i]!;
      this.#confirmed[i] = { index: group.index, waiters: failOld(group.waiters, startedBefore, failure) };
    }
    this.failed += before - this.#count;
  }

  /** Reads that wait for a round, or for its index. */
  get #count(): number {
    let count = this.#waiting.length;
    for (const { waiters } of this.#confirmed) count += waiters.length;
    return count;
  }

  failAll(failure: Failure): void {
    const groups = [this.#waiting, ...[...this.#rounds.values()].map((round) => round.waiters)];
    for (const group of this.#confirmed) groups.push(group.waiters);
    this.#waiting = [];
    this.#rounds.clear();
    this.#confirmed.length = 0;
    for (const waiters of groups) for (const waiter of waiters) waiter.done(failure);
  }
}

function failOld(waiters: Waiter[], startedBefore: number, failure: Failure): Waiter[] {
  if (waiters.length === 0 || waiters[0]!.startedAt >= startedBefore) return waiters;
  const kept: Waiter[] = [];
  for (const waiter of waiters) {
    if (waiter.startedAt < startedBefore) waiter.done(failure);
    else kept.push(waiter);
  }
  return kept;
}
