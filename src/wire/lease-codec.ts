/**
 * The messages of `etcdserverpb.Lease` between bytes and plain objects. Ids are bigint in the full range of int64, TTLs
 * are numbers of seconds and saturate.
 *
 * A keep-alive comes for every lease every few seconds; that is why these codecs are written by hand.
 */

import type { ResponseHeader } from './messages.ts';
import { Reader } from './proto-reader.ts';
import { Writer } from './proto-writer.ts';
import type { DecodedHeader } from './response-header.ts';
import { emptyHeader, readHeader, writeHeader } from './response-header.ts';

export interface LeaseGrantRequest {
  /** As asked for: 0 and less come, too. */
  ttl: number;
  /** 0n: the server picks one. */
  id: bigint;
}

export interface LeaseTimeToLiveRequest {
  id: bigint;
  keys: boolean;
}

/** `LeaseTimeToLiveResponse` without its header. */
export interface LeaseTimeToLive {
  id: bigint;
  /** -1: there is no such lease. */
  ttl: number;
  grantedTtl: number;
  keys: readonly Uint8Array[];
}

export interface WithDecodedHeader {
  header: DecodedHeader;
}

const writer = new Writer();

function begin(): Writer {
  writer.reset();
  return writer;
}

/** @throws Failure 'malformedRequest', as every decoder here does */
export function decodeLeaseGrantRequest(bytes: Uint8Array): LeaseGrantRequest {
  const reader = new Reader(bytes);
  const request: LeaseGrantRequest = { ttl: 0, id: 0n };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) request.ttl = reader.int64();
    else if (tag === 0x10) request.id = reader.bigInt64();
    else reader.skip(tag, 2);
  }
  return request;
}

export function encodeLeaseGrantRequest(request: LeaseGrantRequest): Uint8Array {
  const to = begin();
  to.bigint64Field(2, request.id);
  to.int64Field(1, request.ttl);
  return to.finish();
}

/** @param ttl seconds that were granted */
export function encodeLeaseGrantResponse(header: ResponseHeader, id: bigint, ttl: number): Uint8Array {
  const to = begin();
  to.int64Field(3, ttl);
  to.bigint64Field(2, id);
  writeHeader(to, header);
  return to.finish();
}

/** Its field `error` is left out: no server fills it. */
export function decodeLeaseGrantResponse(bytes: Uint8Array): LeaseGrantRequest & WithDecodedHeader {
  const reader = new Reader(bytes);
  const response = { header: emptyHeader(), id: 0n, ttl: 0 };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x10) response.id = reader.bigInt64();
    else if (tag === 0x18) response.ttl = reader.int64();
    else if (tag === 0x22) reader.view();
    else reader.skip(tag, 4);
  }
  return response;
}

/** A message whose only field is the id of a lease: LeaseRevokeRequest, LeaseKeepAliveRequest, LeaseStatus. */
function decodeId(bytes: Uint8Array): bigint {
  return readId(new Reader(bytes));
}

function readId(reader: Reader): bigint {
  let id = 0n;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) id = reader.bigInt64();
    else reader.skip(tag, 1);
  }
  return id;
}

function encodeId(id: bigint): Uint8Array {
  const to = begin();
  to.bigint64Field(1, id);
  return to.finish();
}

export function decodeLeaseRevokeRequest(bytes: Uint8Array): bigint {
  return decodeId(bytes);
}

export function encodeLeaseRevokeRequest(id: bigint): Uint8Array {
  return encodeId(id);
}

export function encodeLeaseRevokeResponse(header: ResponseHeader): Uint8Array {
  const to = begin();
  writeHeader(to, header);
  return to.finish();
}

export function decodeLeaseRevokeResponse(bytes: Uint8Array): WithDecodedHeader {
  const reader = new Reader(bytes);
  const header = emptyHeader();
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, header);
    else reader.skip(tag, 1);
  }
  return { header };
}

export function decodeLeaseKeepAliveRequest(bytes: Uint8Array): bigint {
  return decodeId(bytes);
}

export function encodeLeaseKeepAliveRequest(id: bigint): Uint8Array {
  return encodeId(id);
}

/** @param ttl seconds from now; 0: there is no such lease */
export function encodeLeaseKeepAliveResponse(header: ResponseHeader, id: bigint, ttl: number): Uint8Array {
  const to = begin();
  to.int64Field(3, ttl);
  to.bigint64Field(2, id);
  writeHeader(to, header);
  return to.finish();
}

export function decodeLeaseKeepAliveResponse(bytes: Uint8Array): LeaseGrantRequest & WithDecodedHeader {
  const reader = new Reader(bytes);
  const response = { header: emptyHeader(), id: 0n, ttl: 0 };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x10) response.id = reader.bigInt64();
    else if (tag === 0x18) response.ttl = reader.int64();
    else reader.skip(tag, 3);
  }
  return response;
}

export function decodeLeaseTimeToLiveRequest(bytes: Uint8Array): LeaseTimeToLiveRequest {
  const reader = new Reader(bytes);
  const request: LeaseTimeToLiveRequest = { id: 0n, keys: false };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) request.id = reader.bigInt64();
    else if (tag === 0x10) request.keys = reader.bool();
    else reader.skip(tag, 2);
  }
  return request;
}

export function encodeLeaseTimeToLiveRequest(request: LeaseTimeToLiveRequest): Uint8Array {
  const to = begin();
  to.boolField(2, request.keys);
  to.bigint64Field(1, request.id);
  return to.finish();
}

export function encodeLeaseTimeToLiveResponse(header: ResponseHeader, left: LeaseTimeToLive): Uint8Array {
  const to = begin();
  for (let i = left.keys.length - 1; i >= 0; i--) to.element(5, left.keys[i]!);
  to.int64Field(4, left.grantedTtl);
  to.int64Field(3, left.ttl);
  to.bigint64Field(2, left.id);
  writeHeader(to, header);
  return to.finish();
}

/** Further keys of a response, which go behind it. */
export function encodeMoreLeaseKeys(keys: readonly Uint8Array[]): Uint8Array {
  const to = begin();
  for (let i = keys.length - 1; i >= 0; i--) to.element(5, keys[i]!);
  return to.finish();
}

/** The keys are views on the response. */
export function decodeLeaseTimeToLiveResponse(bytes: Uint8Array): LeaseTimeToLive & WithDecodedHeader {
  const reader = new Reader(bytes);
  const keys: Uint8Array[] = [];
  const response = { header: emptyHeader(), id: 0n, ttl: 0, grantedTtl: 0, keys };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x10) response.id = reader.bigInt64();
    else if (tag === 0x18) response.ttl = reader.int64();
    else if (tag === 0x20) response.grantedTtl = reader.int64();
    else if (tag === 0x2a) keys.push(reader.view());
    else reader.skip(tag, 5);
  }
  return response;
}

/** The request has no fields. */
export function decodeLeaseLeasesRequest(bytes: Uint8Array): void {
  const reader = new Reader(bytes);
  while (reader.at < reader.end) reader.skip(reader.tag(), 0);
}

export function encodeLeaseLeasesResponse(header: ResponseHeader, ids: readonly bigint[]): Uint8Array {
  const to = begin();
  for (let i = ids.length - 1; i >= 0; i--) {
    const before = to.written;
    to.bigint64Field(1, ids[i]!);
    to.lengthPrefix(2, before);
  }
  writeHeader(to, header);
  return to.finish();
}

export function decodeLeaseLeasesResponse(
  bytes: Uint8Array,
): WithDecodedHeader & { readonly ids: readonly bigint[] } {
  const reader = new Reader(bytes);
  const header = emptyHeader();
  const ids: bigint[] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, header);
    else if (tag === 0x12) {
      const outer = reader.enter();
      ids.push(readId(reader));
      reader.end = outer;
    } else reader.skip(tag, 2);
  }
  return { header, ids };
}
