/**
 * A range with filters or an order of its own in steps: its keys are looked at, then put in order, then answered, a little at
 * a time, so that an order by value over a million keys delays nobody by more than a step.
 *
 *     gathered: rows that pass the filters ──► sorted ──► answered up to the limit
 *
 * All of it is of one revision. What is kept between steps is rows of the table, never handles: a row stays the key's own as
 * long as the revision can be read, for a compaction lets go of a key only behind its last life. Where another state was put in
 * the place of this one, it is gathered anew: at the same revision it is the same.
 */

import { Failure } from '../util/failure.ts';
import { type KeyValueBytes, type RangeRequest, SortOrder, SortTarget } from '../wire/messages.ts';
import { KeyIndex } from './key-index.ts';
import { binaryString, isPoint, rangeTo } from './key-range.ts';
import type { KeyTable } from './key-table.ts';
import {
  answerFor,
  compareFacts,
  fetchesOf,
  isFiltered,
  limitOf,
  passesFilters,
  type RowFacts,
  readRevision,
  rowOf,
} from './range.ts';
import {
  endlessSlice,
  keysBetweenLooks,
  type RangeChunk,
  type RangeChunks,
  type Slice,
  unfinished,
} from './range-chunk.ts';
import type { State } from './state.ts';
import { StepSort } from './step-sort.ts';

/** Keys looked at in a step; fewer where a record may have to be read for each. */
const keysPerStep = 1000;
const recordsPerStep = 64;
/** Of a sort: see `StepSort`. */
const sortedPerStep = 2048;
/** Pairs of a chunk. */
const answeredPerStep = 500;

interface GatheredRow extends RowFacts {
  readonly row: number;
}

export class ArrangedChunks implements RangeChunks {
  readonly #state: State;
  readonly #request: RangeRequest;
  readonly #maxBytes: number;
  readonly #revision: number;
  readonly #head: number;
  readonly #to: string | null;
  readonly #limit: number;
  readonly #fetches: number;
  readonly #keys: number;
  /** Where the gathering goes on; null at its end. */
  #from: string | null;
  /** Living keys in the range; counted on the way where the present does not know. */
  #count = 0;
  #counts: boolean;
  #table: KeyTable;
  #gathered: GatheredRow[] = [];
  #sort: StepSort<GatheredRow> | null = null;
  #rows: readonly GatheredRow[] | null = null;
  #answered = 0;

  /** @throws Failure 'futureRevision', 'compacted' */
  constructor(state: State, request: RangeRequest, maxBytes: number) {
    this.#state = state;
    this.#table = state.index.table;
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#head = state.revision;
    this.#revision = readRevision(state, request.revision, this.#head);
    const from = binaryString(request.key);
    this.#to = isPoint(request.rangeEnd) ? `${from}\0` : rangeTo(request.rangeEnd);
    this.#from = this.#to !== null && this.#to <= from ? null : from;
    this.#limit = limitOf(request);
    this.#fetches = fetchesOf(request);
    this.#counts = this.#revision < this.#head;
    if (!this.#counts && this.#from !== null) this.#count = state.index.countLive(from, this.#to);
    const readsRecords = this.#counts || request.sortTarget === SortTarget.Value;
    this.#keys = readsRecords ? recordsPerStep : keysPerStep;
  }

  next(maxKeys: number = answeredPerStep, slice: Slice = endlessSlice): RangeChunk {
    if (this.#revision < this.#state.compactRevision) throw new Failure('compacted');
    if (this.#table !== this.#state.index.table) this.#beginAnew();
    const rows = this.#arranged();
    if (rows === null) return { ...unfinished, revision: this.#head };
    const { keysOnly } = this.#request;
    const table = this.#table;
    const end = Math.min(rows.length, this.#limit);
    const kvs: KeyValueBytes[] = [];
    for (let bytes = 0; this.#answered < end && kvs.length < maxKeys && bytes < this.#maxBytes; ) {
      const index = new KeyIndex(table, rows[this.#answered++]!.row);
      const kv = answerFor(this.#state, index, index.liveAt(this.#revision), keysOnly);
      kvs.push(kv);
      bytes += kv.length;
      if (kvs.length % keysBetweenLooks === 0 && slice.isOver) break;
    }
    const isLast = this.#answered === end;
    const [more, count] = isLast ? [rows.length > this.#limit, this.#count] : [false, 0];
    return { kvs, isLast, more, count, revision: this.#head };
  }

  /** Goes on answering where it was. */
  #beginAnew(): void {
    this.#table = this.#state.index.table;
    this.#from = binaryString(this.#request.key);
    if (this.#to !== null && this.#to <= this.#from) this.#from = null;
    this.#counts = true;
    this.#count = 0;
    this.#gathered = [];
    this.#sort = null;
    this.#rows = null;
  }

  /** The rows in their order, or null while there is more to do. */
  #arranged(): readonly GatheredRow[] | null {
    if (this.#rows !== null) return this.#rows;
    if (this.#from !== null) {
      this.#gather(this.#from);
      if (this.#from !== null) return null;
    }
    const { sortTarget, sortOrder } = this.#request;
    const descends = sortOrder === SortOrder.Descend;
    if (sortTarget === SortTarget.Key) {
      this.#rows = descends ? this.#gathered.reverse() : this.#gathered;
      return this.#rows;
    }
    // Ties keep the order of keys.
    this.#sort ??= new StepSort(this.#gathered, (a, b) =>
      descends ? compareFacts(sortTarget, b, a) : compareFacts(sortTarget, a, b),
    );
    if (!this.#sort.step(sortedPerStep)) return null;
    this.#rows = this.#sort.items;
    return this.#rows;
  }

  #gather(from: string): void {
    const { index } = this.#state;
    const keys: KeyIndex[] = [];
    if (this.#state.revision === this.#revision) index.collectLive(from, this.#to, this.#keys, keys);
    else index.collectAll(from, this.#to, this.#keys, keys);
    for (const key of keys) this.#look(key);
    const hasEnough = this.#gathered.length >= this.#fetches && !this.#counts;
    this.#from = keys.length < this.#keys || hasEnough ? null : `${keys.at(-1)!.key}\0`;
  }

  #look(key: KeyIndex): void {
    const place = key.liveAt(this.#revision);
    if (place < 0) return;
    if (this.#counts) this.#count++;
    if (this.#gathered.length >= this.#fetches) return;
    const { sortTarget } = this.#request;
    const needsFacts = sortTarget !== SortTarget.Key || isFiltered(this.#request);
    const { create, mod, version, value } = needsFacts
      ? rowOf(this.#state, key, place, sortTarget === SortTarget.Value)
      : noFacts;
    const gathered = { row: key.row, create, mod, version, value };
    if (passesFilters(this.#request, gathered)) this.#gathered.push(gathered);
  }
}

const noFacts: RowFacts = { create: 0, mod: 0, version: 0, value: new Uint8Array(0) };
