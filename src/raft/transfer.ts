/**
 * Handing leadership over (thesis 3.10): stop taking proposals, bring the target's log up to date, tell it to campaign
 * at once. Given up after an election timeout, so that a target that is gone does not block writes.
 */

import { isVoter } from './configuration.ts';
import type { RaftCore } from './core.ts';
import { campaign } from './election.ts';
import type { Progress } from './progress.ts';
import { MessageType, type NodeId, nobody, Role } from './types.ts';

/** Returns false when this node does not lead or `to` is not another voter. */
export function transferLeadership(core: RaftCore, to: NodeId): boolean {
  if (core.role !== Role.Leader || to === core.id || !isVoter(core.conf, to)) return false;
  const peer = core.tracker.get(to);
  if (peer === undefined) throw new Error(`raft: voter ${to} has no progress`);
  if (core.leadTransferee === to) return true;
  core.leadTransferee = to;
  core.transferElapsed = 0;
  onCaughtUp(core, peer);
  return true;
}

/** The target of the transfer has acknowledged something: perhaps the last thing it lacked. */
export function onCaughtUp(core: RaftCore, peer: Progress): void {
  if (peer.match === core.log.lastIndex) core.outbox.send(core.message(MessageType.TimeoutNow, peer.id));
  else core.appendsDue = true;
}

export function tickTransfer(core: RaftCore): void {
  if (core.leadTransferee === nobody) return;
  if (++core.transferElapsed >= core.config.electionTicks) core.leadTransferee = nobody;
}

/** The leader asks this node to take over. A node that may not lead ignores it. */
export function onTimeoutNow(core: RaftCore): void {
  if (core.role === Role.Leader) return;
  campaign(core, true);
}
