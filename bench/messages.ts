/**
 * The few etcd messages that the benchmarks send and read, as protobuf bytes. Written by hand so that the generator
 * shares no code with the server it measures. Field numbers are those of etcd's rpc.proto.
 */

export const PUT_PATH = '/etcdserverpb.KV/Put';
export const RANGE_PATH = '/etcdserverpb.KV/Range';
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
