/**
 * The way of entries to storage and to the state machine, and what their acknowledgement means.
 */

import type { RaftCore } from './core.ts';
import { noEntries } from './outbox.ts';
import type { Entry, HardState, Ready } from './types.ts';
import type { PendingWrite } from './write-ledger.ts';

/** A Ready that is being collected. */
export type MutableReady = { -readonly [Field in keyof Ready]: Ready[Field] };

/** Whether something has to be written. The commit index alone is not worth a write. */
export function needsWrite(core: RaftCore): boolean {
  const { log, writes } = core;
  return (
    core.snapshotDue ||
    log.lastIndex > log.written ||
    core.term !== writes.handedTerm ||
    core.vote !== writes.handedVote
  );
}

/** One write is durable. */
export function noteDurable(core: RaftCore, write: PendingWrite): void {
  const { log } = core;
  if (log.termAt(write.lastIndex) === write.lastTerm) log.stable = Math.max(log.stable, write.lastIndex);
  else if (write.lastIndex > log.baseIndex && core.mutant !== 'writtenIgnoresTruncation') {
    throw new Error(`raft: write up to ${write.lastIndex} of term ${write.lastTerm} is not the log's`);
  }
  if (write.snapshot !== null && write.snapshot === core.pendingSnapshot) {
    log.applied = write.snapshot.index;
    core.pendingSnapshot = null;
    core.isHollow = false;
  }
}

/**
 * Adds to `ready` what has to be written. A snapshot goes alone: whoever installs it begins the log anew behind it, and
 * entries that came along would be acknowledged with it and be in no log. They follow in the next write.
 */
export function takeWrite(core: RaftCore, ready: MutableReady): void {
  const { log, writes } = core;
  ready.snapshot = core.snapshotDue ? core.pendingSnapshot : null;
  const end = ready.snapshot === null ? log.lastIndex : log.baseIndex;
  if (end > log.written) ready.entries = log.slice(log.written + 1, end + 1);
  ready.hardState = hardStateToWrite(core);
  log.written = end;
  core.snapshotDue = false;
  ready.write = writes.begin(end, log.termAt(end), core.term, core.vote, log.commit, ready.snapshot);
}

/** The commit index travels with each write. */
function hardStateToWrite(core: RaftCore): HardState | null {
  const { writes, term, vote, log } = core;
  const same = term === writes.handedTerm && vote === writes.handedVote && log.commit === writes.handedCommit;
  return same ? null : { term, vote: core.mutant === 'voteNotPersisted' ? '' : vote, commit: log.commit };
}

/**
 * Committed entries that are durable here: a crash must not leave the state ahead of the log. While a snapshot is being
 * installed nothing is durable in its sense, so nothing is handed out.
 */
export function takeCommitted(core: RaftCore): readonly Entry[] {
  const { log } = core;
  if (core.isHollow) return noEntries;
  const end = core.mutant === 'countUnwritten' ? log.commit : Math.min(log.commit, log.stable);
  if (end <= log.applying) return noEntries;
  const from = log.applying + 1;
  const count = log.countWithin(from, end, core.config.maxCommittedBytes, 1);
  log.applying += count;
  return log.slice(from, from + count);
}
