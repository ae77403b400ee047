/**
 * The guards of a txn: all must hold; each must hold for every key of its range.
 *
 * On a key that does not exist the numbers are 0 and the lease is 0, but a comparison of values is false whatever the
 * operator: there is no value that could differ.
 */

import { recordValue } from '../wire/key-value.ts';
import { type Compare, CompareResult, CompareTarget } from '../wire/messages.ts';
import type { KeyIndex } from './key-index.ts';
import { binaryString, isPoint, rangeTo } from './key-range.ts';
import type { State } from './state.ts';

/** Keys of a range compared at a time. */
const batchKeys = 512;

function sign(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The stored side against the operand: below, equal or above. An unknown target compares equal. */
function order(state: State, compare: Compare, index: KeyIndex | null): number {
  switch (compare.target) {
    case CompareTarget.Version:
      return sign(index === null ? 0 : index.version, compare.number);
    case CompareTarget.Create:
      return sign(index === null ? 0 : index.create, compare.number);
    case CompareTarget.Mod:
      return sign(index === null ? 0 : index.mod, compare.number);
    case CompareTarget.Lease: {
      const lease = index === null ? 0n : index.lease;
      return lease < compare.lease ? -1 : lease > compare.lease ? 1 : 0;
    }
    case CompareTarget.Value:
      return Buffer.compare(recordValue(state.newestRecord(index!)), compare.value);
    default:
      return 0;
  }
}

/** An unknown operator holds. */
function satisfies(result: number, order: number): boolean {
  switch (result) {
    case CompareResult.Equal:
      return order === 0;
    case CompareResult.Greater:
      return order > 0;
    case CompareResult.Less:
      return order < 0;
    case CompareResult.NotEqual:
      return order !== 0;
    default:
      return true;
  }
}

function holdsOnMissing(state: State, compare: Compare): boolean {
  if (compare.target === CompareTarget.Value) return false;
  return satisfies(compare.result, order(state, compare, null));
}

function holds(state: State, compare: Compare): boolean {
  if (isPoint(compare.rangeEnd)) {
    const index = state.index.find(compare.key, 0, compare.key.length);
    if (index === undefined || !index.isLive) return holdsOnMissing(state, compare);
    return satisfies(compare.result, order(state, compare, index));
  }
  const from = binaryString(compare.key);
  const to = rangeTo(compare.rangeEnd);
  if ((to !== null && to <= from) || state.index.countLive(from, to) === 0)
    return holdsOnMissing(state, compare);
  const batch: KeyIndex[] = [];
  for (let start = from; ; start = `${batch[batch.length - 1]!.key}\0`) {
    batch.length = 0;
    state.index.collectLive(start, to, batchKeys, batch);
    for (const index of batch) {
      if (!satisfies(compare.result, order(state, compare, index))) return false;
    }
    if (batch.length < batchKeys) return true;
  }
}

/** Whether all guards hold on the present state; no guard at all holds. */
export function allHold(state: State, compares: readonly Compare[]): boolean {
  for (let i = 0; i < compares.length; i++) {
    if (!holds(state, compares[i]!)) return false;
  }
  return true;
}
