/**
 * Random hot messages, and the same messages in the words of the .proto files for protobufjs, which is the judge of the
 * hand-written codecs. Nothing here uses those codecs, but for the bytes of embedded pairs.
 */

import fc from 'fast-check';
import type protobuf from 'protobufjs';
import { loadProto } from '../../proto/generate.ts';
import { encodeKeyValue } from '../../src/wire/key-value.ts';
import type {
  CompactionRequest,
  Compare,
  DeleteRangeRequest,
  DeleteRangeResult,
  Event,
  KeyValue,
  OpResult,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
  RequestOp,
  TxnRequest,
  TxnResult,
  WatchRequest,
} from '../../src/wire/messages.ts';
import { CompareTarget, OpKind } from '../../src/wire/messages.ts';

const root = loadProto();

/** A message in the words of its .proto file. */
export type Wire = Record<string, unknown>;

function referenceType(typeName: string): protobuf.Type {
  return root.lookupType(typeName);
}

export function referenceEncode(typeName: string, message: Wire): Uint8Array {
  const type = referenceType(typeName);
  return type.encode(type.fromObject(message)).finish();
}

export function referenceDecode(typeName: string, bytes: Uint8Array): Wire {
  const type = referenceType(typeName);
  return type.toObject(type.decode(bytes), { longs: BigInt, defaults: true });
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** The same value with bytes as hexadecimal text, so that all kinds of byte arrays compare. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, comparable(field)]));
}

export const bytesArbitrary: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constant(new Uint8Array(0)),
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 120, maxLength: 300 }),
);

const edges = [
  0,
  1,
  127,
  128,
  16383,
  16384,
  2 ** 28 - 1,
  2 ** 28,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 35,
  2 ** 42,
];

/** int64 fields that are numbers: any safe integer, with the edges of varints often among them. */
export const numberArbitrary: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(
    ...edges,
    ...edges.map((edge) => -edge || 0),
    2 ** 49,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ),
  fc.nat(100_000),
  fc.maxSafeInteger(),
);

export const leaseArbitrary: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

export const idArbitrary: fc.Arbitrary<bigint> = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

/** Enums: the known numbers, and some that nobody knows. */
const enumArbitrary = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.constantFrom(5, 1000, -1, -(2 ** 31), 2 ** 31 - 1),
);

export const keyValueArbitrary: fc.Arbitrary<KeyValue> = fc.record({
  key: bytesArbitrary,
  createRevision: numberArbitrary,
  modRevision: numberArbitrary,
  version: numberArbitrary,
  value: bytesArbitrary,
  lease: leaseArbitrary,
});

export const rangeRequestArbitrary: fc.Arbitrary<RangeRequest> = fc.record({
  key: bytesArbitrary,
  rangeEnd: bytesArbitrary,
  limit: numberArbitrary,
  revision: numberArbitrary,
  sortOrder: enumArbitrary,
  sortTarget: enumArbitrary,
  serializable: fc.boolean(),
  keysOnly: fc.boolean(),
  countOnly: fc.boolean(),
  minModRevision: numberArbitrary,
  maxModRevision: numberArbitrary,
  minCreateRevision: numberArbitrary,
  maxCreateRevision: numberArbitrary,
});

export const putRequestArbitrary: fc.Arbitrary<PutRequest> = fc.record({
  key: bytesArbitrary,
  value: bytesArbitrary,
  lease: leaseArbitrary,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});

export const deleteRangeRequestArbitrary: fc.Arbitrary<DeleteRangeRequest> = fc.record({
  key: bytesArbitrary,
  rangeEnd: bytesArbitrary,
  prevKv: fc.boolean(),
});

export const compactionRequestArbitrary: fc.Arbitrary<CompactionRequest> = fc.record({
  revision: numberArbitrary,
  physical: fc.boolean(),
});

/** Compares whose operands are those of their target, as decoding leaves them. */
const compareArbitrary: fc.Arbitrary<Compare> = fc
  .record({
    result: enumArbitrary,
    target: enumArbitrary,
    key: bytesArbitrary,
    rangeEnd: bytesArbitrary,
    number: numberArbitrary,
    value: bytesArbitrary,
    lease: leaseArbitrary,
  })
  .map((compare) => ({
    ...compare,
    number: compare.target >= 0 && compare.target <= CompareTarget.Mod ? compare.number : 0,
    value: compare.target === CompareTarget.Value ? compare.value : new Uint8Array(0),
    lease: compare.target === CompareTarget.Lease ? compare.lease : 0n,
  }));

const { txn } = fc.letrec<{ txn: TxnRequest; op: RequestOp }>((tie) => ({
  op: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'txn' },
    rangeRequestArbitrary.map((request): RequestOp => ({ kind: OpKind.Range, request })),
    fc.constant<RequestOp>({ kind: OpKind.Unset }),
    putRequestArbitrary.map((request): RequestOp => ({ kind: OpKind.Put, request })),
    deleteRangeRequestArbitrary.map((request): RequestOp => ({ kind: OpKind.DeleteRange, request })),
    tie('txn').map((request): RequestOp => ({ kind: OpKind.Txn, request })),
  ),
  txn: fc.record({
    compare: fc.array(compareArbitrary, { maxLength: 3 }),
    success: fc.array(tie('op'), { maxLength: 3, depthIdentifier: 'txn' }),
    failure: fc.array(tie('op'), { maxLength: 3, depthIdentifier: 'txn' }),
  }),
}));
export const txnRequestArbitrary: fc.Arbitrary<TxnRequest> = txn;

const pairArbitrary = keyValueArbitrary.map(encodeKeyValue);

export const rangeResultArbitrary: fc.Arbitrary<RangeResult> = fc.record({
  kvs: fc.array(pairArbitrary, { maxLength: 4 }),
  more: fc.boolean(),
  count: numberArbitrary,
  revision: numberArbitrary,
});

export const putResultArbitrary: fc.Arbitrary<PutResult> = fc.record({
  prevKv: fc.option(pairArbitrary),
  revision: numberArbitrary,
});

export const deleteRangeResultArbitrary: fc.Arbitrary<DeleteRangeResult> = fc.record({
  deleted: numberArbitrary,
  prevKvs: fc.array(pairArbitrary, { maxLength: 4 }),
  revision: numberArbitrary,
});

const { result } = fc.letrec<{ result: TxnResult; op: OpResult }>((tie) => ({
  op: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'result' },
    putResultArbitrary.map((one): OpResult => ({ kind: OpKind.Put, result: one })),
    rangeResultArbitrary.map((one): OpResult => ({ kind: OpKind.Range, result: one })),
    deleteRangeResultArbitrary.map((one): OpResult => ({ kind: OpKind.DeleteRange, result: one })),
    tie('result').map((one): OpResult => ({ kind: OpKind.Txn, result: one })),
  ),
  result: fc.record({
    succeeded: fc.boolean(),
    responses: fc.array(tie('op'), { maxLength: 4, depthIdentifier: 'result' }),
    revision: numberArbitrary,
  }),
}));
export const txnResultArbitrary: fc.Arbitrary<TxnResult> = result;

export interface HeaderFields {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}

export const headerArbitrary: fc.Arbitrary<HeaderFields> = fc.record({
  clusterId: idArbitrary,
  memberId: idArbitrary,
  revision: numberArbitrary,
  raftTerm: fc.maxSafeNat(),
});

export const watchRequestArbitrary: fc.Arbitrary<WatchRequest> = fc.oneof(
  fc
    .record({
      key: bytesArbitrary,
      rangeEnd: bytesArbitrary,
      startRevision: numberArbitrary,
      progressNotify: fc.boolean(),
      filters: fc.array(enumArbitrary, { maxLength: 4 }),
      prevKv: fc.boolean(),
      watchId: numberArbitrary,
      fragment: fc.boolean(),
    })
    .map((create): WatchRequest => ({ kind: 'create', create })),
  numberArbitrary.map((watchId): WatchRequest => ({ kind: 'cancel', watchId })),
  fc.constant<WatchRequest>({ kind: 'progress' }),
  fc.constant<WatchRequest>({ kind: 'unset' }),
);

export const eventArbitrary: fc.Arbitrary<Event> = fc.record({
  type: enumArbitrary,
  kv: pairArbitrary,
  prevKv: fc.option(pairArbitrary),
});

// From our words to those of the .proto files.

function int64(value: number): bigint {
  return BigInt(value);
}

export function wireKeyValue(kv: KeyValue): Wire {
  return {
    key: kv.key,
    create_revision: int64(kv.createRevision),
    mod_revision: int64(kv.modRevision),
    version: int64(kv.version),
    value: kv.value,
    lease: kv.lease,
  };
}

export function wireHeader(header: HeaderFields): Wire {
  return {
    cluster_id: header.clusterId,
    member_id: header.memberId,
    revision: int64(header.revision),
    raft_term: int64(header.raftTerm),
  };
}

export function wireRange(request: RangeRequest): Wire {
  return {
    key: request.key,
    range_end: request.rangeEnd,
    limit: int64(request.limit),
    revision: int64(request.revision),
    sort_order: request.sortOrder,
    sort_target: request.sortTarget,
    serializable: request.serializable,
    keys_only: request.keysOnly,
    count_only: request.countOnly,
    min_mod_revision: int64(request.minModRevision),
    max_mod_revision: int64(request.maxModRevision),
    min_create_revision: int64(request.minCreateRevision),
    max_create_revision: int64(request.maxCreateRevision),
  };
}

export function wirePut(request: PutRequest): Wire {
  return {
    key: request.key,
    value: request.value,
    lease: request.lease,
    prev_kv: request.prevKv,
    ignore_value: request.ignoreValue,
    ignore_lease: request.ignoreLease,
  };
}

export function wireDeleteRange(request: DeleteRangeRequest): Wire {
  return { key: request.key, range_end: request.rangeEnd, prev_kv: request.prevKv };
}

function wireCompare(compare: Compare): Wire {
  const operands: Record<number, Wire> = {
    [CompareTarget.Version]: { version: int64(compare.number) },
    [CompareTarget.Create]: { create_revision: int64(compare.number) },
    [CompareTarget.Mod]: { mod_revision: int64(compare.number) },
    [CompareTarget.Value]: { value: compare.value },
    [CompareTarget.Lease]: { lease: compare.lease },
  };
  const { result, target, key, rangeEnd } = compare;
  return { result, target, key, range_end: rangeEnd, ...operands[target] };
}

function wireOp(op: RequestOp): Wire {
  if (op.kind === OpKind.Range) return { request_range: wireRange(op.request) };
  if (op.kind === OpKind.Put) return { request_put: wirePut(op.request) };
  if (op.kind === OpKind.DeleteRange) return { request_delete_range: wireDeleteRange(op.request) };
  return op.kind === OpKind.Txn ? { request_txn: wireTxn(op.request) } : {};
}

export function wireTxn(request: TxnRequest): Wire {
  return {
    compare: request.compare.map(wireCompare),
    success: request.success.map(wireOp),
    failure: request.failure.map(wireOp),
  };
}

function wirePair(bytes: Uint8Array): Wire {
  return referenceDecode('mvccpb.KeyValue', bytes);
}

export function wireRangeResult(one: RangeResult, header: Wire | null): Wire {
  return { header, kvs: one.kvs.map(wirePair), more: one.more, count: int64(one.count) };
}

export function wirePutResult(one: PutResult, header: Wire): Wire {
  return { header, prev_kv: one.prevKv === null ? null : wirePair(one.prevKv) };
}

export function wireDeleteRangeResult(one: DeleteRangeResult, header: Wire): Wire {
  return { header, deleted: int64(one.deleted), prev_kvs: one.prevKvs.map(wirePair) };
}

function wireOpResult(op: OpResult): Wire {
  const header = { revision: int64(op.result.revision) };
  if (op.kind === OpKind.Range) return { response_range: wireRangeResult(op.result, header) };
  if (op.kind === OpKind.Put) return { response_put: wirePutResult(op.result, header) };
  if (op.kind === OpKind.DeleteRange)
    return { response_delete_range: wireDeleteRangeResult(op.result, header) };
  return { response_txn: wireTxnResult(op.result, {}) };
}

export function wireTxnResult(one: TxnResult, header: Wire): Wire {
  return { header, succeeded: one.succeeded, responses: one.responses.map(wireOpResult) };
}

export function wireWatchRequest(request: WatchRequest): Wire {
  if (request.kind === 'cancel') return { cancel_request: { watch_id: int64(request.watchId) } };
  if (request.kind === 'progress') return { progress_request: {} };
  if (request.kind === 'unset') return {};
  const { create } = request;
  return {
    create_request: {
      key: create.key,
      range_end: create.rangeEnd,
      start_revision: int64(create.startRevision),
      progress_notify: create.progressNotify,
      filters: create.filters,
      prev_kv: create.prevKv,
      watch_id: int64(create.watchId),
      fragment: create.fragment,
    },
  };
}

export function wireEvent(event: Event): Wire {
  return {
    type: event.type,
    kv: wirePair(event.kv),
    prev_kv: event.prevKv === null ? null : wirePair(event.prevKv),
  };
}
