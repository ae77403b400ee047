/**
 * The newest changes, whole revisions without a gap, within a budget of bytes and of number:
 *
 *     first                                end = newest + 1
 *     [ 17.0 | 17.1 | 18.0 | 19.0 | 19.1 ]
 *       oldest goes first                  a new one comes here
 *
 * Invariant: for every revision in [first, end) all its changes are here. A revision larger than the whole ring leaves it
 * empty: who is behind then reads the state.
 */

import type { Event } from '../wire/messages.ts';
import type { Change, History } from './types.ts';
import type { ChangeSource } from './watch-change.ts';
import { WatchedChange } from './watch-change.ts';

const slotsMin = 64;

export class ChangeRing implements ChangeSource {
  readonly #history: History;
  readonly #maxBytes: number;
  readonly #maxChanges: number;
  /** Circular; the length is a power of two. */
  #slots: (WatchedChange | null)[] = new Array(slotsMin).fill(null);
  #start = 0;
  #length = 0;
  #bytes = 0;
  #first: number;
  #end: number;

  constructor(history: History, maxBytes: number, maxChanges: number) {
    this.#history = history;
    this.#maxBytes = maxBytes;
    this.#maxChanges = maxChanges;
    this.#first = history.revision + 1;
    this.#end = this.#first;
  }

  get first(): number {
    return this.#first;
  }

  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#length;
  }

  /** Memory held, about. */
  get bytes(): number {
    return this.#bytes;
  }

  at(index: number): WatchedChange {
    return this.#slots[(this.#start + index) & (this.#slots.length - 1)]!;
  }

  event(watched: WatchedChange, prevKv: boolean): Event {
    const before = watched.bytes;
    const event = watched.event(prevKv, this.#history);
    this.#bytes += watched.bytes - before;
    return event;
  }

  /** Adds a change of the newest revision; `endRevision` is called after the last one. */
  push(change: Change): WatchedChange {
    const watched = new WatchedChange(change);
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#start + this.#length) & (this.#slots.length - 1)] = watched;
    this.#length++;
    this.#bytes += watched.bytes;
    return watched;
  }

  /** All changes of `revision` are here: makes room by dropping the oldest revisions. */
  endRevision(revision: number): void {
    if (revision !== this.#end) throw new Error(`revision ${revision} comes where ${this.#end} is due`);
    this.#end = revision + 1;
    while (this.#bytes > this.#maxBytes || this.#length > this.#maxChanges) this.#dropOldest();
  }

  /** Forgets everything; the next revision is `first`. */
  restart(first: number): void {
    if (this.#length > 0) {
      this.#slots = new Array(slotsMin).fill(null);
      this.#start = 0;
      this.#length = 0;
      this.#bytes = 0;
    }
    this.#first = first;
    this.#end = first;
  }

  #dropOldest(): void {
    if (this.#length === 0) throw new Error('the ring counts more than it holds');
    const { revision } = this.at(0).change;
    while (this.#length > 0 && this.at(0).change.revision === revision) {
      this.#bytes -= this.at(0).bytes;
      this.#slots[this.#start] = null;
      this.#start = (this.#start + 1) & (this.#slots.length - 1);
      this.#length--;
    }
    this.#first = revision + 1;
  }

  #grow(): void {
    const slots: (WatchedChange | null)[] = new Array(this.#slots.length * 2).fill(null);
    for (let i = 0; i < this.#length; i++) slots[i] = this.at(i);
    this.#slots = slots;
    this.#start = 0;
  }
}
