/**
 * What the leader of leases proposes by itself: ends of leases whose time is over, and checkpoints of what is left of
 * others. Both name the term in which they were decided and must be refused when the entry they stand in has another.
 *
 *     expiry       1 term · 2 ids (packed int64)
 *     checkpoints  1 term · 2 { 1 id · 2 remaining ttl }*
 *
 * Why: a leader that was stuck, on its disk or on its processor, finds on waking that all leases are over. It does not
 * know yet that it was deposed, and its proposals may travel on to the new leader, which has renewed those leases all the
 * while. Without the term they would all be revoked (etcd #15247).
 */

import { malformed, Reader } from '../wire/proto-reader.ts';
import { Writer } from '../wire/proto-writer.ts';

/** Leases that one proposal may concern. */
export const maxLeasesPerCommand = 1000;

export interface Expiry {
  readonly term: number;
  readonly ids: readonly bigint[];
}

export interface Checkpoint {
  readonly id: bigint;
  /** Whole seconds; 0: the lease was renewed, all of its TTL is left. */
  readonly remainingTtl: number;
}

export interface Checkpoints {
  readonly term: number;
  readonly checkpoints: readonly Checkpoint[];
}

const writer = new Writer();

function begin(count: number): Writer {
  if (count > maxLeasesPerCommand) throw new Error(`${count} leases in one proposal`);
  writer.reset();
  return writer;
}

export function encodeExpiry({ term, ids }: Expiry): Uint8Array {
  const to = begin(ids.length);
  const before = to.written;
  for (let i = ids.length - 1; i >= 0; i--) to.bigVarint(ids[i]!);
  to.lengthPrefix(2, before);
  to.int64Field(1, term);
  return to.finish();
}

/** @throws Failure 'malformedRequest' */
export function decodeExpiry(bytes: Uint8Array): Expiry {
  const reader = new Reader(bytes);
  const ids: bigint[] = [];
  let term = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) term = reader.uint64();
    else if (tag === 0x12) {
      const outer = reader.enter();
      while (reader.at < reader.end) {
        if (ids.push(reader.bigInt64()) > maxLeasesPerCommand) throw malformed('too many leases');
      }
      reader.end = outer;
    } else reader.skip(tag, 2);
  }
  return { term, ids };
}

export function encodeCheckpoints({ term, checkpoints }: Checkpoints): Uint8Array {
  const to = begin(checkpoints.length);
  for (let i = checkpoints.length - 1; i >= 0; i--) {
    const before = to.written;
    to.int64Field(2, checkpoints[i]!.remainingTtl);
    to.bigint64Field(1, checkpoints[i]!.id);
    to.lengthPrefix(2, before);
  }
  to.int64Field(1, term);
  return to.finish();
}

/** @throws Failure 'malformedRequest' */
export function decodeCheckpoints(bytes: Uint8Array): Checkpoints {
  const reader = new Reader(bytes);
  const checkpoints: Checkpoint[] = [];
  let term = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) term = reader.uint64();
    else if (tag === 0x12) {
      const outer = reader.enter();
      if (checkpoints.push(readCheckpoint(reader)) > maxLeasesPerCommand) throw malformed('too many leases');
      reader.end = outer;
    } else reader.skip(tag, 2);
  }
  return { term, checkpoints };
}

function readCheckpoint(reader: Reader): Checkpoint {
  let id = 0n;
  let remainingTtl = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) id = reader.bigInt64();
    else if (tag === 0x10) remainingTtl = reader.int64();
    else reader.skip(tag, 2);
  }
  return { id, remainingTtl };
}
