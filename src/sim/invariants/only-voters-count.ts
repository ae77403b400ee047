/**
 * I18 Only voters count. When a leader moves its commit index, a plain count over the voters of its configuration (both
 * halves of a joint one) confirms it: learners, removed and unknown members have no say (openraft issue 1802). And it
 * moves to an entry of the leader's own term only: an older one that a majority holds can still be overwritten, as
 * figure 8 of the Raft paper shows.
 */

import { quorumIndex } from '../quorum.ts';
import type { Invariant } from './invariant.ts';

export const onlyVotersCount: Invariant = {
  id: 'I18',
  says: 'a leader commits entries of its term that a plain count of its voters confirms',
  check(world) {
    for (const { node, before, becameLeader } of world.deltas) {
      const { voters, votersOutgoing, learners } = node.conf;
      if (becameLeader && learners.includes(node.id)) {
        return `${node.id} leads term ${node.term} as a learner of ${[...voters, ...votersOutgoing].join(' ')}`;
      }
      if (node.role !== 'leader' || before === null || node.commit === before.commit) continue;
      // When the same step also changed the configuration, or made the leader, the count belongs to another moment.
      if (before.role !== 'leader' || before.term !== node.term || before.conf !== node.conf) continue;
      const matches = new Map(node.progress().map((peer) => [peer.id, peer.match]));
      const confirmed = quorumIndex(node.conf, (id) => matches.get(id) ?? 0);
      if (node.termAt(node.commit) !== node.term) {
        return `${node.id} leads term ${node.term} and committed ${node.commit} of term ${node.termAt(node.commit)}`;
      }
      if (node.commit > confirmed)
        return `${node.id} committed ${node.commit}, its voters confirm ${confirmed}`;
    }
    return null;
  },
};
