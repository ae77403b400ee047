/**
 * I16 One configuration change at a time. A leader has at most one uncommitted Config entry in its log: with two, the
 * majorities of the first and the last need not overlap. (That joint configurations end is looked at when the run is
 * healed.) Thesis, section 4.1; etcd raft's pendingConfIndex.
 */

import type { Invariant } from './invariant.ts';

export const oneConfigAtATime: Invariant = {
  id: 'I16',
  says: 'at most one configuration change is uncommitted',
  check(world, memory) {
    for (const { node, changedFrom } of world.deltas) {
      if (node.role !== 'leader') continue;
      const pending = memory.shadows[node.index]!.configs.filter(
        (at) => at < changedFrom && at > node.commit,
      );
      for (let index = Math.max(changedFrom, node.commit + 1); index <= node.last; index++) {
        if (node.entryAt(index)?.type === 1) pending.push(index);
      }
      if (pending.length > 1)
        return `${node.id} leads with uncommitted configurations at ${pending.join(', ')}`;
    }
    return null;
  },
};
