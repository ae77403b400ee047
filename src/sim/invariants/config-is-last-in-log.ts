/**
 * I19 The configuration in force is the last one in the log, or that of the snapshot when the log holds none: it counts
 * from the moment it is appended and goes when its entry is truncated. Thesis, section 4.1; logcabin's invariants.
 */

import type { ConfState } from '../../raft/types.ts';
import type { Delta } from '../view.ts';
import type { Invariant } from './invariant.ts';

export const configIsLastInLog: Invariant = {
  id: 'I19',
  says: 'the last configuration of the log is in force',
  check(world, memory) {
    for (const delta of world.deltas) {
      if (isPlainAppend(delta)) continue;
      const { node, changedFrom } = delta;
      let last =
        memory.shadows[node.index]!.configs.findLast((at) => at < changedFrom && at > node.compacted) ?? 0;
      for (let index = changedFrom; index <= node.last; index++) {
        if (node.entryAt(index)?.type === 1) last = index;
      }
      const entry = last === 0 ? null : node.entryAt(last);
      const expected = entry === null ? memory.confAt(node.compacted) : world.confOf(entry);
      if (!sameConf(node.conf, expected)) {
        return `${node.id} works with voters ${node.conf.voters.join(' ')}, the last configuration (entry ${last}) has ${expected.voters.join(' ')}`;
      }
    }
    return null;
  },
};

/** Neither the configuration nor any entry that holds one is another than when this was checked last. */
function isPlainAppend({ node, before, changedFrom }: Delta): boolean {
  if (before === null || node.conf !== before.conf || changedFrom <= before.last) return false;
  for (let index = changedFrom; index <= node.last; index++) {
    if (node.entryAt(index)?.type === 1) return false;
  }
  return node.last >= before.last;
}

/** Equal as sets; the order of ids means nothing. */
function sameConf(one: ConfState, other: ConfState): boolean {
  const same = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && [...a].sort().join() === [...b].sort().join();
  return (
    same(one.voters, other.voters) &&
    same(one.votersOutgoing, other.votersOutgoing) &&
    same(one.learners, other.learners) &&
    same(one.learnersNext, other.learnersNext)
  );
}
