/**
 * A large range in chunks, so that the memory of one request is bounded by its chunk.
 *
 * All chunks show the state at one revision, fixed when the reading began: writes that come in between do not show, and if
 * that revision is compacted in between the rest cannot be read. Chunks hold disjoint pairs in key order; the count, and
 * whether there is more than the limit, stand in the last one (RangeStream of etcd 3.7).
 */

import { Failure } from '../util/failure.ts';
import { type KeyValueBytes, type RangeRequest, SortOrder, SortTarget } from '../wire/messages.ts';
import type { KeyIndex } from './key-index.ts';
import { binaryString, isPoint, rangeTo } from './key-range.ts';
import { answerFor, range, readRevision } from './range.ts';
import type { State } from './state.ts';

export interface RangeChunk {
  readonly kvs: KeyValueBytes[];
  /** Nothing follows; only then `more` and `count` mean something. */
  readonly isLast: boolean;
  readonly more: boolean;
  readonly count: number;
  /** The store's revision when the reading began. */
  readonly revision: number;
}

export interface RangeChunks {
  /**
   * The next chunk.
   * @param maxKeys ends the chunk early, for a first answer that comes soon
   * @throws Failure 'compacted' when the revision was compacted since the last chunk
   */
  next(maxKeys?: number): RangeChunk;
}

/** Keys fetched from the index at a time. */
const batchKeys = 256;

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
  readonly #count: number;
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
    this.#count = range(state, { ...request, countOnly: true }, this.#head).count;
    this.#from = binaryString(request.key);
    this.#to = isPoint(request.rangeEnd) ? `${this.#from}\0` : rangeTo(request.rangeEnd);
    this.#room = request.limit > 0 ? request.limit : Number.POSITIVE_INFINITY;
    this.#isExhausted = request.countOnly || (this.#to !== null && this.#to <= this.#from);
  }

  next(maxKeys: number = Number.POSITIVE_INFINITY): RangeChunk {
    const state = this.#state;
    if (this.#revision < state.compactRevision) throw new Failure('compacted');
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
 * @throws Failure 'futureRevision', 'compacted'; 'unimplemented' for filters and orders, which need everything at once
 */
export function rangeChunks(state: State, request: RangeRequest, maxBytes: number): RangeChunks {
  if (!isPlain(request))
    throw new Failure('unimplemented', 'A range in chunks has no filters and no order but the keys.');
  return new Chunks(state, request, maxBytes);
}
