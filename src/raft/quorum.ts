/**
 * The arithmetic of majorities, pure. A joint configuration (thesis 4.3) needs a majority of both halves; an empty
 * half agrees with everything, which makes the ordinary configuration a special case of the joint one.
 */

import type { ConfState, NodeId } from './types.ts';

/** What an empty half has agreed to. */
export const everything: number = Number.MAX_SAFE_INTEGER;

export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/**
 * The largest value that at least `quorum` of the first `count` values have reached. Sorts them in place, largest
 * first; insertion sort, since they are few and nearly sorted.
 */
export function reachedBy(values: number[], count: number, quorum: number): number {
  if (count === 0) return everything;
  for (let i = 1; i < count; i++) {
    const value = values[i]!;
    let j = i - 1;
    while (j >= 0 && values[j]! < value) {
      values[j + 1] = values[j]!;
      j--;
    }
    values[j + 1] = value;
  }
  return values[quorum - 1]!;
}

export type VoteOutcome = 'won' | 'lost' | 'pending';

/** The outcome in one half. Votes of others than `voters` do not count. */
function majorityOutcome(
  voters: readonly NodeId[],
  votes: ReadonlyMap<NodeId, boolean>,
  quorum: number,
): VoteOutcome {
  if (voters.length === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  if (granted >= quorum) return 'won';
  return granted + missing >= quorum ? 'pending' : 'lost';
}

/** The outcome of an election: both halves must be won, one lost half loses it. */
export function voteOutcome(
  conf: ConfState,
  votes: ReadonlyMap<NodeId, boolean>,
  quorumOf: (voters: number) => number,
): VoteOutcome {
  const incoming = majorityOutcome(conf.voters, votes, quorumOf(conf.voters.length));
  const outgoing = majorityOutcome(conf.votersOutgoing, votes, quorumOf(conf.votersOutgoing.length));
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}
