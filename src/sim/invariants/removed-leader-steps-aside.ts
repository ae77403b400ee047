/**
 * I50: a leader that is removed leads until its removal is committed, and not longer.
 *
 * Before, the others might never learn of it; afterwards it would count for what it does not belong to (thesis 4.2.2; etcd,
 * StepDownOnRemoval).
 */

import { EntryType, Role } from '../../raft/types.ts';
import type { Memory } from '../memory.ts';
import type { Delta } from '../view.ts';
import type { Invariant } from './invariant.ts';

export const removedLeaderStepsAside: Invariant = {
  id: 'I50',
  says: 'a removed leader leads until its removal is committed, and not longer',
  check(world, memory) {
    for (const delta of world.deltas) {
      const { node, before } = delta;
      const { voters, votersOutgoing } = node.conf;
      if (votersOutgoing.length > 0 || voters.includes(node.id)) continue;
      const at = lastConfig(delta, memory);
      if (node.role === Role.Leader && at > 0 && at <= node.commit)
        return `${node.id} leads term ${node.term}, its removal is committed as entry ${at}`;
      if (before === null || before.role !== Role.Leader || before.term !== node.term) continue;
      if (node.role !== Role.Leader && at > before.last && at > node.commit)
        return `${node.id} led term ${node.term} and left with its removal, entry ${at}, not committed`;
    }
    return null;
  },
};

/** Index of the last configuration in the log, 0 when it is compacted. */
function lastConfig({ node, changedFrom }: Delta, memory: Memory): number {
  for (let index = node.last; index >= changedFrom; index--) {
    if (node.entryAt(index)?.type === EntryType.Config) return index;
  }
  const { configs } = memory.shadows[node.index]!;
  return configs.findLast((at) => at < changedFrom && at > node.compacted) ?? 0;
}
