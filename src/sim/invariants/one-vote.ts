/**
 * I12 One vote per term. A member grants its vote of a term to one candidate only, restarts included: a second grant
 * makes two majorities possible. Judged by the answers that really left, and by whom a leader must have voted for:
 * itself. Raft paper, figure 2 and section 5.2.
 */

import { MessageType } from '../../raft/types.ts';
import type { Memory } from '../memory.ts';
import type { Invariant } from './invariant.ts';

export const oneVote: Invariant = {
  id: 'I12',
  says: 'no member votes for two candidates in a term',
  check(world, memory) {
    for (const { message } of world.sent) {
      if (message.type !== MessageType.VoteResponse || message.reject) continue;
      const problem = vote(memory, message.from, message.term, message.to);
      if (problem !== null) return problem;
    }
    for (const { node, becameLeader } of world.deltas) {
      if (!becameLeader) continue;
      const problem = vote(memory, node.id, node.term, node.id);
      if (problem !== null) return problem;
    }
    return null;
  },
};

function vote(memory: Memory, voter: string, term: number, candidate: string): string | null {
  const ballot = `${voter}/${term}`;
  const known = memory.votes.get(ballot);
  if (known !== undefined && known !== candidate)
    return `${voter} voted in term ${term} for ${known} and for ${candidate}`;
  memory.votes.set(ballot, candidate);
  return null;
}
