/** Bounds of what may be granted, and what a request has to be made of before it is proposed. */

import type { Random } from '../util/runtime.ts';

/** Seconds; a grant of more is refused. */
export const maxTtlSeconds = 9_000_000_000;

/** What a lease counts for against the quota of space, in bytes, as etcd reckons. */
export const leaseCostBytes = 64;

/**
 * The shortest TTL in seconds: one and a half election timeouts, counted in whole heartbeats and rounded up. A shorter
 * lease would end before a new leader can take renewals.
 */
export function minTtlSeconds(limits: { readonly electionMs: number; readonly heartbeatMs: number }): number {
  const { electionMs, heartbeatMs } = limits;
  const heartbeats = Math.floor((3 * Math.floor(electionMs / heartbeatMs)) / 2);
  return Math.max(1, Math.ceil((heartbeats * heartbeatMs) / 1000));
}

/**
 * The TTL to propose for one that was asked for. Too long ones stay as they are, to be refused when they are applied.
 *
 * Raising belongs before the proposal, unlike in etcd, which raises in apply by each member's own election timeout: with
 * timeouts that differ, its members hold different TTLs for the same lease.
 *
 * @param ttl seconds as asked for; zero and less are asked for, too
 */
export function raisedTtl(ttl: number, minTtl: number): number {
  return Math.max(ttl, minTtl);
}

/**
 * The id to propose for a request without one: positive and drawn at random. Never drawn in apply, where every member
 * would draw another.
 * @param isTaken whether a lease has the id already
 */
export function drawLeaseId(random: Random, isTaken: (id: bigint) => boolean): bigint {
  for (;;) {
    const high = BigInt(random.uint32() & 0x7fff_ffff);
    const id = (high << 32n) | BigInt(random.uint32());
    if (id !== 0n && !isTaken(id)) return id;
  }
}
