/**
 * Encodes the answers of `etcdserverpb.KV`. Pairs are embedded as the bytes the store keeps. Inside a transaction the
 * header of an operation holds the revision only, and the one of a nested transaction is there but empty: clients
 * read `response_put.header.revision`, so it may not be left out.
 */

import type {
  DeleteRangeResult,
  OpResult,
  PutResult,
  RangeResult,
  ResponseHeader,
  TxnResult,
} from './messages.ts';
import { OpKind } from './messages.ts';
import { varintBytes, Writer } from './proto-writer.ts';
import { writeHeader, writeRevisionHeader } from './response-header.ts';

/** Tag and longest usual length in front of an embedded pair; only the guess of a buffer's size. */
const pairPrefixBytes = 6;
const aroundPairsBytes = 64;

const writer = new Writer();

function begin(): Writer {
  writer.reset();
  return writer;
}

/** @param header null for a part of a response that goes behind another part, which has the header. */
export function encodeRangeResponse(header: ResponseHeader | null, result: RangeResult): Uint8Array {
  const to = begin();
  writeRangeResult(to, result);
  if (header !== null) writeHeader(to, header);
  return to.finish();
}

/**
 * One message of `RangeStream`: a RangeResponse in an envelope.
 * @param header null for a message without one.
 */
export function encodeRangeStreamResponse(header: ResponseHeader | null, result: RangeResult): Uint8Array {
  const to = begin();
  writeRangeResult(to, result);
  if (header !== null) writeHeader(to, header);
  to.lengthPrefix(1, 0);
  return to.finish();
}

function writeRangeResult(to: Writer, result: RangeResult): void {
  const { kvs } = result;
  let bytes = aroundPairsBytes;
  for (let i = 0; i < kvs.length; i++) bytes += kvs[i]!.length + pairPrefixBytes;
  to.reserve(bytes);
  to.int64Field(4, result.count);
  to.boolField(3, result.more);
  for (let i = kvs.length - 1; i >= 0; i--) to.element(2, kvs[i]!);
}

export function encodePutResponse(header: ResponseHeader, result: PutResult): Uint8Array {
  const to = begin();
  if (result.prevKv !== null) to.element(2, result.prevKv);
  writeHeader(to, header);
  return to.finish();
}

/**
 * The answers of puts that ask for no former pair, which differ in a number: each is `head`, the revision as a varint, and
 * `tail`. The same bytes as `encodePutResponse`'s.
 */
export class PutAnswers {
  head: Uint8Array = new Uint8Array(0);
  tail: Uint8Array = new Uint8Array(0);
  readonly #idBytes: Uint8Array;
  #raftTerm = -1;
  #revisionBytes = 0;

  /** @param idBytes see `ResponseHeader` */
  constructor(idBytes: Uint8Array) {
    this.#idBytes = idBytes;
  }

  /** Makes `head` and `tail` fit. @param revision at least 1 */
  fit(revision: number, raftTerm: number): void {
    const revisionBytes = varintBytes(revision);
    if (raftTerm === this.#raftTerm && revisionBytes === this.#revisionBytes) return;
    const header = { idBytes: this.#idBytes, revision, raftTerm };
    const whole = encodePutResponse(header, { prevKv: null, revision });
    const tailBytes = raftTerm === 0 ? 0 : 1 + varintBytes(raftTerm);
    this.head = whole.slice(0, whole.length - tailBytes - revisionBytes);
    this.tail = whole.slice(whole.length - tailBytes);
    this.#raftTerm = raftTerm;
    this.#revisionBytes = revisionBytes;
  }
}

export function encodeDeleteRangeResponse(header: ResponseHeader, result: DeleteRangeResult): Uint8Array {
  const to = begin();
  writeDeleteRangeResult(to, result);
  writeHeader(to, header);
  return to.finish();
}

function writeDeleteRangeResult(to: Writer, result: DeleteRangeResult): void {
  for (let i = result.prevKvs.length - 1; i >= 0; i--) to.element(3, result.prevKvs[i]!);
  to.int64Field(2, result.deleted);
}

export function encodeTxnResponse(header: ResponseHeader, result: TxnResult): Uint8Array {
  const to = begin();
  writeTxnResult(to, result);
  writeHeader(to, header);
  return to.finish();
}

function writeTxnResult(to: Writer, result: TxnResult): void {
  for (let i = result.responses.length - 1; i >= 0; i--) writeOpResult(to, result.responses[i]!);
  to.boolField(2, result.succeeded);
}

/** Writes one ResponseOp as field 3. */
function writeOpResult(to: Writer, op: OpResult): void {
  const before = to.written;
  if (op.kind === OpKind.Txn) {
    writeTxnResult(to, op.result);
    to.lengthPrefix(1, to.written);
  } else {
    if (op.kind === OpKind.Range) writeRangeResult(to, op.result);
    else if (op.kind === OpKind.DeleteRange) writeDeleteRangeResult(to, op.result);
    else if (op.result.prevKv !== null) to.element(2, op.result.prevKv);
    writeRevisionHeader(to, op.result.revision);
  }
  to.lengthPrefix(op.kind, before);
  to.lengthPrefix(3, before);
}

export function encodeCompactionResponse(header: ResponseHeader): Uint8Array {
  const to = begin();
  writeHeader(to, header);
  return to.finish();
}
