/**
 * I9 Committed is immutable. What any member ever knew committed at an index stays the entry of that index, on every
 * member, through crashes and elections. Found by comparing each newly known commit with the ledger of all of them.
 */

import { hashEntry } from '../memory.ts';
import type { Invariant } from './invariant.ts';

export const committedImmutable: Invariant = {
  id: 'I9',
  says: 'a committed entry never changes',
  check(world, memory) {
    for (const { node, before, changedFrom } of world.deltas) {
      const from = Math.min(changedFrom, before === null ? 1 : before.commit + 1);
      const to = Math.min(node.commit, memory.committed);
      for (let index = Math.max(from, node.compacted + 1); index <= to; index++) {
        const known = memory.ledger[index]!;
        const entry = node.entryAt(index);
        if (entry === null || entry.term !== known.entry.term || hashEntry(entry) !== known.hash) {
          return `entry ${index} was committed with term ${known.entry.term}; ${node.id} has term ${entry?.term ?? 'none'} there`;
        }
      }
    }
    return null;
  },
};
