/**
 * The leader's side of log replication (paper 5.3), pipelined as far as each follower's window allows.
 *
 * Nothing is sent when it is proposed: appends are made when the turn's work is collected, so that all proposals of a
 * turn travel in one message. Entries go out in parallel with the leader's own disk; its own copy counts for the
 * commit like any other, once it is durable.
 */

import type { RaftCore } from './core.ts';
import { quietAppend } from './following.ts';
import { entryOverheadBytes, unknownTerm } from './log.ts';
import { noEntries } from './outbox.ts';
import type { Progress } from './progress.ts';
import { afterCommit } from './reconfiguration.ts';
import { onCaughtUp } from './transfer.ts';
import { type Entry, EntryType, type Message, MessageType, Role } from './types.ts';

const noData = new Uint8Array(0);

/** A new term's leader appends an entry of its own term at once: only with it can it commit what came before. */
export function becomeLeader(core: RaftCore): void {
  if (core.role !== Role.Candidate) throw new Error(`raft: ${core.role} cannot become leader`);
  core.role = Role.Leader;
  core.votes.clear();
  core.setLeader(core.id);
  core.electionElapsed = 0;
  core.heartbeatElapsed = 0;
  core.uncommittedBytes = core.log.dataBytes(core.log.commit, core.log.lastIndex);
  core.tracker.reset(core.conf, core.log.lastIndex, core.log.stable);
  core.termStartIndex = core.log.lastIndex + 1;
  appendOwn(core, EntryType.Normal, noData);
}

/** Appends one entry of this leader's term. */
export function appendOwn(core: RaftCore, type: EntryType, data: Uint8Array): Entry {
  const entry: Entry = { index: core.log.lastIndex + 1, term: core.term, type, data };
  core.log.append(entry);
  core.uncommittedBytes += data.length;
  core.appendsDue = true;
  if (core.mutant === 'countUnwritten') onOwnWritten(core, core.log.lastIndex);
  return entry;
}

/** Appends all of `datas`, or none. An empty uncommitted log accepts anything, or a large entry could never pass. */
export function appendProposals(core: RaftCore, datas: readonly Uint8Array[]): boolean {
  let bytes = 0;
  for (let i = 0; i < datas.length; i++) bytes += datas[i]!.length;
  if (core.uncommittedBytes > 0 && core.uncommittedBytes + bytes > core.config.maxUncommittedBytes)
    return false;
  let index = core.log.lastIndex;
  for (let i = 0; i < datas.length; i++) {
    index++;
    core.log.append({ index, term: core.term, type: EntryType.Normal, data: datas[i]! });
  }
  core.uncommittedBytes += bytes;
  core.appendsDue = true;
  if (core.mutant === 'countUnwritten') onOwnWritten(core, index);
  return true;
}

/** This leader's disk holds the log up to `index`. */
export function onOwnWritten(core: RaftCore, index: number): void {
  if (core.tracker.self.advance(index)) advanceCommit(core);
}

/**
 * Commits what a quorum holds, if it is of this term. An entry of an earlier term that a majority holds may still be
 * replaced by a leader that has a later one (paper figure 8); it is committed by what follows it.
 */
export function advanceCommit(core: RaftCore): void {
  const index = core.tracker.committedIndex();
  if (index <= core.log.commit) return;
  if (core.log.termAt(index) !== core.term && core.mutant !== 'commitOldTerm') return;
  if (!core.commitTo(Math.min(index, core.log.lastIndex))) return;
  if (core.hasCommittedInTerm) core.reads.beginQueued(core.log.commit);
  afterCommit(core);
}

/** Makes the appends that the peers are ready for. Called once per turn. */
export function sendAppends(core: RaftCore): void {
  core.appendsDue = false;
  const peers = core.tracker.peers;
  for (let i = 0; i < peers.length; i++) sendAppendsTo(core, peers[i]!);
}

function sendAppendsTo(core: RaftCore, peer: Progress): void {
  if (peer.state === 'snapshot' || peer.paused) return;
  if (peer.state === 'probe') {
    if (sendAppend(core, peer, core.config.maxMessageBytes, 1)) peer.paused = true;
    return;
  }
  let sent = false;
  while (peer.next <= core.log.lastIndex && !peer.inflights.isFull) {
    const budget = Math.min(core.config.maxMessageBytes, peer.inflights.room);
    const atLeast = peer.inflights.count === 0 ? 1 : 0;
    if (!sendAppend(core, peer, budget, atLeast)) break;
    sent = true;
  }
  // An empty append tells a new commit index; and it finds a hole in the pipeline, when appends or their
  // acknowledgements were lost and the window leaves no room for one more.
  const isTold = peer.sentCommit >= Math.min(core.log.commit, peer.next - 1);
  if (!sent && (peer.nudge || (!isTold && !core.withholdsNotices))) sendAppend(core, peer, 0, 0);
  else if (!sent && !isTold) core.hasWithheld = true;
  peer.nudge = false;
}

/** Sends what fits in `budget` bytes and returns whether a message left. */
function sendAppend(core: RaftCore, peer: Progress, budget: number, atLeast: number): boolean {
  const previous = peer.next - 1;
  const previousTerm = core.log.termAt(previous);
  if (previousTerm === unknownTerm) {
    wantSnapshot(core, peer);
    return false;
  }
  const count = budget === 0 ? 0 : core.log.countWithin(peer.next, core.log.lastIndex, budget, atLeast);
  if (count === 0 && budget > 0 && peer.state === 'replicate') return false;
  const append = core.message(MessageType.Append, peer.id);
  append.index = previous;
  append.logTerm = previousTerm;
  append.commit = core.log.commit;
  append.entries = count === 0 ? noEntries : core.log.slice(peer.next, peer.next + count);
  if (count === 0 && peer.state === 'replicate' && !peer.nudge) append.context = quietAppend;
  core.outbox.send(append);
  if (count > 0 && peer.state === 'replicate') {
    peer.next += count;
    peer.inflights.add(peer.next - 1, weigh(append.entries));
  }
  peer.sentCommit = Math.min(core.log.commit, previous + count);
  return true;
}

function weigh(entries: readonly Entry[]): number {
  let bytes = entries.length * entryOverheadBytes;
  for (let i = 0; i < entries.length; i++) bytes += entries[i]!.data.length;
  return bytes;
}

/** The log the peer needs has been compacted away. Asked for again with each heartbeat it answers. */
function wantSnapshot(core: RaftCore, peer: Progress): void {
  if (!peer.recentActive || peer.departedAt > 0) return;
  if (peer.state === 'replicate') peer.becomeProbe();
  peer.paused = true;
  if (!core.snapshotsWanted.includes(peer.id)) core.snapshotsWanted.push(peer.id);
}

export function onAppendResponse(core: RaftCore, response: Message): void {
  const peer = core.tracker.get(response.from);
  if (peer === undefined || peer === core.tracker.self) return;
  peer.recentActive = true;
  if (response.reject) onRejected(core, peer, response);
  else onAccepted(core, peer, response.index);
}

function onRejected(core: RaftCore, peer: Progress, response: Message): void {
  // A snapshot is on its way: what was sent before it does not matter.
  if (peer.state === 'snapshot') return;
  // Between the hint and the follower's term at it nothing can match: skip to the last entry of that term or before.
  const hint =
    response.logTerm > 0 ? core.log.lastIndexOfTerm(response.hint, response.logTerm) : response.hint;
  if (peer.retreat(response.index, hint)) core.appendsDue = true;
  if (core.mutant === 'nextBelowMatch') peer.next = Math.max(1, Math.min(peer.next, hint + 1));
}

function onAccepted(core: RaftCore, peer: Progress, index: number): void {
  if (index > core.log.lastIndex) {
    throw new Error(`raft: ${peer.id} acknowledges ${index}, the log ends at ${core.log.lastIndex}`);
  }
  const advanced = peer.advance(index);
  if (peer.state === 'replicate') {
    if (core.mutant !== 'windowNeverFrees') peer.inflights.freeUpTo(index);
  } else if (peer.state === 'probe') {
    if (advanced || peer.match === index) peer.becomeReplicate();
  } else if (peer.match >= core.log.baseIndex) {
    // The report of the snapshot may have been lost: an acknowledgement that meets the log is as good.
    peer.becomeReplicate();
  }
  core.appendsDue = true;
  if (!advanced) return;
  if (peer.departedAt === 0) advanceCommit(core);
  if (core.leadTransferee === peer.id) onCaughtUp(core, peer);
}

export function onHeartbeatResponse(core: RaftCore, response: Message): void {
  const peer = core.tracker.get(response.from);
  if (peer === undefined || peer === core.tracker.self) return;
  peer.recentActive = true;
  // Once per tick: read rounds bring many more answers, and each would make the leader repeat itself.
  if (peer.lookDue && (peer.match < core.log.lastIndex || peer.state === 'probe')) {
    peer.lookDue = false;
    peer.paused = false;
    peer.nudge = true;
    core.appendsDue = true;
  }
  const round =
    core.mutant === 'readStaleAck' ? core.reads.round : Math.min(response.context, core.reads.round);
  if (round <= peer.ackedRound) return;
  peer.ackedRound = round;
  confirmReads(core);
}

/** Reads whose round a quorum has acknowledged are done. */
function confirmReads(core: RaftCore): void {
  if (!core.reads.hasPending) return;
  core.reads.confirm(core.tracker.confirmedRound(), (to, context, index) => {
    const answer = core.message(MessageType.ReadIndexResponse, to);
    answer.context = context;
    answer.index = index;
    core.outbox.send(answer);
  });
}

/** A heartbeat is due by the clock: its answers make the leader look whether the peer is stuck. */
export function tickHeartbeats(core: RaftCore, count: number): void {
  core.heartbeatElapsed += count;
  if (core.heartbeatElapsed < core.config.heartbeatTicks) return;
  for (const peer of core.tracker.peers) peer.lookDue = true;
  sendHeartbeats(core);
}

/** Sends a heartbeat to every peer, carrying the latest read round. */
function sendHeartbeats(core: RaftCore): void {
  core.heartbeatElapsed = 0;
  const { peers } = core.tracker;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i]!;
    const heartbeat = core.message(MessageType.Heartbeat, peer.id);
    // Not beyond what the peer is known to hold: the rest of its log may be another's.
    const known = core.mutant === 'commitBeyondNew' ? core.log.commit : peer.match;
    heartbeat.commit = Math.min(known, core.log.commit);
    heartbeat.context = core.reads.round;
    core.outbox.send(heartbeat);
  }
}

/** Opens the read round that waits, and confirms it at once where this node is its own quorum. */
export function openReadRound(core: RaftCore): void {
  const round = core.reads.openRound();
  core.tracker.self.ackedRound = round;
  sendHeartbeats(core);
  confirmReads(core);
}
