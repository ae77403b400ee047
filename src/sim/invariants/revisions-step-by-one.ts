/**
 * I25 Revisions go up by one per mutating request: within a life a store's revision never falls and never rises by more
 * than the entries applied. (That none is used twice the oracle sees in every answer.) etcd issues 17780 and 14370.
 */

import type { Invariant } from './invariant.ts';

export const revisionsStepByOne: Invariant = {
  id: 'I25',
  says: 'revisions never fall and rise by at most one per entry',
  check(world) {
    for (const { node, before } of world.deltas) {
      if (before === null || node.revision === before.revision) continue;
      if (node.revision < before.revision)
        return `${node.id}: revision fell from ${before.revision} to ${node.revision}`;
      if (node.revision - before.revision > node.applied - before.applied) {
        return `${node.id}: ${node.applied - before.applied} entries raised the revision from ${before.revision} to ${node.revision}`;
      }
    }
    return null;
  },
};
