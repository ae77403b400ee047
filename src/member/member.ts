/**
 * One member of the cluster: what services ask of it, on top of the loop that does the work (`member-loop.ts`).
 */

import { type Caller, nobody } from '../auth/types.ts';
import type { Store } from '../mvcc/store.ts';
import type { WatchHub } from '../mvcc/types.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import { type ConfState, type Entry, type NodeId, Role } from '../raft/types.ts';
import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime, Timer } from '../util/runtime.ts';
import { encodeAuthOperation } from '../wire/auth-codec.ts';
import { encodeAlarm } from './applier.ts';
import type { ServedAuth } from './auth-types.ts';
import { hashBackend } from './backend-hash.ts';
import { type ComparedMember, CorruptionWatch } from './corruption.ts';
import { type ExportedState, exportState } from './etcd-snapshot.ts';
import type { MemberFigures } from './figures.ts';
import { Handover } from './handover.ts';
import { LeaderCalls, LeaderMethod, type LeaderReply } from './leader-calls.ts';
import { MemberLeases } from './member-leases.ts';
import { type LoopHooks, MemberLoop } from './member-loop.ts';
import { PeerLinks } from './peer-links.ts';
import { Publisher } from './publisher.ts';
import { Quota } from './quota.ts';
import { hasLeft, Reconfiguration } from './reconfiguration.ts';
import { type Recovered, recover } from './recovery.ts';
import { type AppliedState, openState, stateDigest } from './state.ts';
import {
  AlarmKind,
  type AlarmRecord,
  type ClusterOrigin,
  type DowngradeRecord,
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

/** Election timeouts after which a leader is no new one any more. */
const settledElections = 10;
/** States that are written to files at a time. */
const maxExports = 2;

export class Member implements ServedMember {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly limits: MemberLimits;
  readonly runtime: Runtime;
  readonly leases: MemberLeases;
  readonly auth: ServedAuth;
  readonly #loop: MemberLoop;
  readonly #options: MemberOptions;
  readonly #dependencies: MemberDependencies;
  readonly #recovered: Recovered;
  readonly #links: PeerLinks;
  readonly #quota: Quota;
  readonly #handover: Handover;
  readonly #corruption: CorruptionWatch;
  readonly #reconfiguration: Reconfiguration;
  readonly #leaderCalls: LeaderCalls;
  readonly #publisher: Publisher;
  readonly #onFatal: (error: Error) => void;
  /** Runs once this member has applied its own removal. */
  #departure: Timer | null = null;
  /** Leadership is being handed on because of the disk. */
  #isYielding = false;
  /** States that are being written to files. */
  #exports = 0;
  #isStopping = false;
  #whenStopped: (() => void)[] = [];

  /**
   * Opens what the disk and the backend hold and takes part in the cluster. The backend and the network remain the
   * caller's to close, after `stop` has answered or `onFatal` was called.
   *
   * @param onFatal called once if the member has to give up: its disk failed, it was removed, or it found itself wrong
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
          emptySpool(dependencies.disk, options.spoolDirectory);
          member.#loop.start();
          // It may have been started again by mistake.
          member.#departIfRemoved();
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
    const { runtime } = dependencies;
    const { limits } = options;
    const { memberId, clusterId, token } = recovered.identity;
    const network = dependencies.network(memberId, clusterId);
    this.id = memberId;
    this.clusterId = clusterId;
    this.limits = limits;
    this.runtime = runtime;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#recovered = recovered;
    this.#onFatal = onFatal;
    this.#links = new PeerLinks(memberId, network, runtime.clock, 2 * limits.electionMs);
    this.#quota = new Quota(dependencies.backend, limits.quotaBytes);
    this.#publisher = new Publisher(memberId, options.name, runtime.clock);
    this.#loop = new MemberLoop(options, dependencies, recovered, state, network, this.#hooks());
    const { raft } = this.#loop;
    this.#handover = new Handover(raft, network, runtime.clock, limits);
    this.#corruption = new CorruptionWatch(this.#compared(), limits, runtime.clock, runtime.log);
    this.#reconfiguration = new Reconfiguration({
      raft,
      members: () => this.members(),
      wasRemoved: (id) => this.#state.membership.wasRemoved(id),
      isConnected: (peer) => network.isConnected(peer),
      isHealthy: (peer) => this.#loop.leadership.isConnectedFor(peer, limits.healthMs),
      clusterToken: token,
      maxLearners: options.maxLearners,
      strict: options.strictReconfigCheck,
    });
    this.#leaderCalls = new LeaderCalls({
      id: memberId,
      leader: () => raft.leader,
      send: (to, frame) => network.send(to, frame),
      now: () => runtime.clock.now(),
      serve: (method, body, reply) => this.#serveCall(method, body, reply),
    });
    this.leases = new MemberLeases({
      leases: state.leases,
      raft,
      runtime,
      limits,
      propose: (kind, body, request, done, caller) => this.propose(kind, body, request, done, caller),
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
  }

  #hooks(): LoopHooks {
    return {
      turnBegins: () => {
        this.#leaderCalls.pump();
        this.#reconfiguration.pump();
      },
      applied: (index) => this.#corruption.applied(index),
      turnEnds: () => {
        this.#state.auth.applied(this.raft.appliedIndex);
        this.#publishSelf();
      },
      ticked: (startedBefore) => {
        this.#leaderCalls.expire(startedBefore);
        this.#reconfiguration.promoteReady();
        if (!this.isInstalling) this.leases.tick();
        this.#corruption.tick();
        this.#yieldIfDiskIsStuck();
      },
      hasWork: () => this.#leaderCalls.isWaiting,
      frame: (from, bytes) => this.#leaderCalls.onFrame(from, bytes),
      configured: (entry, conf) => this.#onConfig(entry, conf),
      membersChanged: () => this.#linkPeers(),
      failed: (error) => {
        this.#quit();
        this.#answerStops();
        this.#onFatal(error);
      },
    };
  }

  #compared(): ComparedMember {
    const member = this;
    return {
      id: this.id,
      get leader() {
        return member.raft.leader;
      },
      get isReady() {
        return !member.isInstalling && !member.#hasStopped && !member.#state.alarms.has(AlarmKind.Corrupt);
      },
      get digest() {
        return member.digest;
      },
      get compactRevision() {
        return member.store.compactRevision;
      },
      members: () => this.members(),
      hashKv: (revision, done) => this.store.hashKv(revision, done),
      callLeader: (method, body, done) => this.#callLeader(method, body, true, done),
      raise: (id) => this.#raiseAlarm(AlarmKind.Corrupt, id),
      giveUp: (failure) => this.#loop.fail(failure),
    };
  }

  get #state(): AppliedState {
    return this.#loop.state;
  }

  /** @internal for the simulator's invariants. */
  get raft(): RaftNode {
    return this.#loop.raft;
  }

  get store(): Store {
    return this.#state.store;
  }

  /** The same on every member at the same applied index. */
  get digest(): number {
    return stateDigest(this.#state);
  }

  get watches(): WatchHub {
    return this.#loop.hub;
  }

  get appliedIndex(): number {
    return this.raft.appliedIndex;
  }

  get term(): number {
    return this.raft.term;
  }

  get hasLeader(): boolean {
    return this.#loop.leadership.leader !== '';
  }

  /** True while a state from elsewhere is being put in force: log and state do not match. */
  get isInstalling(): boolean {
    return this.#loop.isInstalling;
  }

  /** True also before this member has learned that it was let in at all. */
  get isLearner(): boolean {
    const { voters, votersOutgoing } = this.raft.conf;
    return !voters.includes(this.id) && !votersOutgoing.includes(this.id);
  }

  figures(): MemberFigures {
    const { leases } = this.#state;
    const { renewed, expired } = this.leases;
    return {
      ...this.#loop.figures(),
      leases: leases.figures,
      leasesRenewed: renewed,
      leasesExpired: expired,
    };
  }

  alarms(): readonly AlarmRecord[] {
    return this.#state.alarms.list();
  }

  downgrade(): DowngradeRecord {
    return this.#state.downgrade.record;
  }

  hashState(done: (error: Error | null, hash: number) => void): void {
    // Up to what is applied now: the last line may be some time ago.
    this.#loop.mark();
    hashBackend(this.#dependencies.backend, done);
  }

  defragment(done: (error: Error | null) => void): void {
    this.#dependencies.backend.compact(done);
  }

  members(): readonly MemberRecord[] {
    return this.#state.membership.list();
  }

  /** What another member needs to know to join. */
  origin(): ClusterOrigin {
    const { clusterId, token, bootstrap } = this.#recovered.identity;
    return { clusterId, clusterToken: token, bootstrap, members: this.members() };
  }

  exportState(done: (error: Error | null, state: ExportedState | null) => void): void {
    const failure = this.#hasStopped || this.isInstalling ? new Failure('stopped') : null;
    if (failure !== null || this.#exports >= maxExports) {
      const refusal = failure ?? new Failure('tooManyRequests');
      this.runtime.scheduler.defer(() => done(refusal, null));
      return;
    }
    const { backend, disk } = this.#dependencies;
    const path = `${this.#options.spoolDirectory}/${this.runtime.random.uint32().toString(16)}.db`;
    this.#exports++;
    this.#loop.mark();
    exportState({ backend, disk, path }, (error, state) => {
      this.#exports--;
      done(error, state);
    });
  }

  onLeaderChange(listener: () => void): () => void {
    return this.#loop.leadership.subscribe(listener);
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
      dbSizeBytes: this.#dependencies.backend.sizeBytes,
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
    const { raft, proposals } = this.#loop;
    const applyLag = raft.commit - raft.appliedIndex;
    const failure =
      this.#refuse(kind, request) ??
      proposals.add(kind, body, request, caller, applyLag, done as ProposeDone<unknown>);
    if (failure === null) this.#loop.schedule();
    else this.runtime.scheduler.defer(() => done(failure, null));
  }

  #refuse(kind: RequestKind, request: unknown): Failure | null {
    if (this.#hasStopped) return new Failure('stopped');
    const cost = this.#quota.costOf(kind, request);
    if (cost === 0 || this.#quota.hasRoom(cost)) return null;
    this.#raiseAlarm(AlarmKind.NoSpace);
    return new Failure('noSpace');
  }

  get #hasStopped(): boolean {
    return this.#isStopping || this.#loop.hasEnded;
  }

  #raiseAlarm(alarm: number, memberId: NodeId = this.id): void {
    const record = { memberId, alarm };
    if (this.alarms().some((known) => known.memberId === memberId && known.alarm === alarm)) return;
    this.runtime.log.warn('raises an alarm', record);
    this.#proposeOwn(RequestKind.AlarmRaise, encodeAlarm(record), ignoreOutcome);
  }

  #proposeOwn(kind: RequestKind, body: Uint8Array, done: ProposeDone<unknown>): void {
    if (this.#hasStopped) {
      const stopped = new Failure('stopped');
      this.runtime.scheduler.defer(() => done(stopped, null));
      return;
    }
    this.#loop.proposals.addOwn(kind, body, done);
    this.#loop.schedule();
  }

  linearize(done: ReadDone): void {
    const stopped = new Failure('stopped');
    if (this.#hasStopped) this.runtime.scheduler.defer(() => done(stopped));
    else this.#loop.linearize(done);
  }

  changeMembers(change: MemberChange, done: ProposeDone<MemberChangeResult>): void {
    this.#callLeader(LeaderMethod.ChangeMembers, change, false, done as LeaderReply);
  }

  #callLeader(method: LeaderMethod, body: unknown, repeatable: boolean, done: LeaderReply): void {
    const failure = this.#hasStopped
      ? new Failure('stopped')
      : this.#leaderCalls.call(method, body, repeatable, done);
    if (failure === null) this.#loop.schedule();
    else this.runtime.scheduler.defer(() => done(failure, null));
  }

  /** What members ask of this one while it leads. */
  #serveCall(method: LeaderMethod, body: unknown, reply: LeaderReply): void {
    switch (method) {
      case LeaderMethod.ChangeMembers: {
        const seconds = Math.floor(this.runtime.clock.wallNow() / 1000);
        this.#reconfiguration.ask(body as MemberChange, seconds, reply);
        break;
      }
      case LeaderMethod.RenewLease:
        this.leases.serveRenewal(BigInt(body as string), reply);
        break;
      case LeaderMethod.LeaseTimeToLive:
        this.leases.serveTimeToLive(body, reply);
        break;
      case LeaderMethod.CompareDigest:
      case LeaderMethod.CompareHash:
        this.#corruption.serve(method, body, reply);
        break;
      default:
        reply(new Failure('unimplemented', `this member knows no call ${String(method)}`), null);
    }
  }

  moveLeader(target: NodeId, done: (failure: Failure | null) => void): void {
    const refusal = this.#refuseMove(target);
    if (refusal !== null || target === this.id) {
      this.runtime.scheduler.defer(() => done(refusal));
      return;
    }
    const ended = (ok: boolean): void => done(ok ? null : new Failure('timeoutLeaderTransfer'));
    const leads = (): boolean => this.raft.leader === target;
    if (this.#handover.begin(target, leads, ended)) this.#loop.schedule();
    else this.runtime.scheduler.defer(() => done(new Failure('badLeaderTransferee')));
  }

  /**
   * Nothing can be acknowledged here while the disk is silent; somebody else's may not be. Leases suffer nothing: who leads
   * next gives them an election timeout more. Half the time is for noticing, the rest for the election. Who leads since
   * a short time only has more patience: where all disks are slow, leadership would otherwise go round and round.
   */
  #yieldIfDiskIsStuck(): void {
    const { diskSilenceMs, leadership } = this.#loop;
    const { electionMs } = this.limits;
    if (diskSilenceMs < electionMs / 2 || this.raft.role !== Role.Leader) return;
    const now = this.runtime.clock.now();
    const isNew = now - leadership.situation(now).electedAt < settledElections * electionMs;
    if (isNew && diskSilenceMs < 2 * electionMs) return;
    const heir = this.#handover.heir();
    const hasYielded = (): boolean => this.raft.role !== Role.Leader;
    if (heir === null || this.#isYielding) return;
    this.#isYielding = this.#handover.begin(heir, hasYielded, () => {
      this.#isYielding = false;
    });
    if (!this.#isYielding) return;
    const silence = Math.round(diskSilenceMs);
    this.runtime.log.warn('the disk does not answer: another member shall lead', {
      heir,
      'silent-ms': silence,
    });
    this.#loop.schedule();
  }

  #refuseMove(target: NodeId): Failure | null {
    if (this.#hasStopped) return new Failure('stopped');
    if (this.raft.role !== Role.Leader) return new Failure('notLeader');
    const isVoter = this.#state.membership.get(target)?.isLearner === false;
    return isVoter ? null : new Failure('badLeaderTransferee');
  }

  /** Tells the cluster this member's name and where it serves clients, as soon as there is a leader. */
  publish(clientUrls: readonly string[]): void {
    this.#publisher.serveAt(clientUrls);
    this.#loop.schedule();
  }

  #publishSelf(): void {
    if (!this.hasLeader || this.#isStopping) return;
    const body = this.#publisher.next(this.#state.membership.get(this.id));
    if (body !== null) this.#proposeOwn(RequestKind.PublishMember, body, ignoreOutcome);
  }

  #linkPeers(): void {
    const { join } = this.#options;
    // Who joins knows the present members from those it asked, until the log has told it.
    const isNew = join !== null && this.#state.membership.get(this.id) === undefined;
    this.#links.set(isNew ? join.origin.members : this.members());
  }

  #onConfig({ index, term }: Entry, conf: ConfState): void {
    this.#reconfiguration.applied(index, term);
    if (hasLeft(conf, this.id)) this.#departIfRemoved();
  }

  /**
   * A configuration without this member does not say that it was removed: one that joins first reads of the changes
   * that were made before it was added. Only the list of those who were removed says so.
   */
  #departIfRemoved(): void {
    if (!this.#state.membership.wasRemoved(this.id) || this.#departure !== null) return;
    this.runtime.log.warn('this member was removed from the cluster and will stop');
    const told = 'this member was removed from the cluster: its data is of no more use';
    // Time to pass on what it has committed; nobody waits for it.
    this.#departure = this.runtime.clock.setTimer(this.limits.electionMs, () =>
      this.#loop.fail(new Failure('memberRemoved', told)),
    );
  }

  /** Hands leadership over, makes the state durable and closes the log. Nothing is answered any more afterwards. */
  stop(done: () => void): void {
    if (this.#loop.hasEnded) {
      this.runtime.scheduler.defer(done);
      return;
    }
    this.#whenStopped.push(done);
    if (this.#isStopping) return;
    this.#isStopping = true;
    const heir = this.#handover.heir();
    const hasPassed = (): boolean => this.raft.role !== Role.Leader;
    if (heir === null || !this.#handover.begin(heir, hasPassed, () => this.#end())) this.#end();
    else this.#loop.schedule();
  }

  #end(): void {
    if (this.#loop.hasEnded) return;
    this.#loop.end(() => this.#answerStops());
    this.#quit();
  }

  #answerStops(): void {
    const waiting = this.#whenStopped;
    this.#whenStopped = [];
    for (const done of waiting) done();
  }

  #quit(): void {
    this.leases.stop();
    this.#state.auth.close();
    this.#handover.stop();
    this.#links.stop();
    this.#departure?.cancel();
    this.#leaderCalls.failAll(new Failure('stopped'));
  }
}

function ignoreOutcome(): void {}

/** What an earlier run was writing when it ended is of no use. */
function emptySpool(disk: Disk, directory: string): void {
  disk.makeDirectory(directory);
  for (const name of disk.list(directory)) disk.remove(`${directory}/${name}`);
}
