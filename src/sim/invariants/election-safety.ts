/**
 * I1 Election Safety. At most one leader is elected in a term, over the whole history and not only at one moment: two
 * leaders of one term that never meet still give away the same indexes twice. Raft paper, figure 3.
 */

import type { Invariant } from './invariant.ts';

export const electionSafety: Invariant = {
  id: 'I1',
  says: 'no term has two leaders',
  check(world, memory) {
    for (const { node, becameLeader } of world.deltas) {
      if (!becameLeader) continue;
      // A leader that restarts has lost its office, so a second life in the same term is a second leader.
      const who = `${node.id}/${node.life}`;
      const known = memory.leaders.get(node.term);
      if (known !== undefined && known !== who) return `term ${node.term} is led by ${known} and by ${who}`;
      memory.leaders.set(node.term, who);
    }
    return null;
  },
};
