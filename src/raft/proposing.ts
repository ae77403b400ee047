/** What enters at a node that may not be the leader: reads that begin, and proposals to be handed on. */

import type { RaftCore } from './core.ts';
import { entryOverheadBytes } from './log.ts';
import { type Entry, EntryType, MessageType, type NodeId } from './types.ts';

/** A read of `from` begins on this leader, at its commit index as soon as it knows it (paper section 8). */
export function beginRead(core: RaftCore, from: NodeId, context: number): void {
  if (core.hasCommittedInTerm || core.mutant === 'readWithoutTermCommit') {
    const { log, mutant } = core;
    core.reads.begin(from, context, mutant === 'readFromApplied' ? log.applied : log.commit);
  } else core.reads.queue(from, context);
}

/** Hands `datas` on to the leader, in messages of bounded size. */
export function forwardProposals(core: RaftCore, datas: readonly Uint8Array[]): void {
  let entries: Entry[] = [];
  let bytes = 0;
  for (const data of datas) {
    const size = data.length + entryOverheadBytes;
    if (entries.length > 0 && bytes + size > core.config.maxMessageBytes) {
      sendProposal(core, entries);
      entries = [];
      bytes = 0;
    }
    entries.push({ index: 0, term: 0, type: EntryType.Normal, data });
    bytes += size;
  }
  sendProposal(core, entries);
}

function sendProposal(core: RaftCore, entries: readonly Entry[]): void {
  const proposal = core.message(MessageType.Propose, core.leader);
  proposal.term = 0;
  proposal.entries = entries;
  core.outbox.send(proposal);
}
