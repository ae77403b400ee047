/**
 * What a member is made of: the loop (`member-loop.ts`), a part per duty around it, and who hears of what from whom.
 * Nothing is decided here. `member.ts` is the face of it all.
 */

import type { RaftNode } from '../raft/raft-node.ts';
import { type ConfState, type Entry, Role } from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import { Failure } from '../util/failure.ts';
import { encodeAlarm } from './applier.ts';
import { CorruptionWatch } from './corruption.ts';
import { Departure } from './departure.ts';
import { Ending } from './ending.ts';
import { Handover } from './handover.ts';
import { LeaderCalls } from './leader-calls.ts';
import { LeaderService } from './leader-service.ts';
import type { LoopHooks } from './loop-hooks.ts';
import { MemberLeases } from './member-leases.ts';
import { MemberLoop } from './member-loop.ts';
import { comparedMember, isNamed, rebuiltMember } from './member-views.ts';
import { PeerLinks } from './peer-links.ts';
import { Publisher } from './publisher.ts';
import { Quota } from './quota.ts';
import { StateRebuild } from './rebuild.ts';
import { hasLeft, Reconfiguration } from './reconfiguration.ts';
import type { Recovered } from './recovery.ts';
import { Requests } from './requests.ts';
import type { AppliedState } from './state.ts';
import { StateExports } from './state-exports.ts';
import {
  AlarmKind,
  type AlarmRecord,
  type MemberDependencies,
  type MemberOptions,
  RequestKind,
} from './types.ts';
import { Yielding } from './yielding.ts';

export class MemberParts {
  readonly loop: MemberLoop;
  readonly raft: RaftNode;
  readonly state: AppliedState;
  readonly requests: Requests;
  readonly leases: MemberLeases;
  readonly handover: Handover;
  readonly publisher: Publisher;
  readonly exports: StateExports;
  readonly ending: Ending;
  readonly rebuild: StateRebuild;
  readonly yielding: Yielding;
  readonly corruption: CorruptionWatch;
  readonly #options: MemberOptions;
  readonly #dependencies: MemberDependencies;
  readonly #recovered: Recovered;
  readonly #network: PeerNetwork;
  readonly #links: PeerLinks;
  readonly #quota: Quota;
  readonly #reconfiguration: Reconfiguration;
  readonly #leaderCalls: LeaderCalls;
  readonly #service: LeaderService;
  readonly #departure: Departure;

  /** @param onFatal called once if the loop has to give up */
  constructor(
    options: MemberOptions,
    dependencies: MemberDependencies,
    recovered: Recovered,
    state: AppliedState,
    onFatal: (error: Error) => void,
  ) {
    const { runtime, backend } = dependencies;
    const { limits } = options;
    const { memberId, clusterId } = recovered.identity;
    const network = dependencies.network(memberId, clusterId);
    this.state = state;
    this.#options = options;
    this.#dependencies = dependencies;
    this.#recovered = recovered;
    this.#network = network;
    this.#links = new PeerLinks(memberId, network, runtime.clock, 2 * limits.electionMs);
    this.#quota = new Quota(backend, limits.quotaBytes);
    this.publisher = new Publisher(memberId, options.name, runtime.clock);
    this.loop = new MemberLoop(options, dependencies, recovered, state, network, this.#hooks(onFatal));
    this.raft = this.loop.raft;
    this.handover = new Handover(this.raft, network, runtime.clock, limits);
    this.#leaderCalls = new LeaderCalls({
      id: memberId,
      run: this.loop.run,
      leader: () => this.raft.leader,
      send: (to, frame) => network.send(to, frame),
      now: () => runtime.clock.now(),
      serve: (method, body, reply) => this.#service.serve(method, body, reply),
    });
    this.requests = this.#newRequests();
    this.corruption = new CorruptionWatch(comparedMember(this, memberId), limits, runtime.clock, runtime.log);
    this.exports = this.#newExports();
    this.#departure = this.#newDeparture();
    this.yielding = this.#newYielding();
    this.rebuild = new StateRebuild(
      rebuiltMember(this, memberId),
      options.selfRepair,
      runtime.clock,
      runtime.log,
    );
    this.#reconfiguration = this.#newReconfiguration();
    this.leases = this.#newLeases();
    this.#service = this.#newService();
    this.ending = new Ending({
      loop: this.loop,
      raft: this.raft,
      handover: this.handover,
      runtime,
      patienceMs: limits.electionMs / 2,
      quit: () => this.#quit(),
    });
  }

  /** Nothing more is taken. */
  get hasStopped(): boolean {
    return this.loop.hasEnded;
  }

  /** Leaves if this member was removed: it may have been started again by mistake. */
  departIfRemoved(): void {
    if (this.state.membership.wasRemoved(this.#recovered.identity.memberId)) this.#departure.begin();
  }

  raiseAlarm(record: AlarmRecord): void {
    const { memberId, alarm } = record;
    const isRaised = this.state.alarms
      .list()
      .some((known) => known.memberId === memberId && known.alarm === alarm);
    if (isRaised) return;
    this.#dependencies.runtime.log.warn('raises an alarm', { memberId, alarm });
    this.requests.proposeOwn(RequestKind.AlarmRaise, encodeAlarm(record), ignoreOutcome);
  }

  #hooks(onFatal: (error: Error) => void): LoopHooks {
    return {
      turnBegins: () => {
        this.#leaderCalls.pump();
        this.#reconfiguration.pump();
      },
      applied: (index) => this.corruption.applied(index),
      installed: () => this.corruption.reset(),
      heardRemoved: (from) => this.#departure.heard(from),
      toldRemoved: () => this.#departure.begin(),
      turnEnds: () => {
        this.state.auth.applied(this.raft.appliedIndex);
        this.#publishSelf();
      },
      ticked: (startedBefore) => {
        this.#leaderCalls.expire(startedBefore);
        this.#reconfiguration.promoteReady();
        if (!this.loop.keeper.isInstalling) {
          this.leases.tick();
          this.#raiseIfOutgrown();
        }
        this.corruption.tick();
        this.yielding.tick();
        this.rebuild.tick();
      },
      hasWork: () => this.#leaderCalls.isWaiting,
      goesByTicks: () => this.raft.role === Role.Leader && this.state.leases.count > 0,
      frame: (from, bytes) => this.#leaderCalls.onFrame(from, bytes),
      configured: (entry, conf) => this.#onConfig(entry, conf),
      membersChanged: () => this.#linkPeers(),
      failed: (error) => {
        this.ending.failed();
        onFatal(error);
      },
    };
  }

  #newRequests(): Requests {
    return new Requests({
      loop: this.loop,
      quota: this.#quota,
      leaderCalls: this.#leaderCalls,
      scheduler: this.#dependencies.runtime.scheduler,
      hasStopped: () => this.hasStopped,
      isRebuilding: () => this.rebuild.isUnderWay,
      ranOut: () => this.#raiseNoSpace(),
    });
  }

  #newExports(): StateExports {
    const { backend, disk, runtime } = this.#dependencies;
    const directory = this.#options.spoolDirectory;
    return new StateExports({ backend, disk, directory, runtime, mark: () => this.loop.keeper.mark() });
  }

  #newDeparture(): Departure {
    const { clock, log } = this.#dependencies.runtime;
    return new Departure({
      clock,
      log,
      electionMs: this.#options.limits.electionMs,
      send: (to, frame) => this.#network.send(to, frame),
      fail: (failure) => this.loop.fail(failure),
      begun: () => this.#dependencies.departing?.(),
    });
  }

  #newYielding(): Yielding {
    const { runtime } = this.#dependencies;
    const { loop, raft, handover } = this;
    return new Yielding({
      raft,
      handover,
      limits: this.#options.limits,
      runtime,
      diskSilenceMs: () => loop.diskSilenceMs,
      electedAt: () => loop.leadership.situation(runtime.clock.now()).electedAt,
      changed: () => loop.schedule(),
    });
  }

  #newReconfiguration(): Reconfiguration {
    const { loop, state } = this;
    const { limits, maxLearners, strictReconfigCheck } = this.#options;
    return new Reconfiguration({
      raft: this.raft,
      members: () => state.membership.list(),
      wasRemoved: (id) => state.membership.wasRemoved(id),
      isConnected: (peer) => this.#network.isConnected(peer),
      isHealthy: (peer) => loop.leadership.isConnectedFor(peer, limits.healthMs),
      clusterToken: this.#recovered.identity.token,
      maxLearners,
      strict: strictReconfigCheck,
    });
  }

  #newLeases(): MemberLeases {
    const { requests } = this;
    return new MemberLeases({
      leases: this.state.leases,
      raft: this.raft,
      runtime: this.#dependencies.runtime,
      limits: this.#options.limits,
      propose: (kind, body, request, done, caller) => requests.propose(kind, body, request, done, caller),
      proposeOwn: (kind, body, done) => requests.proposeOwn(kind, body, done),
      callLeader: (method, body, repeatable, done) => requests.callLeader(method, body, repeatable, done),
      linearize: (done) => requests.linearize(done),
    });
  }

  #newService(): LeaderService {
    const { loop, state, leases, corruption } = this;
    const { memberId } = this.#recovered.identity;
    return new LeaderService({
      clock: this.#dependencies.runtime.clock,
      reconfiguration: this.#reconfiguration,
      corruption,
      leases,
      isSound: () => !loop.keeper.isInstalling && !isNamed(state.alarms.list(), memberId),
      sendState: (to) => loop.keeper.sendState(to),
    });
  }

  #raiseNoSpace(): void {
    this.raiseAlarm({ memberId: this.#recovered.identity.memberId, alarm: AlarmKind.NoSpace });
  }

  #raiseIfOutgrown(): void {
    if (this.#quota.outgrownAt(this.state.store.revision)) this.#raiseNoSpace();
  }

  #publishSelf(): void {
    const { loop, ending, state } = this;
    if (loop.leadership.leader === '' || ending.hasBegun || loop.keeper.isInstalling) return;
    const body = this.publisher.next(state.membership.get(this.#recovered.identity.memberId));
    if (body !== null) this.requests.proposeOwn(RequestKind.PublishMember, body, ignoreOutcome);
  }

  #linkPeers(): void {
    const { join } = this.#options;
    const { membership } = this.state;
    // Who joins knows the present members from those it asked, until the log has told it.
    const isNew = join !== null && membership.get(this.#recovered.identity.memberId) === undefined;
    this.#links.set(isNew ? join.origin.members : membership.list());
  }

  #onConfig({ index, term }: Entry, conf: ConfState): void {
    this.#reconfiguration.applied(index, term);
    if (hasLeft(conf, this.#recovered.identity.memberId)) this.departIfRemoved();
  }

  #quit(): void {
    this.leases.stop();
    this.state.auth.close();
    this.handover.stop();
    this.#links.stop();
    this.#departure.stop();
    this.#leaderCalls.failAll(new Failure('stopped'));
  }
}

function ignoreOutcome(): void {}
