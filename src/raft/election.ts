/**
 * Elections (paper 5.2 and 5.4.1) with pre-vote (thesis 9.6) and votes withheld while a leader is fresh (thesis 4.2.3).
 *
 * Rules, and what goes wrong without them:
 * - A vote leaves only when it is on disk, and so does a request for votes: a node that forgot its campaign could start
 *   it again in the same term with a shorter log, and be elected by answers that were given to the longer one.
 * - A candidate counts its own vote only when the write that holds exactly this term and vote is durable: an
 *   acknowledgement of an earlier campaign says nothing of this one.
 * - A pre-candidate forgets the leader. If it kept it, it would withhold its vote from the others, and nodes that all
 *   believe in a leader that has stepped down would refuse each other for ever (etcd pull request 8334).
 * - Only a granted vote resets the election timer.
 */

import { isVoter, memberIds } from './configuration.ts';
import type { RaftCore } from './core.ts';
import { type VoteOutcome, voteOutcome } from './quorum.ts';
import { becomeLeader } from './replication.ts';
import { type Message, MessageType, nobody, Role } from './types.ts';

/** `context` of a Vote message when a leader has asked for the campaign: freshness of the leader is no objection. */
const transferCampaign = 1;

export function tickElection(core: RaftCore, count: number): void {
  core.electionElapsed += count;
  if (core.electionElapsed >= core.timeoutTicks && core.isPromotable) campaign(core, false);
}

/** Stands for election. @param transfer at the leader's wish: no pre-vote. */
export function campaign(core: RaftCore, transfer: boolean): void {
  if (core.role === Role.Leader || !core.isPromotable) return;
  core.electionElapsed = 0;
  if (core.config.preVote && !transfer && core.mutant !== 'campaignsUnasked') becomePreCandidate(core);
  else becomeCandidate(core, transfer);
}

function becomePreCandidate(core: RaftCore): void {
  core.role = Role.PreCandidate;
  core.votes.clear();
  if (core.mutant !== 'preCandidateKeepsLeader') core.setLeader(nobody);
  core.drawTimeout();
  core.votes.set(core.id, true);
  if (outcome(core) === 'won') {
    becomeCandidate(core, false);
    return;
  }
  for (const id of memberIds(core.conf)) {
    if (id === core.id || !isVoter(core.conf, id)) continue;
    const request = core.message(MessageType.PreVote, id);
    request.term = core.term + 1;
    request.index = core.log.lastIndex;
    request.logTerm = core.log.lastTerm;
    core.outbox.send(request);
  }
}

function becomeCandidate(core: RaftCore, transfer: boolean): void {
  core.setTerm(core.term + 1);
  core.role = Role.Candidate;
  core.votes.clear();
  core.setLeader(nobody);
  core.drawTimeout();
  core.vote = core.id;
  for (const id of memberIds(core.conf)) {
    if (id === core.id || !isVoter(core.conf, id)) continue;
    const request = core.message(MessageType.Vote, id);
    request.index = core.log.lastIndex;
    request.logTerm = core.log.lastTerm;
    request.context = transfer ? transferCampaign : 0;
    if (core.mutant === 'voteBeforeWritten') core.outbox.send(request);
    else core.outbox.hold(request, 0);
  }
}

function outcome(core: RaftCore): VoteOutcome {
  return voteOutcome(core.conf, core.votes, (voters) => core.tracker.quorumOf(voters));
}

/** The hard state, exactly this term and vote, has become durable: a candidate may count its own vote. */
export function countOwnVote(core: RaftCore): void {
  if (core.role !== Role.Candidate || core.votes.has(core.id)) return;
  core.votes.set(core.id, true);
  conclude(core);
}

/** Whether a request for votes of a higher term is to be ignored because a leader was heard from a moment ago. */
export function isLeaderFresh(core: RaftCore, request: Message): boolean {
  if (request.context === transferCampaign || core.mutant === 'noFreshLeader') return false;
  return (
    core.config.checkQuorum && core.leader !== nobody && core.electionElapsed < core.config.electionTicks
  );
}

/**
 * A request for a vote or a pre-vote, of this term or, a pre-vote, of a later one. Learners answer too: this node may
 * be a voter and not have heard of it yet.
 */
export function onVoteRequest(core: RaftCore, request: Message): void {
  if (core.mutant === 'learnerAnswersNoVote' && !isVoter(core.conf, core.id)) return;
  if (core.mutant === 'refusalResetsTimer') core.electionElapsed = 0;
  const isPreVote = request.type === MessageType.PreVote;
  const isFree = core.vote === nobody && core.leader === nobody;
  const canVote =
    core.vote === request.from ||
    isFree ||
    (isPreVote && request.term > core.term) ||
    (core.mutant === 'voteTwice' && core.role === Role.Follower);
  const upToDate =
    core.mutant === 'noUpToDateCheck' ||
    (core.mutant === 'logLengthOnly' && request.index >= core.log.lastIndex) ||
    core.log.isUpToDate(request.index, request.logTerm);
  const type = isPreVote ? MessageType.PreVoteResponse : MessageType.VoteResponse;
  const response = core.message(type, request.from);
  response.reject = !canVote || !upToDate;
  if (isPreVote && !response.reject) {
    // Promises nothing, and belongs to the term that the asker would campaign in.
    response.term = request.term;
    core.outbox.send(response);
    return;
  }
  if (!isPreVote && !response.reject) {
    core.vote = request.from;
    core.electionElapsed = 0;
  }
  if (core.mutant === 'voteBeforeWritten') core.outbox.send(response);
  else core.sendDurable(response, 0);
}

/** An answer to this node's campaign. Answers to an earlier campaign have an earlier term and do not get here. */
export function onVoteResponse(core: RaftCore, response: Message): void {
  const isPreVote = response.type === MessageType.PreVoteResponse;
  if (core.role !== (isPreVote ? Role.PreCandidate : Role.Candidate)) return;
  if (isPreVote && !response.reject && response.term !== core.term + 1) return;
  if (!core.votes.has(response.from)) core.votes.set(response.from, !response.reject);
  conclude(core);
}

function conclude(core: RaftCore): void {
  const result = outcome(core);
  if (result === 'won') {
    if (core.role === Role.PreCandidate) becomeCandidate(core, false);
    else becomeLeader(core);
  } else if (result === 'lost') core.becomeFollower(core.term, nobody);
}
