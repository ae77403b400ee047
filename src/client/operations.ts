/**
 * The operations on keys, as requests and as answers: what the kv calls take and give, and what transactions are made
 * of.
 */

import type { DeleteRangeResponse, OpResponse, PutResponse, RangeResponse } from '../wire/kv-codec.ts';
import type {
  DeleteRangeRequest,
  KeyValue,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../wire/messages.ts';
import { OpKind, SortOrder, SortTarget } from '../wire/messages.ts';
import type { DecodedHeader } from '../wire/response-header.ts';
import { type Bytes, type KeyRange, toBytes, toWireRange } from './keys.ts';
import { Pair } from './pair.ts';

/** Who answered, and at which revision of the store. Inside a transaction only the revision is filled. */
export type Header = Readonly<DecodedHeader>;

export interface GetOptions {
  /** Read the state as it was at this revision. @default the latest */
  readonly revision?: number;
  /**
   * Answer from the asked member's own state, without a majority: faster, works through an outage, and may be old.
   * @default false
   */
  readonly serializable?: boolean;
}

export type SortBy = 'key' | 'version' | 'createRevision' | 'modRevision' | 'value';

export interface RangeOptions extends GetOptions {
  /** Most pairs to answer with; 0 for all. @default 0 */
  readonly limit?: number;
  /** @default 'key' */
  readonly sortBy?: SortBy;
  /** @default 'ascending' */
  readonly order?: 'ascending' | 'descending';
  /** Leave the values out. @default false */
  readonly keysOnly?: boolean;
  /** Answer with `count` alone. @default false */
  readonly countOnly?: boolean;
  /** Only pairs last changed at this revision or later; the next three are likewise bounds that belong to it. */
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

export interface PutOptions {
  /** The lease that the key lives and dies with. @default none, and none any more */
  readonly lease?: bigint | { readonly id: bigint };
  /** Answer with what was there before. @default false */
  readonly previous?: boolean;
  /** Keep the value that is there; the one given must be empty. @default false */
  readonly ignoreValue?: boolean;
  /** Keep the lease that is there. @default false */
  readonly ignoreLease?: boolean;
}

export interface DeleteOptions {
  /** Answer with what was deleted. @default false */
  readonly previous?: boolean;
}

export interface RangeAnswer {
  readonly kind: 'range';
  readonly header: Header;
  readonly pairs: readonly Pair[];
  /** There are pairs beyond `limit`. */
  readonly more: boolean;
  /** Keys in the range, whatever the limit and the bounds on revisions. */
  readonly count: number;
}

export interface PutAnswer {
  readonly kind: 'put';
  readonly header: Header;
  /** Revision of this write. */
  readonly revision: number;
  /** What was there before, if it was asked for. */
  readonly previous: Pair | null;
}

export interface DeleteAnswer {
  readonly kind: 'delete';
  readonly header: Header;
  /** Revision of this write; the current one if nothing was there to delete. */
  readonly revision: number;
  readonly deleted: number;
  /** What was deleted, if it was asked for. */
  readonly previous: readonly Pair[];
}

export interface TxnAnswer {
  readonly kind: 'txn';
  readonly header: Header;
  /** Revision of the transaction's writes; the current one if it wrote nothing. */
  readonly revision: number;
  /** Whether every comparison held, and so `then` was run rather than `else`. */
  readonly succeeded: boolean;
  /** One for each operation of the branch that was run, in its order. */
  readonly answers: readonly Answer[];
}

export type Answer = RangeAnswer | PutAnswer | DeleteAnswer | TxnAnswer;

const sortTargets: Readonly<Record<SortBy, number>> = {
  key: SortTarget.Key,
  version: SortTarget.Version,
  createRevision: SortTarget.Create,
  modRevision: SortTarget.Mod,
  value: SortTarget.Value,
};

function sortOrderOf({ order, sortBy }: RangeOptions): number {
  if (order === 'descending') return SortOrder.Descend;
  return order === undefined && sortBy === undefined ? SortOrder.None : SortOrder.Ascend;
}

export function rangeRequest(range: KeyRange, options: RangeOptions): RangeRequest {
  const { key, rangeEnd } = toWireRange(range);
  return {
    key,
    rangeEnd,
    limit: options.limit ?? 0,
    revision: options.revision ?? 0,
    sortOrder: sortOrderOf(options),
    sortTarget: sortTargets[options.sortBy ?? 'key'],
    serializable: options.serializable ?? false,
    keysOnly: options.keysOnly ?? false,
    countOnly: options.countOnly ?? false,
    minModRevision: options.minModRevision ?? 0,
    maxModRevision: options.maxModRevision ?? 0,
    minCreateRevision: options.minCreateRevision ?? 0,
    maxCreateRevision: options.maxCreateRevision ?? 0,
  };
}

function leaseIdOf(lease: bigint | { readonly id: bigint } | undefined): bigint {
  if (lease === undefined) return 0n;
  return typeof lease === 'bigint' ? lease : lease.id;
}

export function putRequest(key: Bytes, value: Bytes, options: PutOptions): PutRequest {
  return {
    key: toBytes(key),
    value: toBytes(value),
    lease: leaseIdOf(options.lease),
    prevKv: options.previous ?? false,
    ignoreValue: options.ignoreValue ?? false,
    ignoreLease: options.ignoreLease ?? false,
  };
}

export function deleteRequest(range: KeyRange, options: DeleteOptions): DeleteRangeRequest {
  return { ...toWireRange(range), prevKv: options.previous ?? false };
}

/** One operation of a transaction; made by `op`. */
export type Operation = RequestOp;

/** What builds a transaction: a `Txn`. */
export interface TxnSource {
  request(): TxnRequest;
}

/** Makes the operations of transactions. */
export const op = {
  put(key: Bytes, value: Bytes, options: PutOptions = {}): Operation {
    return { kind: OpKind.Put, request: putRequest(key, value, options) };
  },
  get(range: KeyRange, options: RangeOptions = {}): Operation {
    return { kind: OpKind.Range, request: rangeRequest(range, options) };
  },
  delete(range: KeyRange, options: DeleteOptions = {}): Operation {
    return { kind: OpKind.DeleteRange, request: deleteRequest(range, options) };
  },
  /** A transaction inside a transaction: its comparisons see the state before the outer one. */
  txn(txn: TxnSource): Operation {
    return { kind: OpKind.Txn, request: txn.request() };
  },
} as const;

function pairOf(kv: KeyValue | null): Pair | null {
  return kv === null ? null : new Pair(kv);
}

export function rangeAnswer({ header, kvs, more, count }: RangeResponse): RangeAnswer {
  return { kind: 'range', header, pairs: kvs.map((kv) => new Pair(kv)), more, count };
}

export function putAnswer({ header, prevKv }: PutResponse): PutAnswer {
  return { kind: 'put', header, revision: header.revision, previous: pairOf(prevKv) };
}

export function deleteAnswer({ header, deleted, prevKvs }: DeleteRangeResponse): DeleteAnswer {
  const previous = prevKvs.map((kv) => new Pair(kv));
  return { kind: 'delete', header, revision: header.revision, deleted, previous };
}

/** @param revision of the transaction: the header of one inside another is empty */
export function txnAnswer(
  response: { header: Header; succeeded: boolean; responses: readonly OpResponse[] },
  revision: number,
): TxnAnswer {
  const { header, succeeded, responses } = response;
  const answers = responses.map((one): Answer => {
    switch (one.kind) {
      case OpKind.Range:
        return rangeAnswer(one.response);
      case OpKind.Put:
        return putAnswer(one.response);
      case OpKind.DeleteRange:
        return deleteAnswer(one.response);
      case OpKind.Txn:
        return txnAnswer(one.response, revision);
      default:
        throw new Error('an operation of the transaction was answered with nothing');
    }
  });
  return { kind: 'txn', header, revision, succeeded, answers };
}
