/**
 * I21 A snapshot stands for committed entries only, and knows the term of its last one. The base of a log moves when it
 * is compacted and when a snapshot is installed; each time its index must be committed and its term that of the ledger.
 * (That the configuration is right too follows from I19.) NATS' TestNRGSnapshotExcludesUncommittedMembershipChange.
 */

import type { Invariant } from './invariant.ts';

export const snapshotIsCommitted: Invariant = {
  id: 'I21',
  says: 'the base of a log is a committed entry',
  check(world, memory) {
    for (const { node, before } of world.deltas) {
      const index = node.compacted;
      if (index === 0 || (before !== null && before.compacted === index)) continue;
      if (index > node.commit) return `${node.id} compacted up to ${index}, committed is ${node.commit}`;
      const known = memory.ledger[index];
      if (known !== undefined && known.entry.term !== node.termAt(index)) {
        return `${node.id} has a base ${index} of term ${node.termAt(index)}, committed was term ${known.entry.term}`;
      }
    }
    return null;
  },
};
