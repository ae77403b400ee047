/**
 * I4 Leader Completeness. Whatever was committed in a term is in the log of every leader of a later term, else that
 * leader would overwrite it. A late leader of an older term may lack it and can do no harm. Raft paper, figure 3.
 */

import type { Invariant } from './invariant.ts';

export const leaderCompleteness: Invariant = {
  id: 'I4',
  says: 'a new leader has every entry committed before its term',
  check(world, memory) {
    for (const { node, becameLeader } of world.deltas) {
      if (!becameLeader) continue;
      for (let index = Math.max(1, node.compacted); index <= memory.committed; index++) {
        const committed = memory.ledger[index]!;
        if (committed.committedInTerm >= node.term) continue;
        if (node.termAt(index) !== committed.entry.term) {
          return `${node.id} leads term ${node.term} without entry ${index} of term ${committed.entry.term}, committed in term ${committed.committedInTerm}`;
        }
      }
    }
    return null;
  },
};
