/**
 * Changes of who takes part, on the leader (thesis chapter 4). One Config entry carries the whole new configuration,
 * which is in effect from its append on.
 *
 * - One change at a time: the next may begin only when the last one is committed.
 * - None before an entry of the leader's own term is committed. Otherwise two leaders could each change one server
 *   from the same configuration, the first one's change hidden in a log that was not yet overruled, and end up with
 *   majorities that have nobody in common (raft-dev, July 2015).
 * - A leader that is not part of the new configuration goes on until it is committed, and then steps down.
 */

import { encodeConfigEntry } from './conf-codec.ts';
import { changedConfiguration, isJoint, isVoter, leftJoint } from './configuration.ts';
import type { RaftCore } from './core.ts';
import type { ConfigChange, ConfigRefusal } from './options.ts';
import type { Progress } from './progress.ts';
import { advanceCommit, appendOwn, sendAppends } from './replication.ts';
import { type ConfState, EntryType, MessageType, nobody, Role } from './types.ts';

const noContext = new Uint8Array(0);

/** Appends the configuration that `change` leads to. Returns null, or why not. */
export function proposeConfig(core: RaftCore, change: ConfigChange): ConfigRefusal | null {
  if (core.role !== Role.Leader) return 'notLeader';
  if (core.leadTransferee !== nobody) return 'transferInProgress';
  if (core.confs.currentIndex > core.log.commit && core.mutant !== 'twoConfigs') return 'changePending';
  if (!core.hasCommittedInTerm && core.mutant !== 'configBeforeTermCommit') return 'noCommitInTerm';
  const outcome = changedConfiguration(core.conf, change);
  if (outcome.refusal !== null) return outcome.refusal;
  appendConfig(core, outcome.conf, change.context);
  return null;
}

function appendConfig(core: RaftCore, conf: ConfState, context: Uint8Array): void {
  const entry = appendOwn(core, EntryType.Config, encodeConfigEntry(conf, context));
  core.noteConfig(entry);
  core.tracker.configure(core.conf, entry.index, entry.index);
  // Fewer voters may need fewer acknowledgements.
  advanceCommit(core);
  if (core.mutant === 'removedLeaderLeavesEarly' && !isVoter(conf, core.id)) stepAside(core);
}

/** The commit index of this leader has moved. */
export function afterCommit(core: RaftCore): void {
  if (core.mutant === 'configOnCommit')
    core.tracker.configure(core.conf, core.log.lastIndex, core.confs.currentIndex);
  if (core.confs.currentIndex > core.log.commit || !core.hasCommittedInTerm) return;
  if (isJoint(core.conf)) {
    if (core.conf.autoLeave) appendConfig(core, leftJoint(core.conf), noContext);
  } else if (!isVoter(core.conf, core.id) && core.mutant !== 'removedLeaderStays') stepAside(core);
}

/**
 * This leader's removal is committed. The others are told so, and the one that has most of the log is asked to
 * campaign at once, so that the cluster does not wait for an election timeout.
 */
function stepAside(core: RaftCore): void {
  sendAppends(core);
  let successor: Progress | null = null;
  for (const peer of core.tracker.peers) {
    if (!isVoter(core.conf, peer.id) || peer.match < core.confs.currentIndex) continue;
    if (successor === null || peer.match > successor.match) successor = peer;
  }
  if (successor !== null) core.outbox.send(core.message(MessageType.TimeoutNow, successor.id));
  core.becomeFollower(core.term, nobody);
}
