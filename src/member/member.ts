/**
 * One member of the cluster, as a loop that works in turns.
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
 * this member included, has it on disk. An error of the disk is fatal to the member (`onFatal`).
 */

import { type Caller, nobody } from '../auth/types.ts';
import type { Backend } from '../backend/backend.ts';
import type { Store } from '../mvcc/store.ts';
import type { WatchHub } from '../mvcc/types.ts';
import { Hub } from '../mvcc/watch-hub.ts';
import { isRaftMutant } from '../raft/options.ts';
import { RaftNode } from '../raft/raft-node.ts';
import {
  type ConfState,
  type Entry,
  type Message,
  type NodeId,
  type Ready,
  Role,
  type SnapshotMeta,
} from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import type { Wal } from '../wal/wal.ts';
import { encodeAuthOperation } from '../wire/auth-codec.ts';
import { Applier, encodeAlarm, encodePublish } from './applier.ts';
import type { ServedAuth } from './auth-types.ts';
import { CompactionPacer } from './compaction-pacer.ts';
import { EnvelopeCodec } from './envelope.ts';
import { Flusher } from './flusher.ts';
import { Handover } from './handover.ts';
import { Installer } from './installer.ts';
import { LeaderCalls, LeaderMethod, type LeaderReply } from './leader-calls.ts';
import { Leadership } from './leadership.ts';
import { LogRetention } from './log-retention.ts';
import { MemberLeases } from './member-leases.ts';
import { Outbox } from './outbox.ts';
import { decodeRaftFrame, FrameKind } from './peer-codec.ts';
import { PeerLinks } from './peer-links.ts';
import type { PendingRequest } from './pending.ts';
import { Proposals } from './proposals.ts';
import { Quota } from './quota.ts';
import { ReadRounds } from './reads.ts';
import { hasLeft, Reconfiguration } from './reconfiguration.ts';
import { type Recovered, recover } from './recovery.ts';
import { SnapshotTransfers } from './snapshot-transfers.ts';
import { type AppliedState, openState, stateDigest } from './state.ts';
import { encodeStateMeta, type LogIdentity } from './state-meta.ts';
import { Ticker } from './ticker.ts';
import { requestTimeoutMs, timeoutFailure } from './timeouts.ts';
import {
  AlarmKind,
  type AlarmRecord,
  type ClusterOrigin,
  type JoinOptions,
  type MemberChange,
  type MemberChangeResult,
  type MemberDependencies,
  type MemberLimits,
  type MemberOptions,
  type MemberRecord,
  type MemberStatus,
  type ProposeDone,
  type ReadDone,
  RequestKind,
  type ServedMember,
} from './types.ts';

/** Rounds of the core's output that one turn carries out, so that requests of others come in between. */
const readiesPerTurn = 4;
/** Committed data that is applied without looking up. */
const appliedBytesAtOnce = 2 << 20;
/** A member that could not publish itself tries again after this. */
const republishMs = 1000;

interface Frame {
  readonly from: NodeId;
  readonly bytes: Uint8Array;
}

export class Member implements ServedMember {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly limits: MemberLimits;
  readonly runtime: Runtime;
  readonly leases: MemberLeases;
  readonly auth: ServedAuth;
  /** @internal for the simulator's invariants. */
  readonly raft: RaftNode;
  readonly #name: string;
  readonly #join: JoinOptions | null;
  readonly #identity: LogIdentity;
  readonly #backend: Backend;
  readonly #network: PeerNetwork;
  readonly #links: PeerLinks;
  readonly #wal: Wal;
  readonly #state: AppliedState;
  readonly #hub: Hub;
  readonly #onFatal: (error: Error) => void;
  readonly #proposals: Proposals;
  readonly #reads = new ReadRounds();
  readonly #applier: Applier;
  readonly #outbox: Outbox;
  readonly #flusher: Flusher;
  readonly #quota: Quota;
  readonly #retention: LogRetention;
  readonly #transfers: SnapshotTransfers;
  readonly #leadership: Leadership;
  readonly #installer: Installer;
  readonly #compaction: CompactionPacer;
  readonly #handover: Handover;
  readonly #reconfiguration: Reconfiguration;
  readonly #leaderCalls: LeaderCalls;
  readonly #ticker: Ticker;
  #frames: Frame[] = [];
  #isTurnDue = false;
  #clientUrls: readonly string[] | null = null;
  /** Runs once this member has applied its own removal. */
  #departure: Timer | null = null;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #stage: 'runs' | 'stops' | 'ended' = 'runs';
  #whenStopped: (() => void)[] = [];

  /**
   * Opens what the disk and the backend hold and takes part in the cluster. The backend and the network remain the
   * caller's to close, after `stop` has answered or `onFatal` was called.
   *
   * @param onFatal called once if the member has to give up: its disk failed, or it found itself in the wrong
   * @param done Failure 'badConfig', 'dataDirForeign', 'walDamaged', 'backendDamaged', or of the disk
   */
  static open(
    options: MemberOptions,
    dependencies: MemberDependencies,
    onFatal: (error: Error) => void,
    done: (error: Error | null, member: Member | null) => void,
  ): void {
    recover(options, dependencies, (error, recovered) => {
      if (error !== null || recovered === null) return done(error, null);
      openState(dependencies, recovered, (error, state) => {
        if (error !== null || state === null) return recovered.wal.close(() => done(error, null));
        let member: Member;
        try {
          member = new Member(options, dependencies, recovered, state, onFatal);
          member.#start();
        } catch (error) {
          return recovered.wal.close(() => done(error as Error, null));
        }
        done(null, member);
      });
    });
  }

  private constructor(
    options: MemberOptions,
    dependencies: MemberDependencies,
    recovered: Recovered,
    state: AppliedState,
    onFatal: (error: Error) => void,
  ) {
    const { runtime, backend } = dependencies;
    const { limits } = options;
    const { identity, wal, initial } = recovered;
    const network = dependencies.network(identity.memberId, identity.clusterId);
    this.id = identity.memberId;
    this.clusterId = identity.clusterId;
    this.limits = limits;
    this.runtime = runtime;
    this.#name = options.name;
    this.#join = options.join;
    this.#identity = identity;
    this.#backend = backend;
    this.#network = network;
    this.#links = new PeerLinks(this.id, network, runtime.clock, 2 * limits.electionMs);
    this.#wal = wal;
    this.#state = state;
    this.#onFatal = onFatal;
    this.raft = new RaftNode({
      id: this.id,
      initial,
      random: () => runtime.random.uint32(),
      electionTicks: Math.round(limits.electionMs / limits.heartbeatMs),
      maxMessageBytes: limits.raftMessageBytes,
      maxCommittedBytes: appliedBytesAtOnce,
      mutant: isRaftMutant(options.mutant) ? options.mutant : undefined,
    });
    const changed = (): void => this.#schedule();
    this.#hub = new Hub({ history: state.store.history, wake: changed });
    state.store.attach(this.#hub, (changes) => this.#hub.publish(changes));
    const codec = new EnvelopeCodec(this.id, runtime.random.uint32());
    this.#proposals = new Proposals(codec, limits, runtime.clock);
    this.#applier = new Applier(state, codec, this.#proposals.pending, (entry, conf) =>
      this.#onConfig(entry, conf),
    );
    this.#outbox = new Outbox(network, (peer) => this.raft.reportUnreachable(peer));
    this.#flusher = new Flusher(backend, limits, runtime.clock, {
      mark: () => this.#mark(),
      durable: (index) => this.#onDurable(index),
      failed: (error) => this.#fail(error),
    });
    this.#quota = new Quota(backend, limits.quotaBytes);
    this.#retention = new LogRetention(limits);
    this.#retention.recount(this.raft);
    this.#transfers = new SnapshotTransfers({
      raft: this.raft,
      backend,
      network,
      runtime,
      mark: () => this.#mark(),
      complete: (received) => {
        this.#installer.offer(received);
        this.#schedule();
      },
      changed,
    });
    this.#installer = new Installer({
      raft: this.raft,
      wal,
      backend,
      state,
      begins: () => this.#hub.suspend(),
      installed: (snapshot) => this.#onInstalled(snapshot),
      failed: (error) => this.#fail(error),
    });
    this.#compaction = new CompactionPacer(state.store, runtime.clock, {
      stepped: () => this.#flusher.touch(),
      failed: (error) => this.#fail(error),
    });
    const { heartbeatMs } = limits;
    this.#leadership = new Leadership({ raft: this.raft, network, runtime, heartbeatMs, changed });
    this.#handover = new Handover(this.raft, network, runtime.clock, limits);
    this.#reconfiguration = new Reconfiguration({
      raft: this.raft,
      members: () => this.members(),
      isConnected: (peer) => network.isConnected(peer),
      clusterToken: identity.token,
      maxLearners: options.maxLearners,
      strict: options.strictReconfigCheck,
    });
    this.#leaderCalls = new LeaderCalls({
      id: this.id,
      leader: () => this.raft.leader,
      send: (to, frame) => network.send(to, frame),
      now: () => runtime.clock.now(),
      serve: (method, body, reply) => this.#serveCall(method, body, reply),
    });
    this.leases = new MemberLeases({
      leases: state.leases,
      raft: this.raft,
      runtime,
      limits,
      propose: (kind, body, request, done) => this.propose(kind, body, request, done),
      proposeOwn: (kind, body, done) => this.#proposeOwn(kind, body, done),
      callLeader: (method, body, repeatable, done) => this.#callLeader(method, body, repeatable, done),
      linearize: (done) => this.linearize(done),
    });
    this.auth = {
      auth: state.auth,
      passwords: dependencies.passwords,
      trustsCommonName: options.trustsCommonName,
      proposeAuth: (operation, caller, done) =>
        this.propose(RequestKind.Auth, encodeAuthOperation(operation), null, done, caller),
      linearize: (done) => this.linearize(done),
    };
    this.#ticker = new Ticker(runtime.clock, limits.heartbeatMs, () => this.#tick());
  }

  get store(): Store {
    return this.#state.store;
  }

  /** The same on every member at the same applied index. */
  get digest(): number {
    return stateDigest(this.#state);
  }

  get watches(): WatchHub {
    return this.#hub;
  }

  get appliedIndex(): number {
    return this.raft.appliedIndex;
  }

  get term(): number {
    return this.raft.term;
  }

  get hasLeader(): boolean {
    return this.#leadership.leader !== '';
  }

  /** True while a state from elsewhere is being put in force: log and state do not match. */
  get isInstalling(): boolean {
    return this.raft.pendingSnapshot !== null || this.#installer.isRunning;
  }

  get isLearner(): boolean {
    return this.raft.conf.learners.includes(this.id);
  }

  alarms(): readonly AlarmRecord[] {
    return this.#state.alarms.list();
  }

  /** Tells the cluster this member's name and where it serves clients, as soon as there is a leader. */
  publish(clientUrls: readonly string[]): void {
    this.#clientUrls = clientUrls;
    this.#schedule();
  }

  /** What another member needs to know to join. */
  origin(): ClusterOrigin {
    const { clusterId, token, bootstrap } = this.#identity;
    return { clusterId, clusterToken: token, bootstrap, members: this.members() };
  }

  members(): readonly MemberRecord[] {
    return this.#state.membership.list();
  }

  onLeaderChange(listener: () => void): () => void {
    return this.#leadership.subscribe(listener);
  }

  status(): MemberStatus {
    const { raft } = this;
    return {
      id: this.id,
      clusterId: this.clusterId,
      role: raft.role,
      leader: raft.leader,
      term: raft.term,
      committedIndex: raft.commit,
      appliedIndex: raft.appliedIndex,
      isLearner: this.isLearner,
      dbSizeBytes: this.#backend.sizeBytes,
      dbSizeInUseBytes: this.store.sizeInUseBytes,
    };
  }

  propose<T>(
    kind: RequestKind,
    body: Uint8Array,
    request: unknown,
    done: ProposeDone<T>,
    caller: Caller = nobody,
  ): void {
    const failure =
      this.#refuse(kind, request) ?? this.#enqueue(kind, body, request, caller, done as ProposeDone<unknown>);
    if (failure === null) this.#schedule();
    else this.runtime.scheduler.defer(() => done(failure, null));
  }

  #enqueue(
    kind: RequestKind,
    body: Uint8Array,
    request: unknown,
    caller: Caller,
    done: ProposeDone<unknown>,
  ): Failure | null {
    const applyLag = this.raft.commit - this.raft.appliedIndex;
    return this.#proposals.add(kind, body, request, caller, applyLag, done);
  }

  #refuse(kind: RequestKind, request: unknown): Failure | null {
    if (this.#stage !== 'runs') return new Failure('stopped');
    const cost = this.#quota.costOf(kind, request);
    if (cost === 0 || this.#quota.hasRoom(cost)) return null;
    this.#raiseAlarm(AlarmKind.NoSpace);
    return new Failure('noSpace');
  }

  #raiseAlarm(alarm: number): void {
    const record = { memberId: this.id, alarm };
    if (this.alarms().some((known) => known.memberId === this.id && known.alarm === alarm)) return;
    this.runtime.log.warn('raises an alarm', record);
    this.#proposeOwn(RequestKind.AlarmRaise, encodeAlarm(record), ignoreOutcome);
  }

  #proposeOwn(kind: RequestKind, body: Uint8Array, done: ProposeDone<unknown>): void {
    if (this.#stage !== 'runs') {
      const stopped = new Failure('stopped');
      this.runtime.scheduler.defer(() => done(stopped, null));
      return;
    }
    this.#proposals.addOwn(kind, body, done);
    this.#schedule();
  }

  changeMembers(change: MemberChange, done: ProposeDone<MemberChangeResult>): void {
    this.#callLeader(LeaderMethod.ChangeMembers, change, false, done as LeaderReply);
  }

  #callLeader(method: LeaderMethod, body: unknown, repeatable: boolean, done: LeaderReply): void {
    const failure =
      this.#stage === 'runs'
        ? this.#leaderCalls.call(method, body, repeatable, done)
        : new Failure('stopped');
    if (failure === null) this.#schedule();
    else this.runtime.scheduler.defer(() => done(failure, null));
  }

  /** What other members ask of this one while it leads. */
  #serveCall(method: LeaderMethod, body: unknown, reply: LeaderReply): void {
    if (method === LeaderMethod.ChangeMembers) {
      const seconds = Math.floor(this.runtime.clock.wallNow() / 1000);
      this.#reconfiguration.ask(body as MemberChange, seconds, reply);
    } else if (method === LeaderMethod.RenewLease) this.leases.serveRenewal(BigInt(body as string), reply);
    else if (method === LeaderMethod.LeaseTimeToLive) this.leases.serveTimeToLive(body, reply);
    else reply(new Failure('unimplemented', `this member knows no call ${String(method)}`), null);
  }

  moveLeader(target: NodeId, done: (failure: Failure | null) => void): void {
    const answer = (failure: Failure | null): void => this.runtime.scheduler.defer(() => done(failure));
    if (this.#stage !== 'runs') answer(new Failure('stopped'));
    else if (this.raft.role !== Role.Leader) answer(new Failure('notLeader'));
    else if (target === this.id) answer(null);
    else if (this.#state.membership.get(target)?.isLearner !== false)
      answer(new Failure('badLeaderTransferee'));
    else {
      const ended = (ok: boolean): void => done(ok ? null : new Failure('timeoutLeaderTransfer'));
      if (!this.#handover.begin(target, ended)) answer(new Failure('badLeaderTransferee'));
      this.#schedule();
    }
  }

  linearize(done: ReadDone): void {
    if (this.#stage !== 'runs') {
      const stopped = new Failure('stopped');
      this.runtime.scheduler.defer(() => done(stopped));
      return;
    }
    this.#reads.add(this.runtime.clock.now(), done);
    this.#schedule();
  }

  /** Hands leadership over, makes the state durable and closes the log. Nothing is answered any more afterwards. */
  stop(done: () => void): void {
    if (this.#stage === 'ended') {
      this.runtime.scheduler.defer(done);
      return;
    }
    this.#whenStopped.push(done);
    if (this.#stage === 'stops') return;
    this.#stage = 'stops';
    const heir = this.#handover.heir();
    if (heir === null || !this.#handover.begin(heir, () => this.#end())) this.#end();
    else this.#schedule();
  }

  #start(): void {
    this.#network.start({
      onFrame: (from, bytes) => {
        if (this.#stage === 'ended') return;
        this.#frames.push({ from, bytes });
        this.#schedule();
      },
      onConnect: (peer) => {
        if (this.#stage === 'ended') return;
        this.#leadership.onConnect(peer);
        this.#schedule();
      },
      onDisconnect: (peer) => {
        if (this.#stage === 'ended') return;
        this.#leadership.onDisconnect(peer);
        this.#schedule();
      },
    });
    this.#linkPeers();
    // Alone, there is nobody to wait for.
    if (this.raft.conf.voters.length === 1 && this.raft.conf.voters[0] === this.id) this.raft.campaign();
    this.#ticker.start(this.runtime.random.uint32() / 2 ** 32);
    this.#schedule();
  }

  #linkPeers(): void {
    // Who joins knows the present members from those it asked, until the log has told it.
    const isNew = this.#join !== null && this.#state.membership.get(this.id) === undefined;
    const known = isNew ? this.#join!.origin.members : this.members();
    this.#links.set(known);
  }

  #schedule(): void {
    if (this.#isTurnDue || this.#stage === 'ended') return;
    this.#isTurnDue = true;
    this.runtime.scheduler.defer(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false;
    if (this.#stage === 'ended') return;
    try {
      this.#work();
    } catch (error) {
      this.#fail(error as Error);
    }
  };

  #work(): void {
    this.#stepFrames();
    this.#leaderCalls.pump();
    this.#reconfiguration.pump();
    this.#proposals.handOver(this.#propose);
    this.#reads.begin(this.runtime.clock.now(), this.#askRead);
    for (let i = 0; i < readiesPerTurn && this.#mayGoOn(); i++) this.#carryOut(this.raft.ready());
    if (!this.#installer.isRunning) this.#reads.release(this.raft.appliedIndex);
    this.#state.auth.applied(this.raft.appliedIndex);
    this.#leadership.observe();
    this.#publishSelf();
    this.#hub.pump();
    this.#compaction.look();
    if (this.#mayGoOn()) this.#schedule();
  }

  #mayGoOn(): boolean {
    return !this.#installer.isRunning && this.raft.hasReady();
  }

  readonly #propose = (datas: readonly Uint8Array[]): boolean => this.raft.propose(datas);

  readonly #askRead = (context: number): boolean => this.raft.readIndex(context);

  #stepFrames(): void {
    if (this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    for (const { from, bytes } of frames) {
      let messages: readonly Message[];
      try {
        if (bytes[0] !== FrameKind.Raft) {
          if (bytes[0] === FrameKind.Ask || bytes[0] === FrameKind.Answer)
            this.#leaderCalls.onFrame(from, bytes);
          else this.#transfers.onFrame(from, bytes);
          continue;
        }
        messages = decodeRaftFrame(bytes, from, this.id);
      } catch (error) {
        this.runtime.log.warn('dropped a malformed frame', { from, error: (error as Error).message });
        continue;
      }
      for (const message of messages) this.raft.step(message);
    }
  }

  #carryOut(ready: Ready): void {
    if (ready.snapshot !== null) this.#installer.install(ready);
    else if (ready.write !== 0) {
      const token = ready.write;
      this.#wal.append(ready.entries, ready.hardState, (error) => {
        if (error === null) this.#onWritten(token);
        else this.#fail(error);
      });
    }
    this.#outbox.send(ready.messages);
    if (ready.committed.length > 0) this.#apply(ready);
    for (const { context, index } of ready.reads) this.#reads.confirmed(context, index);
    for (const context of ready.droppedReads) this.#reads.dropped(context);
    if (ready.snapshotsWanted.length > 0) this.#transfers.send(ready.snapshotsWanted);
  }

  #onWritten(token: number): void {
    if (this.#stage === 'ended') return;
    this.raft.written(token);
    this.#schedule();
  }

  #apply({ committed }: Ready): void {
    const before = this.#state.membership.version;
    for (const entry of committed) {
      this.#applier.apply(entry);
      this.#retention.noteApplied(entry);
    }
    this.raft.applied(committed[committed.length - 1]!.index);
    if (this.#state.membership.version !== before) this.#linkPeers();
    this.#flusher.touch();
  }

  #onConfig({ index, term }: Entry, conf: ConfState): void {
    this.#reconfiguration.applied(index, term);
    const isGone = hasLeft(conf, this.id) && this.#state.membership.get(this.id) === undefined;
    if (!isGone || this.#departure !== null) return;
    this.runtime.log.warn('this member was removed from the cluster and will stop');
    // Time to pass on what it has committed; nobody waits for it.
    this.#departure = this.runtime.clock.setTimer(this.limits.electionMs, () => {
      this.#fail(
        new Failure('memberRemoved', 'this member was removed from the cluster: its data is of no more use'),
      );
    });
  }

  /** Draws the line under everything applied: what is flushed or sent elsewhere is the state at one index. */
  #mark(): void {
    const { raft } = this;
    if (this.#installer.isRunning || raft.appliedIndex === 0) return;
    const { index, term, conf } = raft.snapshotMeta(raft.appliedIndex);
    const meta = { clusterId: this.clusterId, term, conf, digest: this.digest };
    this.#backend.mark(index, encodeStateMeta(meta));
  }

  #onDurable(index: number): void {
    if (this.#stage !== 'runs' || this.#installer.isRunning) return;
    const released = this.#retention.compact(this.raft, index, this.#transfers.neededIndex);
    if (released > 0) this.#wal.release(released);
  }

  readonly #timeout = ({ proposed, startedAt }: PendingRequest): Failure => {
    const situation = this.#leadership.situation(startedAt);
    return timeoutFailure(proposed, startedAt, situation, this.limits.electionMs);
  };

  #tick(): void {
    if (this.#stage === 'ended') return;
    try {
      this.raft.tick();
      const now = this.runtime.clock.now();
      const startedBefore = now - requestTimeoutMs(this.limits);
      this.#proposals.expire(startedBefore, this.#timeout);
      this.#leaderCalls.expire(startedBefore);
      if (!this.#installer.isRunning) this.leases.tick();
      this.#reads.tick(now, startedBefore, new Failure('timeout'));
      if (this.raft.role !== Role.Leader) this.#transfers.abortSending();
      this.#transfers.tick();
      if (!this.#installer.isRunning) this.#flusher.tick();
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (this.#mayGoOn() || this.#reads.hasWaiting || this.#leaderCalls.isWaiting) this.#schedule();
  }

  /** Tells the cluster under which name and addresses this member serves, until the cluster knows. */
  #publishSelf(): void {
    const urls = this.#clientUrls;
    if (urls === null || !this.hasLeader || this.#stage !== 'runs') return;
    const known = this.#state.membership.get(this.id);
    if (known === undefined) return;
    if (known.name === this.#name && sameList(known.clientUrls, urls)) return;
    const now = this.runtime.clock.now();
    if (now - this.#publishedAt < republishMs) return;
    this.#publishedAt = now;
    const body = encodePublish({ id: this.id, name: this.#name, clientUrls: urls });
    this.#proposeOwn(RequestKind.PublishMember, body, ignoreOutcome);
  }

  #onInstalled({ index, term }: SnapshotMeta): void {
    this.#retention.reset();
    this.#hub.resync();
    this.#linkPeers();
    this.runtime.log.info('installed a state received from the leader', { index, term });
    this.#schedule();
  }

  /** The orderly end. */
  #end(): void {
    if (this.#stage === 'ended') return;
    const { store } = this;
    this.#quit();
    const closeLog = (): void => this.#wal.close(() => this.#answerStops());
    if (this.#installer.isRunning || store.isSuspended) {
      closeLog();
      return;
    }
    this.#flusher.flushAll((error) => {
      if (error !== null) this.runtime.log.error('the state could not be flushed at the end', { error });
      closeLog();
    });
  }

  #answerStops(): void {
    const waiting = this.#whenStopped;
    this.#whenStopped = [];
    for (const done of waiting) done();
  }

  /** The end by an error that must not be worked around. */
  #fail(error: Error): void {
    if (this.#stage === 'ended') return;
    this.runtime.log.error('the member gives up', { error: error.stack ?? error.message });
    this.#quit();
    this.#answerStops();
    this.#onFatal(error);
  }

  #quit(): void {
    this.#stage = 'ended';
    this.#ticker.stop();
    this.leases.stop();
    this.#state.auth.close();
    this.#handover.stop();
    this.#links.stop();
    this.#departure?.cancel();
    this.#compaction.stop();
    this.#installer.stop();
    this.#leadership.stop();
    this.#transfers.abort();
    const stopped = new Failure('stopped');
    this.#proposals.failAll(stopped);
    this.#reads.failAll(stopped);
    this.#leaderCalls.failAll(stopped);
  }
}

function ignoreOutcome(): void {}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
