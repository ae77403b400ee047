/**
 * I20 Memory is disk. Whenever no write is under way, term, vote and last entry in memory are those on disk; while one
 * is, memory may be ahead and never behind. logcabin's invariants.
 */

import { lastOf } from '../quorum.ts';
import type { Invariant } from './invariant.ts';

export const memoryIsDisk: Invariant = {
  id: 'I20',
  says: 'term, vote and log in memory are those on disk',
  check(world) {
    if (!world.deep) return null;
    for (const node of world.nodes) {
      if (!node.up) continue;
      const disk = node.durable();
      if (disk.term > node.term) return `${node.id} is in term ${node.term}, its disk in ${disk.term}`;
      if (!node.settled) continue;
      const last = lastOf(disk);
      if (disk.term !== node.term || disk.vote !== node.vote || last !== node.last) {
        return `${node.id} has term ${node.term}, vote '${node.vote}', last ${node.last}; its disk ${disk.term}, '${disk.vote}', ${last}`;
      }
    }
    return null;
  },
};
