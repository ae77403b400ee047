/**
 * One member of the cluster: what services ask of it, on top of the loop that does the work (`member-loop.ts`).
 */

import { type Caller, nobody } from '../auth/types.ts';
import type { Store } from '../mvcc/store.ts';
import type { WatchHub } from '../mvcc/types.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import { type ConfState, type Entry, type NodeId, Role } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { encodeAuthOperation } from '../wire/auth-codec.ts';
import { encodeAlarm } from './applier.ts';
import type { ServedAuth } from './auth-types.ts';
import { hashBackend } from './backend-hash.ts';
import { type ComparedMember, CorruptionWatch } from './corruption.ts';
import { Departure } from './departure.ts';
import type { ExportedState } from './etcd-snapshot.ts';
import type { MemberFigures } from './figures.ts';
import { Handover } from './handover.ts';
import { LeaderCalls, LeaderMethod, type LeaderReply } from './leader-calls.ts';
import { MemberLeases } from './member-leases.ts';
import { type LoopHooks, MemberLoop } from './member-loop.ts';
import { PeerLinks } from './peer-links.ts';
import { Publisher } from './publisher.ts';
import { Quota } from './quota.ts';
import { type RebuiltMember, StateRebuild } from './rebuild.ts';
import { hasLeft, Reconfiguration } from './reconfiguration.ts';
import { type Recovered, recover } from './recovery.ts';
import { type AppliedState, openState, stateDamage, stateDigest } from './state.ts';
import { StateExports } from './state-exports.ts';
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
import { Yielding } from './yielding.ts';

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
  readonly #yielding: Yielding;
  readonly #rebuild: StateRebuild;
  readonly #reconfiguration: Reconfiguration;
  readonly #leaderCalls: LeaderCalls;
  readonly #publisher: Publisher;
  readonly #onFatal: (error: Error) => void;
  readonly #departure: Departure;
  readonly #exports: StateExports;
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
        const damage = stateDamage(dependencies.backend, state, error);
        if (damage !== null || state === null) return recovered.wal.close(() => done(damage, null));
        let member: Member;
        try {
          member = new Member(options, dependencies, recovered, state, onFatal);
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
    this.#exports = new StateExports({
      backend: dependencies.backend,
      disk: dependencies.disk,
      directory: options.spoolDirectory,
      runtime,
      mark: () => this.#loop.mark(),
    });
    this.#departure = new Departure({
      clock: runtime.clock,
      log: runtime.log,
      electionMs: limits.electionMs,
      send: (to, frame) => network.send(to, frame),
      fail: (failure) => this.#loop.fail(failure),
    });
    this.#yielding = new Yielding({
      raft,
      handover: this.#handover,
      limits,
      runtime,
      diskSilenceMs: () => this.#loop.diskSilenceMs,
      electedAt: () => this.#loop.leadership.situation(runtime.clock.now()).electedAt,
      changed: () => this.#loop.schedule(),
    });
    this.#rebuild = new StateRebuild(this.#rebuilt(), options.selfRepair, runtime.clock, runtime.log);
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
      installed: () => this.#corruption.reset(),
      heardRemoved: (from) => this.#departure.heard(from),
      toldRemoved: () => this.#departure.begin(),
      turnEnds: () => {
        this.#state.auth.applied(this.raft.appliedIndex);
        this.#publishSelf();
      },
      ticked: (startedBefore) => {
        this.#leaderCalls.expire(startedBefore);
        this.#reconfiguration.promoteReady();
        if (!this.isInstalling) {
          this.leases.tick();
          this.#raiseIfOutgrown();
        }
        this.#corruption.tick();
        this.#yielding.tick();
        this.#rebuild.tick();
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
      raise: (id) => this.#raiseAlarm({ memberId: id, alarm: AlarmKind.Corrupt, isFound: true }),
      giveUp: (failure) => this.#loop.fail(failure),
    };
  }

  #rebuilt(): RebuiltMember {
    const member = this;
    const { raft } = this;
    const cleared = encodeAlarm({ memberId: this.id, alarm: AlarmKind.Corrupt });
    return {
      id: this.id,
      get leader() {
        return raft.leader;
      },
      get isHollow() {
        return raft.isHollow;
      },
      get isReplacingState() {
        return member.#loop.isReplacingState;
      },
      isNamed: (id) => this.#isNamed(id),
      handOver: () =>
        this.#yielding.yield('a member with a sound state shall lead', {}, (id) => !this.#isNamed(id)),
      stepDown: () => raft.stepDown(),
      discardState: (done) => this.#loop.discardState(done),
      callLeader: (method, body, done) => this.#callLeader(method, body, true, done),
      compareKeys: (done) => this.#corruption.compareKeys(done),
      clearAlarm: () => this.#proposeOwn(RequestKind.AlarmClear, cleared, ignoreOutcome),
    };
  }

  /** A comparison has shown that this member, or that one, differs from the majority. */
  #isNamed(id: NodeId): boolean {
    return this.alarms().some(
      ({ memberId, alarm, isFound }) => memberId === id && alarm === AlarmKind.Corrupt && isFound === true,
    );
  }

  get isRebuilding(): boolean {
    return this.#rebuild.isUnderWay;
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
    // Without its state a member does not know what it is.
    if (this.raft.isHollow) return false;
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
    if (this.#hasStopped || this.isInstalling) {
      this.runtime.scheduler.defer(() => done(new Failure('stopped'), null));
    } else this.#exports.begin(done);
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
    if (this.isRebuilding) return new Failure('corrupt');
    const cost = this.#quota.costOf(kind, request);
    if (cost === 0 || this.#quota.hasRoom(cost)) return null;
    this.#raiseAlarm({ memberId: this.id, alarm: AlarmKind.NoSpace });
    return new Failure('noSpace');
  }

  #raiseIfOutgrown(): void {
    if (this.#quota.outgrownAt(this.store.revision)) {
      this.#raiseAlarm({ memberId: this.id, alarm: AlarmKind.NoSpace });
    }
  }

  get #hasStopped(): boolean {
    return this.#isStopping || this.#loop.hasEnded;
  }

  #raiseAlarm(record: AlarmRecord): void {
    const { memberId, alarm } = record;
    if (this.alarms().some((known) => known.memberId === memberId && known.alarm === alarm)) return;
    this.runtime.log.warn('raises an alarm', { memberId, alarm });
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
    const failure = this.#hasStopped
      ? new Failure('stopped')
      : this.isRebuilding
        ? new Failure('corrupt')
        : null;
    if (failure !== null) this.runtime.scheduler.defer(() => done(failure));
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
      case LeaderMethod.SendState:
        this.#serveState((body as { readonly id: NodeId }).id, reply);
        break;
      default:
        reply(new Failure('unimplemented', `this member knows no call ${String(method)}`), null);
    }
  }

  /** A member that has no state, or a wrong one, wants this one's. */
  #serveState(id: NodeId, reply: LeaderReply): void {
    if (this.isInstalling || this.#isNamed(this.id)) {
      reply(new Failure('corrupt', 'the leader has no sound state itself'), null);
      return;
    }
    this.#loop.sendState(id);
    reply(null, null);
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
    if (!this.hasLeader || this.#isStopping || this.isInstalling) return;
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

  #departIfRemoved(): void {
    if (this.#state.membership.wasRemoved(this.id)) this.#departure.begin();
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
    this.#departure.stop();
    this.#leaderCalls.failAll(new Failure('stopped'));
  }
}

function ignoreOutcome(): void {}
