/**
 * One member of the cluster: what services ask of it, on top of the loop that does the work (`member-loop.ts`) and the
 * parts around it (`member-parts.ts`).
 */

import { type Caller, nobody } from '../auth/types.ts';
import type { Store } from '../mvcc/store.ts';
import type { WatchHub } from '../mvcc/types.ts';
import type { RaftNode } from '../raft/raft-node.ts';
import { type ConfState, type NodeId, Role } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { encodeAuthOperation } from '../wire/auth-codec.ts';
import type { ServedAuth } from './auth-types.ts';
import { hashBackend } from './backend-hash.ts';
import type { ExportedState } from './etcd-snapshot.ts';
import type { MemberFigures } from './figures.ts';
import { LeaderMethod, type LeaderReply } from './leader-calls.ts';
import type { MemberLeases } from './member-leases.ts';
import { MemberParts } from './member-parts.ts';
import { type Recovered, recover } from './recovery.ts';
import { type AppliedState, openState, stateDamage, stateDigest } from './state.ts';
import {
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

export class Member implements ServedMember {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly limits: MemberLimits;
  readonly runtime: Runtime;
  readonly leases: MemberLeases;
  readonly auth: ServedAuth;
  readonly #parts: MemberParts;
  readonly #dependencies: MemberDependencies;
  /** Of which configuration `#isLearner` was found out; each change makes another one. */
  #judgedConf: ConfState | null = null;
  #isLearner = false;
  readonly #recovered: Recovered;

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
          member.#parts.loop.start();
          member.#parts.departIfRemoved();
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
    this.id = recovered.identity.memberId;
    this.clusterId = recovered.identity.clusterId;
    this.limits = options.limits;
    this.runtime = dependencies.runtime;
    this.#dependencies = dependencies;
    this.#recovered = recovered;
    this.#parts = new MemberParts(options, dependencies, recovered, state, onFatal);
    this.leases = this.#parts.leases;
    this.auth = {
      auth: state.auth,
      passwords: dependencies.passwords,
      trustsCommonName: options.trustsCommonName,
      proposeAuth: (operation, caller, done) =>
        this.propose(RequestKind.Auth, encodeAuthOperation(operation), null, done, caller),
      linearize: (done) => this.linearize(done),
    };
  }

  get isRebuilding(): boolean {
    return this.#parts.rebuild.isUnderWay;
  }

  /** @internal for the simulator's invariants. */
  get raft(): RaftNode {
    return this.#parts.raft;
  }

  get store(): Store {
    return this.#parts.state.store;
  }

  /** The same on every member at the same applied index. */
  get digest(): number {
    return stateDigest(this.#parts.state);
  }

  get watches(): WatchHub {
    return this.#parts.loop.hub;
  }

  get appliedIndex(): number {
    return this.raft.appliedIndex;
  }

  get term(): number {
    return this.raft.term;
  }

  get hasLeader(): boolean {
    return this.#parts.loop.leadership.leader !== '';
  }

  /** True while a state from elsewhere is being put in force: log and state do not match. */
  get isInstalling(): boolean {
    return this.#parts.loop.keeper.isInstalling;
  }

  /** True also before this member has learned that it was let in at all. */
  get isLearner(): boolean {
    // Without its state a member does not know what it is.
    if (this.raft.isHollow) return false;
    const { conf } = this.raft;
    if (conf === this.#judgedConf) return this.#isLearner;
    const { voters, votersOutgoing } = conf;
    this.#judgedConf = conf;
    this.#isLearner = !voters.includes(this.id) && !votersOutgoing.includes(this.id);
    return this.#isLearner;
  }

  figures(): MemberFigures {
    const { loop, state } = this.#parts;
    const { renewed, expired } = this.leases;
    return {
      ...loop.figures(),
      leases: state.leases.figures,
      leasesRenewed: renewed,
      leasesExpired: expired,
    };
  }

  alarms(): readonly AlarmRecord[] {
    return this.#parts.state.alarms.list();
  }

  downgrade(): DowngradeRecord {
    return this.#parts.state.downgrade.record;
  }

  hashState(done: (error: Error | null, hash: number) => void): void {
    // Up to what is applied now: the last line may be some time ago.
    this.#parts.loop.keeper.mark();
    hashBackend(this.#dependencies.backend, done);
  }

  /** Writes out first what was applied: what was compacted a moment ago holds its space until that is on disk. */
  defragment(done: (error: Error | null) => void): void {
    const { backend } = this.#dependencies;
    this.#parts.loop.keeper.mark();
    backend.flush((error) => {
      if (error === null) backend.compact(done);
      else done(error);
    });
  }

  /**
   * The state is damaged on disk: it is to be replaced by the leader's while this member runs.
   * @returns false where nobody else has one, or where members do not repair themselves
   */
  replaceState(): boolean {
    return this.members().length > 1 && this.#parts.rebuild.condemn();
  }

  /** The segment of the log that is written to, and how much of it is durable. */
  get durableLog(): { readonly path: string; readonly bytes: number } {
    return this.#recovered.wal.durable;
  }

  /** The segment of the log that is written to is damaged on disk: it is to have a successor, and can be let go of then. */
  renewLog(): void {
    if (!this.#parts.hasStopped) this.#recovered.wal.renew();
  }

  /** The log is damaged on disk, before its newest segment: what is there is let go of, as the state holds what it led to. */
  shedLog(): void {
    if (!this.#parts.hasStopped && !this.isInstalling) this.#parts.loop.keeper.shedLog();
  }

  members(): readonly MemberRecord[] {
    return this.#parts.state.membership.list();
  }

  /** What another member needs to know to join. */
  origin(): ClusterOrigin {
    const { clusterId, token, bootstrap } = this.#recovered.identity;
    return { clusterId, clusterToken: token, bootstrap, members: this.members() };
  }

  exportState(done: (error: Error | null, state: ExportedState | null) => void): void {
    if (this.#parts.hasStopped || this.isInstalling) {
      this.runtime.scheduler.defer(() => done(new Failure('stopped'), null));
    } else this.#parts.exports.begin(done);
  }

  onLeaderChange(listener: () => void): () => void {
    return this.#parts.loop.leadership.subscribe(listener);
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
    about: unknown = null,
  ): void {
    this.#parts.requests.propose(kind, body, request, done, caller, about);
  }

  linearize(done: ReadDone): void {
    this.#parts.requests.linearize(done);
  }

  changeMembers(change: MemberChange, done: ProposeDone<MemberChangeResult>): void {
    this.#parts.requests.callLeader(LeaderMethod.ChangeMembers, change, false, done as LeaderReply);
  }

  moveLeader(target: NodeId, done: (failure: Failure | null) => void): void {
    const refusal = this.#refuseMove(target);
    if (refusal !== null || target === this.id) {
      this.runtime.scheduler.defer(() => done(refusal));
      return;
    }
    const { handover, loop } = this.#parts;
    const ended = (ok: boolean): void => done(ok ? null : new Failure('timeoutLeaderTransfer'));
    const leads = (): boolean => this.raft.leader === target;
    if (handover.begin(target, leads, ended)) loop.schedule();
    else this.runtime.scheduler.defer(() => done(new Failure('badLeaderTransferee')));
  }

  #refuseMove(target: NodeId): Failure | null {
    if (this.#parts.hasStopped) return new Failure('stopped');
    if (this.raft.role !== Role.Leader) return new Failure('notLeader');
    const isVoter = this.#parts.state.membership.get(target)?.isLearner === false;
    return isVoter ? null : new Failure('badLeaderTransferee');
  }

  /** Tells the cluster this member's name and where it serves clients, as soon as there is a leader. */
  publish(clientUrls: readonly string[]): void {
    this.#parts.publisher.serveAt(clientUrls);
    this.#parts.loop.schedule();
  }

  /**
   * Hands leadership over, makes the state durable and closes the log. Nothing is answered any more afterwards.
   * @param isHeeded whether all clients know that they had better go elsewhere; requests are taken until then
   */
  stop(done: () => void, isHeeded: () => boolean = () => true): void {
    this.#parts.ending.begin(done, isHeeded);
  }
}
