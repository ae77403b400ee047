/**
 * The operations that write, alone or inside a txn (etcd §3.4). `check…` refuses what the state does not allow and has
 * no effect; `run…` follows only if nothing was refused, and cannot fail.
 */

import { Failure } from '../util/failure.ts';
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

/** It may be very many: one handle goes from key to key, and the order of keys is told once that they are gone. */
function runDeleteMany(state: State, writer: Writer, request: DeleteRangeRequest): DeleteRangeResult {
  const from = binaryString(request.key);
  const to = rangeTo(request.rangeEnd);
  const rows: number[] = [];
  if (to === null || to > from) state.index.collectLiveRows(from, to, rows);
  if (rows.length === 0) return { deleted: 0, prevKvs: noRecords, revision: writer.head };
  const index = new KeyIndex(state.index.table, rows[0]!);
  const prevKvs: KeyValueBytes[] = [];
  for (let i = 0; request.prevKv && i < rows.length; i++) {
    index.moveTo(rows[i]!);
    prevKvs.push(state.newestRecord(index));
  }
  state.index.buryRange(from, to);
  for (let i = 0; i < rows.length; i++) {
    index.moveTo(rows[i]!);
    writer.delete(index, true);
  }
  return { deleted: rows.length, prevKvs, revision: writer.head };
}

/**
 * Deletes the living among `keys`, in the order given, which is that of their sub-revisions.
 * @returns how many there were
 */
export function runDeleteKeys(state: State, writer: Writer, keys: readonly string[]): number {
  let deleted = 0;
  for (const key of keys) {
    const index = state.index.get(key);
    if (index?.isLive !== true) continue;
    writer.delete(index);
    deleted++;
  }
  state.figures.deletes += deleted;
  return deleted;
}
