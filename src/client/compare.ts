/** The comparisons that transactions begin with. */

import type { Compare } from '../wire/messages.ts';
import { CompareResult, CompareTarget } from '../wire/messages.ts';
import { emptyBytes } from '../wire/proto.ts';
import { type Bytes, type KeyRange, toBytes, toWireRange } from './keys.ts';

/** One comparison; made by `compare`. */
export type Comparison = Compare;

export type Relation = '=' | '!=' | '<' | '>';

const results: Readonly<Record<Relation, number>> = {
  '=': CompareResult.Equal,
  '!=': CompareResult.NotEqual,
  '<': CompareResult.Less,
  '>': CompareResult.Greater,
};

function comparison(
  target: number,
  range: KeyRange,
  relation: Relation,
  operand: { number?: number; value?: Uint8Array; lease?: bigint },
): Comparison {
  const result = results[relation];
  if (result === undefined) throw new TypeError(`"${relation}" is none of =, !=, <, >`);
  return {
    result,
    target,
    ...toWireRange(range),
    number: operand.number ?? 0,
    value: operand.value ?? emptyBytes,
    lease: operand.lease ?? 0n,
  };
}

/**
 * Makes comparisons. Each takes a key, or a range: then it must hold for every key in it. A key that is not there has
 * revisions, version and lease 0, and no comparison with its value holds, not even `!=`.
 */
export const compare = {
  /** The value, by its bytes. */
  value(range: KeyRange, relation: Relation, value: Bytes): Comparison {
    return comparison(CompareTarget.Value, range, relation, { value: toBytes(value) });
  },
  /** The number of changes since the key came to be. */
  version(range: KeyRange, relation: Relation, version: number): Comparison {
    return comparison(CompareTarget.Version, range, relation, { number: version });
  },
  /** The revision at which the key came to be. */
  createRevision(range: KeyRange, relation: Relation, revision: number): Comparison {
    return comparison(CompareTarget.Create, range, relation, { number: revision });
  },
  /** The revision of the last change. */
  modRevision(range: KeyRange, relation: Relation, revision: number): Comparison {
    return comparison(CompareTarget.Mod, range, relation, { number: revision });
  },
  /** The lease that the key is attached to. */
  lease(range: KeyRange, relation: Relation, lease: bigint): Comparison {
    return comparison(CompareTarget.Lease, range, relation, { lease });
  },
  /** The key is there. */
  exists(key: Bytes): Comparison {
    return comparison(CompareTarget.Create, key, '!=', { number: 0 });
  },
  /** The key is not there. */
  missing(key: Bytes): Comparison {
    return comparison(CompareTarget.Create, key, '=', { number: 0 });
  },
} as const;
