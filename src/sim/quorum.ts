/**
 * Quorum arithmetic once more, written as plainly as it can be: the invariants must not trust that of `src/raft`.
 */

import type { ConfState, NodeId } from '../raft/types.ts';
import type { DurableView } from './view.ts';

/** True when `members` hold a majority of the voters, and of the outgoing voters if there are any. */
export function isQuorum(conf: ConfState, members: readonly NodeId[]): boolean {
  const majority = (voters: readonly NodeId[]): boolean => {
    let present = 0;
    for (const voter of voters) if (members.includes(voter)) present++;
    return present * 2 > voters.length;
  };
  return majority(conf.voters) && (conf.votersOutgoing.length === 0 || majority(conf.votersOutgoing));
}

/** The highest index that a quorum has reached. */
export function quorumIndex(conf: ConfState, indexOf: (id: NodeId) => number): number {
  const candidates = [...conf.voters, ...conf.votersOutgoing].map(indexOf);
  let best = 0;
  for (const candidate of candidates) {
    const reached = [...conf.voters, ...conf.votersOutgoing].filter((id) => indexOf(id) >= candidate);
    if (candidate > best && isQuorum(conf, reached)) best = candidate;
  }
  return best;
}

export function lastOf(disk: DurableView): number {
  return disk.baseIndex + disk.entries.length;
}

/** True when the disk holds the entry, or stands for it by a snapshot. */
export function holds(disk: DurableView, index: number, term: number): boolean {
  if (index < disk.baseIndex) return true;
  if (index === disk.baseIndex) return index === 0 || disk.baseTerm === term;
  return disk.entries[index - disk.baseIndex - 1]?.term === term;
}
