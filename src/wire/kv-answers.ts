/**
 * Decodes the answers of `etcdserverpb.KV` for clients. Every field is there, with its proto3 default; the bytes of pairs
 * are views on the answer. Numbers saturate as in `messages.ts`.
 */

import { emptyKeyValue, readKeyValue } from './key-value.ts';
import type { KeyValue } from './messages.ts';
import { OpKind } from './messages.ts';
import { malformed, maxMessageDepth, Reader, WireType } from './proto-reader.ts';
import type { DecodedHeader } from './response-header.ts';
import { emptyHeader, readHeader } from './response-header.ts';

export interface RangeResponse {
  header: DecodedHeader;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

export interface PutResponse {
  header: DecodedHeader;
  prevKv: KeyValue | null;
}

export interface DeleteRangeResponse {
  header: DecodedHeader;
  deleted: number;
  prevKvs: KeyValue[];
}

export type OpResponse =
  | { readonly kind: typeof OpKind.Unset }
  | { readonly kind: typeof OpKind.Range; readonly response: RangeResponse }
  | { readonly kind: typeof OpKind.Put; readonly response: PutResponse }
  | { readonly kind: typeof OpKind.DeleteRange; readonly response: DeleteRangeResponse }
  | { readonly kind: typeof OpKind.Txn; readonly response: TxnResponse };

export interface TxnResponse {
  header: DecodedHeader;
  succeeded: boolean;
  responses: OpResponse[];
}

export interface CompactionResponse {
  header: DecodedHeader;
}

/** Reads a KeyValue field, from its length on; `into` is what an earlier field of the same number left, or null. */
export function readPair(reader: Reader, into: KeyValue | null): KeyValue {
  const kv = into ?? emptyKeyValue();
  const outer = reader.enter();
  readKeyValue(reader, kv);
  reader.end = outer;
  return kv;
}

/** @throws Failure 'malformedRequest', as all decoders here do. */
export function decodeRangeResponse(bytes: Uint8Array): RangeResponse {
  const response = emptyRangeResponse();
  readRangeResponse(new Reader(bytes), response);
  return response;
}

/** The RangeResponse inside one message of `RangeStream`. */
export function decodeRangeStreamResponse(bytes: Uint8Array): RangeResponse {
  const reader = new Reader(bytes);
  const response = emptyRangeResponse();
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      const outer = reader.enter();
      readRangeResponse(reader, response);
      reader.end = outer;
    } else reader.skip(tag, 1);
  }
  return response;
}

function emptyRangeResponse(): RangeResponse {
  return { header: emptyHeader(), kvs: [], more: false, count: 0 };
}

function readRangeResponse(reader: Reader, response: RangeResponse): void {
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x12) response.kvs.push(readPair(reader, null));
    else if (tag === 0x18) response.more = reader.bool();
    else if (tag === 0x20) response.count = reader.int64();
    else reader.skip(tag, 4);
  }
}

export function decodePutResponse(bytes: Uint8Array): PutResponse {
  return readPutResponse(new Reader(bytes));
}

function readPutResponse(reader: Reader): PutResponse {
  const response: PutResponse = { header: emptyHeader(), prevKv: null };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x12) response.prevKv = readPair(reader, response.prevKv);
    else reader.skip(tag, 2);
  }
  return response;
}

export function decodeDeleteRangeResponse(bytes: Uint8Array): DeleteRangeResponse {
  return readDeleteRangeResponse(new Reader(bytes));
}

function readDeleteRangeResponse(reader: Reader): DeleteRangeResponse {
  const response: DeleteRangeResponse = { header: emptyHeader(), deleted: 0, prevKvs: [] };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x10) response.deleted = reader.int64();
    else if (tag === 0x1a) response.prevKvs.push(readPair(reader, null));
    else reader.skip(tag, 3);
  }
  return response;
}

export function decodeTxnResponse(bytes: Uint8Array): TxnResponse {
  return readTxnResponse(new Reader(bytes), 1);
}

function readTxnResponse(reader: Reader, depth: number): TxnResponse {
  if (depth > maxMessageDepth) throw malformed(`messages nest deeper than ${maxMessageDepth}`);
  const response: TxnResponse = { header: emptyHeader(), succeeded: false, responses: [] };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x10) response.succeeded = reader.bool();
    else if (tag === 0x1a) {
      const outer = reader.enter();
      response.responses.push(readOpResponse(reader, depth + 1));
      reader.end = outer;
    } else reader.skip(tag, 3);
  }
  return response;
}

function readOpResponse(reader: Reader, depth: number): OpResponse {
  let op: OpResponse = { kind: OpKind.Unset };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) !== WireType.Bytes || tag >>> 3 > OpKind.Txn) {
      reader.skip(tag, OpKind.Txn);
      continue;
    }
    const outer = reader.enter();
    const kind = tag >>> 3;
    if (kind === OpKind.Range) {
      op = { kind, response: emptyRangeResponse() };
      readRangeResponse(reader, op.response);
    } else if (kind === OpKind.Put) op = { kind, response: readPutResponse(reader) };
    else if (kind === OpKind.DeleteRange) op = { kind, response: readDeleteRangeResponse(reader) };
    else op = { kind: OpKind.Txn, response: readTxnResponse(reader, depth + 1) };
    reader.end = outer;
  }
  return op;
}

export function decodeCompactionResponse(bytes: Uint8Array): CompactionResponse {
  const reader = new Reader(bytes);
  const response: CompactionResponse = { header: emptyHeader() };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else reader.skip(tag, 1);
  }
  return response;
}
