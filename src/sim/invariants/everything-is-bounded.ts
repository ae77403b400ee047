/**
 * I44 Everything is bounded: bytes under way on a path, uncommitted bytes of a leader, entries kept in a log beyond
 * those not yet applied. Without a quorum the log must stop growing as well.
 */

import type { Invariant } from './invariant.ts';

export const everythingIsBounded: Invariant = {
  id: 'I44',
  says: 'queues and logs stay within their limits',
  check(world) {
    const { limits } = world;
    if (world.fullestPathBytes > limits.pathBytes)
      return `${world.fullestPathBytes} bytes are under way on one path`;
    for (const { node } of world.deltas) {
      if (node.uncommittedBytes > limits.uncommittedBytes) {
        return `${node.id} holds ${node.uncommittedBytes} uncommitted bytes`;
      }
      if (node.last - node.compacted > limits.logEntries) {
        return `the log of ${node.id} holds ${node.last - node.compacted} entries`;
      }
    }
    return null;
  },
};
