/**
 * I8 Counted is durable. What a leader counts for a member (its match index, its own included) is on that member's
 * disk: no acknowledgement was counted before its fsync. CommittedIsDurableInv of etcd raft's TLA+ model.
 */

import { holds } from '../quorum.ts';
import type { Invariant } from './invariant.ts';

export const countedIsDurable: Invariant = {
  id: 'I8',
  says: 'a leader counts only what is durable',
  check(world) {
    if (!world.deep) return null;
    for (const { node } of world.deltas) {
      if (node.role !== 'leader') continue;
      for (const { id, match } of node.progress()) {
        const member = world.nodes.find((other) => other.id === id);
        // An entry that was compacted away by the leader was applied, so committed: I7 looks after it.
        if (match <= node.compacted || member === undefined) continue;
        // Its disk was made to lose that.
        if (member.forgotten >= match) continue;
        // A later leader may have replaced what this one, which is deposed and does not know it, has counted.
        if (member.durable().term > node.term) continue;
        if (!holds(member.durable(), match, node.termAt(match))) {
          return `${node.id} leads term ${node.term} and counts entry ${match} for ${id}, whose disk does not hold it`;
        }
      }
    }
    return null;
  },
};
