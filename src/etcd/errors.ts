/**
 * The one table of errors: which gRPC code and which text a client sees for each refusal.
 *
 * Clients of etcd recognise errors by their exact text (Go, kube-apiserver, npm etcd3) or by text and code (jetcd), so
 * both are etcd 3.7's, byte for byte, including the few that leave its servers with code 2 although a better one was
 * meant. The rows stand in the order of `RequestReason`.
 */

import type { RpcStatus } from '../rpc/transport.ts';
import { Failure, type RequestReason } from '../util/failure.ts';

/** The gRPC status codes. */
export const Code = {
  Ok: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

/** The names of the codes as Go prints them: in texts that embed an error, and as labels of metrics. */
export const codeNames: readonly string[] = ['OK', ...Object.keys(Code).slice(1)];

function row(code: number, message: string): RpcStatus {
  return { code, message };
}

export const statuses: Readonly<Record<RequestReason, RpcStatus>> = {
  keyNotProvided: row(3, 'etcdserver: key is not provided'),
  keyNotFound: row(3, 'etcdserver: key not found'),
  valueProvided: row(3, 'etcdserver: value is provided'),
  leaseProvided: row(3, 'etcdserver: lease is provided'),
  tooManyOps: row(3, 'etcdserver: too many operations in txn request'),
  duplicateKey: row(3, 'etcdserver: duplicate key given in txn request'),
  invalidClientApiVersion: row(3, 'etcdserver: invalid client api version'),
  invalidSortOption: row(3, 'etcdserver: invalid sort option'),
  requestTooLarge: row(3, 'etcdserver: request is too large'),
  memberUrlsInvalid: row(3, 'etcdserver: given member URLs are invalid'),
  userNameEmpty: row(3, 'etcdserver: user name is empty'),
  roleNameEmpty: row(3, 'etcdserver: role name is empty'),
  authFailed: row(3, 'etcdserver: authentication failed, invalid user ID or password'),
  permissionNotGiven: row(3, 'etcdserver: permission not given'),
  invalidAuthManagement: row(3, 'etcdserver: invalid auth management'),
  authRevisionOld: row(3, 'etcdserver: revision of auth store is old'),
  wrongDowngradeVersionFormat: row(3, 'etcdserver: wrong downgrade target version format'),
  invalidDowngradeTarget: row(3, 'etcdserver: invalid downgrade target version'),

  leaseNotFound: row(5, 'etcdserver: requested lease not found'),
  memberNotFound: row(5, 'etcdserver: member not found'),
  permissionDenied: row(7, 'etcdserver: permission denied'),
  noSpace: row(8, 'etcdserver: mvcc: database space exceeded'),
  // Code 2, although clients know the text under 8: etcd loses the code on the way out.
  tooManyRequests: row(2, 'etcdserver: too many requests'),

  leaseExists: row(9, 'etcdserver: lease already exists'),
  memberExists: row(9, 'etcdserver: member ID already exist'),
  peerUrlExists: row(9, 'etcdserver: Peer URLs already exists'),
  // Code 2 for the same cause.
  notEnoughStartedMembers: row(2, 'etcdserver: re-configuration failed due to not enough started members'),
  memberNotLearner: row(9, 'etcdserver: can only promote a learner member'),
  learnerNotReady: row(9, 'etcdserver: can only promote a learner member which is in sync with leader'),
  tooManyLearners: row(9, 'etcdserver: too many learner members in cluster'),
  clusterIdMismatch: row(9, 'etcdserver: cluster ID mismatch'),
  rootUserNotFound: row(9, 'etcdserver: root user does not exist'),
  rootRoleMissing: row(9, 'etcdserver: root user does not have root role'),
  userExists: row(9, 'etcdserver: user name already exists'),
  userNotFound: row(9, 'etcdserver: user name not found'),
  roleExists: row(9, 'etcdserver: role name already exists'),
  roleNotFound: row(9, 'etcdserver: role name not found'),
  roleNotGranted: row(9, 'etcdserver: role is not granted to the user'),
  permissionNotGranted: row(9, 'etcdserver: permission is not granted to the role'),
  authNotEnabled: row(9, 'etcdserver: authentication is not enabled'),
  notLeader: row(9, 'etcdserver: not leader'),
  notCapable: row(9, 'etcdserver: not capable'),
  notSupportedForLearner: row(9, 'etcdserver: rpc not supported for learner'),
  badLeaderTransferee: row(9, 'etcdserver: bad leader transferee'),
  clusterVersionUnknown: row(9, 'etcdserver: cluster version not found during downgrade'),
  downgradeInProgress: row(9, 'etcdserver: cluster has a downgrade job in progress'),
  noDowngradeInProgress: row(9, 'etcdserver: no inflight downgrade job'),

  compacted: row(11, 'etcdserver: mvcc: required revision has been compacted'),
  futureRevision: row(11, 'etcdserver: mvcc: required revision is a future revision'),
  leaseTtlTooLarge: row(11, 'etcdserver: too large lease TTL'),

  noLeader: row(14, 'etcdserver: no leader'),
  leaderChanged: row(14, 'etcdserver: leader changed'),
  stopped: row(14, 'etcdserver: server stopped'),
  timeout: row(14, 'etcdserver: request timed out'),
  timeoutLeaderFailure: row(14, 'etcdserver: request timed out, possibly due to previous leader failure'),
  timeoutConnectionLost: row(14, 'etcdserver: request timed out, possibly due to connection lost'),
  timeoutAppliedIndex: row(14, 'etcdserver: request timed out, waiting for the applied index took too long'),
  unhealthyCluster: row(14, 'etcdserver: unhealthy cluster'),

  corrupt: row(15, 'etcdserver: corrupt cluster'),
  invalidAuthToken: row(16, 'etcdserver: invalid auth token'),
  watchCanceled: row(1, 'etcdserver: watch canceled'),
  requestCanceled: row(1, 'etcdserver: request canceled'),
  deadlineExceeded: row(4, 'context deadline exceeded'),

  noPasswordUser: row(2, 'auth: authentication failed, password was given for no password user'),
  passwordTooLong: row(2, 'bcrypt: password length exceeds 72 bytes'),
  tokenVerifyOnly: row(2, 'auth: token signing attempted with verify-only key'),
  timeoutLeaderTransfer: row(2, 'etcdserver: request timed out, leader transfer took too long'),
  unknownDowngradeAction: row(2, 'etcdserver: unknown method'),
  notPrimaryLessor: row(2, 'not a primary lessor'),
  lockSessionExpired: row(2, 'mutex: session is expired'),
  electionNoLeader: row(2, 'election: no leader'),
  electionNotLeader: row(2, 'election: not leader'),
  leaderFieldMissing: row(2, '"leader" field must be provided'),

  // The two whose text ends in the failure's own: see `statusOf`.
  malformedRequest: row(13, 'grpc: error unmarshalling request'),
  unimplemented: row(12, ''),
};

/**
 * The status a client sees for a failure. Its detail stays here: the text is the table's alone, but for what etcd has no
 * text for, which is a request that is no protobuf message and what this server does not do.
 *
 * A failure that is for the operator (a full disk, a damaged file) becomes INTERNAL with its own words.
 */
export function statusOf(failure: Failure): RpcStatus {
  const { reason, message } = failure;
  if (reason === 'malformedRequest') return row(13, `${statuses.malformedRequest.message}: ${message}`);
  if (reason === 'unimplemented') return row(12, message);
  const status = (statuses as Readonly<Record<string, RpcStatus | undefined>>)[reason];
  return status ?? row(Code.Internal, `${reason}: ${message}`);
}

/** The status for anything that was thrown. What is no `Failure` is a defect: the caller logs it. */
export function statusOfError(error: unknown): RpcStatus {
  if (error instanceof Failure) return statusOf(error);
  return row(Code.Internal, `internal error: ${error instanceof Error ? error.message : String(error)}`);
}

/** A status as Go prints an error that carries it: what stands in a watch's cancel_reason. */
export function rpcErrorText(status: RpcStatus): string {
  return `rpc error: code = ${codeNames[status.code] ?? `Code(${status.code})`} desc = ${status.message}`;
}
