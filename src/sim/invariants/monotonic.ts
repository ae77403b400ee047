/**
 * I11 Monotonic. Within a life, term, commit and applied index never fall, and within a term a vote once given stays.
 * Across a restart the same holds for what was on disk when the life ended: what was durable was perhaps promised to
 * somebody. (What was only in memory was promised to nobody and may be forgotten.)
 */

import type { Testament } from '../memory.ts';
import type { Delta } from '../view.ts';
import type { Invariant } from './invariant.ts';

export const monotonic: Invariant = {
  id: 'I11',
  says: 'term, vote, commit and applied never go back',
  check(world, memory) {
    for (const delta of world.deltas) {
      const { node } = delta;
      const problem =
        delta.before === null ? sinceDeath(delta, memory.testaments[node.index]!) : sinceSeen(delta);
      if (problem !== null) return `${node.id}: ${problem}`;
    }
    return null;
  },
};

function sinceSeen({ node, before }: Delta): string | null {
  const seen = before!;
  if (node.term < seen.term) return `term fell from ${seen.term} to ${node.term}`;
  if (node.term === seen.term && seen.vote !== '' && node.vote !== seen.vote) {
    return `vote of term ${node.term} changed from ${seen.vote} to '${node.vote}'`;
  }
  if (node.commit < seen.commit) return `commit fell from ${seen.commit} to ${node.commit}`;
  if (node.applied < seen.applied) return `applied fell from ${seen.applied} to ${node.applied}`;
  return null;
}

function sinceDeath({ node }: Delta, testament: Testament | null): string | null {
  if (testament === null) return null;
  if (node.term < testament.term) return `restarted in term ${node.term}, its disk knew ${testament.term}`;
  if (node.term === testament.term && testament.vote !== '' && node.vote !== testament.vote) {
    return `restarted with vote '${node.vote}' in term ${node.term}, its disk held ${testament.vote}`;
  }
  return null;
}
