/**
 * I15 Follower progress. 0 ≤ match < next for every follower, what is under way stays within the window by count and by
 * bytes, and nobody is sent what the leader does not have. etcd raft's tracker keeps the same rules.
 */

import type { Invariant } from './invariant.ts';

export const progressInWindow: Invariant = {
  id: 'I15',
  says: '0 ≤ match < next ≤ last + 1, and in-flight within the window',
  check(world) {
    const { windowMessages, windowBytes } = world.limits;
    for (const { node } of world.deltas) {
      if (node.role !== 'leader') continue;
      for (const peer of node.progress()) {
        const { match, next, inflightMessages, inflightBytes } = peer;
        // The byte window may be overrun by the one message that reaches it.
        const within =
          inflightMessages <= windowMessages && (inflightBytes <= windowBytes || inflightMessages <= 1);
        if (match >= 0 && match < next && next <= node.last + 1 && within) continue;
        return `${node.id} has for ${peer.id} match ${match}, next ${next} of ${node.last}, ${inflightMessages} messages and ${inflightBytes} bytes under way`;
      }
    }
    return null;
  },
};
