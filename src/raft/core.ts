/**
 * The state of one node and the rules that every duty shares: moving between roles and terms, appending, committing.
 * The duties themselves are functions over it: `election.ts`, `replication.ts`, `following.ts`, `reconfiguration.ts`,
 * `transfer.ts`. `RaftNode` is the face of it.
 *
 * Invariants: the term never falls, and within a term the vote changes at most once, from nobody to somebody; the
 * commit index never falls; the configuration in effect is the last one in the log.
 */

import { decodeConfigEntry } from './conf-codec.ts';
import { ConfHistory } from './conf-history.ts';
import { assertSound, isVoter } from './configuration.ts';
import { RaftLog } from './log.ts';
import type { ConfigRefusal, RaftMutant, ResolvedConfig } from './options.ts';
import { newMessage, Outbox } from './outbox.ts';
import { ReadIndex } from './read-index.ts';
import { Tracker } from './tracker.ts';
import {
  type ConfState,
  type Entry,
  EntryType,
  type Message,
  type MessageType,
  type NodeId,
  nobody,
  Role,
  type SnapshotMeta,
} from './types.ts';
import { WriteLedger } from './write-ledger.ts';

export class RaftCore {
  readonly config: ResolvedConfig;
  readonly id: NodeId;
  readonly mutant: RaftMutant | undefined;
  readonly log: RaftLog;
  readonly confs: ConfHistory;
  readonly writes: WriteLedger;
  readonly outbox: Outbox = new Outbox();
  readonly reads: ReadIndex;
  readonly tracker: Tracker;

  term: number;
  vote: NodeId;
  leader: NodeId = nobody;
  role: Role = Role.Follower;
  /** Since the last sign of a leader, the last granted vote, or, leading, the last check of the quorum. */
  electionElapsed = 0;
  heartbeatElapsed = 0;
  timeoutTicks = 0;
  votes: Map<NodeId, boolean> = new Map();

  /** Leading: index of the entry that began the term. */
  termStartIndex = 0;
  uncommittedBytes = 0;
  /** Leading: peers may have something to be sent. */
  appendsDue = false;
  /** Appends without entries wait, unless they look for a hole (`RaftNode.withholdNotices`); one of them does. */
  withholdsNotices = false;
  hasWithheld = false;
  leadTransferee: NodeId = nobody;
  transferElapsed = 0;
  configRefusal: ConfigRefusal | null = null;

  /** A snapshot that replaces the log and is not durable yet. */
  pendingSnapshot: SnapshotMeta | null = null;
  /** It has not been handed to storage yet. */
  snapshotDue = false;
  snapshotsWanted: NodeId[] = [];
  /** The log is sound and the state machine has nothing: see `RaftNode.forgetState`. */
  isHollow: boolean;
  /** Proposals of this node that a leader has sent back. */
  returned: Uint8Array[] = [];

  constructor(config: ResolvedConfig) {
    const { hardState, base, entries, applied } = config.initial;
    this.config = config;
    this.id = config.id;
    this.mutant = config.mutant;
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.isHollow = config.initial.isHollow === true;
    // The commit index is written along with other things, so what was applied may be ahead of it.
    const commit = Math.max(hardState.commit, base.index, applied);
    this.log = new RaftLog(base.index, base.term, entries, commit, applied);
    if (this.log.lastTerm > this.term) {
      throw new Error(`raft: log ends in term ${this.log.lastTerm}, the hard state says ${this.term}`);
    }
    if (base.conf.voters.length > 0) assertSound(base.conf);
    this.confs = new ConfHistory(base.index, base.conf);
    for (const entry of entries) this.noteConfig(entry);
    this.writes = new WriteLedger(hardState.term, hardState.vote, hardState.commit);
    this.tracker = new Tracker(config);
    this.reads = new ReadIndex(config.id, config.maxPendingReads, config.random());
    this.drawTimeout();
  }

  get conf(): ConfState {
    if (this.mutant === 'configOnCommit') return this.confs.at(Math.max(this.log.commit, this.log.baseIndex));
    return this.confs.current;
  }

  /**
   * May campaign: a voter, or one that stops being a voter by a configuration that is not known to be committed. Such a
   * node may be the only one that can be elected (thesis 4.2.2): of three nodes that leave the joint configuration to
   * the voter 3 alone, 1 and 2 may have the entry that says so and 3 not. Then 3 cannot win, since in its eyes it needs
   * a vote of those whose logs are longer. A node that installs a snapshot is busy: its log is not yet its own; and a
   * hollow one may not even know who votes.
   */
  get isPromotable(): boolean {
    if (this.pendingSnapshot !== null || this.isHollow) return false;
    if (isVoter(this.conf, this.id) || this.mutant === 'learnerCampaigns') return true;
    return this.confs.currentIndex > this.log.commit && isVoter(this.confs.at(this.log.commit), this.id);
  }

  /** Leading, and an entry of this term is committed: the commit index is up to date, and changes may begin. */
  get hasCommittedInTerm(): boolean {
    return this.role === Role.Leader && this.log.commit >= this.termStartIndex;
  }

  get isHardStateDurable(): boolean {
    return this.writes.durableTerm === this.term && this.writes.durableVote === this.vote;
  }

  message(type: MessageType, to: NodeId): Message {
    return newMessage(type, this.id, to, this.term);
  }

  /** Sends `message` once the hard state is durable and the log is up to `index`; at once if they are. */
  sendDurable(message: Message, index: number): void {
    if (this.isHardStateDurable && this.log.stable >= index) this.outbox.send(message);
    else this.outbox.hold(message, index);
  }

  drawTimeout(): void {
    const { electionTicks, random } = this.config;
    this.timeoutTicks = electionTicks + (random() % electionTicks);
  }

  setTerm(term: number): void {
    if (term < this.term) throw new Error(`raft: term ${term} after ${this.term}`);
    if (term === this.term) return;
    this.term = term;
    this.vote = nobody;
    this.outbox.dropHeld();
  }

  setLeader(leader: NodeId): void {
    if (this.leader === leader) return;
    this.leader = leader;
    this.reads.dropAll();
  }

  /**
   * Follows `leader` (or nobody yet) in `term`. The vote survives within a term: forgetting it would allow a second
   * one. The election timer goes on running, unless this node led: a candidate whose log is behind could otherwise
   * keep everybody from campaigning by asking again and again.
   */
  becomeFollower(term: number, leader: NodeId): void {
    if (this.role === Role.Leader) {
      this.electionElapsed = 0;
      this.tracker.forget();
      this.leadTransferee = nobody;
      this.uncommittedBytes = 0;
      this.appendsDue = false;
      this.snapshotsWanted = [];
    }
    this.setTerm(term);
    this.role = Role.Follower;
    if (this.mutant === 'voteCleared' && leader === nobody) this.vote = nobody;
    this.votes.clear();
    this.setLeader(leader);
    this.drawTimeout();
  }

  /** Remembers the configuration in `entry`, if it holds one: it is in effect from now on. */
  noteConfig(entry: Entry): void {
    if (entry.type === EntryType.Config) this.confs.append(entry.index, decodeConfigEntry(entry.data).conf);
  }

  /** Cuts the log from `index` on: uncommitted entries of a leader that was deposed. */
  truncate(index: number): void {
    if (index <= this.log.commit && this.mutant !== 'truncateCommitted') {
      throw new Error(`raft: cut at ${index} below commit ${this.log.commit}`);
    }
    this.log.truncate(index);
    if (this.mutant !== 'configKeptOnTruncation') this.confs.truncate(index);
    if (this.mutant !== 'writtenIgnoresTruncation') this.writes.clip(index, this.log.lastTerm);
  }

  /** Everything up to `index` is committed. Returns whether that is news. */
  commitTo(index: number): boolean {
    const before = this.log.commit;
    if (index <= before) return false;
    if (index > this.log.lastIndex)
      throw new Error(`raft: commit ${index} beyond the log's end ${this.log.lastIndex}`);
    this.log.commit = index;
    if (this.role === Role.Leader) {
      this.uncommittedBytes -= this.log.dataBytes(before, index);
      this.appendsDue = true;
    }
    return true;
  }
}
