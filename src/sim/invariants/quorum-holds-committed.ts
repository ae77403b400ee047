/**
 * I7 Quorum holds committed. The newest committed entry is on the simulated disks (not just in the memories) of a
 * quorum of the configuration, so that no loss of power can undo it. QuorumLogInv of etcd raft's TLA+ model.
 */

import { holds, isQuorum } from '../quorum.ts';
import type { Invariant } from './invariant.ts';

export const quorumHoldsCommitted: Invariant = {
  id: 'I7',
  says: 'a committed entry is durable on a quorum',
  check(world, memory) {
    const index = memory.committed;
    if (!world.deep || index === 0) return null;
    const term = memory.ledger[index]!.entry.term;
    // Whose disk was made to lose it has promised it all the same, and most others held it then.
    const holders = world.nodes
      .filter((node) => node.forgotten >= index || holds(node.durable(), index, term))
      .map((node) => node.id);
    // The newest configuration of the leader decides, and that may be one which is not committed yet.
    const confs = [memory.confAt(index), ...world.nodes.filter(({ up }) => up).map(({ conf }) => conf)];
    if (confs.some((conf) => isQuorum(conf, holders))) return null;
    return `entry ${index} of term ${term} is committed and durable only on [${holders.join(' ')}]`;
  },
};
