/** Keelson as a library: members and clusters inside a Node process. */

export type { AutoCompaction } from './embed/auto-compaction.ts';
export type { InitialCluster, StartOptions } from './embed/options.ts';
export { type Cluster, type ClusterOptions, startCluster } from './embed/start-cluster.ts';
export { type LocalClientOptions, type Member, startMember } from './embed/start-member.ts';
export type { MemberRecord, MemberStatus } from './member/types.ts';
export type { TlsOptions, TlsVersion } from './rpc/tls-options.ts';
export { Failure, type FailureReason } from './util/failure.ts';
export { type Logger, LogLevel } from './util/runtime.ts';
