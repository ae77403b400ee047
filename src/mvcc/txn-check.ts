/**
 * What a txn is going to do, and whether it may.
 *
 * All guards, those of nested txns included, are evaluated on the state before the txn: the plan fixes every branch
 * before the first op runs. Then each op of the plan is checked, also against the state before the txn, and one that
 * would fail refuses the whole txn. (etcd 3.5 finds some of these in the middle of the execution, when the members may
 * already differ; here nothing has happened yet.)
 */

import { Failure } from '../util/failure.ts';
import { OpKind, type RangeRequest, type RequestOp, type TxnRequest } from '../wire/messages.ts';
import { allHold } from './compare.ts';
import { IntervalSet } from './interval-set.ts';
import { binaryString, isPoint, rangeTo } from './key-range.ts';
import { checkKept, checkLease } from './operations.ts';
import type { State } from './state.ts';

export interface TxnPlan {
  readonly succeeded: boolean;
  /** The branch that runs. */
  readonly ops: readonly RequestOp[];
  /** The plans of its nested txns, in order. */
  readonly nested: readonly TxnPlan[];
}

const noPlans: readonly TxnPlan[] = [];

export function planTxn(state: State, request: TxnRequest): TxnPlan {
  const succeeded = allHold(state, request.compare);
  const ops = succeeded ? request.success : request.failure;
  let nested: TxnPlan[] | null = null;
  for (const op of ops) {
    if (op.kind !== OpKind.Txn) continue;
    nested ??= [];
    nested.push(planTxn(state, op.request));
  }
  return { succeeded, ops, nested: nested ?? noPlans };
}

/**
 * As in etcd, all puts are checked before the first range: of two ops that would fail, the put's refusal is the answer.
 * Last comes what etcd does not check.
 * @throws Failure 'leaseNotFound', 'keyNotFound', 'futureRevision', 'compacted'
 */
export function checkPlan(state: State, plan: TxnPlan): void {
  checkPuts(state, plan);
  checkRanges(state, plan);
  if (keepsSomething(plan)) checkKeptAfterDeletes(plan, new IntervalSet());
}

/** Whether a put keeps a value or a lease; in most txns none does. */
function keepsSomething({ ops, nested }: TxnPlan): boolean {
  for (const op of ops) {
    if (op.kind === OpKind.Put && (op.request.ignoreValue || op.request.ignoreLease)) return true;
  }
  return nested.length > 0 && nested.some(keepsSomething);
}

/**
 * Inside a txn a negative revision is one that is compacted, not the latest; but -1 is the latest as long as nothing has
 * been compacted, for that is where etcd's compact revision begins.
 */
function checkRevision(state: State, request: RangeRequest): void {
  if (request.revision > state.revision) throw new Failure('futureRevision');
  if (request.revision !== 0 && request.revision < state.compactRevision) throw new Failure('compacted');
}

function checkPuts(state: State, plan: TxnPlan): void {
  let nested = 0;
  for (const op of plan.ops) {
    if (op.kind === OpKind.Put) {
      // The other way round than for a put by itself, as in etcd.
      checkKept(state, op.request);
      checkLease(state, op.request.lease);
    } else if (op.kind === OpKind.Txn) {
      checkPuts(state, plan.nested[nested++]!);
    } else if (op.kind === OpKind.Unset) {
      throw new Failure('keyNotFound');
    }
  }
}

function checkRanges(state: State, plan: TxnPlan): void {
  let nested = 0;
  for (const op of plan.ops) {
    if (op.kind === OpKind.Range) checkRevision(state, op.request);
    else if (op.kind === OpKind.Txn) checkRanges(state, plan.nested[nested++]!);
  }
}

/** @param deleted what the ops before have deleted: a later put cannot keep its value or lease from there */
function checkKeptAfterDeletes(plan: TxnPlan, deleted: IntervalSet): void {
  let nested = 0;
  for (const op of plan.ops) {
    if (op.kind === OpKind.Put) {
      const { request } = op;
      const keeps = request.ignoreValue || request.ignoreLease;
      if (keeps && deleted.has(binaryString(request.key))) throw new Failure('keyNotFound');
    } else if (op.kind === OpKind.DeleteRange) {
      const { key, rangeEnd } = op.request;
      const from = binaryString(key);
      deleted.add(from, isPoint(rangeEnd) ? `${from}\0` : rangeTo(rangeEnd));
    } else if (op.kind === OpKind.Txn) {
      checkKeptAfterDeletes(plan.nested[nested++]!, deleted);
    }
  }
}

/** True when every op of both branches is a plain range; a nested txn counts as a write even if it only reads. */
export function isReadOnlyTxn(request: TxnRequest): boolean {
  return request.success.every(isRange) && request.failure.every(isRange);
}

/** True when every range is serializable; an empty txn is too. Meant for txns that only read. */
export function isSerializableTxn(request: TxnRequest): boolean {
  return request.success.every(isSerializableRange) && request.failure.every(isSerializableRange);
}

function isRange(op: RequestOp): boolean {
  return op.kind === OpKind.Range;
}

function isSerializableRange(op: RequestOp): boolean {
  return op.kind === OpKind.Range && op.request.serializable;
}
