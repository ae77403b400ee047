/**
 * A large range in chunks, so that the memory of one request is bounded by its chunk.
 *
 * All chunks show the state at one revision, fixed when the reading began: writes that come in between do not show, and if
 * that revision is compacted in between the rest cannot be read. Chunks hold disjoint pairs, in key order or as they were asked
 * for (`arranged-chunks.ts`); the count, and whether there is more than the limit, stand in the last one (RangeStream of etcd
 * 3.7). While keys of the past are counted, chunks are empty.
 */

import { Failure } from '../util/failure.ts';
import { type KeyValueBytes, type RangeRequest, SortOrder, SortTarget } from '../wire/messages.ts';
import { ArrangedChunks } from './arranged-chunks.ts';
import type { KeyIndex } from './key-index.ts';
import { binaryString, isPoint, rangeTo } from './key-range.ts';
import { answerFor, range, readRevision } from './range.ts';
import {
  endlessSlice,
  keysBetweenLooks,
  type RangeChunk,
  type RangeChunks,
  type Slice,
  unfinished,
} from './range-chunk.ts';
import type { State } from './state.ts';

export type { RangeChunk, RangeChunks } from './range-chunk.ts';

/** Keys fetched from the index at a time. */
const batchKeys = 256;
/** Keys of the past that are counted in a step, and pairs of a chunk: a millisecond or two of work, whatever their size. */
const countedKeys = 4096;
const defaultChunkKeys = 500;

/** Whether a range can be read in chunks: it has no filters and no order but the keys'. */
export function isPlain(request: RangeRequest): boolean {
  return (
    request.sortTarget === SortTarget.Key &&
    request.sortOrder !== SortOrder.Descend &&
    request.minModRevision === 0 &&
    request.maxModRevision === 0 &&
    request.minCreateRevision === 0 &&
    request.maxCreateRevision === 0
  );
}

class Chunks implements RangeChunks {
  readonly #state: State;
  readonly #keysOnly: boolean;
  readonly #maxBytes: number;
  /** The revision of the pairs, and the store's when the reading began. */
  readonly #revision: number;
  readonly #head: number;
  #count = 0;
  /** Where keys of the past are counted on from; null when all are. */
  #countFrom: string | null = null;
  readonly #to: string | null;
  #from: string;
  #room: number;
  /** Keys that were fetched and not yet answered, within one call: between calls they may go. */
  #batch: KeyIndex[] = [];
  #at = 0;
  #isExhausted: boolean;

  constructor(state: State, request: RangeRequest, maxBytes: number) {
    this.#state = state;
    this.#keysOnly = request.keysOnly;
    this.#maxBytes = maxBytes;
    this.#head = state.revision;
    this.#revision = readRevision(state, request.revision, this.#head);
    if (this.#revision === this.#head) {
      this.#count = range(state, { ...request, countOnly: true }, this.#head).count;
    } else {
      this.#countFrom = binaryString(request.key);
    }
    this.#from = binaryString(request.key);
    this.#to = isPoint(request.rangeEnd) ? `${this.#from}\0` : rangeTo(request.rangeEnd);
    this.#room = request.limit > 0 ? request.limit : Number.POSITIVE_INFINITY;
    this.#isExhausted = request.countOnly || (this.#to !== null && this.#to <= this.#from);
  }

  next(maxKeys: number = defaultChunkKeys, slice: Slice = endlessSlice): RangeChunk {
    const state = this.#state;
    if (this.#revision < state.compactRevision) throw new Failure('compacted');
    if (!this.#countOn()) return { ...unfinished, revision: this.#head };
    const kvs: KeyValueBytes[] = [];
    let bytes = 0;
    let index = this.#peek();
    while (index !== null && this.#room > 0 && kvs.length < maxKeys && bytes < this.#maxBytes) {
      const kv = answerFor(state, index, index.liveAt(this.#revision), this.#keysOnly);
      kvs.push(kv);
      bytes += kv.length;
      this.#room--;
      this.#at++;
      index = this.#peek();
      if (kvs.length % keysBetweenLooks === 0 && slice.isOver) break;
    }
    const isLast = index === null || this.#room === 0;
    if (index !== null) {
      this.#from = index.key;
      this.#isExhausted = false;
    }
    this.#batch = [];
    this.#at = 0;
    return {
      kvs,
      isLast,
      more: isLast && index !== null,
      count: isLast ? this.#count : 0,
      revision: this.#head,
    };
  }

  /** Returns whether all keys are counted. */
  #countOn(): boolean {
    if (this.#countFrom === null) return true;
    const isEmpty = this.#to !== null && this.#to <= this.#countFrom;
    const keys: KeyIndex[] = [];
    if (!isEmpty) this.#state.index.collectAll(this.#countFrom, this.#to, countedKeys, keys);
    for (const key of keys) if (key.liveAt(this.#revision) >= 0) this.#count++;
    this.#countFrom = keys.length < countedKeys ? null : `${keys.at(-1)!.key}\0`;
    return this.#countFrom === null;
  }

  /** The next key that exists at the revision, or null at the end. */
  #peek(): KeyIndex | null {
    for (;;) {
      for (; this.#at < this.#batch.length; this.#at++) {
        const index = this.#batch[this.#at]!;
        if (index.liveAt(this.#revision) >= 0) return index;
      }
      if (this.#isExhausted) return null;
      this.#fetch();
    }
  }

  #fetch(): void {
    const batch: KeyIndex[] = [];
    const { index, revision } = this.#state;
    if (revision === this.#revision) index.collectLive(this.#from, this.#to, batchKeys, batch);
    else index.collectAll(this.#from, this.#to, batchKeys, batch);
    if (batch.length < batchKeys) this.#isExhausted = true;
    else this.#from = `${batch[batch.length - 1]!.key}\0`;
    this.#batch = batch;
    this.#at = 0;
  }
}

/**
 * Begins to read a range in chunks of about `maxBytes`.
 * @throws Failure 'futureRevision', 'compacted'
 */
export function rangeChunks(state: State, request: RangeRequest, maxBytes: number): RangeChunks {
  // Of what is only counted nothing is arranged.
  if (isPlain(request) || request.countOnly) return new Chunks(state, request, maxBytes);
  return new ArrangedChunks(state, request, maxBytes);
}
