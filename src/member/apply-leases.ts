/**
 * What applied entries do to leases. A lease that ends takes its keys with it, in one revision of the store.
 *
 * What a leader proposed by its clock counts only in the term in which it did: see `lease/commands.ts`.
 */

import type { Checkpoints, Expiry } from '../lease/commands.ts';
import type { LeaseGrantRequest } from '../wire/lease-codec.ts';
import type { LeaseGrantResult, LeaseRevokeResult } from './lease-types.ts';
import type { AppliedState } from './state.ts';

/** @throws Failure 'leaseExists', 'leaseTtlTooLarge' */
export function grantLease({ store, leases }: AppliedState, request: LeaseGrantRequest): LeaseGrantResult {
  const { id, ttl } = leases.grant(request.id, request.ttl);
  return { id, ttl, revision: store.revision };
}

/** @throws Failure 'leaseNotFound' */
export function revokeLease({ store, leases }: AppliedState, id: bigint): LeaseRevokeResult {
  const keys = leases.revoke(id);
  if (keys.size > 0) store.deleteLeased(id, keys);
  return { revision: store.revision };
}

/** @param term of the entry */
export function expireLeases(state: AppliedState, { term: decidedIn, ids }: Expiry, term: number): null {
  if (decidedIn !== term) return null;
  for (const id of ids) if (state.leases.exists(id)) revokeLease(state, id);
  return null;
}

/** Returns whether they counted. @param term of the entry */
export function checkpointLeases(state: AppliedState, command: Checkpoints, term: number): boolean {
  if (command.term !== term) return false;
  for (const { id, remainingTtl } of command.checkpoints) state.leases.checkpoint(id, remainingTtl);
  return true;
}
