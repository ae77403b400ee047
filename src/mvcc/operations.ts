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
import type { KeyIndex } from './key-index.ts';
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
  const victims: KeyIndex[] = [];
  if (isPoint(request.rangeEnd)) {
    const index = state.index.find(request.key, 0, request.key.length);
    if (index?.isLive === true) victims.push(index);
  } else {
    const from = binaryString(request.key);
    const to = rangeTo(request.rangeEnd);
    if (to === null || to > from) state.index.collectLive(from, to, Number.POSITIVE_INFINITY, victims);
  }
  let prevKvs = noRecords;
  if (request.prevKv && victims.length > 0) prevKvs = victims.map((index) => state.newestRecord(index));
  for (let i = 0; i < victims.length; i++) writer.delete(victims[i]!);
  return { deleted: victims.length, prevKvs, revision: writer.head };
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
