/**
 * What one member takes and tells. A member knows neither gRPC nor HTTP; callbacks inside, promises only at the
 * public edge (`src/index.ts`).
 */

import type { Passwords } from '../auth/passwords.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { Caller } from '../auth/types.ts';
import type { Backend } from '../backend/backend.ts';
import type { HashDone } from '../mvcc/hash.ts';
import type { RangeChunks } from '../mvcc/range-chunks.ts';
import type { MvccStore } from '../mvcc/types.ts';
import type { Role } from '../raft/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import type { Disk } from '../util/disk.ts';
import type { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import type { RangeRequest } from '../wire/messages.ts';
import type { ServedAuth } from './auth-types.ts';
import type { ExportedState } from './etcd-snapshot.ts';
import type { MemberFigures } from './figures.ts';
import type { ServedLeases } from './lease-types.ts';

/** A member of the cluster as the replicated state knows it. */
export interface MemberRecord {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** Empty until the member has started and published itself. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
  /** Added as a voter, and learning until it has the log: then the leader makes it one. See `reconfiguration.ts`. */
  readonly becomesVoter?: boolean;
}

/** What a request in the log asks for. The numbers are on disk: never reuse one. */
export const RequestKind = {
  Put: 1,
  DeleteRange: 2,
  Txn: 3,
  Compact: 4,
  PublishMember: 5,
  AlarmGet: 6,
  AlarmRaise: 7,
  AlarmClear: 8,
  DowngradeEnable: 9,
  DowngradeCancel: 10,
  LeaseGrant: 20,
  LeaseRevoke: 21,
  LeaseExpire: 22,
  LeaseCheckpoint: 23,
  Auth: 30,
} as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

export interface InitialMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** How a cluster began, and who is in it now: what a member that joins has to be told. */
export interface ClusterOrigin {
  readonly clusterId: string;
  readonly clusterToken: string;
  /** The members that the cluster began with, in the order of its first configuration. */
  readonly bootstrap: readonly {
    readonly id: string;
    readonly name: string;
    readonly peerUrls: readonly string[];
  }[];
  readonly members: readonly MemberRecord[];
}

export interface JoinOptions {
  readonly origin: ClusterOrigin;
  /** The id that the cluster gave to this member when it was added. */
  readonly memberId: string;
}

export interface MemberOptions {
  /** Must be one of `initialCluster`. */
  readonly name: string;
  /** @default 'etcd-cluster' */
  readonly clusterToken: string;
  /** The members of a new cluster, self included: the same list on every member. Ignored once data exists. */
  readonly initialCluster: readonly InitialMember[];
  /** Takes part in a cluster that exists already, which has added this member. Ignored once data exists. */
  readonly join: JoinOptions | null;
  /** Directory of the log, inside the injected disk. */
  readonly walDirectory: string;
  /** Directory for files that are made to be sent, inside the injected disk. Emptied at each start. */
  readonly spoolDirectory: string;
  /** Gives segments of the log their length ahead of use: pays on a real disk. */
  readonly preallocate: boolean;
  readonly limits: MemberLimits;
  /** Learners that the cluster may have at a time. @default 1 */
  readonly maxLearners: number;
  /** Refuse changes of membership that would endanger the quorum, as etcd does. @default true */
  readonly strictReconfigCheck: boolean;
  /**
   * A state that is lost or differs from the majority's is thrown away, and the leader's takes its place.
   * @default true
   */
  readonly selfRepair: boolean;
  /** Clients must come with a certificate, whose common name is a user. @default false */
  readonly trustsCommonName: boolean;
  /** A rule switched off on purpose, so that the simulator can show that it would notice. Never set otherwise. */
  readonly mutant: string;
}

export interface MemberLimits {
  /** @default 100 */
  readonly heartbeatMs: number;
  /** Lower bound of the randomised election timeout; at least five heartbeats. @default 1000 */
  readonly electionMs: number;
  /** Largest request as it enters the log, in bytes. @default 1572864 */
  readonly maxRequestBytes: number;
  /** Largest number of compares or operations on one level of a txn. @default 128 */
  readonly maxTxnOps: number;
  /** Entries that may be committed but not applied before new requests are refused, as in etcd. @default 5000 */
  readonly maxApplyLag: number;
  /** Log entries kept behind the durable state for followers that lag. @default 5000 */
  readonly catchUpEntries: number;
  /** And at most so many bytes of them: they are in memory. @default 32 MiB */
  readonly catchUpBytes: number;
  /** Unflushed state that triggers a flush of the backend. @default 8 MiB */
  readonly flushBytes: number;
  /** Unflushed state is never older than this. @default 1000 */
  readonly flushMs: number;
  /** Requests waiting for a leader or for their entry to be applied. @default 100000 */
  readonly maxPendingRequests: number;
  /** And their bytes. @default 256 MiB */
  readonly maxPendingBytes: number;
  /** Size of the state beyond which nothing more is put (etcd's NOSPACE); Infinity for none. @default 2 GiB */
  readonly quotaBytes: number;
  /** How often a member compares the digest of what it has applied with its leader's, in milliseconds; 0: never. @default 5000 */
  readonly digestCheckMs: number;
  /** How often it compares a hash of all its keys, which reads them; 0: never. @default 0 */
  readonly hashCheckMs: number;
  /** How often it does so at the revision of the last compaction, if there was one since; 0: never. @default 0 */
  readonly compactHashCheckMs: number;
  /** Compare a hash of all keys with the leader's after the start, and give up if it differs. @default false */
  readonly hashCheckAtStart: boolean;
  /** For changes of membership only those count that have been connected for so long, in milliseconds. @default 0 */
  readonly healthMs: number;
  readonly raftMessageBytes: number;
  readonly walSegmentBytes: number;
}

export const defaultLimits: MemberLimits = {
  heartbeatMs: 100,
  electionMs: 1000,
  maxRequestBytes: 1_572_864,
  maxTxnOps: 128,
  maxApplyLag: 5000,
  catchUpEntries: 5000,
  catchUpBytes: 32 << 20,
  flushBytes: 8 << 20,
  flushMs: 1000,
  maxPendingRequests: 100_000,
  maxPendingBytes: 256 << 20,
  quotaBytes: 2 ** 31,
  digestCheckMs: 5000,
  hashCheckMs: 0,
  compactHashCheckMs: 0,
  hashCheckAtStart: false,
  healthMs: 0,
  raftMessageBytes: 1 << 20,
  walSegmentBytes: 16 << 20,
};

export interface MemberDependencies {
  readonly runtime: Runtime;
  readonly disk: Disk;
  readonly backend: Backend;
  /** What clients show instead of their passwords. */
  readonly tokens: Tokens;
  readonly passwords: Passwords;
  /** Called once, when it is known who this member is. */
  readonly network: (memberId: string, clusterId: string) => PeerNetwork;
  /** Called once when this member has learned that it was removed and will end: clients had better go elsewhere. */
  readonly departing?: () => void;
}

/**
 * `result` is the result object of the request's kind (PutResult, TxnResult, …); null on failure. `about` is what was given
 * with the request, so that many requests can do with one function.
 */
export type ProposeDone<T> = (failure: Failure | null, result: T | null, about?: unknown) => void;

/** Null: everything acknowledged before the call is now visible in the local store. */
export type ReadDone = (failure: Failure | null) => void;

export interface MemberStatus {
  readonly id: string;
  readonly clusterId: string;
  readonly role: Role;
  /** Empty when there is none. */
  readonly leader: string;
  readonly term: number;
  readonly committedIndex: number;
  readonly appliedIndex: number;
  readonly isLearner: boolean;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
}

/** An alarm that is active. */
export interface AlarmRecord {
  /** The member that raised it, 16 hexadecimal digits. */
  readonly memberId: string;
  /** An AlarmType of the wire: 1 is NOSPACE, 2 CORRUPT. */
  readonly alarm: number;
  /** Members compared what they hold and this one differs from the majority: it may rebuild itself. An operator's differs. */
  readonly isFound?: true;
}

/** Numbers of the wire's AlarmType. */
export const AlarmKind = { None: 0, NoSpace: 1, Corrupt: 2 } as const;

/** A change of who belongs to the cluster. Ids are 16 hexadecimal digits. */
export type MemberChange =
  | { readonly kind: 'add'; readonly peerUrls: readonly string[]; readonly isLearner: boolean }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'promote'; readonly id: string }
  | { readonly kind: 'update'; readonly id: string; readonly peerUrls: readonly string[] }
  /** A member whose log is damaged comes back under another id, at the same address. */
  | { readonly kind: 'replace'; readonly id: string };

export interface MemberChangeResult {
  /** The member that was added, removed, promoted or updated. */
  readonly member: MemberRecord;
  /** All members afterwards. */
  readonly members: readonly MemberRecord[];
}

/** Result of `RequestKind.AlarmGet`, and of raising and clearing: those concerned. */
export interface AlarmResult {
  readonly alarms: readonly AlarmRecord[];
}

/** Whether the cluster is to go back to an older version; result of the downgrade requests. */
export interface DowngradeRecord {
  readonly enabled: boolean;
  /** `X.Y.0`; empty unless enabled. */
  readonly targetVersion: string;
}

/** The store as services use it. */
export interface ServedStore extends MvccStore {
  /** True while records of a compaction wait to be removed: a physical compaction is answered when they are gone. */
  readonly isCompacting: boolean;
  /** A large range in chunks of about `maxBytes`, all of one revision. */
  rangeChunks(request: RangeRequest, maxBytes: number): RangeChunks;
  /**
   * etcd's HashKV: equal on all members at the same revision; 0 is the newest. Reads in chunks.
   * @throws Failure 'compacted', 'futureRevision'
   */
  hashKv(revision: number, done: HashDone): void;
}

/** A running member as the services see it. */
export interface ServedMember {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly clusterId: string;
  readonly limits: MemberLimits;
  readonly runtime: Runtime;
  readonly store: ServedStore;
  readonly leases: ServedLeases;
  readonly auth: ServedAuth;
  /** For response headers. */
  readonly term: number;
  /** False while no leader is known. */
  readonly hasLeader: boolean;
  /** True while this member is a learner: it answers next to nothing. */
  readonly isLearner: boolean;
  /** True while this member has no state that it may answer from, and waits for that of a healthy one. */
  readonly isRebuilding: boolean;

  /**
   * Asks the cluster for `kind`. The request has been checked (`mvcc/request-checks.ts`); `body` are its encoded bytes, which
   * must not change afterwards, `request` the decoded form; of a put that only puts, where it stands in them will do.
   * @param caller who asks, for the check of permission at apply. @default nobody
   * @param done called exactly once and never before this call returns. Failures: the refusals of apply, 'requestTooLarge',
   *   'tooManyRequests', 'noSpace', 'deadlineExceeded' (never proposed), 'timeout…' (outcome unknown), 'stopped'.
   * @param about given back to `done`
   */
  propose<T>(
    kind: RequestKind,
    body: Uint8Array,
    request: unknown,
    done: ProposeDone<T>,
    caller?: Caller,
    about?: unknown,
  ): void;
  /** A linearizable point: once answered, `store` shows everything acknowledged before the call. */
  linearize(done: ReadDone): void;
  status(): MemberStatus;
  /** Members as applied here, ascending by id. */
  members(): readonly MemberRecord[];
  /**
   * Changes the membership, through whoever leads.
   * @param done failures: etcd's refusals ('memberNotFound', 'peerUrlExists', 'unhealthyCluster', …), 'timeout', 'stopped'
   */
  changeMembers(change: MemberChange, done: ProposeDone<MemberChangeResult>): void;
  /** Hands leadership to `target`. Failures: 'notLeader', 'badLeaderTransferee', 'timeoutLeaderTransfer', 'stopped'. */
  moveLeader(target: string, done: (failure: Failure | null) => void): void;
  /**
   * Writes the state to a file in etcd's format.
   * @param done Failure 'stopped', 'tooManyRequests' while others are being written, or of the disk
   */
  exportState(done: (error: Error | null, state: ExportedState | null) => void): void;
  /** For metrics. */
  figures(): MemberFigures;
  /** Alarms as applied here. */
  alarms(): readonly AlarmRecord[];
  /** As applied here. */
  downgrade(): DowngradeRecord;
  /** A hash of this member's whole state; reads in chunks. */
  hashState(done: (error: Error | null, hash: number) => void): void;
  /** Gives disk space back, beside all other work. */
  defragment(done: (error: Error | null) => void): void;
  /** Calls the listener whenever `hasLeader` changes; returns how to stop that. */
  onLeaderChange(listener: () => void): () => void;
}
