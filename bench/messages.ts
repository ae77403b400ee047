/**
 * The few etcd messages that the benchmarks send and read, as protobuf bytes. Written by hand so that the generator
 * shares no code with the server it measures. Field numbers are those of etcd's rpc.proto.
 */

export const PUT_PATH = '/etcdserverpb.KV/Put';
export const RANGE_PATH = '/etcdserverpb.KV/Range';
export const TXN_PATH = '/etcdserverpb.KV/Txn';
export const LEASE_GRANT_PATH = '/etcdserverpb.Lease/LeaseGrant';
export const LEASE_REVOKE_PATH = '/etcdserverpb.Lease/LeaseRevoke';
export const WATCH_PATH = '/etcdserverpb.Watch/Watch';
export const STATUS_PATH = '/etcdserverpb.Maintenance/Status';

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
  return Buffer.from(out);
}

function bytesField(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

/** PutRequest { key = 1, value = 2 } */
export function putRequest(key: Uint8Array, value: Uint8Array): Buffer {
  return Buffer.concat([bytesField(1, key), bytesField(2, value)]);
}

/** RangeRequest { key = 1, range_end = 2, count_only = 9 } over the keys in [key, rangeEnd). */
export function countRequest(key: Uint8Array, rangeEnd: Uint8Array): Buffer {
  return Buffer.concat([bytesField(1, key), bytesField(2, rangeEnd), varint(9 * 8), varint(1)]);
}

/** RangeRequest { key = 1, serializable = 7 }: one key, from the member that is asked */
export function serializableRequest(key: Uint8Array): Buffer {
  return Buffer.concat([bytesField(1, key), varint(7 * 8), varint(1)]);
}

/** RangeRequest { key = 1, range_end = 2, serializable = 7 }; `rangeEnd` null: one key */
export function rangeRequest(key: Uint8Array, rangeEnd: Uint8Array | null, serializable: boolean): Buffer {
  const end = rangeEnd === null ? [] : [bytesField(2, rangeEnd)];
  return Buffer.concat([bytesField(1, key), ...end, ...(serializable ? [varintField(7, 1)] : [])]);
}

/**
 * TxnRequest { compare = 1, success = 2, failure = 3 }: puts a key that is there, and reads one that is not. Compare
 * { result = 1: greater, target = 2: the revision of the last change, key = 3, mod_revision = 6: 0 }.
 */
export function txnRequest(key: Uint8Array, value: Uint8Array): Buffer {
  const compare = Buffer.concat([
    varintField(1, 1),
    varintField(2, 2),
    bytesField(3, key),
    varintField(6, 0),
  ]);
  return Buffer.concat([
    bytesField(1, compare),
    bytesField(2, bytesField(2, putRequest(key, value))),
    bytesField(3, bytesField(1, rangeRequest(key, null, false))),
  ]);
}

/** LeaseGrantRequest { TTL = 1, ID = 2 } */
export function leaseGrantRequest(id: number): Buffer {
  return Buffer.concat([varintField(1, 600), varintField(2, id)]);
}

/** LeaseRevokeRequest { ID = 1 } */
export function leaseRevokeRequest(id: number): Buffer {
  return varintField(1, id);
}

/** WatchRequest { create_request = 1 { key = 1, range_end = 2, watch_id = 7 } } */
export function watchCreateRequest(key: Uint8Array, watchId: number): Buffer {
  return bytesField(1, Buffer.concat([bytesField(1, key), varintField(7, watchId)]));
}

function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** Varint fields as numbers or bigints, length-delimited ones as bytes; the last of a repeated field wins. */
function fields(message: Uint8Array): Map<number, bigint | Uint8Array> {
  const found = new Map<number, bigint | Uint8Array>();
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const octet = message[at++];
      if (octet === undefined || shift > 63n) throw new Error('malformed protobuf message');
      value |= BigInt(octet & 127) << shift;
      if (octet < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(readVarint());
    const kind = tag & 7;
    if (kind === 0) {
      found.set(tag >>> 3, readVarint());
    } else if (kind === 2) {
      const length = Number(readVarint());
      if (at + length > message.length) throw new Error('malformed protobuf message');
      found.set(tag >>> 3, message.subarray(at, at + length));
      at += length;
    } else {
      throw new Error(`protobuf wire type ${kind} is not used by etcd's answers`);
    }
  }
  return found;
}

function integer(found: Map<number, bigint | Uint8Array>, field: number): bigint {
  const value = found.get(field) ?? 0n;
  return typeof value === 'bigint' ? value : 0n;
}

export interface Header {
  readonly memberId: bigint;
  readonly revision: number;
}

/** The ResponseHeader, which is field 1 of every answer: { cluster_id = 1, member_id = 2, revision = 3 }. */
export function responseHeader(response: Uint8Array): Header {
  const header = fields(response).get(1);
  const inner = header instanceof Uint8Array ? fields(header) : new Map<number, bigint>();
  return { memberId: integer(inner, 2), revision: Number(integer(inner, 3)) };
}

export interface Status extends Header {
  /** 0 while there is none. */
  readonly leaderId: bigint;
}

/** StatusResponse { header = 1, version = 2, dbSize = 3, leader = 4, … } */
export function statusResponse(response: Uint8Array): Status {
  return { ...responseHeader(response), leaderId: integer(fields(response), 4) };
}

/** RangeResponse { header = 1, kvs = 2, more = 3, count = 4 } */
export function rangeCount(response: Uint8Array): number {
  return Number(integer(fields(response), 4));
}

export interface WatchAnswer {
  readonly watchId: number;
  readonly created: boolean;
  readonly events: number;
  /** Where the first event stands in the message; both 0 when there is none. */
  readonly firstAt: number;
  readonly firstEnd: number;
}

/**
 * WatchResponse { header = 1, watch_id = 2, created = 3, events = 11 { type = 1, kv = 2 { …, value = 5 } } }, read without an
 * object per field: a thousand watchers make the generator read a thousand of them for each put.
 */
export function eventsOf(response: Uint8Array): WatchAnswer {
  let watchId = 0;
  let created = false;
  let events = 0;
  let firstAt = 0;
  let firstEnd = 0;
  const cursor = { at: 0 };
  while (cursor.at < response.length) {
    const tag = plainVarint(response, cursor);
    const value = plainVarint(response, cursor);
    if (tag === 16) watchId = value;
    else if (tag === 24) created = value !== 0;
    if ((tag & 7) !== 2) continue;
    if (tag === 90) {
      if (events === 0) {
        firstAt = cursor.at;
        firstEnd = cursor.at + value;
      }
      events += 1;
    }
    cursor.at += value;
  }
  return { watchId, created, events, firstAt, firstEnd };
}

/** The value that the first event of a WatchResponse put there. */
export function firstValueOf(response: Uint8Array, { firstAt, firstEnd }: WatchAnswer): Uint8Array | null {
  const kv = fields(response.subarray(firstAt, firstEnd)).get(2);
  const value = kv instanceof Uint8Array ? fields(kv).get(5) : undefined;
  return value instanceof Uint8Array ? value : null;
}

/** Exact up to 2^53, which all that is looked at is below. */
function plainVarint(message: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const octet = message[cursor.at++];
    if (octet === undefined) throw new Error('malformed protobuf message');
    value += (octet & 127) * scale;
    if (octet < 128) return value;
  }
}
