/**
 * I2 Leader Append-Only. A leader never overwrites or removes an entry of its log: its followers and its count of
 * acknowledgements rely on every index that it once sent. Raft paper, figure 3.
 */

import type { Invariant } from './invariant.ts';

export const leaderAppendOnly: Invariant = {
  id: 'I2',
  says: 'a leader only appends to its log',
  check(world) {
    for (const { node, before, changedFrom } of world.deltas) {
      if (before === null || before.role !== 'leader' || node.role !== 'leader' || before.term !== node.term)
        continue;
      if (changedFrom <= before.last || node.last < before.last) {
        return `${node.id} led term ${node.term} with ${before.last} entries and changed entry ${changedFrom}`;
      }
    }
    return null;
  },
};
