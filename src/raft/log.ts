/**
 * The replicated log in memory: everything after the last compaction, and how far it has got.
 *
 *     base          applied   applying   commit      stable     written     last
 *      │ compacted │ applied │ handed   │ committed │ durable  │ handed    │ new │
 *      └─(base.index, base.term)        ▲ to apply               to storage
 *
 * Invariants: base <= applied <= applying <= commit <= last; stable <= written <= last; applying <= stable, since
 * nothing is handed out for apply before it is durable here. `commit` and `stable` are in no order: a follower may
 * learn of a commit before its own disk has answered, and a leader's disk may be ahead of the quorum.
 *
 * Entries are shared with messages and storage, never copied and never changed.
 */

import type { Entry } from './types.ts';

/** What an entry weighs besides its data, about its header on the wire. */
export const entryOverheadBytes = 16;

/** Answer of `termAt` where the log does not know. */
export const unknownTerm = -1;

/** Compaction gives memory back when so many slots are empty, and they are half of all. */
const minEmptySlots = 1024;

export class RaftLog {
  /** Slots before `#head` are compacted. */
  #entries: Entry[];
  #head = 0;
  #baseIndex: number;
  #baseTerm: number;
  #sliceFrom = 0;
  #sliceTo = 0;
  #slice: readonly Entry[] = [];
  commit: number;
  applied: number;
  /** Handed out for apply up to here. */
  applying: number;
  /** Durable up to here. */
  stable: number;
  /** Handed to storage up to here. */
  written: number;

  /** @param entries consecutive after the base, all durable. */
  constructor(
    baseIndex: number,
    baseTerm: number,
    entries: readonly Entry[],
    commit: number,
    applied: number,
  ) {
    this.#baseIndex = baseIndex;
    this.#baseTerm = baseTerm;
    this.#entries = [];
    for (const entry of entries) this.append(entry);
    this.stable = this.lastIndex;
    this.written = this.lastIndex;
    this.commit = commit;
    this.applied = applied;
    this.applying = applied;
    if (applied < baseIndex) throw new Error(`raft log: applied ${applied} is before its base ${baseIndex}`);
    if (applied > commit) throw new Error(`raft log: applied ${applied} is beyond commit ${commit}`);
    if (commit > this.lastIndex)
      throw new Error(`raft log: commit ${commit} is beyond its end ${this.lastIndex}`);
  }

  /** Index of the last compacted entry. */
  get baseIndex(): number {
    return this.#baseIndex;
  }

  get firstIndex(): number {
    return this.#baseIndex + 1;
  }

  get lastIndex(): number {
    return this.#baseIndex + this.#entries.length - this.#head;
  }

  get lastTerm(): number {
    const entries = this.#entries;
    return entries.length > this.#head ? entries[entries.length - 1]!.term : this.#baseTerm;
  }

  /** Term of the entry at `index`, also at the base; `unknownTerm` outside. */
  termAt(index: number): number {
    if (index === this.#baseIndex) return this.#baseTerm;
    return this.entryAt(index)?.term ?? unknownTerm;
  }

  entryAt(index: number): Entry | undefined {
    if (index <= this.#baseIndex) return undefined;
    return this.#entries[this.#head + index - this.#baseIndex - 1];
  }

  append(entry: Entry): void {
    if (entry.index !== this.lastIndex + 1) {
      throw new Error(`raft log: entry ${entry.index} does not follow ${this.lastIndex}`);
    }
    if (entry.term < this.lastTerm) {
      throw new Error(`raft log: entry ${entry.index} has term ${entry.term}, before it is ${this.lastTerm}`);
    }
    this.#entries.push(entry);
  }

  /** Cuts the entries from `index` on. The caller has made sure that none of them is committed. */
  truncate(index: number): void {
    if (index <= this.#baseIndex) throw new Error(`raft log: cut at ${index}, base is ${this.#baseIndex}`);
    this.#entries.length = this.#head + index - this.#baseIndex - 1;
    this.stable = Math.min(this.stable, index - 1);
    this.written = Math.min(this.written, index - 1);
    this.#sliceTo = 0;
  }

  /** Forgets the entries up to `index`, which has been applied. */
  compact(index: number): void {
    if (index <= this.#baseIndex) return;
    if (index > this.applied) throw new Error(`raft log: compaction to ${index}, applied is ${this.applied}`);
    const term = this.termAt(index);
    const count = index - this.#baseIndex;
    const gone = this.#entries[this.#head + count - 1]!;
    // The slots keep one entry alive instead of all of them until the array is cut.
    this.#entries.fill(gone, this.#head, this.#head + count);
    this.#head += count;
    this.#baseIndex = index;
    this.#baseTerm = term;
    this.#sliceTo = 0;
    this.#slice = [];
    if (this.#head >= minEmptySlots && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** A snapshot replaces everything; nothing of it is durable yet. */
  reset(index: number, term: number): void {
    this.#entries = [];
    this.#head = 0;
    this.#baseIndex = index;
    this.#baseTerm = term;
    this.#sliceTo = 0;
    this.#slice = [];
    this.commit = index;
    this.applying = index;
    this.stable = 0;
    this.written = index;
  }

  /** The state machine was given the state at `index`, which may be behind what it had applied before. */
  restore(index: number): void {
    if (index < this.#baseIndex || index > this.commit)
      throw new Error(`raft log: a state at ${index}, committed are ${this.#baseIndex} to ${this.commit}`);
    this.applied = index;
    this.applying = index;
  }

  /** Whether a log that ends with (index, term) holds all that this one does (paper 5.4.1): term first, then length. */
  isUpToDate(index: number, term: number): boolean {
    const ownTerm = this.lastTerm;
    return term > ownTerm || (term === ownTerm && index >= this.lastIndex);
  }

  /**
   * The highest index up to `index` whose term is not above `term`: with the other side's term at a refused index,
   * nothing between can match, so whole terms are skipped at once (paper 5.3, and from both sides).
   */
  lastIndexOfTerm(index: number, term: number): number {
    let at = Math.min(index, this.lastIndex);
    while (at > this.#baseIndex && this.termAt(at) > term) at--;
    return at;
  }

  /** How many entries of [from, last] fit in `maxBytes`, and at least `atLeast` if there are any. */
  countWithin(from: number, last: number, maxBytes: number, atLeast: number): number {
    const entries = this.#entries;
    const start = this.#head + from - this.#baseIndex - 1;
    const end = start + last - from + 1;
    let bytes = 0;
    let at = start;
    while (at < end) {
      bytes += entries[at]!.data.length + entryOverheadBytes;
      if (bytes > maxBytes && at - start >= atLeast) break;
      at++;
    }
    return at - start;
  }

  /** Entries [from, to). The same array is given again for the same range: followers in step share it. */
  slice(from: number, to: number): readonly Entry[] {
    if (this.#sliceFrom === from && this.#sliceTo === to) return this.#slice;
    if (from <= this.#baseIndex || to > this.lastIndex + 1 || from > to) {
      throw new Error(`raft log: no slice [${from}, ${to}) of (${this.#baseIndex}, ${this.lastIndex}]`);
    }
    const offset = this.#head - this.#baseIndex - 1;
    this.#slice = this.#entries.slice(from + offset, to + offset);
    this.#sliceFrom = from;
    this.#sliceTo = to;
    return this.#slice;
  }

  /** Data bytes of the entries (from, to]. */
  dataBytes(from: number, to: number): number {
    const offset = this.#head - this.#baseIndex - 1;
    let bytes = 0;
    for (let index = from + 1; index <= to; index++) bytes += this.#entries[index + offset]!.data.length;
    return bytes;
  }
}
