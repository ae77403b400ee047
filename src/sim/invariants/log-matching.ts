/**
 * I3 Log Matching. If two logs hold an entry with the same index and term, they are the same up to it. Checked by
 * induction: each sighting of (index, term) in any log must show the same content and the same term before it.
 * Raft paper, figure 3; LogMatchingInv of etcd raft's TLA+ model.
 */

import { hashEntry } from '../memory.ts';
import type { Invariant } from './invariant.ts';

export const logMatching: Invariant = {
  id: 'I3',
  says: 'entries of one index and term are the same everywhere, and so is all before them',
  check(world, memory) {
    for (const { node, changedFrom } of world.deltas) {
      for (let index = changedFrom; index <= node.last; index++) {
        const entry = node.entryAt(index);
        if (entry === null) return `${node.id} lacks entry ${index} within its log`;
        if (entry.index !== index) return `${node.id} has an entry ${entry.index} at index ${index}`;
        const previousTerm = node.termAt(index - 1);
        if (previousTerm > entry.term)
          return `${node.id}: the term falls from ${previousTerm} to ${entry.term} at ${index}`;
        const hash = hashEntry(entry);
        memory.sightings[index] ??= [];
        const known = memory.sightings[index]!.find((sighting) => sighting.term === entry.term);
        if (known === undefined) {
          memory.sightings[index]!.push({ term: entry.term, previousTerm, hash });
        } else if (known.hash !== hash || (previousTerm !== known.previousTerm && previousTerm !== -1)) {
          return `entry ${index} of term ${entry.term} differs on ${node.id} (follows term ${previousTerm}, known to follow ${known.previousTerm})`;
        }
      }
    }
    return null;
  },
};
