/**
 * Range reads: pick the revision, collect the living keys in key order, filter, sort, limit, strip values.
 *
 * Records are fetched as late as can be. Filters and orders by revision or version work on numbers, which the index knows
 * for the newest revision of a key; only a historical read has to look into the records, and only an order by value needs
 * the values of keys that the limit then cuts off.
 */

import { Failure } from '../util/failure.ts';
import { encodeRecord, recordValue, withoutValue } from '../wire/key-value.ts';
import {
  type KeyValueBytes,
  type RangeRequest,
  type RangeResult,
  SortOrder,
  SortTarget,
} from '../wire/messages.ts';
import type { KeyIndex } from './key-index.ts';
import { binaryString, isPoint, rangeTo } from './key-range.ts';
import { readRecord } from './record.ts';
import type { State } from './state.ts';

/** Keys looked at in one go by a historical read. */
const historicBatch = 512;
const empty = new Uint8Array(0);

/** Living keys of a range at a revision: index and place of each, in key order. */
interface Found {
  readonly indexes: KeyIndex[];
  /** Empty when every place is the newest. */
  readonly places: number[];
  /** Living keys in the range, whatever the limit. */
  count: number;
}

/**
 * The revision a request reads at.
 * @param head the revision the reader is at
 * @throws Failure 'futureRevision', 'compacted'
 */
export function readRevision(state: State, requested: number, head: number): number {
  if (requested > head) throw new Failure('futureRevision');
  if (requested <= 0) return head;
  if (requested < state.compactRevision) throw new Failure('compacted');
  return requested;
}

function findPoint(state: State, key: string, revision: number, head: number): Found {
  const index = state.index.get(key);
  if (index === undefined) return { indexes: [], places: [], count: 0 };
  if (revision >= head) {
    return index.isLive ? { indexes: [index], places: [], count: 1 } : { indexes: [], places: [], count: 0 };
  }
  const place = index.liveAt(revision);
  return place < 0 ? { indexes: [], places: [], count: 0 } : { indexes: [index], places: [place], count: 1 };
}

function findPresent(state: State, from: string, to: string | null, limit: number): Found {
  const indexes: KeyIndex[] = [];
  state.index.collectLive(from, to, limit, indexes);
  const isAll = indexes.length < limit;
  return { indexes, places: [], count: isAll ? indexes.length : state.index.countLive(from, to) };
}

function findPast(state: State, from: string, to: string | null, limit: number, revision: number): Found {
  const found: Found = { indexes: [], places: [], count: 0 };
  const batch: KeyIndex[] = [];
  for (let start = from; ; start = `${batch[batch.length - 1]!.key}\0`) {
    batch.length = 0;
    state.index.collectAll(start, to, historicBatch, batch);
    for (let i = 0; i < batch.length; i++) {
      const place = batch[i]!.liveAt(revision);
      if (place < 0) continue;
      found.count++;
      if (found.indexes.length >= limit) continue;
      found.indexes.push(batch[i]!);
      found.places.push(place);
    }
    if (batch.length < historicBatch) return found;
  }
}

/** The living keys in `from` <= key < `to` at `revision`, at most `limit` of them; all are counted. */
function find(state: State, request: RangeRequest, limit: number, revision: number, head: number): Found {
  const from = binaryString(request.key);
  if (isPoint(request.rangeEnd)) return findPoint(state, from, revision, head);
  const to = rangeTo(request.rangeEnd);
  if (to !== null && to <= from) return { indexes: [], places: [], count: 0 };
  if (revision >= head) return findPresent(state, from, to, limit);
  return findPast(state, from, to, limit, revision);
}

/** What filters and orders ask for. */
export interface RowFacts {
  readonly create: number;
  readonly mod: number;
  readonly version: number;
  /** Empty unless it is needed. */
  readonly value: Uint8Array;
}

/** One key of a range with them. */
export interface Row extends RowFacts {
  readonly index: KeyIndex;
  readonly place: number;
}

export function rowOf(state: State, index: KeyIndex, place: number, needsValue: boolean): Row {
  if (place === index.newest && !needsValue) {
    const { create, mod, version } = index;
    return { index, place, create, mod, version, value: empty };
  }
  const record = state.recordAt(index, place);
  const { create, mod, version } = readRecord(record);
  return { index, place, create, mod, version, value: needsValue ? recordValue(record) : empty };
}

export function isFiltered(request: RangeRequest): boolean {
  return (
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0
  );
}

/** Bounds are inclusive, 0 is no bound. */
export function passesFilters(request: RangeRequest, row: RowFacts): boolean {
  return (
    (request.minModRevision === 0 || row.mod >= request.minModRevision) &&
    (request.maxModRevision === 0 || row.mod <= request.maxModRevision) &&
    (request.minCreateRevision === 0 || row.create >= request.minCreateRevision) &&
    (request.maxCreateRevision === 0 || row.create <= request.maxCreateRevision)
  );
}

/** How two rows stand to each other by what is not their key. */
export function compareFacts(target: number, a: RowFacts, b: RowFacts): number {
  switch (target) {
    case SortTarget.Version:
      return a.version - b.version;
    case SortTarget.Create:
      return a.create - b.create;
    case SortTarget.Mod:
      return a.mod - b.mod;
    case SortTarget.Value:
      return Buffer.compare(a.value, b.value);
    default:
      return 0;
  }
}

function compareRows(target: number, a: Row, b: Row): number {
  if (target !== SortTarget.Key) return compareFacts(target, a, b);
  return a.index.key < b.index.key ? -1 : a.index.key > b.index.key ? 1 : 0;
}

/** Filters and orders what was found; the limit comes after. */
function arrange(state: State, request: RangeRequest, found: Found): Found {
  const { sortOrder, sortTarget } = request;
  const filtered = isFiltered(request);
  const descends = sortOrder === SortOrder.Descend;
  if (!filtered && sortTarget === SortTarget.Key) {
    if (!descends) return found;
    return { indexes: found.indexes.reverse(), places: found.places.reverse(), count: found.count };
  }
  let rows: Row[] = [];
  for (let i = 0; i < found.indexes.length; i++) {
    const index = found.indexes[i]!;
    rows.push(rowOf(state, index, found.places[i] ?? index.newest, sortTarget === SortTarget.Value));
  }
  if (filtered) rows = rows.filter((row) => passesFilters(request, row));
  // Ties keep the order of keys.
  if (descends) rows.sort((a, b) => compareRows(sortTarget, b, a));
  else if (sortTarget !== SortTarget.Key) rows.sort((a, b) => compareRows(sortTarget, a, b));
  return { indexes: rows.map((row) => row.index), places: rows.map((row) => row.place), count: found.count };
}

/** What an answer holds for a key: the record, or with keys_only the record without its value. */
export function answerFor(state: State, index: KeyIndex, place: number, keysOnly: boolean): KeyValueBytes {
  if (!keysOnly) return state.recordAt(index, place);
  if (place === index.newest) {
    return encodeRecord(index.key, index.create, index.mod, index.version, empty, index.lease);
  }
  return withoutValue(state.recordAt(index, place));
}

export function limitOf({ limit }: RangeRequest): number {
  return limit > 0 ? limit : Number.POSITIVE_INFINITY;
}

/**
 * How many keys are looked at. With an order or a filter the limit can only cut what was arranged; without, only the first
 * limit + 1 keys are looked at, even when the target then sorts them by something else: that is how etcd answers.
 */
export function fetchesOf(request: RangeRequest): number {
  const cutsFirst = request.sortOrder === SortOrder.None && !isFiltered(request);
  return cutsFirst ? limitOf(request) + 1 : Number.POSITIVE_INFINITY;
}

/**
 * Reads a range.
 * @param head the revision the reader is at: the store's, or inside a txn that has written already, the txn's
 * @throws Failure 'futureRevision', 'compacted'
 */
export function range(state: State, request: RangeRequest, head: number): RangeResult {
  state.figures.ranges++;
  const revision = readRevision(state, request.revision, head);
  if (request.countOnly) {
    const { count } = find(state, request, 0, revision, head);
    return { kvs: [], more: false, count, revision: head };
  }
  const limit = limitOf(request);
  const found = find(state, request, fetchesOf(request), revision, head);
  const { indexes, places, count } = arrange(state, request, found);
  const more = indexes.length > limit;
  const length = Math.min(indexes.length, limit);
  const kvs: KeyValueBytes[] = [];
  for (let i = 0; i < length; i++) {
    const index = indexes[i]!;
    kvs.push(answerFor(state, index, places[i] ?? index.newest, request.keysOnly));
  }
  return { kvs, more, count, revision: head };
}
