/**
 * How long a request may take, and what is said when it took longer: etcd's rules (`parseProposeCtxErr`).
 */

import { Failure } from '../util/failure.ts';
import type { MemberLimits } from './types.ts';

/** Before elections are counted in: etcd's five seconds. */
const baseTimeoutMs = 5000;

/** Time for the disk and the network, and for two elections that may come in between. */
export function requestTimeoutMs(limits: MemberLimits): number {
  return baseTimeoutMs + 2 * limits.electionMs;
}

/** What is known of the leader when a request has run out of time. */
export interface LeaderSituation {
  /** When the leader that is followed now was first heard of. */
  readonly electedAt: number;
  readonly hasLeader: boolean;
  /** The link to the leader, or on the leader those to a quorum, held since the request began. */
  readonly isConnected: boolean;
}

/** @param wasProposed false: the request is certain not to have happened. */
export function timeoutFailure(
  wasProposed: boolean,
  startedAt: number,
  situation: LeaderSituation,
  electionMs: number,
): Failure {
  if (!wasProposed) return new Failure('deadlineExceeded', 'no leader took the request in time');
  const { electedAt, hasLeader, isConnected } = situation;
  if (hasLeader && startedAt < electedAt && startedAt > electedAt - 2 * electionMs) {
    return new Failure('timeoutLeaderFailure');
  }
  if (hasLeader && !isConnected) return new Failure('timeoutConnectionLost');
  return new Failure('timeout');
}
