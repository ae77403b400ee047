/**
 * I10 Index order. compacted ≤ applied ≤ committed ≤ last on every member: nothing is applied before it is committed,
 * committed before it is in the log, nor compacted away before it is applied.
 */

import type { Invariant } from './invariant.ts';

export const indexOrder: Invariant = {
  id: 'I10',
  says: 'compacted ≤ applied ≤ committed ≤ last',
  check(world) {
    for (const { node } of world.deltas) {
      if (node.compacted <= node.applied && node.applied <= node.commit && node.commit <= node.last) continue;
      return `${node.id}: compacted ${node.compacted}, applied ${node.applied}, committed ${node.commit}, last ${node.last}`;
    }
    return null;
  },
};
