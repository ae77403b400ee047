/**
 * Watchers that want the same: same range, same filters, same prev_kv. What one of them is to see, all are to see, so
 * events are collected once per group, and a thousand watchers of one key are told with one and the same array.
 *
 * `pending` holds what those at the head have coming until it is sent, which is once per turn.
 */

import { type Event, EventType } from '../wire/messages.ts';
import { watchEventBytes } from '../wire/watch-codec.ts';
import type { Change } from './types.ts';
import type { Watcher } from './watch-watcher.ts';

const noEvents: readonly Event[] = [];

/** What a group's watchers have in common. */
export interface GroupShape {
  readonly from: string;
  /** Exclusive; null is no end. Of one key it is the least key above it. */
  readonly to: string | null;
  readonly isPoint: boolean;
  readonly prevKv: boolean;
  readonly noPut: boolean;
  readonly noDelete: boolean;
}

export class WatchGroup {
  readonly shape: GroupShape;
  readonly prevKv: boolean;
  /** All its watchers, wherever they stand. */
  size = 0;
  /** Those that have seen everything but `pending`. */
  readonly head: Set<Watcher> = new Set();
  #pending: Event[] = [];
  #pendingBytes = 0;
  #pendingRevisions = 0;
  #pendingLast = 0;

  constructor(shape: GroupShape) {
    this.shape = shape;
    this.prevKv = shape.prevKv;
  }

  hasShape(shape: GroupShape): boolean {
    const own = this.shape;
    return (
      own.from === shape.from &&
      own.to === shape.to &&
      own.prevKv === shape.prevKv &&
      own.noPut === shape.noPut &&
      own.noDelete === shape.noDelete
    );
  }

  /** Whether the filters let it through; the key is another matter. */
  admits(change: Change): boolean {
    return change.type === EventType.Delete ? !this.shape.noDelete : !this.shape.noPut;
  }

  wants(change: Change): boolean {
    const { from, to } = this.shape;
    return change.key >= from && (to === null || change.key < to) && this.admits(change);
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Revision of the last pending event. */
  get pendingLast(): number {
    return this.#pendingLast;
  }

  append(event: Event, revision: number): void {
    if (revision !== this.#pendingLast || this.#pending.length === 0) this.#pendingRevisions++;
    this.#pending.push(event);
    this.#pendingBytes += watchEventBytes(event);
    this.#pendingLast = revision;
  }

  /** True once the next revision belongs into a notice of its own. */
  isFull(maxBytes: number, maxRevisions: number): boolean {
    return this.#pendingBytes >= maxBytes || this.#pendingRevisions >= maxRevisions;
  }

  takePending(): readonly Event[] {
    const events = this.#pending;
    if (events.length === 0) return noEvents;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#pendingRevisions = 0;
    return events;
  }
}
