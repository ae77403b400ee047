/** `keelson/client`: a client of any cluster that speaks etcd v3. */

export type { RequestReason } from '../util/failure.ts';
export { Failure, type FailureReason } from '../util/failure.ts';
export { nodeRuntime } from '../util/node-runtime.ts';
export { type Logger, LogLevel, type Runtime } from '../util/runtime.ts';
export type { HashAnswer, HashKvAnswer } from '../wire/client-messages.ts';
export type { Auth, Permission, PermissionKind, Roles, Users } from './auth.ts';
export type { Effect } from './caller.ts';
export { Client, connect, type EndpointHealth } from './client.ts';
export { type Comparison, compare, type Relation } from './compare.ts';
export { type CampaignOptions, type Election, Leadership } from './election.ts';
export { CompactedError, EtcdError, LeaseLostError, StatusCode } from './errors.ts';
export { type Bytes, type KeyRange, prefixEnd, toBytes, toText } from './keys.ts';
export type { GrantOptions, Lease, Leases, LeaseTimeToLive, Renewal } from './lease.ts';
export { Lock, type LockOptions } from './lock.ts';
export type { Alarm, AlarmName, EndpointOptions, Maintenance, MemberState } from './maintenance.ts';
export type { ClusterMember, Membership } from './membership.ts';
export {
  type Answer,
  type DeleteAnswer,
  type DeleteOptions,
  type GetOptions,
  type Header,
  type Operation,
  op,
  type PutAnswer,
  type PutOptions,
  type RangeAnswer,
  type RangeOptions,
  type SortBy,
  type TxnAnswer,
} from './operations.ts';
export type { CallOptions, ConnectOptions, TlsOptions } from './options.ts';
export type { PageOptions } from './pages.ts';
export { Pair } from './pair.ts';
export type { Snapshot, SnapshotOptions } from './snapshot.ts';
export type { ClientTransport } from './transport.ts';
export type { Txn } from './txn.ts';
export { Watch, type WatchEvent, type WatchListener, type WatchMessage, type WatchOptions } from './watch.ts';
