/**
 * The heart of a member: a loop that works in turns.
 *
 * A turn: step everything that arrived, propose everything that waits, start a read round, then carry out what the
 * core decided — one log write, one frame per peer, apply what is committed — feed the watches, answer. Batching
 * falls out of the turn: what arrives while a turn runs or a write is under way is the next turn's batch.
 *
 *     frames ─┐                      ┌─► wal.append ──(durable)──► raft.written ─┐
 *     requests┼─► turn ─► raft.ready ┼─► network.send                            ├─► next turn
 *     reads ──┤                      └─► apply ─► answers, watches               │
 *     ticks ──┘◄─────────────────────────────────────────────────────────────────┘
 *
 * Durable before visible: an answer is given at apply, and the core hands out an entry for apply only when a quorum,
 * this member included, has it on disk. An error of the disk ends the member.
 */

import { Hub } from '../mvcc/watch-hub.ts';
import { isRaftMutant } from '../raft/options.ts';
import { RaftNode } from '../raft/raft-node.ts';
import {
  type ConfState,
  type Entry,
  type Message,
  MessageType,
  nobody,
  type Ready,
  Role,
} from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { Applier } from './applier.ts';
import { ApplyFigures } from './apply-figures.ts';
import { EnvelopeCodec } from './envelope.ts';
import type { MemberFigures } from './figures.ts';
import { Inbox } from './inbox.ts';
import { Leadership } from './leadership.ts';
import { LogWrites } from './log-writes.ts';
import type { LoopHooks } from './loop-hooks.ts';
import { Outbox } from './outbox.ts';
import type { PendingRequest } from './pending.ts';
import { Proposals } from './proposals.ts';
import { Pulse } from './pulse.ts';
import { ReadRounds } from './reads.ts';
import type { Recovered } from './recovery.ts';
import type { AppliedState } from './state.ts';
import { StateKeeper } from './state-keeper.ts';
import { requestTimeoutMs, timeoutFailure } from './timeouts.ts';
import type { MemberDependencies, MemberLimits, MemberOptions } from './types.ts';

/** Rounds of the core's output that one turn carries out, so that requests of others come in between. */
const readiesPerTurn = 4;
/** Committed data that is applied without looking up. */
const appliedBytesAtOnce = 2 << 20;

/** Committed data that takes longer to apply is counted: the member does nothing else meanwhile. As in etcd. */
const slowApplyMs = 100;

function isNoAnswer({ type }: Message): boolean {
  return type !== MessageType.HeartbeatResponse;
}

export class MemberLoop {
  readonly raft: RaftNode;
  readonly hub: Hub;
  readonly proposals: Proposals;
  readonly leadership: Leadership;
  readonly state: AppliedState;
  readonly keeper: StateKeeper;
  /** Drawn at each start: what answers something of an earlier life of this member does not name it. */
  readonly run: number;
  readonly #limits: MemberLimits;
  readonly #runtime: Runtime;
  readonly #network: PeerNetwork;
  readonly #hooks: LoopHooks;
  readonly #reads = new ReadRounds();
  readonly #applier: Applier;
  readonly #outbox: Outbox;
  readonly #applies: ApplyFigures;
  readonly #pulse: Pulse;
  readonly #inbox: Inbox;
  readonly #writes: LogWrites;
  #slowApplies = 0;
  /** What reads that waited too long are told; one for all, since there may be a thousand ticks without any. */
  readonly #overdue = new Failure('timeout');
  #isTurnDue = false;
  #hasEnded = false;

  constructor(
    options: MemberOptions,
    dependencies: MemberDependencies,
    recovered: Recovered,
    state: AppliedState,
    network: PeerNetwork,
    hooks: LoopHooks,
  ) {
    const { runtime, backend } = dependencies;
    const { limits } = options;
    const { identity, wal, initial } = recovered;
    const { clusterId, memberId: id } = identity;
    this.#limits = limits;
    this.#runtime = runtime;
    this.#network = network;
    this.#hooks = hooks;
    this.state = state;
    const raft = new RaftNode({
      id,
      initial,
      random: () => runtime.random.uint32(),
      electionTicks: Math.round(limits.electionMs / limits.heartbeatMs),
      maxMessageBytes: limits.raftMessageBytes,
      maxCommittedBytes: appliedBytesAtOnce,
      mutant: isRaftMutant(options.mutant) ? options.mutant : undefined,
    });
    this.raft = raft;
    const changed = (): void => this.schedule();
    const failed = (error: Error): void => this.fail(error);
    this.hub = new Hub({ history: state.store.history, wake: changed });
    state.store.attach(this.hub, (changes) => this.hub.publish(changes), this.hub);
    if (raft.isHollow) {
      state.store.suspend();
      this.hub.suspend();
    }
    this.run = runtime.random.uint32();
    const codec = new EnvelopeCodec(id, this.run);
    this.proposals = new Proposals(codec, limits, runtime.clock);
    const { pending } = this.proposals;
    this.#applies = new ApplyFigures(() => runtime.clock.now());
    const configured = (entry: Entry, conf: ConfState): void => hooks.configured(entry, conf);
    this.#applier = new Applier(state, codec, pending, this.#applies, configured, options.mutant);
    this.#outbox = new Outbox(network, (peer) => raft.reportUnreachable(peer));
    this.keeper = new StateKeeper({
      ...{ raft, wal, state, backend, network, runtime, limits, clusterId },
      guard: (work) => this.#guard(work),
      changed,
      failed,
      begins: () => this.hub.suspend(),
      installed: ({ index, term }) => this.#onInstalled(index, term),
    });
    this.#inbox = new Inbox({
      ...{ raft, state, hooks, transfers: this.keeper.transfers, log: runtime.log },
      heardLeader: () => this.#pulse.heard(),
      isResting: () => this.#pulse.isResting,
    });
    this.#writes = new LogWrites(wal, runtime.clock, (error, write) => this.#onWritten(error, write));
    const { heartbeatMs } = limits;
    this.leadership = new Leadership({ raft, network, runtime, heartbeatMs, changed });
    this.#pulse = new Pulse(raft, limits, runtime, () => this.#guard(() => this.#tick()));
  }

  /** Throws the applied state away: the log is sound, and another state is to be put beneath it. */
  discardState(done: () => void): void {
    this.keeper.transfers.abort();
    this.raft.forgetState();
    this.#reads.failAll(new Failure('corrupt'));
    this.keeper.installer.discard(done);
  }

  /** Nobody waits for an answer. */
  get isQuiet(): boolean {
    return this.proposals.pending.size === 0 && this.#reads.isIdle;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  start(): void {
    const unlessEnded = (work: () => void): void => {
      if (this.#hasEnded) return;
      work();
      this.schedule();
    };
    this.#network.start({
      onFrame: (from, bytes) => {
        const again = this.#isStill ? this.#inbox.repeated(from, bytes) : null;
        if (again === null) unlessEnded(() => this.#inbox.push(from, bytes));
        else this.#guard(() => this.#hearAgain(again));
      },
      onConnect: (peer) => unlessEnded(() => this.leadership.onConnect(peer)),
      onDisconnect: (peer) => unlessEnded(() => this.leadership.onDisconnect(peer)),
    });
    this.#hooks.membersChanged();
    // Alone, there is nobody to wait for.
    const { voters } = this.raft.conf;
    if (voters.length === 1 && voters[0] === this.raft.id) this.raft.campaign();
    this.#pulse.start(this.#runtime.random.uint32() / 2 ** 32);
    this.schedule();
  }

  /** A request waits: asks for a turn, unless one comes anyway that will take it along. */
  proposed(): void {
    if (!this.#isGathering) this.schedule();
  }

  /** Asks for a turn soon. */
  schedule(): void {
    if (this.#isTurnDue || this.#hasEnded) return;
    this.#isTurnDue = true;
    this.#runtime.scheduler.defer(this.#turn);
  }

  figures(): Omit<MemberFigures, 'leases' | 'leasesRenewed' | 'leasesExpired'> {
    return {
      leaderChanges: this.leadership.changes,
      proposalsPending: this.proposals.pending.size,
      proposalsFailed: this.proposals.failed,
      slowReads: this.#reads.slow,
      failedReads: this.#reads.failed,
      slowApplies: this.#slowApplies,
      applies: this.#applies.times,
      lateHeartbeats: this.#pulse.lateHeartbeats,
      ...this.keeper.figures(),
    };
  }

  /** Answers when everything acknowledged before the call is visible here. */
  linearize(done: (failure: Failure | null) => void): void {
    if (this.raft.isHollow) {
      this.#runtime.scheduler.defer(() => done(new Failure('corrupt')));
      return;
    }
    this.#reads.add(this.#runtime.clock.now(), done);
    this.schedule();
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false;
    this.#guard(this.#work);
  };

  /** An error that nobody expected ends the member before it can do harm. */
  #guard(work: () => void): void {
    if (this.#hasEnded) return;
    try {
      work();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  readonly #work = (): void => {
    this.#stepFrames();
    this.#hooks.turnBegins();
    if (!this.#isGathering) {
      this.#writes.hasWritten = false;
      this.proposals.handOver(this.#propose);
    }
    this.raft.withholdNotices(this.#isGathering && this.proposals.hasWaiting);
    this.#reads.begin(this.#runtime.clock.now(), this.#askRead);
    for (let i = 0; i < readiesPerTurn && this.#mayGoOn(); i++) this.#carryOut(this.raft.ready());
    if (!this.keeper.isInstalling) this.#reads.release(this.raft.appliedIndex);
    this.leadership.observe();
    this.#hooks.turnEnds();
    this.hub.pump();
    this.keeper.compaction.look();
    if (this.#mayGoOn()) this.schedule();
  };

  /**
   * While the disk of a leader is busy, requests wait until it has taken what it was given, or are enough for an entry: what
   * came now would stand in the next group of the log anyway, and an entry, its frames, and a turn of every member cost the
   * same for one request as for all. One group, not all: members that hand their requests on might keep the disk busy for ever.
   */
  get #isGathering(): boolean {
    if (!this.#writes.isBusy || this.#writes.hasWritten || this.raft.role !== Role.Leader) return false;
    return !this.proposals.fillEntry;
  }

  #mayGoOn(): boolean {
    return !this.keeper.installer.isRunning && this.raft.hasReady();
  }

  readonly #propose = (datas: readonly Uint8Array[]): boolean => this.raft.propose(datas);

  readonly #askRead = (context: number): boolean => this.raft.readIndex(context);

  #stepFrames(): void {
    const hasHeard = this.#inbox.step();
    if (hasHeard && this.#pulse.ticksByLeader()) this.#tick();
  }

  /**
   * A member that rests and that nobody waits for. What it hears again, and what a leader says again, takes no turn; a whole
   * tick, at which it looks at everything, is due once in an election timeout.
   */
  get #isStill(): boolean {
    if (!this.#pulse.isResting || this.#isTurnDue || this.#hasEnded || this.#pulse.isLookDue) return false;
    return this.isQuiet && this.keeper.transfers.isIdle && !this.#hooks.goesByTicks();
  }

  /** A sign of life like the one before it: what it asks for is done at once. */
  #hearAgain(message: Message): void {
    const { raft } = this;
    const { leader, term, role } = raft;
    const isOfLeader = message.from === leader && role !== Role.Leader;
    const answers = !isOfLeader || this.#pulse.heardAgain();
    raft.step(message);
    if (this.#mayGoOn()) {
      const ready = raft.ready();
      this.#carryOut(ready, answers ? ready.messages : ready.messages.filter(isNoAnswer));
    }
    if (raft.leader !== leader || raft.term !== term || raft.role !== role || this.#mayGoOn())
      this.schedule();
  }

  #carryOut(ready: Ready, messages: readonly Message[] = ready.messages): void {
    if (messages.length > 0) {
      this.#outbox.send(messages);
      // Now, and not when the turn is over: others wait for it, and applying may take a millisecond.
      this.#network.flush?.();
    }
    if (ready.snapshot !== null) this.keeper.installer.install(ready);
    else if (ready.write !== 0) {
      this.#pulse.disturb();
      this.keeper.noteOthers();
      this.#writes.begin(ready);
    }
    if (ready.committed.length > 0) this.#apply(ready.committed);
    for (const { context, index } of ready.reads) this.#reads.confirmed(context, index);
    for (const context of ready.droppedReads) this.#reads.dropped(context);
    if (ready.snapshotsWanted.length > 0) this.keeper.transfers.send(ready.snapshotsWanted);
  }

  /** For how long the disk has not finished anything that was given to it to write, in milliseconds. */
  get diskSilenceMs(): number {
    return this.#writes.silenceMs;
  }

  #onWritten(error: Error | null, write: number): void {
    if (error !== null) {
      this.fail(error);
      return;
    }
    this.#guard(() => this.raft.written(write));
    this.schedule();
  }

  #apply(committed: readonly Entry[]): void {
    const before = this.state.membership.version;
    const beganAt = this.#runtime.clock.now();
    const { flusher, retention } = this.keeper;
    for (const entry of committed) {
      this.#applier.apply(entry);
      retention.noteApplied(entry);
      this.#hooks.applied(entry.index);
    }
    if (this.#runtime.clock.now() - beganAt > slowApplyMs) this.#slowApplies++;
    this.raft.applied(committed[committed.length - 1]!.index);
    if (this.state.membership.version !== before) this.#hooks.membersChanged();
    flusher.touch();
  }

  #onInstalled(index: number, term: number): void {
    this.hub.resync();
    this.#hooks.installed();
    this.#hooks.membersChanged();
    this.#runtime.log.info('installed a state received from the leader', { index, term });
    this.schedule();
  }

  readonly #timeout = ({ proposed, startedAt }: PendingRequest): Failure => {
    const situation = this.leadership.situation(startedAt);
    return timeoutFailure(proposed, startedAt, situation, this.#limits.electionMs);
  };

  get #isBusy(): boolean {
    const { raft, proposals } = this;
    const hasWork = proposals.pending.size > 0 || this.#reads.hasWaiting || this.#hooks.hasWork();
    return hasWork || raft.leader === nobody || this.keeper.isInstalling;
  }

  #tick(): void {
    const now = this.#runtime.clock.now();
    this.#pulse.tick(now);
    if (this.raft.role === Role.Leader && this.#isStill) {
      if (this.#mayGoOn()) this.#carryOut(this.raft.ready());
      if (this.#mayGoOn()) this.schedule();
      return;
    }
    // At the next tick, not at once: who sends them back may lead on, and be full.
    this.proposals.takeBack(this.raft.takeReturned());
    this.#pulse.look(now, this.#isBusy);
    const startedBefore = now - requestTimeoutMs(this.#limits);
    this.proposals.expire(startedBefore, this.#timeout);
    this.#reads.tick(now, startedBefore, this.#overdue);
    const { transfers, flusher } = this.keeper;
    if (this.raft.role !== Role.Leader) transfers.abortSending();
    transfers.tick();
    this.#hooks.ticked(startedBefore);
    if (!this.keeper.isInstalling) flusher.tick();
    if (this.#mayGoOn() || this.#reads.hasWaiting || this.#hooks.hasWork()) this.schedule();
  }

  /** The orderly end: everything waiting fails, the state is made durable, the log closed. */
  end(done: () => void): void {
    this.#quit();
    this.keeper.close(done);
  }

  /** The end by an error that must not be worked around. */
  fail(error: Error): void {
    if (this.#hasEnded) return;
    this.#runtime.log.error('the member gives up', { error: error.stack ?? error.message });
    this.#quit();
    this.#hooks.failed(error);
  }

  #quit(): void {
    this.#hasEnded = true;
    this.#pulse.stop();
    this.keeper.stop();
    this.leadership.stop();
    const stopped = new Failure('stopped');
    this.proposals.failAll(stopped);
    this.#reads.failAll(stopped);
  }
}
