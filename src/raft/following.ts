/**
 * The follower's side: appends, heartbeats and snapshots of the leader (paper figure 2 and section 7).
 */

import { Failure } from '../util/failure.ts';
import type { RaftCore } from './core.ts';
import { type Entry, type Message, MessageType, Role } from './types.ts';

/** `context` of an Append that only tells the commit index: it is answered only when the logs do not meet. */
export const quietAppend = 1;

/** A message that only the leader of this term sends: it is followed from now on. */
function hearLeader(core: RaftCore, message: Message): void {
  if (core.role === Role.Leader) {
    throw new Error(`raft: ${message.from} and ${core.id} both lead term ${core.term}`);
  }
  if (core.role !== Role.Follower || core.leader !== message.from)
    core.becomeFollower(core.term, message.from);
  core.electionElapsed = 0;
}

export function onAppend(core: RaftCore, append: Message): void {
  hearLeader(core, append);
  const { log } = core;
  if (append.index < log.commit) {
    // Committed entries are the same everywhere. The leader goes on after them.
    acknowledge(core, append.from, log.commit);
    return;
  }
  if (log.termAt(append.index) !== append.logTerm) {
    if (core.mutant === 'rejectedAppendCommits') core.commitTo(Math.min(append.commit, log.lastIndex));
    reject(core, append);
    return;
  }
  const lastNew = append.index + append.entries.length;
  appendNew(core, append.entries);
  // Only what this message vouches for: entries beyond it may be another leader's (paper figure 2, the last rule).
  const commit = core.mutant === 'commitBeyondNew' ? log.lastIndex : lastNew;
  core.commitTo(Math.min(append.commit, commit));
  if (append.context === quietAppend) return;
  acknowledge(core, append.from, lastNew);
}

/**
 * Appends what is not there yet. The log is cut only where it contradicts: appends may come late and twice, and an
 * early one must not remove what a later one has added and this node has acknowledged.
 */
function appendNew(core: RaftCore, entries: readonly Entry[]): void {
  const { log } = core;
  let i = 0;
  while (i < entries.length && log.termAt(entries[i]!.index) === entries[i]!.term) i++;
  if (core.mutant === 'truncateOnOverlap' && entries.length > 0 && entries[0]!.index > log.commit) i = 0;
  if (i === entries.length) return;
  if (entries[i]!.index <= log.lastIndex) core.truncate(entries[i]!.index);
  for (; i < entries.length; i++) {
    log.append(entries[i]!);
    core.noteConfig(entries[i]!);
  }
}

/** Says "the log is durable up to `index`", once it is. */
function acknowledge(core: RaftCore, to: string, index: number): void {
  const response = core.message(MessageType.AppendResponse, to);
  response.index = index;
  if (core.mutant === 'ackBeforeWritten') core.outbox.send(response);
  else core.sendDurable(response, index);
}

/** Says where the logs may meet: whole terms above the leader's are skipped, and never below the commit index. */
function reject(core: RaftCore, append: Message): void {
  const { log } = core;
  const response = core.message(MessageType.AppendResponse, append.from);
  response.index = append.index;
  response.reject = true;
  response.hint = Math.max(log.lastIndexOfTerm(append.index, append.logTerm), log.commit);
  response.logTerm = log.termAt(response.hint);
  core.sendDurable(response, 0);
}

/**
 * The answer waits for no entries: heartbeats go past a slow disk.
 *
 * A leader speaks of commits up to what this node has acknowledged. A log that does not reach there has lost its end, and
 * with it perhaps a promise: nobody may speak for it under this id any more.
 * @throws Failure 'walDamaged'
 */
export function onHeartbeat(core: RaftCore, heartbeat: Message): void {
  hearLeader(core, heartbeat);
  const { mutant, log } = core;
  if (heartbeat.commit > log.lastIndex && mutant !== 'commitBeyondNew') {
    const told = `the log ends at entry ${log.lastIndex}, but was acknowledged up to ${heartbeat.commit} at least`;
    throw new Failure('walDamaged', `${told}, says ${heartbeat.from}, which leads term ${core.term}`);
  }
  core.commitTo(mutant === 'commitBeyondNew' ? Math.min(heartbeat.commit, log.lastIndex) : heartbeat.commit);
  const response = core.message(MessageType.HeartbeatResponse, heartbeat.from);
  response.context = heartbeat.context;
  core.sendDurable(response, 0);
}

/**
 * A snapshot has arrived whole. It is accepted when it is ahead of what is committed here and is not in the log
 * already; then it replaces log and configuration at once, and the state when it has been written. While one is being
 * installed the next is ignored: two at a time would race for the state (etcd issue 18055).
 */
export function onSnapshot(core: RaftCore, message: Message): void {
  hearLeader(core, message);
  const snapshot = message.snapshot;
  if (snapshot === null) throw new Error('raft: snapshot message without a snapshot');
  if (core.pendingSnapshot !== null && core.mutant !== 'snapshotWhileInstalling') return;
  const { log } = core;
  if (snapshot.index <= log.commit) {
    acknowledge(core, message.from, log.commit);
    return;
  }
  if (log.termAt(snapshot.index) === snapshot.term) {
    core.commitTo(snapshot.index);
    acknowledge(core, message.from, log.commit);
    return;
  }
  log.reset(snapshot.index, snapshot.term);
  const kept = core.mutant === 'snapshotKeepsConf';
  core.confs.reset(snapshot.index, kept && core.conf.voters.length > 0 ? core.conf : snapshot.conf);
  core.writes.clip(1, 0);
  core.pendingSnapshot = snapshot;
  core.snapshotDue = true;
  acknowledge(core, message.from, snapshot.index);
}
