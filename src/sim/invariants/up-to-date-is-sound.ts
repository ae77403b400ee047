/**
 * I14 The up-to-date check is sound. A member whose log is at least as up to date as another's (by last term, then by
 * length, Raft paper section 5.4.1) has everything that the other knows committed. It is why the check may decide votes.
 * MoreUpToDateCorrect of etcd raft's TLA+ model.
 */

import type { NodeView } from '../view.ts';
import type { Invariant } from './invariant.ts';

export const upToDateIsSound: Invariant = {
  id: 'I14',
  says: 'a log that would win a vote holds all that the voter knows committed',
  check(world) {
    for (const { node, before, changedFrom } of world.deltas) {
      if (
        before !== null &&
        changedFrom > node.last &&
        before.commit === node.commit &&
        before.last === node.last
      )
        continue;
      for (const other of world.nodes) {
        if (other.index === node.index || !other.up) continue;
        const problem = lacks(node, other) ?? lacks(other, node);
        if (problem !== null) return problem;
      }
    }
    return null;
  },
};

function lacks(winner: NodeView, voter: NodeView): string | null {
  const winnerTerm = winner.termAt(winner.last);
  const voterTerm = voter.termAt(voter.last);
  if (winnerTerm < voterTerm || (winnerTerm === voterTerm && winner.last < voter.last)) return null;
  const index = voter.commit;
  const term = voter.termAt(index);
  if (term === -1 || index <= winner.compacted || winner.termAt(index) === term) return null;
  return `${winner.id} could win the vote of ${voter.id} without entry ${index} of term ${term}, which that one knows committed`;
}
