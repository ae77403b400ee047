/**
 * One node of a Raft cluster as a pure state machine: messages and ticks in, actions out. No I/O, no clock, no timer,
 * no randomness of its own. See `Ready` for what the driver owes it.
 *
 *     step, tick, propose, readIndex … ──► RaftNode ──► ready(): write, send, apply
 *                     written, applied ──►
 *
 * Sources: Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (the paper); Ongaro,
 * "Consensus: Bridging Theory and Practice" (the thesis).
 */

import { RaftCore } from './core.ts';
import { campaign, countOwnVote, tickElection } from './election.ts';
import type { ConfigChange, ConfigRefusal, RaftConfig, RaftStatus } from './options.ts';
import { resolveConfig } from './options.ts';
import { noEntries } from './outbox.ts';
import { beginRead, forwardProposals } from './proposing.ts';
import { receive } from './receiving.ts';
import { proposeConfig } from './reconfiguration.ts';
import { appendProposals, onOwnWritten, openReadRound, sendAppends, tickHeartbeats } from './replication.ts';
import { type MutableReady, needsWrite, noteDurable, takeCommitted, takeWrite } from './storing.ts';
import { tickTransfer, transferLeadership } from './transfer.ts';
import {
  type ConfState,
  type Entry,
  type Message,
  MessageType,
  type NodeId,
  nobody,
  type ReadState,
  type Ready,
  Role,
  type SnapshotMeta,
  type WriteToken,
} from './types.ts';
import type { PendingWrite } from './write-ledger.ts';

const noReads: readonly ReadState[] = [];
const noRounds: readonly number[] = [];
const noNodes: readonly NodeId[] = [];

export class RaftNode {
  readonly #core: RaftCore;
  readonly #onDurable: (write: PendingWrite) => void;

  /** @throws Error when the configuration or the recovered state contradicts itself. */
  constructor(config: RaftConfig) {
    const core = new RaftCore(resolveConfig(config));
    this.#core = core;
    this.#onDurable = (write) => noteDurable(core, write);
  }

  get id(): NodeId {
    return this.#core.id;
  }

  get role(): Role {
    return this.#core.role;
  }

  get term(): number {
    return this.#core.term;
  }

  get vote(): NodeId {
    return this.#core.vote;
  }

  /** Empty when nobody is known to lead. */
  /** Ticks since the election timer was set back; of a leader, since it last counted who answers. */
  get electionElapsed(): number {
    return this.#core.electionElapsed;
  }

  get leader(): NodeId {
    return this.#core.leader;
  }

  get commit(): number {
    return this.#core.log.commit;
  }

  get appliedIndex(): number {
    return this.#core.log.applied;
  }

  get firstIndex(): number {
    return this.#core.log.firstIndex;
  }

  get lastIndex(): number {
    return this.#core.log.lastIndex;
  }

  /** The configuration in effect. */
  get conf(): ConfState {
    return this.#core.conf;
  }

  /** No storage write is under way and none is due: memory and disk agree, but for the commit index. */
  get isSettled(): boolean {
    return this.#core.writes.isEmpty && !needsWrite(this.#core);
  }

  /** An accepted snapshot that has not been written yet. */
  get pendingSnapshot(): SnapshotMeta | null {
    return this.#core.pendingSnapshot;
  }

  /** Why the last `proposeConfig` was refused. */
  get configRefusal(): ConfigRefusal | null {
    return this.#core.configRefusal;
  }

  /** Term of the entry at `index`, also at the base of the log; -1 where the log does not know. */
  termAt(index: number): number {
    return this.#core.log.termAt(index);
  }

  entryAt(index: number): Entry | undefined {
    return this.#core.log.entryAt(index);
  }

  /** What a snapshot of the state at `index`, which is applied and not compacted, stands for. */
  snapshotMeta(index: number): SnapshotMeta {
    const { log, confs } = this.#core;
    if (index > log.applied || index < log.baseIndex) {
      throw new Error(
        `raft: no snapshot at ${index}: the log holds ${log.baseIndex} to ${log.applied} applied`,
      );
    }
    return { index, term: log.termAt(index), conf: confs.at(index) };
  }

  status(): RaftStatus {
    const core = this.#core;
    return {
      id: core.id,
      role: core.role,
      term: core.term,
      vote: core.vote,
      leader: core.leader,
      commit: core.log.commit,
      applied: core.log.applied,
      firstIndex: core.log.firstIndex,
      lastIndex: core.log.lastIndex,
      stableIndex: core.log.stable,
      conf: core.conf,
      confIndex: core.confs.currentIndex,
      progress: core.tracker.status(),
      uncommittedBytes: core.uncommittedBytes,
      leadTransferee: core.leadTransferee,
    };
  }

  /** So many ticks of logical time have passed; a leader says so to the others once. */
  tick(count = 1): void {
    const core = this.#core;
    if (core.role !== Role.Leader) {
      tickElection(core, count);
      return;
    }
    core.electionElapsed += count;
    for (let passed = 0; passed < count; passed++) {
      tickTransfer(core);
      core.tracker.tickDeparted(core.log.commit);
    }
    if (core.electionElapsed >= core.config.electionTicks) {
      core.electionElapsed = 0;
      const active = core.tracker.takeQuorumActivity();
      if (core.config.checkQuorum && !active) {
        core.becomeFollower(core.term, nobody);
        return;
      }
    }
    tickHeartbeats(core, count);
  }

  /** Stands for election now, with a pre-vote where that is configured. Ignored where this node may not lead. */
  campaign(): void {
    campaign(this.#core, false);
  }

  /** A follower stops believing in its leader, so that it may vote for another at once. */
  forgetLeader(): void {
    if (this.#core.role === Role.Follower) this.#core.setLeader(nobody);
  }

  /**
   * Time has passed without ticks: this process was stopped, or busy. A leader must hear from a quorum anew, within an
   * election timeout from now: what it heard before says nothing of the time since, in which another may have been elected.
   */
  stoodStill(): void {
    const core = this.#core;
    if (core.role !== Role.Leader) return;
    core.electionElapsed = 0;
    core.tracker.takeQuorumActivity();
  }

  /** A leader stops leading; who leads next is for the others to settle. */
  stepDown(): void {
    if (this.#core.role === Role.Leader) this.#core.becomeFollower(this.#core.term, nobody);
  }

  /** The state machine holds nothing: see `forgetState`. */
  get isHollow(): boolean {
    return this.#core.isHollow;
  }

  /**
   * What was applied is lost or wrong, and the log is not. Until a state takes its place (`restored`, or a snapshot that
   * replaces the log too) nothing is handed out for apply, and this node does not stand for election, for it could
   * answer nobody. It goes on to store and to vote: what it has promised it can keep.
   */
  forgetState(): void {
    const core = this.#core;
    core.isHollow = true;
    if (core.role === Role.PreCandidate || core.role === Role.Candidate)
      core.becomeFollower(core.term, nobody);
  }

  /**
   * Whether a hollow node can go on from the state at `snapshot`: its log holds that entry durably. Another one would be
   * applied to a log with a hole.
   */
  continuesFrom({ index, term }: SnapshotMeta): boolean {
    const { log, isHollow, pendingSnapshot } = this.#core;
    if (!isHollow || pendingSnapshot !== null) return false;
    return index >= log.baseIndex && index <= log.stable && log.termAt(index) === term;
  }

  /** The state machine holds the state at `snapshot` again; the log stays as it is. */
  restored(snapshot: SnapshotMeta): void {
    const core = this.#core;
    if (!this.continuesFrom(snapshot)) throw new Error(`raft: no log goes on behind ${snapshot.index}`);
    core.commitTo(snapshot.index);
    core.log.restore(snapshot.index);
    core.confs.rebase(snapshot.index, snapshot.conf);
    core.isHollow = false;
  }

  /** Takes in a message of a peer. Late, repeated and unexpected messages are harmless. */
  step(message: Message): void {
    receive(this.#core, message);
  }

  /**
   * Appends `datas` in order, or hands them on to the leader. False when they were dropped: no leader, a transfer under
   * way, or too much uncommitted. True promises nothing: watch what is applied.
   */
  propose(datas: readonly Uint8Array[]): boolean {
    const core = this.#core;
    if (datas.length === 0) return true;
    if (core.role === Role.Leader) {
      if (core.leadTransferee !== nobody) return false;
      return appendProposals(core, datas);
    }
    if (core.leader === nobody || !core.config.forwardProposals) return false;
    forwardProposals(core, datas);
    return true;
  }

  /** Takes the proposals that were handed on and have come back: they are certain not to be in the log of who had them. */
  takeReturned(): readonly Uint8Array[] {
    const { returned } = this.#core;
    if (returned.length > 0) this.#core.returned = [];
    return returned;
  }

  /** Proposes a change of who takes part; only on the leader. False when refused: see `configRefusal`. */
  proposeConfig(change: ConfigChange): boolean {
    this.#core.configRefusal = proposeConfig(this.#core, change);
    return this.#core.configRefusal === null;
  }

  /**
   * Begins a linearizable read. Its outcome comes in a Ready under `context`: in `reads` with the index that must be
   * applied first, or in `droppedReads`. False when no leader is known or too many reads wait. On a follower the answer
   * may be lost with its message; ask again under another context.
   */
  readIndex(context: number): boolean {
    const core = this.#core;
    if (core.reads.isFull || core.leader === nobody) return false;
    if (core.role === Role.Leader) {
      beginRead(core, core.id, context);
      return true;
    }
    const request = core.message(MessageType.ReadIndex, core.leader);
    request.term = 0;
    request.context = core.reads.forward(context);
    core.outbox.send(request);
    return true;
  }

  /** Hands leadership to another voter. False when this node does not lead or `to` cannot. */
  transferLeadership(to: NodeId): boolean {
    return transferLeadership(this.#core, to);
  }

  /**
   * While this is on, what only tells followers of a commit waits for the entries that will soon go to them and say it, too.
   * The driver switches it off when those are there, or do not come after all.
   */
  withholdNotices(isOn: boolean): void {
    const core = this.#core;
    core.withholdsNotices = isOn;
    if (isOn || !core.hasWithheld) return;
    core.hasWithheld = false;
    if (core.role === Role.Leader) core.appendsDue = true;
  }

  /** Whether `ready` would have something to say. */
  hasReady(): boolean {
    const core = this.#core;
    const { log } = core;
    return (
      core.appendsDue ||
      core.reads.roundDue ||
      core.outbox.messages.length > 0 ||
      core.reads.hasResults ||
      core.snapshotsWanted.length > 0 ||
      needsWrite(core) ||
      (!core.isHollow && Math.min(log.commit, log.stable) > log.applying)
    );
  }

  /** Collects what is to be done; each thing is handed out once. */
  ready(): Ready {
    const core = this.#core;
    if (core.role === Role.Leader) {
      if (core.reads.roundDue) openReadRound(core);
      if (core.appendsDue) sendAppends(core);
    }
    const ready: MutableReady = {
      write: 0,
      hardState: null,
      entries: noEntries,
      snapshot: null,
      messages: core.outbox.take(),
      committed: noEntries,
      reads: noReads,
      droppedReads: noRounds,
      snapshotsWanted: noNodes,
    };
    if (needsWrite(core)) takeWrite(core, ready);
    ready.committed = takeCommitted(core);
    if (core.reads.hasResults) {
      ready.reads = core.reads.confirmed;
      ready.droppedReads = core.reads.dropped;
      core.reads.confirmed = [];
      core.reads.dropped = [];
    }
    if (core.snapshotsWanted.length > 0) {
      ready.snapshotsWanted = core.snapshotsWanted;
      core.snapshotsWanted = [];
    }
    return ready;
  }

  /** The write named `token`, and every one before it, is durable. */
  written(token: WriteToken): void {
    const core = this.#core;
    core.writes.complete(token, this.#onDurable);
    // An acknowledgement of an earlier term, or of the term before its vote, lets nothing out.
    if (!core.isHardStateDurable) return;
    if (core.outbox.hasHeld) core.outbox.release(core.log.stable);
    if (core.role === Role.Leader) onOwnWritten(core, core.log.stable);
    else countOwnVote(core);
  }

  /** The state machine holds everything up to `index`. */
  applied(index: number): void {
    const { log } = this.#core;
    if (index > log.applying) throw new Error(`raft: applied ${index}, handed out up to ${log.applying}`);
    // What was applied before a snapshot replaced the state is of the past.
    if (this.#core.pendingSnapshot === null && index > log.applied) log.applied = index;
  }

  /** Forgets the entries up to `index`, which has been applied. */
  compact(index: number): void {
    this.#core.log.compact(index);
    this.#core.confs.compact(this.#core.log.baseIndex);
  }

  /** What was last sent to `id` has probably not arrived. */
  reportUnreachable(id: NodeId): void {
    const peer = this.#core.tracker.get(id);
    if (peer?.state === 'replicate') peer.becomeProbe();
  }

  /** A snapshot at `index` is on its way to `id`: nothing else is sent to it until that is settled. */
  snapshotStarted(id: NodeId, index: number): void {
    const core = this.#core;
    const peer = core.tracker.get(id);
    if (core.role !== Role.Leader || peer === undefined || peer === core.tracker.self) return;
    if (index > peer.match) peer.becomeSnapshot(index);
  }

  /** The snapshot at `index` was installed by `id`, or has failed. */
  reportSnapshot(id: NodeId, index: number, ok: boolean): void {
    const peer = this.#core.tracker.get(id);
    if (peer?.state !== 'snapshot' || peer.pendingSnapshot !== index) return;
    if (!ok) peer.pendingSnapshot = 0;
    peer.becomeProbe();
    // After a failure wait for the next heartbeat before trying again.
    peer.paused = !ok;
    this.#core.appendsDue = true;
  }
}
