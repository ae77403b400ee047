/**
 * I25 Revisions go up by one per mutating request: within a life a store's revision never falls and never rises by more
 * than the requests applied. (That none is used twice the oracle sees in every answer.) etcd issues 17780 and 14370.
 */

import type { Memory } from '../memory.ts';
import type { NodeView, World } from '../view.ts';
import type { Invariant } from './invariant.ts';

export const revisionsStepByOne: Invariant = {
  id: 'I25',
  says: 'revisions never fall and rise by at most one per request',
  check(world, memory) {
    for (const { node, before } of world.deltas) {
      if (before === null || node.revision === before.revision) continue;
      if (node.revision < before.revision)
        return `${node.id}: revision fell from ${before.revision} to ${node.revision}`;
      const requests = requestsBetween(world, memory, node, before.applied);
      if (node.revision - before.revision > requests) {
        return `${node.id}: ${requests} requests raised the revision from ${before.revision} to ${node.revision}`;
      }
    }
    return null;
  },
};

/** Requests of the entries after `applied` that the node has applied since. */
function requestsBetween(world: World, memory: Memory, node: NodeView, applied: number): number {
  let requests = 0;
  for (let index = applied + 1; index <= node.applied; index++) {
    // What was compacted here already is known to be committed.
    const entry = node.entryAt(index) ?? memory.ledger[index]?.entry;
    if (entry === undefined) return Number.POSITIVE_INFINITY;
    requests += world.requestsIn(entry);
  }
  return requests;
}
