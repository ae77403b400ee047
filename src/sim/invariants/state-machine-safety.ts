/**
 * I5 State Machine Safety. Members that have applied the same index have the same state: digest and revision agree.
 * What differs once differs for ever and is served to clients. Raft paper, figure 3; etcd's 3.5 data inconsistency
 * (etcd issue 13766) is what its absence looks like.
 */

import type { Invariant } from './invariant.ts';

export const stateMachineSafety: Invariant = {
  id: 'I5',
  says: 'equal applied index, equal state',
  check(world, memory) {
    for (const { node } of world.deltas) {
      if (node.applied === 0) continue;
      const known = memory.states.get(node.applied);
      if (known === undefined) {
        memory.states.set(node.applied, { digest: node.digest, revision: node.revision });
      } else if (known.digest !== node.digest || known.revision !== node.revision) {
        return `${node.id} at index ${node.applied} has digest ${node.digest} at revision ${node.revision}, another had ${known.digest} at ${known.revision}`;
      }
    }
    return null;
  },
};
