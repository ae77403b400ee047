/**
 * I17 Majorities of successive configurations overlap. For each Config entry that reaches a log: no quorum of it and
 * quorum of the configuration before it are disjoint, else both could decide alone. Checked by trying all sets.
 * Thesis, section 4.1 and 4.3; the bug of single-server changes (raft-dev, 2015) is its counter-example.
 */

import type { ConfState } from '../../raft/types.ts';
import type { Memory } from '../memory.ts';
import { isQuorum } from '../quorum.ts';
import type { NodeView, World } from '../view.ts';
import type { Invariant } from './invariant.ts';

export const majoritiesOverlap: Invariant = {
  id: 'I17',
  says: 'quorums of successive configurations have a member in common',
  check(world, memory) {
    for (const { node, changedFrom } of world.deltas) {
      let beforeAt = 0;
      let before: ConfState | null = null;
      for (let index = changedFrom; index <= node.last; index++) {
        const entry = node.entryAt(index);
        if (entry === null || entry.type !== 1) continue;
        if (before === null) [beforeAt, before] = confBefore(world, memory, node, changedFrom);
        const committed = memory.confIndexAt(Math.min(index - 1, memory.committed));
        if (committed > beforeAt) before = memory.confAt(committed);
        const after = world.confOf(entry);
        if (disjointQuorums(before, after))
          return `entry ${index} on ${node.id} changes ${show(before)} to ${show(after)}`;
        [beforeAt, before] = [index, after];
      }
    }
    return null;
  },
};

/** The configuration in force before the first changed entry of this log, and its index. */
function confBefore(world: World, memory: Memory, node: NodeView, changedFrom: number): [number, ConfState] {
  const known = memory.shadows[node.index]!.configs.findLast((at) => at < changedFrom && at > node.compacted);
  const entry = known === undefined ? null : node.entryAt(known);
  if (entry !== null && entry.type === 1) return [known!, world.confOf(entry)];
  const index = memory.confIndexAt(Math.min(changedFrom - 1, memory.committed));
  return [index, memory.confAt(index)];
}

/** True when some set is a quorum of the one while its complement is a quorum of the other. */
export function disjointQuorums(one: ConfState, other: ConfState): boolean {
  const all = [...new Set([one, other].flatMap((conf) => [...conf.voters, ...conf.votersOutgoing]))];
  for (let set = 0; set < 1 << all.length; set++) {
    const inside = all.filter((_, at) => (set & (1 << at)) !== 0);
    const outside = all.filter((_, at) => (set & (1 << at)) === 0);
    if (isQuorum(one, inside) && isQuorum(other, outside)) return true;
  }
  return false;
}

function show(conf: ConfState): string {
  return `(${conf.voters.join(' ')})${conf.votersOutgoing.length > 0 ? `+(${conf.votersOutgoing.join(' ')})` : ''}`;
}
