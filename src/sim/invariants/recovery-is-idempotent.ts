/**
 * I43 Recovery is idempotent. Whatever a crash leaves can be opened, gives the same log when it is opened once more (a
 * recovery may itself be cut short), and never less than what was durable. That the state made of it is the same too is
 * I5's business: the digest at each index is compared across lives. etcd's data inconsistency postmortem.
 */

import type { Disk } from '../../util/disk.ts';
import type { DurableView } from '../view.ts';

/** @param copy a disk that nobody else uses; @param recover opens the log on it, as a starting member does. */
export function recoveryProblem(copy: Disk, recover: (disk: Disk) => DurableView): string | null {
  const once = recover(copy);
  const again = recover(copy);
  const one = summary(once);
  const other = summary(again);
  return one === other ? null : `recovered ${one} first and ${other} then`;
}

function summary({ term, vote, baseIndex, baseTerm, entries }: DurableView): string {
  const terms = entries.map((entry) => entry.term).join(',');
  return `term ${term}, vote '${vote}', base ${baseIndex} of term ${baseTerm}, entries of terms [${terms}]`;
}
