/**
 * The etcd v3 messages of the hot path as plain objects: every field is always there, with its proto3 default.
 *
 * 64-bit fields that count (revisions, limits, versions) are numbers; a value beyond the safe integers is saturated
 * when decoded, which no comparison can tell. Lease ids are bigint (full range). Keys and values may be views
 * on the buffer that was decoded: whoever keeps one beyond the call copies it.
 *
 * Stored key-value pairs travel as encoded `mvccpb.KeyValue` bytes (`KeyValueBytes`): the store keeps them that way
 * and answers embed them without decoding.
 */

export type KeyValueBytes = Uint8Array;

export interface KeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}

/** `idBytes` are the encoded fields cluster_id and member_id, made once per member; empty inside a txn. */
export interface ResponseHeader {
  readonly idBytes: Uint8Array;
  readonly revision: number;
  readonly raftTerm: number;
}

export const SortOrder = { None: 0, Ascend: 1, Descend: 2 } as const;
export const SortTarget = { Key: 0, Version: 1, Create: 2, Mod: 3, Value: 4 } as const;

export interface RangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  limit: number;
  revision: number;
  /** A SortOrder; unknown numbers are kept, so that they can be refused. */
  sortOrder: number;
  sortTarget: number;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}

/** All of a range as it is now, in the order of keys. @param rangeEnd empty: one key */
export function plainRange(key: Uint8Array, rangeEnd: Uint8Array): RangeRequest {
  return {
    key,
    rangeEnd,
    limit: 0,
    revision: 0,
    sortOrder: SortOrder.None,
    sortTarget: SortTarget.Key,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

export interface RangeResult {
  kvs: KeyValueBytes[];
  more: boolean;
  count: number;
  /** The store's current revision when it was read. */
  revision: number;
}

export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}

export interface PutResult {
  prevKv: KeyValueBytes | null;
  revision: number;
}

export interface DeleteRangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  prevKv: boolean;
}

export interface DeleteRangeResult {
  deleted: number;
  prevKvs: KeyValueBytes[];
  revision: number;
}

/** The oneof of RequestOp and ResponseOp, by field number. */
export const OpKind = { Unset: 0, Range: 1, Put: 2, DeleteRange: 3, Txn: 4 } as const;

export type RequestOp =
  | { readonly kind: typeof OpKind.Unset }
  | { readonly kind: typeof OpKind.Range; readonly request: RangeRequest }
  | { readonly kind: typeof OpKind.Put; readonly request: PutRequest }
  | { readonly kind: typeof OpKind.DeleteRange; readonly request: DeleteRangeRequest }
  | { readonly kind: typeof OpKind.Txn; readonly request: TxnRequest };

export type OpResult =
  | { readonly kind: typeof OpKind.Range; readonly result: RangeResult }
  | { readonly kind: typeof OpKind.Put; readonly result: PutResult }
  | { readonly kind: typeof OpKind.DeleteRange; readonly result: DeleteRangeResult }
  | { readonly kind: typeof OpKind.Txn; readonly result: TxnResult };

export const CompareResult = { Equal: 0, Greater: 1, Less: 2, NotEqual: 3 } as const;
export const CompareTarget = { Version: 0, Create: 1, Mod: 2, Value: 3, Lease: 4 } as const;

/** Union members that do not belong to `target` are dropped when decoding; a missing one reads 0 or empty. */
export interface Compare {
  result: number;
  target: number;
  key: Uint8Array;
  rangeEnd: Uint8Array;
  /** Operand of Version, Create and Mod. */
  number: number;
  /** Operand of Value. */
  value: Uint8Array;
  /** Operand of Lease. */
  lease: bigint;
}

export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

export interface TxnResult {
  succeeded: boolean;
  responses: OpResult[];
  revision: number;
}

export interface CompactionRequest {
  revision: number;
  physical: boolean;
}

export const EventType = { Put: 0, Delete: 1 } as const;
export const FilterType = { NoPut: 0, NoDelete: 1 } as const;

/** For a deletion `kv` holds key and mod_revision only. */
export interface Event {
  type: number;
  kv: KeyValueBytes;
  prevKv: KeyValueBytes | null;
}

export interface WatchCreateRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  startRevision: number;
  progressNotify: boolean;
  filters: number[];
  prevKv: boolean;
  watchId: number;
  fragment: boolean;
}

export type WatchRequest =
  | { readonly kind: 'create'; readonly create: WatchCreateRequest }
  | { readonly kind: 'cancel'; readonly watchId: number }
  | { readonly kind: 'progress' }
  | { readonly kind: 'unset' };

export interface WatchResponse {
  header: ResponseHeader;
  watchId: number;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: readonly Event[];
}
