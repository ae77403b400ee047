/**
 * I49: nobody disturbs a cluster that has a leader.
 *
 * A term begins when a quorum has said that it would vote (thesis 9.6), or at the wish of a leader that hands over; and
 * nobody says so while it hears a leader (thesis 4.2.3). Otherwise a member that is cut off raises its term for ever, and
 * one that was removed, or comes back, deposes a leader with whom all is well (etcd, TestDisruptiveFollower).
 */

import { MessageType, Role } from '../../raft/types.ts';
import type { Memory } from '../memory.ts';
import { isQuorum } from '../quorum.ts';
import type { Delta, World } from '../view.ts';
import type { Invariant } from './invariant.ts';

export const termsAreEncouraged: Invariant = {
  id: 'I49',
  says: 'a term begins when a quorum without a leader, or the leader, wants it',
  check(world, memory) {
    for (const { from, message } of world.sent) {
      const isPreVote = message.type === MessageType.PreVoteResponse && !message.reject;
      const isWish = message.type === MessageType.TimeoutNow;
      if (!isPreVote && !isWish) continue;
      const delta = world.deltas.find(({ node }) => node.index === from);
      // Whoever was voted for in this term already may hear so again.
      const isPromise = isPreVote && message.term > world.nodes[from]!.term;
      const problem = isPromise ? freshLeader(world, memory, from, delta) : null;
      if (problem !== null) return problem;
      const term = isPreVote ? message.term : message.term + 1;
      note(memory, `${message.to}/${term}`, isPreVote ? message.from : wish);
    }
    for (const { node, before } of world.deltas) {
      if (before === null || before.term >= node.term || node.role !== Role.Candidate) continue;
      const voices = memory.encouraged.get(`${node.id}/${node.term}`) ?? [];
      if (voices.includes(wish) || isQuorum(node.conf, [node.id, ...voices])) continue;
      return `${node.id} campaigns in term ${node.term}, encouraged by [${voices.join(' ')}] alone`;
    }
    return null;
  },
};

/** Stands for the wish of a leader among those who encourage. */
const wish = 'leader';

function note(memory: Memory, campaign: string, voice: string): void {
  const voices = memory.encouraged.get(campaign);
  if (voices === undefined) memory.encouraged.set(campaign, [voice]);
  else if (!voices.includes(voice)) voices.push(voice);
}

/** Before the step it heard a leader, and it still does: then it has no vote to promise. */
function freshLeader(
  { nodes, limits }: World,
  memory: Memory,
  from: number,
  delta: Delta | undefined,
): string | null {
  const node = nodes[from]!;
  const before = delta === undefined ? memory.shadows[from]!.seen : delta.before;
  // Where nothing else has changed, what was seen is of after the step already.
  const elapsed = delta === undefined ? before?.electionElapsedBefore : before?.electionElapsed;
  if (before === null || elapsed === undefined || before.leader === '' || before.leader !== node.leader)
    return null;
  if (before.term !== node.term || elapsed >= limits.electionTicks) return null;
  return `${node.id} in term ${node.term} would vote for another, ${elapsed} ticks after it heard ${node.leader}`;
}
