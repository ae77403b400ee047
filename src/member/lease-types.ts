/** The leases as the services use them. Whichever member is asked: what only the leader knows is asked there. */

import type { Caller } from '../auth/types.ts';
import type { Failure } from '../util/failure.ts';

export interface LeaseGrantResult {
  readonly id: bigint;
  /** Seconds that were granted. */
  readonly ttl: number;
  /** The store's when the grant was applied. */
  readonly revision: number;
}

export interface LeaseRevokeResult {
  /** The store's, with the keys of the lease deleted. */
  readonly revision: number;
}

export interface LeaseTimeLeft {
  /** Whole seconds, rounded down. */
  readonly ttl: number;
  readonly grantedTtl: number;
  /** Binary strings in ascending order; empty unless asked for. */
  readonly keys: readonly string[];
}

/**
 * Each `done` is called exactly once and never before the call returns, in the middle of the member's turn: it must not
 * throw. Every call may fail with 'timeout…', 'tooManyRequests' and 'stopped', besides what is named.
 */
export interface ServedLeases {
  /**
   * @param id 0n: one is picked
   * @param ttl seconds as asked for; what is too short is raised, zero and less too
   * @param done Failures: 'leaseExists', 'leaseTtlTooLarge', 'noSpace', 'corrupt', and of permission
   * @param caller who asks. @default nobody
   */
  grant(
    id: bigint,
    ttl: number,
    done: (failure: Failure | null, result: LeaseGrantResult | null) => void,
    caller?: Caller,
  ): void;

  /**
   * @param done Failures: 'leaseNotFound', 'corrupt', and of permission
   * @param caller who asks. @default nobody
   */
  revoke(
    id: bigint,
    done: (failure: Failure | null, result: LeaseRevokeResult | null) => void,
    caller?: Caller,
  ): void;

  /**
   * Renews a lease; the leader does.
   * @param done `ttl`: seconds from when the request came; 0 when there is no such lease. Failures: 'noLeader',
   *   'leaderChanged', 'notPrimaryLessor'
   */
  renew(id: bigint, done: (failure: Failure | null, ttl: number) => void): void;

  /**
   * Asks the leader what is left of a lease. The keys are those here, once everything is that was acknowledged before.
   * @param done `left` is null without a failure when there is no such lease. Failures: 'noLeader', 'leaderChanged'
   */
  timeToLive(
    id: bigint,
    wantsKeys: boolean,
    done: (failure: Failure | null, left: LeaseTimeLeft | null) => void,
  ): void;

  /** The ids of all leases as applied here. */
  list(): readonly bigint[];
}
