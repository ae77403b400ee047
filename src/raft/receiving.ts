/**
 * Where a message goes: terms first (paper 5.1), then the duty that it concerns.
 */

import type { RaftCore } from './core.ts';
import { isLeaderFresh, onVoteRequest, onVoteResponse } from './election.ts';
import { onAppend, onHeartbeat, onSnapshot } from './following.ts';
import { beginRead } from './proposing.ts';
import { appendProposals, onAppendResponse, onHeartbeatResponse } from './replication.ts';
import { onTimeoutNow } from './transfer.ts';
import { EntryType, type Message, MessageType, nobody, Role } from './types.ts';

/** Takes in a message of a peer. Late, repeated and unexpected messages are harmless. */
export function receive(core: RaftCore, message: Message): void {
  if (message.term === 0) {
    stepTermless(core, message);
  } else if (message.term > core.term) {
    if (adoptTerm(core, message)) stepCurrent(core, message);
  } else if (message.term === core.term) {
    stepCurrent(core, message);
  } else if (core.mutant === 'staleResponses' && message.type === MessageType.AppendResponse) {
    stepCurrent(core, message);
  } else {
    answerEarlierTerm(core, message);
  }
}

/** A message of a later term. Returns whether it is to be taken in. */
function adoptTerm(core: RaftCore, message: Message): boolean {
  switch (message.type) {
    case MessageType.PreVote:
      // Asks about a term that does not exist yet.
      return !isLeaderFresh(core, message);
    case MessageType.Vote:
      if (isLeaderFresh(core, message)) return false;
      break;
    case MessageType.PreVoteResponse:
      if (!message.reject) return true;
      break;
    case MessageType.Append:
    case MessageType.Heartbeat:
    case MessageType.Snapshot:
      core.becomeFollower(message.term, message.from);
      return true;
  }
  core.becomeFollower(message.term, nobody);
  return true;
}

/**
 * A message of an earlier term counts for nothing, but whoever sent it may have to learn that its term is over: a
 * leader whose follower has campaigned in vain would else be ignored by it for ever, and a candidate refused for its
 * log would keep its term for ever (etcd, "free stuck candidate").
 */
function answerEarlierTerm(core: RaftCore, message: Message): void {
  if (core.mutant === 'noAnswerToEarlierTerm') return;
  switch (message.type) {
    case MessageType.Append:
    case MessageType.Heartbeat:
    case MessageType.Snapshot: {
      const response = core.message(MessageType.AppendResponse, message.from);
      response.reject = true;
      core.sendDurable(response, 0);
      break;
    }
    case MessageType.Vote:
    case MessageType.PreVote: {
      const isPreVote = message.type === MessageType.PreVote;
      const type = isPreVote ? MessageType.PreVoteResponse : MessageType.VoteResponse;
      const response = core.message(type, message.from);
      response.reject = true;
      core.sendDurable(response, 0);
      break;
    }
  }
}

function stepCurrent(core: RaftCore, message: Message): void {
  switch (message.type) {
    case MessageType.Append:
      onAppend(core, message);
      break;
    case MessageType.Heartbeat:
      onHeartbeat(core, message);
      break;
    case MessageType.Snapshot:
      onSnapshot(core, message);
      break;
    case MessageType.Vote:
    case MessageType.PreVote:
      onVoteRequest(core, message);
      break;
    case MessageType.VoteResponse:
    case MessageType.PreVoteResponse:
      onVoteResponse(core, message);
      break;
    case MessageType.AppendResponse:
      if (core.role === Role.Leader) onAppendResponse(core, message);
      break;
    case MessageType.HeartbeatResponse:
      if (core.role === Role.Leader) onHeartbeatResponse(core, message);
      break;
    case MessageType.ReadIndexResponse:
      core.reads.answered(message.context, message.index);
      break;
    case MessageType.TimeoutNow:
      onTimeoutNow(core);
      break;
  }
}

function stepTermless(core: RaftCore, message: Message): void {
  if (message.type === MessageType.Propose) stepProposal(core, message);
  else if (message.type === MessageType.ReadIndex && core.role === Role.Leader && !core.reads.isFull) {
    beginRead(core, message.from, message.context);
  }
}

/**
 * A proposal that was handed on and cannot be taken goes back: whoever asked then knows for certain that it was not
 * appended, and may hand it to the next leader at once. Dropped, it would be in doubt until its time is over, at each
 * transfer of leadership.
 */
function stepProposal(core: RaftCore, message: Message): void {
  // Changes of configuration are the leader's own business: one that was handed on would be checked against a
  // configuration that its author has not seen.
  if (message.entries.some((entry) => entry.type !== EntryType.Normal)) return;
  const datas = message.entries.map((entry) => entry.data);
  if (message.reject) {
    for (const data of datas) core.returned.push(data);
    return;
  }
  const takes = core.role === Role.Leader && core.leadTransferee === nobody;
  if (takes && appendProposals(core, datas)) return;
  const back = core.message(MessageType.Propose, message.from);
  back.term = 0;
  back.reject = true;
  back.entries = message.entries;
  core.outbox.send(back);
}
