/**
 * The one place where the simulator meets the member: how it is opened, asked and looked into, and how its log is read
 * from a disk when it is down.
 */

import { type Caller, nobody } from '../auth/types.ts';
import { decodeExpiry } from '../lease/commands.ts';
import { EnvelopeCodec } from '../member/envelope.ts';
import { identifyCluster } from '../member/identity.ts';
import { Member } from '../member/member.ts';
import {
  type ClusterOrigin,
  defaultLimits,
  type InitialMember,
  type JoinOptions,
  type MemberChange,
  type MemberDependencies,
  type MemberLimits,
  type MemberRecord,
  RequestKind,
} from '../member/types.ts';
import type { MvccStore, WatchHub } from '../mvcc/types.ts';
import { decodeConfigEntry } from '../raft/conf-codec.ts';
import { type ConfState, type Entry, EntryType, type NodeId } from '../raft/types.ts';
import type { Disk } from '../util/disk.ts';
import type { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { silentLogger } from '../util/runtime.ts';
import { Wal } from '../wal/wal.ts';
import { decodeAuthOperation } from '../wire/auth-codec.ts';
import type { AuthOperation } from '../wire/auth-messages.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeTxnRequest,
} from '../wire/kv-codec.ts';
import { decodeLeaseGrantRequest, decodeLeaseRevokeRequest } from '../wire/lease-codec.ts';
import type { RangeRequest } from '../wire/messages.ts';
import { wrappedMutants } from './controls.ts';
import type { Probe } from './live-view.ts';
import type { Asked } from './oracle/history.ts';
import type { Logged, LoggedRequest } from './oracle/replay.ts';
import type { AnswerDone } from './oracle/workload.ts';
import { allowAll, applyDiffers, applyDraws, compactsMore, unreliableHub } from './sabotage.ts';
import { SimRandom } from './sim-random.ts';
import { drawLimits, type Swarm } from './swarm.ts';
import type { DurableView } from './view.ts';

const clusterToken = 'sim';
const walDirectory = 'wal';

export interface OpenOptions {
  readonly swarm: Swarm;
  readonly index: number;
  /** Null for one of the first members. */
  readonly join: JoinOptions | null;
  readonly mutant: string;
  readonly dependencies: MemberDependencies;
  readonly onFatal: (error: Error) => void;
}

function initialCluster(count: number): InitialMember[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `n${index + 1}`,
    peerUrls: [`http://n${index + 1}:2380`],
  }));
}

export function memberIdsOf(count: number): readonly NodeId[] {
  return identifyCluster(initialCluster(count), clusterToken).memberIds;
}

function limitsOf(swarm: Swarm, index: number): MemberLimits {
  const limits = swarm.mixedLimits
    ? drawLimits(new SimRandom(swarm.limits.flushBytes + swarm.limits.valueBytes, `limits ${index}`))
    : swarm.limits;
  return {
    ...defaultLimits,
    heartbeatMs: swarm.heartbeatMs,
    electionMs: swarm.electionMs,
    catchUpEntries: limits.catchUpEntries,
    catchUpBytes: limits.catchUpBytes,
    flushBytes: limits.flushBytes,
    flushMs: limits.flushMs,
    maxPendingRequests: limits.maxPendingRequests,
    raftMessageBytes: limits.raftMessageBytes,
    walSegmentBytes: limits.walSegmentBytes,
  };
}

/** A member that runs, as the rest of the simulator uses it. */
export class LiveMember implements Probe {
  private readonly member: Member;
  private readonly mutant: string;
  private readonly runtime: Runtime;

  constructor(member: Member, index: number, mutant: string, runtime: Runtime) {
    this.runtime = runtime;
    this.member = member;
    this.mutant = mutant;
    if (mutant === 'applyDiffers' && index === 0) applyDiffers(member.store);
    if (mutant === 'applyDraws') applyDraws(member.store, runtime);
    if (mutant === 'compactsMore') compactsMore(member.store);
    if (mutant === 'authDiffers' && index === 0) allowAll(member.auth.auth);
    if (mutant === 'watchMissesInstall') (member.watches as { resync?: () => void }).resync = () => {};
  }

  get raft(): Probe['raft'] {
    return this.member.raft;
  }

  get store(): MvccStore {
    return this.member.store;
  }

  get hub(): WatchHub {
    return unreliableHub(this.member.watches, this.mutant);
  }

  get digest(): number {
    return this.member.digest;
  }

  get revision(): number {
    return this.member.store.revision;
  }

  get applied(): number {
    return this.member.appliedIndex;
  }

  get isInstalling(): boolean {
    return this.member.isInstalling;
  }

  /** The caller that a token of this user would stand for, as this member knows users now. */
  callerOf(user: string): Caller {
    const { auth } = this.member.auth;
    if (user === '' || !auth.enabled) return nobody;
    // As a token that is never judged again.
    return { user, revision: this.mutant === 'rightsOutdated' ? 1 << 30 : auth.revision };
  }

  /** What a service asks when a read is answered. @throws Failure */
  checkRange(caller: Caller, request: RangeRequest): void {
    if (this.mutant !== 'rangeUnchecked') this.member.auth.auth.checks.range(caller, request);
  }

  changeUsers(operation: AuthOperation): void {
    this.member.auth.proposeAuth(operation, this.callerOf('root'), () => {});
  }

  write(asked: Asked, body: Uint8Array, caller: Caller, done: AnswerDone): void {
    const answer = (failure: Failure | null, result: unknown): void => done(failure?.reason ?? null, result);
    this.member.propose(kindOf(asked), body, asked.request, answer, caller);
    // As a client would that takes no answer for no.
    if (this.mutant === 'writeTwice')
      this.member.propose(kindOf(asked), body, asked.request, () => {}, caller);
  }

  linearize(done: (reason: string | null) => void): void {
    if (this.mutant === 'readLocal') {
      this.runtime.scheduler.defer(() => done(null));
      return;
    }
    this.member.linearize((failure: Failure | null) => done(failure?.reason ?? null));
  }

  grant(id: bigint, ttl: number, done: (reason: string | null, ttl: number) => void): void {
    const granted = (failure: Failure | null, result: { readonly ttl: number } | null): void =>
      done(failure?.reason ?? null, this.promised(result?.ttl ?? 0));
    this.member.leases.grant(id, ttl, granted, this.callerOf('root'));
  }

  renew(id: bigint, done: (reason: string | null, ttl: number) => void): void {
    this.member.leases.renew(id, (failure, ttl) => done(failure?.reason ?? null, this.promised(ttl)));
  }

  private promised(ttl: number): number {
    return this.mutant === 'leasePromisesMore' ? 2 * ttl : ttl;
  }

  revoke(id: bigint): void {
    this.member.leases.revoke(id, () => {}, this.callerOf('root'));
  }

  members(): readonly MemberRecord[] {
    return this.member.members();
  }

  origin(): ClusterOrigin {
    return this.member.origin();
  }

  changeMembers(change: MemberChange, done: (reason: string | null) => void): void {
    this.member.changeMembers(change, (failure) => done(failure?.reason ?? null));
  }

  moveLeader(target: NodeId, done: (reason: string | null) => void): void {
    this.member.moveLeader(target, (failure) => done(failure?.reason ?? null));
  }

  stop(done: () => void): void {
    this.member.stop(done);
  }
}

function kindOf(asked: Asked): RequestKind {
  switch (asked.kind) {
    case 'put':
      return RequestKind.Put;
    case 'delete':
      return RequestKind.DeleteRange;
    case 'txn':
      return RequestKind.Txn;
    case 'compact':
      return RequestKind.Compact;
    default:
      throw new Error('a range is not proposed');
  }
}

export function openMember(
  options: OpenOptions,
  done: (error: Error | null, member: LiveMember | null) => void,
): void {
  const { swarm, index, join, mutant, dependencies, onFatal } = options;
  const members = initialCluster(swarm.nodes);
  const self = initialCluster(index + 1)[index]!;
  const memberOptions = {
    name: self.name,
    clusterToken,
    initialCluster: join === null ? members : [...members, self],
    join,
    walDirectory,
    spoolDirectory: 'spool',
    preallocate: true,
    limits: limitsOf(swarm, index),
    maxLearners: swarm.maxLearners,
    strictReconfigCheck: swarm.strictReconfigCheck,
    selfRepair: true,
    trustsCommonName: false,
    mutant: wrappedMutants.has(mutant) ? '' : mutant,
  };
  Member.open(memberOptions, dependencies, onFatal, (error, member) => {
    member?.publish([`http://${memberOptions.name}:2379`]);
    done(error, member === null ? null : new LiveMember(member, index, mutant, dependencies.runtime));
  });
}

/** What is never called while a log is only read. */
const quietRuntime: Runtime = {
  clock: {
    now: () => 0,
    wallNow: () => 0,
    setTimer: () => {
      throw new Error('reading a log sets no timer');
    },
  },
  random: new SimRandom(0, 'reading a log'),
  scheduler: {
    defer: () => {
      throw new Error('reading a log defers nothing');
    },
  },
  log: silentLogger,
};

/** Opens the log on a copy of a disk, as a starting member would. @throws Failure 'walDamaged' */
export function recoverDisk(copy: Disk): DurableView {
  if (!copy.list(walDirectory).some((name) => name.endsWith('.wal'))) {
    return { term: 0, vote: '', baseIndex: 0, baseTerm: 0, entries: [] };
  }
  const { recovered } = Wal.open({
    disk: copy,
    directory: walDirectory,
    metadata: new Uint8Array(0),
    runtime: quietRuntime,
    create: false,
    preallocate: false,
  });
  const { base, entries, hardState } = recovered;
  return { term: hardState.term, vote: hardState.vote, baseIndex: base.index, baseTerm: base.term, entries };
}

export function confOfEntry(entry: Entry): ConfState {
  return decodeConfigEntry(entry.data).conf;
}

const reader = new EnvelopeCodec('0000000000000000', 0);

/** How many revisions a log entry may make: one for each request, one for each lease that ends. */
export function requestsIn({ type, data }: Entry): number {
  if (type !== EntryType.Normal || data.length === 0) return 0;
  let count = 0;
  for (const opened = reader.open(data); opened.next(); ) {
    count += opened.kind === RequestKind.LeaseExpire ? decodeExpiry(opened.body).ids.length : 1;
  }
  return count;
}

/** Reads the requests out of a log entry that holds some, in the order in which they are applied. */
export function openLogged(entry: Entry): Logged[] {
  const requests: Logged[] = [];
  for (const opened = reader.open(entry.data); opened.next(); ) {
    const { kind, body, asker } = opened;
    requests.push({ what: decodeLogged(kind, body), body, asker });
  }
  return requests;
}

function decodeLogged(kind: RequestKind, body: Uint8Array): LoggedRequest {
  switch (kind) {
    case RequestKind.Put:
      return { kind: 'put', request: decodePutRequest(body) };
    case RequestKind.DeleteRange:
      return { kind: 'delete', request: decodeDeleteRangeRequest(body) };
    case RequestKind.Txn:
      return { kind: 'txn', request: decodeTxnRequest(body) };
    case RequestKind.Compact:
      return { kind: 'compact', request: decodeCompactionRequest(body) };
    case RequestKind.LeaseGrant:
      return { kind: 'leaseGrant', id: decodeLeaseGrantRequest(body).id };
    case RequestKind.LeaseRevoke:
      return { kind: 'leaseRevoke', id: decodeLeaseRevokeRequest(body) };
    case RequestKind.LeaseExpire:
      return { kind: 'leaseExpire', ...decodeExpiry(body) };
    case RequestKind.Auth:
      return { kind: 'auth', operation: decodeAuthOperation(body) };
    default:
      return { kind: 'other' };
  }
}
