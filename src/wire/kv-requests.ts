/**
 * The requests of `etcdserverpb.KV` between bytes and plain objects, both ways: servers decode, clients encode.
 *
 * Decoded keys and values are views on the request's bytes. Encoding is canonical. A member of a oneof that comes twice
 * replaces the one before, even when both are the same message: that is what gogo/protobuf, and so etcd, does, while the
 * protobuf specification would merge them.
 */

import { Failure } from '../util/failure.ts';
import { type PlacedPut, placedPut } from './key-value.ts';
import type {
  CompactionRequest,
  Compare,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from './messages.ts';
import { CompareTarget, OpKind, plainRange } from './messages.ts';
import { emptyBytes, malformed, maxMessageDepth, Reader, WireType } from './proto-reader.ts';
import { Writer } from './proto-writer.ts';

const writer = new Writer();

function begin(): Writer {
  writer.reset();
  return writer;
}

/** @throws Failure 'malformedRequest' */
export function decodeRangeRequest(bytes: Uint8Array): RangeRequest {
  return readRangeRequest(new Reader(bytes));
}

function readRangeRequest(reader: Reader): RangeRequest {
  const request = plainRange(emptyBytes, emptyBytes);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    // 1 << 3 | 2, 2 << 3 | 2, 3 << 3 | 0, …
    if (tag === 0x0a) request.key = reader.plainView();
    else if (tag === 0x12) request.rangeEnd = reader.plainView();
    else if (tag === 0x18) request.limit = reader.int64();
    else if (tag === 0x20) request.revision = reader.int64();
    else if (tag === 0x28) request.sortOrder = reader.int32();
    else if (tag === 0x30) request.sortTarget = reader.int32();
    else if (tag === 0x38) request.serializable = reader.bool();
    else if (tag === 0x40) request.keysOnly = reader.bool();
    else if (tag === 0x48) request.countOnly = reader.bool();
    else if (tag === 0x50) request.minModRevision = reader.int64();
    else if (tag === 0x58) request.maxModRevision = reader.int64();
    else if (tag === 0x60) request.minCreateRevision = reader.int64();
    else if (tag === 0x68) request.maxCreateRevision = reader.int64();
    else reader.skip(tag, 13);
  }
  return request;
}

export function encodeRangeRequest(request: RangeRequest): Uint8Array {
  const to = begin();
  writeRangeRequest(to, request);
  return to.finish();
}

function writeRangeRequest(to: Writer, request: RangeRequest): void {
  to.int64Field(13, request.maxCreateRevision);
  to.int64Field(12, request.minCreateRevision);
  to.int64Field(11, request.maxModRevision);
  to.int64Field(10, request.minModRevision);
  to.boolField(9, request.countOnly);
  to.boolField(8, request.keysOnly);
  to.boolField(7, request.serializable);
  to.int64Field(6, request.sortTarget);
  to.int64Field(5, request.sortOrder);
  to.int64Field(4, request.revision);
  to.int64Field(3, request.limit);
  to.bytesField(2, request.rangeEnd);
  to.bytesField(1, request.key);
}

/** Puts are many, and reading one never leads to reading another. */
const putReader = new Reader(emptyBytes);

/**
 * Decodes `bytes[from, to)`.
 * @throws Failure 'malformedRequest'
 */
export function decodePutRequest(bytes: Uint8Array, from = 0, to: number = bytes.length): PutRequest {
  return readPutRequest(putReader.restart(bytes, from, to));
}

function readPutRequest(reader: Reader): PutRequest {
  let key = emptyBytes;
  let value = emptyBytes;
  let lease = 0n;
  let prevKv = false;
  let ignoreValue = false;
  let ignoreLease = false;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) key = reader.plainView();
    else if (tag === 0x12) value = reader.plainView();
    else if (tag === 0x18) lease = reader.bigInt64();
    else if (tag === 0x20) prevKv = reader.bool();
    else if (tag === 0x28) ignoreValue = reader.bool();
    else if (tag === 0x30) ignoreLease = reader.bool();
    else reader.skip(tag, 6);
  }
  return { key, value, lease, prevKv, ignoreValue, ignoreLease };
}

/** A put as it stands in its bytes. */
export interface LocatedPut extends PlacedPut {
  /** It asks for more than to put a value: to be decoded and dealt with as a whole. */
  asksMore: boolean;
}

const located: LocatedPut = { ...placedPut(), asksMore: false };
/** Where the bytes that it is in begin in their buffer. */
let locatedBase = 0;

/**
 * Finds key and value in `bytes[from, to)`, without an object for either.
 * @returns the same object each time: use it before the next call
 * @throws Failure 'malformedRequest'
 */
export function locatePut(bytes: Uint8Array, from: number, to: number): LocatedPut {
  const reader = putReader.restart(bytes, from, to);
  const put = located;
  // An object that is old pays for each young one it is given, and to ask for a buffer is a call.
  if (put.key !== bytes) {
    put.key = bytes;
    put.buffer = bytes.buffer;
    locatedBase = bytes.byteOffset;
  }
  put.keyStart = 0;
  put.keyEnd = 0;
  put.valueStart = 0;
  put.valueEnd = 0;
  put.lease = 0n;
  put.asksMore = false;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      put.keyStart = reader.pass();
      put.keyEnd = reader.at;
    } else if (tag === 0x12) {
      put.valueStart = locatedBase + reader.pass();
      put.valueEnd = locatedBase + reader.at;
    } else if (tag === 0x18) put.lease = reader.bigInt64();
    else if (tag === 0x20 || tag === 0x28 || tag === 0x30) put.asksMore = reader.bool() || put.asksMore;
    else reader.skip(tag, 6);
  }
  return put;
}

export function encodePutRequest(request: PutRequest): Uint8Array {
  const to = begin();
  writePutRequest(to, request);
  return to.finish();
}

function writePutRequest(to: Writer, request: PutRequest): void {
  to.boolField(6, request.ignoreLease);
  to.boolField(5, request.ignoreValue);
  to.boolField(4, request.prevKv);
  to.bigint64Field(3, request.lease);
  to.bytesField(2, request.value);
  to.bytesField(1, request.key);
}

/** @throws Failure 'malformedRequest' */
export function decodeDeleteRangeRequest(bytes: Uint8Array): DeleteRangeRequest {
  return readDeleteRangeRequest(new Reader(bytes));
}

function readDeleteRangeRequest(reader: Reader): DeleteRangeRequest {
  let key = emptyBytes;
  let rangeEnd = emptyBytes;
  let prevKv = false;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) key = reader.plainView();
    else if (tag === 0x12) rangeEnd = reader.plainView();
    else if (tag === 0x18) prevKv = reader.bool();
    else reader.skip(tag, 3);
  }
  return { key, rangeEnd, prevKv };
}

export function encodeDeleteRangeRequest(request: DeleteRangeRequest): Uint8Array {
  const to = begin();
  writeDeleteRangeRequest(to, request);
  return to.finish();
}

function writeDeleteRangeRequest(to: Writer, request: DeleteRangeRequest): void {
  to.boolField(3, request.prevKv);
  to.bytesField(2, request.rangeEnd);
  to.bytesField(1, request.key);
}

/** @throws Failure 'malformedRequest' */
export function decodeCompactionRequest(bytes: Uint8Array): CompactionRequest {
  const reader = new Reader(bytes);
  let revision = 0;
  let physical = false;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) revision = reader.int64();
    else if (tag === 0x10) physical = reader.bool();
    else reader.skip(tag, 2);
  }
  return { revision, physical };
}

export function encodeCompactionRequest(request: CompactionRequest): Uint8Array {
  const to = begin();
  to.boolField(2, request.physical);
  to.int64Field(1, request.revision);
  return to.finish();
}

/**
 * Decodes a transaction with everything nested in it.
 * @param maxOps longest list of compares or operations, on every level; a longer one is refused while it is read,
 *   so that two bytes on the wire cannot cost a hundred in memory.
 * @throws Failure 'malformedRequest', also when messages nest deeper than `maxMessageDepth`; 'tooManyOps'
 */
export function decodeTxnRequest(bytes: Uint8Array, maxOps: number = Number.POSITIVE_INFINITY): TxnRequest {
  return readTxnRequest(new Reader(bytes), maxOps, 1);
}

/** The list, or another one, with one more. Most lists of txns have one: such takes no more room than that. */
function appended<T>(list: T[], element: T): T[] {
  if (list.length === 0) return [element];
  list.push(element);
  return list;
}

function readTxnRequest(reader: Reader, maxOps: number, depth: number): TxnRequest {
  if (depth > maxMessageDepth) throw malformed(`messages nest deeper than ${maxMessageDepth}`);
  let compare: Compare[] = [];
  let success: RequestOp[] = [];
  let failure: RequestOp[] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) {
      reader.skip(tag, 3);
      continue;
    }
    const outer = reader.enter();
    let length: number;
    if (tag === 0x0a) {
      compare = appended(compare, readCompare(reader));
      length = compare.length;
    } else if (tag === 0x12) {
      success = appended(success, readRequestOp(reader, maxOps, depth + 1));
      length = success.length;
    } else {
      failure = appended(failure, readRequestOp(reader, maxOps, depth + 1));
      length = failure.length;
    }
    if (length > maxOps) throw new Failure('tooManyOps', `more than ${maxOps} operations in a transaction`);
    reader.end = outer;
  }
  return { compare, success, failure };
}

const unsetOp: RequestOp = { kind: OpKind.Unset };

function readRequestOp(reader: Reader, maxOps: number, depth: number): RequestOp {
  let op = unsetOp;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) !== WireType.Bytes || tag >>> 3 > OpKind.Txn) {
      reader.skip(tag, OpKind.Txn);
      continue;
    }
    const outer = reader.enter();
    const kind = tag >>> 3;
    if (kind === OpKind.Range) op = { kind, request: readRangeRequest(reader) };
    else if (kind === OpKind.Put) op = { kind, request: readPutRequest(reader) };
    else if (kind === OpKind.DeleteRange) op = { kind, request: readDeleteRangeRequest(reader) };
    else op = { kind: OpKind.Txn, request: readTxnRequest(reader, maxOps, depth + 1) };
    reader.end = outer;
  }
  return op;
}

/** Field number in the union of the operand that belongs to a target; 0 for a target without a name. */
function operandField(target: number): number {
  return target >= CompareTarget.Version && target <= CompareTarget.Lease ? target + 4 : 0;
}

function readCompare(reader: Reader): Compare {
  const compare: Compare = {
    result: 0,
    target: 0,
    key: emptyBytes,
    rangeEnd: emptyBytes,
    number: 0,
    value: emptyBytes,
    lease: 0n,
  };
  let operand = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    const field = tag >>> 3;
    if (tag === 0x08) compare.result = reader.int32();
    else if (tag === 0x10) compare.target = reader.int32();
    else if (tag === 0x1a) compare.key = reader.plainView();
    else if (tag === 0x20 || tag === 0x28 || tag === 0x30) compare.number = reader.int64();
    else if (tag === 0x3a) compare.value = reader.plainView();
    else if (tag === 0x40) compare.lease = reader.bigInt64();
    else if (tag === 0x0202) compare.rangeEnd = reader.plainView();
    else reader.skip(tag, field === 64 ? 64 : 8);
    if (field >= 4 && field <= 8) operand = field;
  }
  // The last member of the union is the operand, and only if it is the target's own.
  const wanted = operandField(compare.target);
  if (operand !== wanted || wanted > 6) compare.number = 0;
  if (operand !== wanted || wanted !== 7) compare.value = emptyBytes;
  if (operand !== wanted || wanted !== 8) compare.lease = 0n;
  return compare;
}

function writeCompare(to: Writer, compare: Compare): void {
  to.bytesField(64, compare.rangeEnd);
  const field = operandField(compare.target);
  // A member of a oneof is written even when it is 0: its presence says which one it is.
  if (field === 8) {
    to.bigVarint(compare.lease);
    to.tag(8, WireType.Varint);
  } else if (field === 7) {
    to.element(7, compare.value);
  } else if (field !== 0) {
    to.varint(compare.number);
    to.tag(field, WireType.Varint);
  }
  to.bytesField(3, compare.key);
  to.int64Field(2, compare.target);
  to.int64Field(1, compare.result);
}

export function encodeTxnRequest(request: TxnRequest): Uint8Array {
  const to = begin();
  writeTxnRequest(to, request);
  return to.finish();
}

function writeTxnRequest(to: Writer, request: TxnRequest): void {
  writeOps(to, 3, request.failure);
  writeOps(to, 2, request.success);
  for (let i = request.compare.length - 1; i >= 0; i--) {
    const before = to.written;
    writeCompare(to, request.compare[i]!);
    to.lengthPrefix(1, before);
  }
}

function writeOps(to: Writer, field: number, ops: readonly RequestOp[]): void {
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i]!;
    const before = to.written;
    if (op.kind !== OpKind.Unset) {
      if (op.kind === OpKind.Range) writeRangeRequest(to, op.request);
      else if (op.kind === OpKind.Put) writePutRequest(to, op.request);
      else if (op.kind === OpKind.DeleteRange) writeDeleteRangeRequest(to, op.request);
      else writeTxnRequest(to, op.request);
      to.lengthPrefix(op.kind, before);
    }
    to.lengthPrefix(field, before);
  }
}
