/**
 * What goes wrong, as a client sees it. An `EtcdError` is a `Failure` with the gRPC code and the text that a server sent, and
 * says whether a write that failed may have happened all the same.
 *
 * Servers of etcd are recognised by the texts of their errors, not by their codes: the codes changed between versions,
 * and some errors lose theirs on the way out. So a text of the table gives the reason, whatever code comes with it.
 */

import type { RpcFailure } from '../rpc/channel.ts';
import { Failure, type FailureReason } from '../util/failure.ts';

/** The gRPC status codes that clients meet. */
export const StatusCode = {
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

/** Refused before anything was done, whichever server said so. */
const refusals: Readonly<Record<string, FailureReason>> = {
  'etcdserver: key is not provided': 'keyNotProvided',
  'etcdserver: key not found': 'keyNotFound',
  'etcdserver: value is provided': 'valueProvided',
  'etcdserver: lease is provided': 'leaseProvided',
  'etcdserver: too many operations in txn request': 'tooManyOps',
  'etcdserver: duplicate key given in txn request': 'duplicateKey',
  'etcdserver: invalid client api version': 'invalidClientApiVersion',
  'etcdserver: invalid sort option': 'invalidSortOption',
  'etcdserver: request is too large': 'requestTooLarge',
  'etcdserver: given member URLs are invalid': 'memberUrlsInvalid',
  'etcdserver: user name is empty': 'userNameEmpty',
  'etcdserver: role name is empty': 'roleNameEmpty',
  'etcdserver: authentication failed, invalid user ID or password': 'authFailed',
  'etcdserver: permission not given': 'permissionNotGiven',
  'etcdserver: invalid auth management': 'invalidAuthManagement',
  'etcdserver: revision of auth store is old': 'authRevisionOld',
  'etcdserver: wrong downgrade target version format': 'wrongDowngradeVersionFormat',
  'etcdserver: invalid downgrade target version': 'invalidDowngradeTarget',
  'etcdserver: requested lease not found': 'leaseNotFound',
  'etcdserver: member not found': 'memberNotFound',
  'etcdserver: permission denied': 'permissionDenied',
  'etcdserver: mvcc: database space exceeded': 'noSpace',
  'etcdserver: too many requests': 'tooManyRequests',
  'etcdserver: lease already exists': 'leaseExists',
  'etcdserver: member ID already exist': 'memberExists',
  'etcdserver: Peer URLs already exists': 'peerUrlExists',
  'etcdserver: re-configuration failed due to not enough started members': 'notEnoughStartedMembers',
  'etcdserver: can only promote a learner member': 'memberNotLearner',
  'etcdserver: can only promote a learner member which is in sync with leader': 'learnerNotReady',
  'etcdserver: too many learner members in cluster': 'tooManyLearners',
  'etcdserver: cluster ID mismatch': 'clusterIdMismatch',
  'etcdserver: root user does not exist': 'rootUserNotFound',
  'etcdserver: root user does not have root role': 'rootRoleMissing',
  'etcdserver: user name already exists': 'userExists',
  'etcdserver: user name not found': 'userNotFound',
  'etcdserver: role name already exists': 'roleExists',
  'etcdserver: role name not found': 'roleNotFound',
  'etcdserver: role is not granted to the user': 'roleNotGranted',
  'etcdserver: permission is not granted to the role': 'permissionNotGranted',
  'etcdserver: authentication is not enabled': 'authNotEnabled',
  'etcdserver: not leader': 'notLeader',
  'etcdserver: not capable': 'notCapable',
  'etcdserver: rpc not supported for learner': 'notSupportedForLearner',
  'etcdserver: bad leader transferee': 'badLeaderTransferee',
  'etcdserver: cluster version not found during downgrade': 'clusterVersionUnknown',
  'etcdserver: cluster has a downgrade job in progress': 'downgradeInProgress',
  'etcdserver: no inflight downgrade job': 'noDowngradeInProgress',
  'etcdserver: mvcc: required revision has been compacted': 'compacted',
  'etcdserver: mvcc: required revision is a future revision': 'futureRevision',
  'etcdserver: too large lease TTL': 'leaseTtlTooLarge',
  'etcdserver: no leader': 'noLeader',
  'etcdserver: unhealthy cluster': 'unhealthyCluster',
  'etcdserver: corrupt cluster': 'corrupt',
  'etcdserver: invalid auth token': 'invalidAuthToken',
  'auth: authentication failed, password was given for no password user': 'noPasswordUser',
  'bcrypt: password length exceeds 72 bytes': 'passwordTooLong',
  'auth: token signing attempted with verify-only key': 'tokenVerifyOnly',
  'etcdserver: unknown method': 'unknownDowngradeAction',
  'mutex: session is expired': 'lockSessionExpired',
  'election: no leader': 'electionNoLeader',
  'election: not leader': 'electionNotLeader',
  '"leader" field must be provided': 'leaderFieldMissing',
};

/** A write that failed like this may have happened, or may still happen. */
const doubts: Readonly<Record<string, FailureReason>> = {
  'etcdserver: leader changed': 'leaderChanged',
  'etcdserver: server stopped': 'stopped',
  'etcdserver: request timed out': 'timeout',
  'etcdserver: request timed out, possibly due to previous leader failure': 'timeoutLeaderFailure',
  'etcdserver: request timed out, possibly due to connection lost': 'timeoutConnectionLost',
  'etcdserver: request timed out, waiting for the applied index took too long': 'timeoutAppliedIndex',
  'etcdserver: request timed out, leader transfer took too long': 'timeoutLeaderTransfer',
  'etcdserver: watch canceled': 'watchCanceled',
  'etcdserver: request canceled': 'requestCanceled',
  'etcdserver: request cancelled': 'requestCanceled',
  'etcdserver: context deadline exceeded': 'deadlineExceeded',
  'context deadline exceeded': 'deadlineExceeded',
  'not a primary lessor': 'notPrimaryLessor',
};

function isTransportCode(code: number): boolean {
  return code === StatusCode.Unavailable || code === StatusCode.Internal;
}

/** The reason behind a status; 'unknown' when neither text nor code tell. */
export function reasonOf(code: number, text: string): FailureReason {
  const known = refusals[text] ?? doubts[text];
  if (known !== undefined) return known;
  if (isTransportCode(code)) return 'connectionFailed';
  if (code === StatusCode.DeadlineExceeded) return 'deadlineExceeded';
  if (code === StatusCode.Unimplemented) return 'unimplemented';
  return 'unknown';
}

export interface EtcdErrorOptions extends ErrorOptions {
  readonly code: number;
  /** The server's text. @default the message */
  readonly text?: string;
  readonly endpoint?: string;
  readonly mayHaveHappened?: boolean;
}

/**
 * A call that failed. `reason` is a stable name to compare with; `code` and `text` are the server's.
 *
 * A call that ends because its `AbortSignal` was aborted throws the signal's reason and not this.
 */
export class EtcdError extends Failure {
  /** The numeric gRPC status. */
  readonly code: number;
  /** The server's text, as it sent it. */
  readonly text: string;
  /** Who said so; empty when it was found out here. */
  readonly endpoint: string;
  /**
   * For a write: it may have been applied although it failed, or may yet be. Read before you write again, or make the
   * write a transaction that does nothing the second time. False for reads and for writes that were refused.
   */
  readonly mayHaveHappened: boolean;

  constructor(reason: FailureReason, message: string, options: EtcdErrorOptions) {
    super(reason, message, options);
    this.name = 'EtcdError';
    this.code = options.code;
    this.text = options.text ?? message;
    this.endpoint = options.endpoint ?? '';
    this.mayHaveHappened = options.mayHaveHappened ?? false;
  }
}

/** The history that was asked for is compacted away. Say what happened, and where it can go on. */
export class CompactedError extends EtcdError {
  /** The oldest revision that can still be read: read the state there, and watch from the revision after it. */
  readonly compactRevision: number;
  /** The last revision that was delivered completely; 0 if none was. */
  readonly lastRevision: number;

  constructor(compactRevision: number, lastRevision: number, endpoint: string) {
    const lost = `the changes from revision ${lastRevision + 1} to ${compactRevision - 1} are compacted away`;
    const advice = `read the range again and watch from the revision after the one in its header`;
    super('watchCompacted', `${lost}; ${advice}`, {
      code: StatusCode.OutOfRange,
      text: 'etcdserver: mvcc: required revision has been compacted',
      endpoint,
    });
    this.name = 'CompactedError';
    this.compactRevision = compactRevision;
    this.lastRevision = lastRevision;
  }
}

/** A lease is gone, and with it every key that was attached to it. */
export class LeaseLostError extends EtcdError {
  readonly leaseId: bigint;

  constructor(leaseId: bigint, why: string) {
    super('leaseLost', `lease ${leaseId.toString(16)} is lost: ${why}`, {
      code: StatusCode.NotFound,
      text: 'etcdserver: requested lease not found',
    });
    this.name = 'LeaseLostError';
    this.leaseId = leaseId;
  }
}

/** @param isWrite whether the call could change something */
export function errorOf(failure: RpcFailure, endpoint: string, isWrite: boolean): EtcdError {
  const { code, message: text, sent } = failure;
  const reason = reasonOf(code, text);
  const mayHaveHappened = isWrite && sent && refusals[text] === undefined && isDoubtful(code);
  const message = text === '' ? `gRPC status ${code} without a text` : text;
  return new EtcdError(reason, message, { code, text, endpoint, mayHaveHappened });
}

/** Codes without a text of the table that leave open what became of a write. */
function isDoubtful(code: number): boolean {
  return (
    isTransportCode(code) ||
    code === StatusCode.Canceled ||
    code === StatusCode.Unknown ||
    code === StatusCode.DeadlineExceeded
  );
}

/** The error inside a watch's cancel_reason, which may be an error as Go prints it. */
export function errorOfCancelReason(cancelReason: string, endpoint: string): EtcdError {
  const match = /^rpc error: code = (\w+) desc = (.*)$/s.exec(cancelReason);
  const text = match === null ? cancelReason : match[2]!;
  const code = match === null ? StatusCode.Unknown : codeNamed(match[1]!);
  const reason = reasonOf(code, text);
  return new EtcdError(reason === 'unknown' ? 'watchCanceled' : reason, text, { code, endpoint });
}

function codeNamed(name: string): number {
  return Object.hasOwn(StatusCode, name) ? StatusCode[name as keyof typeof StatusCode] : StatusCode.Unknown;
}

export function closedError(mayHaveHappened = false): EtcdError {
  return new EtcdError('clientClosed', 'the client is closed', {
    code: StatusCode.Canceled,
    mayHaveHappened,
  });
}
