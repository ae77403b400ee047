/**
 * The operations that write, alone or inside a txn. `check…` refuses what the state does not allow and has
 * no effect; `run…` follows only if nothing was refused, and cannot fail.
 */

import { Failure } from '../util/failure.ts';
import { sortStrings } from '../util/sort-strings.ts';
import { type PlacedPut, placedPut, recordValue } from '../wire/key-value.ts';
import type {
  DeleteRangeRequest,
  DeleteRangeResult,
  KeyValueBytes,
  PutRequest,
  PutResult,
} from '../wire/messages.ts';
import { KeyIndex } from './key-index.ts';
import { binaryString, isPoint, rangeTo } from './key-range.ts';
import type { State } from './state.ts';
import type { Writer } from './writer.ts';

const noRecords: KeyValueBytes[] = [];

/** @throws Failure 'leaseNotFound' */
export function checkLease(state: State, lease: bigint): void {
  if (lease !== 0n && !state.leases.exists(lease)) throw new Failure('leaseNotFound');
}

/**
 * A put that keeps the value or the lease needs a key that has them.
 * @throws Failure 'keyNotFound'
 */
export function checkKept(state: State, request: PutRequest): void {
  if (!request.ignoreValue && !request.ignoreLease) return;
  const { key } = request;
  if (state.index.find(key, 0, key.length)?.isLive !== true) throw new Failure('keyNotFound');
}

const placed: PlacedPut = placedPut();

export function runPut(state: State, writer: Writer, request: PutRequest): PutResult {
  const { key } = request;
  let { value, lease } = request;
  let prevKv: KeyValueBytes | null = null;
  if (request.prevKv || request.ignoreValue || request.ignoreLease) {
    const index = state.index.find(key, 0, key.length);
    if (index?.isLive === true) {
      if (request.prevKv || request.ignoreValue) {
        const record = state.newestRecord(index);
        if (request.prevKv) prevKv = record;
        if (request.ignoreValue) value = recordValue(record);
      }
      if (request.ignoreLease) lease = index.lease;
    }
  }
  placed.key = key;
  placed.keyEnd = key.length;
  placed.buffer = value.buffer;
  placed.valueStart = value.byteOffset;
  placed.valueEnd = value.byteOffset + value.length;
  placed.lease = lease;
  writer.put(placed);
  return { prevKv, revision: writer.nextRevision };
}

export function runDeleteRange(state: State, writer: Writer, request: DeleteRangeRequest): DeleteRangeResult {
  state.figures.deletes++;
  if (!isPoint(request.rangeEnd)) return runDeleteMany(state, writer, request);
  const index = state.index.find(request.key, 0, request.key.length);
  if (index?.isLive !== true) return { deleted: 0, prevKvs: noRecords, revision: writer.head };
  const prevKvs = request.prevKv ? [state.newestRecord(index)] : noRecords;
  writer.delete(index);
  return { deleted: 1, prevKvs, revision: writer.head };
}

/** It may be very many: the order of keys is told once that they are gone. */
function runDeleteMany(state: State, writer: Writer, request: DeleteRangeRequest): DeleteRangeResult {
  const from = binaryString(request.key);
  const to = rangeTo(request.rangeEnd);
  const rows: number[] = [];
  if (to === null || to > from) state.index.collectLiveRows(from, to, rows);
  if (rows.length === 0) return { deleted: 0, prevKvs: noRecords, revision: writer.head };
  const prevKvs = request.prevKv ? newestRecords(state, rows) : noRecords;
  state.index.buryRange(from, to);
  writer.deleteBuried(rows, false);
  return { deleted: rows.length, prevKvs, revision: writer.head };
}

function newestRecords(state: State, rows: readonly number[]): KeyValueBytes[] {
  const index = new KeyIndex(state.index.table, rows[0]!);
  const records: KeyValueBytes[] = [];
  for (let i = 0; i < rows.length; i++) {
    index.moveTo(rows[i]!);
    records.push(state.newestRecord(index));
  }
  return records;
}

/** From so many keys on, those of a lease are looked for where they stand in the order of keys. */
const manyKeys = 256;
/** Keys that are passed over for each of them at most: it takes a tenth of what sorting and finding one does. */
const passedPerKey = 8;

/**
 * Deletes the living among the keys of a lease that is over, in their order, which is that of their sub-revisions.
 * @param keys in no order
 * @returns how many there were
 */
export function runDeleteLeased(
  state: State,
  writer: Writer,
  lease: bigint,
  keys: ReadonlySet<string>,
): number {
  const isDone = keys.size >= manyKeys && deleteInPlace(state, writer, lease, keys);
  const deleted = isDone ? keys.size : deleteSorted(state, writer, keys);
  state.figures.deletes += deleted;
  return deleted;
}

function deleteSorted(state: State, writer: Writer, keys: ReadonlySet<string>): number {
  const sorted = [...keys];
  sortStrings(sorted);
  let deleted = 0;
  for (let i = 0; i < sorted.length; i++) {
    const index = state.index.get(sorted[i]!);
    if (index?.isLive !== true) continue;
    writer.delete(index);
    deleted++;
  }
  return deleted;
}

/**
 * The same without sorting: goes over the order of keys from the first of them to the last, for those that have the lease.
 * @returns false, and has done nothing, where others live between them that are too many, or not all of them do
 */
function deleteInPlace(state: State, writer: Writer, lease: bigint, keys: ReadonlySet<string>): boolean {
  const { index } = state;
  let from: string | null = null;
  let last = '';
  for (const key of keys) {
    if (from === null || key < from) from = key;
    if (key > last) last = key;
  }
  const to = `${last}\0`;
  if (from === null || index.countLive(from, to) > keys.size * passedPerKey) return false;
  const living: number[] = [];
  index.collectLiveRows(from, to, living);
  const { leases } = index.table;
  const rows = living.filter((row) => leases.get(row) === lease);
  // A key may name a lease that it never belonged to (`LeaseBook`).
  if (rows.length !== keys.size) return false;
  index.buryRange(from, to, rows.length === living.length ? null : rows);
  writer.deleteBuried(rows, true);
  return true;
}
