/**
 * What can be said about a request before it is proposed, whatever the state. What depends on the state
 * is checked when the request is applied (`txn-check.ts`), with the same outcome on every member.
 */

import { Failure } from '../util/failure.ts';
import {
  type DeleteRangeRequest,
  OpKind,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  SortOrder,
  SortTarget,
  type TxnRequest,
} from '../wire/messages.ts';
import { IntervalSet } from './interval-set.ts';
import { binaryString, isPoint } from './key-range.ts';

/** @throws Failure 'keyNotProvided', 'invalidSortOption' */
export function checkRange(request: RangeRequest): void {
  if (request.key.length === 0) throw new Failure('keyNotProvided');
  const { sortOrder, sortTarget } = request;
  const isKnown =
    sortOrder >= SortOrder.None &&
    sortOrder <= SortOrder.Descend &&
    sortTarget >= SortTarget.Key &&
    sortTarget <= SortTarget.Value;
  if (!isKnown) throw new Failure('invalidSortOption');
}

/** @throws Failure 'keyNotProvided', 'valueProvided', 'leaseProvided' */
export function checkPut(request: PutRequest): void {
  if (request.key.length === 0) throw new Failure('keyNotProvided');
  if (request.ignoreValue && request.value.length > 0) throw new Failure('valueProvided');
  if (request.ignoreLease && request.lease !== 0n) throw new Failure('leaseProvided');
}

/** @throws Failure 'keyNotProvided' */
export function checkDeleteRange(request: DeleteRangeRequest): void {
  if (request.key.length === 0) throw new Failure('keyNotProvided');
}

/**
 * @param maxOps most compares, and most ops of a branch. What a txn uses of it (the largest of its three lists) is taken
 *   from what its nested txns may use.
 * @throws Failure 'tooManyOps', 'keyNotProvided', 'keyNotFound' for an op without content, 'duplicateKey', and what the
 *   checks of the ops throw
 */
export function checkTxn(request: TxnRequest, maxOps: number): void {
  checkOps(request, maxOps);
  if (!isOneKey(request.success)) checkDuplicates(request.success);
  if (!isOneKey(request.failure)) checkDuplicates(request.failure);
}

/** No key can come twice in it. */
function isOneKey(ops: readonly RequestOp[]): boolean {
  return ops.length === 0 || (ops.length === 1 && ops[0]!.kind !== OpKind.Txn);
}

function checkOps(request: TxnRequest, maxOps: number): void {
  const { compare, success, failure } = request;
  const used = Math.max(compare.length, success.length, failure.length);
  if (used > maxOps) throw new Failure('tooManyOps');
  for (const { key } of compare) {
    if (key.length === 0) throw new Failure('keyNotProvided');
  }
  for (const op of success) checkOp(op, maxOps - used);
  for (const op of failure) checkOp(op, maxOps - used);
}

function checkOp(op: RequestOp, maxOps: number): void {
  switch (op.kind) {
    case OpKind.Range:
      checkRange(op.request);
      break;
    case OpKind.Put:
      checkPut(op.request);
      break;
    case OpKind.DeleteRange:
      checkDeleteRange(op.request);
      break;
    case OpKind.Txn:
      checkOps(op.request, maxOps);
      break;
    default:
      throw new Failure('keyNotFound');
  }
}

/** The keys a branch puts, and those it deletes. */
interface Footprint {
  readonly puts: Set<string>;
  readonly deletes: IntervalSet;
}

/**
 * Refuses a branch that puts a key twice, or puts a key it also deletes, in whatever order. Deletes may overlap.
 *
 * The two branches of one nested txn exclude each other, so the same key may be put in both. A nested delete is not held
 * against the puts of a nested txn listed before it: etcd does not either, and a client may rely on it. Nor is a delete up
 * to the last key (`rangeEnd` one zero byte) held against any put: etcd takes the zero byte for a key here, and what ends
 * before it begins covers nothing.
 *
 * @throws Failure 'duplicateKey'
 */
function checkDuplicates(ops: readonly RequestOp[]): Footprint {
  const deletes = new IntervalSet();
  for (const op of ops) {
    if (op.kind !== OpKind.DeleteRange) continue;
    const from = binaryString(op.request.key);
    deletes.add(from, isPoint(op.request.rangeEnd) ? `${from}\0` : binaryString(op.request.rangeEnd));
  }
  const puts = new Set<string>();
  for (const op of ops) {
    if (op.kind === OpKind.Txn) takeNested(op.request, puts, deletes);
  }
  for (const op of ops) {
    if (op.kind !== OpKind.Put) continue;
    takePut(binaryString(op.request.key), puts, deletes);
  }
  return { puts, deletes };
}

function takeNested(request: TxnRequest, puts: Set<string>, deletes: IntervalSet): void {
  const success = checkDuplicates(request.success);
  const failure = checkDuplicates(request.failure);
  for (const key of success.puts) takePut(key, puts, deletes);
  for (const key of failure.puts) {
    if (!success.puts.has(key)) takePut(key, puts, deletes);
  }
  deletes.addAll(success.deletes);
  deletes.addAll(failure.deletes);
}

function takePut(key: string, puts: Set<string>, deletes: IntervalSet): void {
  if (puts.has(key) || deletes.has(key)) throw new Failure('duplicateKey');
  puts.add(key);
}
