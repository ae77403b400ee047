/**
 * I6 Committed prefixes agree. Of what two members take for committed, one is a prefix of the other: at the lower of
 * their commit indexes both have the same entry, and by I3 all before it. LogInv of etcd raft's TLA+ model.
 */

import type { Invariant } from './invariant.ts';

export const committedPrefixesAgree: Invariant = {
  id: 'I6',
  says: 'two members never take different entries for committed',
  check(world) {
    for (const { node, before } of world.deltas) {
      if (before !== null && before.commit === node.commit) continue;
      for (const other of world.nodes) {
        if (other.index === node.index || !other.up) continue;
        const index = Math.min(node.commit, other.commit);
        const here = node.termAt(index);
        const there = other.termAt(index);
        if (here !== there && here !== -1 && there !== -1) {
          return `entry ${index} is committed with term ${here} on ${node.id} and with term ${there} on ${other.id}`;
        }
      }
    }
    return null;
  },
};
