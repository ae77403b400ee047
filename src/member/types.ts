/**
 * One member: consensus, log, state and watches turned by one loop. It knows neither gRPC nor HTTP.
 * Callbacks inside; promises are made at the public edge (`src/index.ts`).
 */

import type { Backend } from '../backend/backend.ts';
import type { MvccStore } from '../mvcc/types.ts';
import type { PeerNetwork } from '../rpc/peer.ts';
import type { Disk } from '../util/disk.ts';
import type { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';

/** A member of the cluster as the replicated state knows it. */
export interface MemberRecord {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** Empty until the member has started and published itself. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** What a request in the log asks for. The numbers are on disk: never reuse one. */
export const RequestKind = {
  Put: 1,
  DeleteRange: 2,
  Txn: 3,
  Compact: 4,
  PublishMember: 5,
  AlarmGet: 6,
} as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

export interface MemberOptions {
  readonly name: string;
  readonly clusterToken: string;
  /** The members of a new cluster, self included: name and peer URLs. The same list on every member. */
  readonly initialCluster: readonly { readonly name: string; readonly peerUrls: readonly string[] }[];
  readonly clientUrls: readonly string[];
  /** Directory of the log inside `disk`. */
  readonly walDirectory: string;
  /** @default 100 */
  readonly heartbeatMs: number;
  /** Lower bound of the randomised election timeout. @default 1000 */
  readonly electionMs: number;
  /** Largest request as it enters the log. @default 1572864 */
  readonly maxRequestBytes: number;
  /** @default 128 */
  readonly maxTxnOps: number;
}

export interface MemberDependencies {
  readonly runtime: Runtime;
  readonly disk: Disk;
  readonly backend: Backend;
  readonly network: PeerNetwork;
}

/** `result` is the room's own result object of the request (PutResult, TxnResult, …); null on failure. */
export type ProposeDone<T> = (failure: Failure | null, result: T | null) => void;

export interface MemberStatus {
  readonly id: string;
  readonly clusterId: string;
  readonly leader: string;
  readonly term: number;
  readonly committedIndex: number;
  readonly appliedIndex: number;
  readonly isLearner: boolean;
  readonly dbSizeBytes: number;
  readonly dbSizeInUseBytes: number;
}

export type { MvccStore };
