/**
 * One lease as every member knows it, and how it stands on the backend:
 *
 *     'l' id(8, big endian)     1 id · 2 ttl · 3 remaining ttl (protobuf, int64; absent is 0)
 *
 * These are the bytes of etcd's `leasepb.Lease` under the key of its lease bucket. Which keys belong to a lease is not
 * written here: the records of the keys say it, and opening the store attaches them again.
 */

import { Reader } from '../wire/proto-reader.ts';
import { Writer } from '../wire/proto-writer.ts';

export interface Lease {
  /** Any int64 but 0. */
  readonly id: bigint;
  /** Seconds that were granted, and that every renewal gives anew. */
  readonly ttl: number;
  /** Seconds that were left at the last checkpoint; 0 when there was none since the last renewal. */
  remainingTtl: number;
  /** Binary strings. Null as long as there was none: many leases have no keys yet. */
  keys: Set<string> | null;
}

export const leaseTable = 'l';
export const leaseTableEnd = 'm';

const writer = new Writer(64);

/** The backend key of a lease. */
export function leaseKey(id: bigint): string {
  const hex = BigInt.asUintN(64, id).toString(16).padStart(16, '0');
  return leaseTable + Buffer.from(hex, 'hex').toString('latin1');
}

export function encodeLease(lease: Lease): Uint8Array {
  writer.reset();
  writer.int64Field(3, lease.remainingTtl);
  writer.int64Field(2, lease.ttl);
  writer.bigint64Field(1, lease.id);
  return writer.finish();
}

/** @throws Failure 'malformedRequest' when the bytes are no lease: the state is damaged */
export function decodeLease(bytes: Uint8Array): Lease {
  const reader = new Reader(bytes);
  let id = 0n;
  let ttl = 0;
  let remainingTtl = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) id = reader.bigInt64();
    else if (tag === 0x10) ttl = reader.int64();
    else if (tag === 0x18) remainingTtl = reader.int64();
    else reader.skip(tag, 3);
  }
  return { id, ttl, remainingTtl, keys: null };
}
