/**
 * Runs the plan of a txn: in order, each op seeing the ones before, all in one revision. Checked before, so it cannot
 * fail half way.
 */

import { OpKind, type OpResult, type TxnResult } from '../wire/messages.ts';
import { runDeleteRange, runPut } from './operations.ts';
import { range } from './range.ts';
import type { State } from './state.ts';
import type { TxnPlan } from './txn-check.ts';
import type { Writer } from './writer.ts';

/**
 * @param writer null for a txn that only reads
 * @returns the result without its revision: 0, as in a nested txn, whose header stays empty
 */
export function runPlan(state: State, writer: Writer | null, plan: TxnPlan): TxnResult {
  const responses: OpResult[] = [];
  let nested = 0;
  for (const op of plan.ops) {
    switch (op.kind) {
      case OpKind.Range: {
        const head = writer === null ? state.revision : writer.head;
        responses.push({ kind: OpKind.Range, result: range(state, op.request, head) });
        break;
      }
      case OpKind.Put: {
        const result = runPut(state, writer!, op.request);
        responses.push({ kind: OpKind.Put, result });
        break;
      }
      case OpKind.DeleteRange:
        responses.push({ kind: OpKind.DeleteRange, result: runDeleteRange(state, writer!, op.request) });
        break;
      case OpKind.Txn:
        responses.push({ kind: OpKind.Txn, result: runPlan(state, writer, plan.nested[nested++]!) });
        break;
      default:
        throw new Error('an op without content was let through');
    }
  }
  return { succeeded: plan.succeeded, responses, revision: 0 };
}
