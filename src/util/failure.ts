/**
 * The one error type of the house. Rooms throw a `Failure` with a reason; the floor that talks a protocol turns the
 * reason into that protocol's code and text (`src/etcd/errors.ts`). Reasons are stable names, not prose.
 */

/** Refusals with a counterpart in etcd; each has a row in `src/etcd/errors.ts`, in the same order. */
export type RequestReason =
  // What a client sent
  | 'keyNotProvided'
  | 'keyNotFound'
  | 'valueProvided'
  | 'leaseProvided'
  | 'tooManyOps'
  | 'duplicateKey'
  | 'invalidClientApiVersion'
  | 'invalidSortOption'
  | 'requestTooLarge'
  | 'memberUrlsInvalid'
  | 'userNameEmpty'
  | 'roleNameEmpty'
  | 'authFailed'
  | 'permissionNotGiven'
  | 'invalidAuthManagement'
  | 'authRevisionOld'
  | 'wrongDowngradeVersionFormat'
  | 'invalidDowngradeTarget'
  // What is not there, or not allowed
  | 'leaseNotFound'
  | 'memberNotFound'
  | 'permissionDenied'
  | 'noSpace'
  | 'tooManyRequests'
  // What the state does not permit
  | 'leaseExists'
  | 'memberExists'
  | 'peerUrlExists'
  | 'notEnoughStartedMembers'
  | 'memberNotLearner'
  | 'learnerNotReady'
  | 'tooManyLearners'
  | 'clusterIdMismatch'
  | 'rootUserNotFound'
  | 'rootRoleMissing'
  | 'userExists'
  | 'userNotFound'
  | 'roleExists'
  | 'roleNotFound'
  | 'roleNotGranted'
  | 'permissionNotGranted'
  | 'authNotEnabled'
  | 'notLeader'
  | 'notCapable'
  | 'notSupportedForLearner'
  | 'badLeaderTransferee'
  | 'clusterVersionUnknown'
  | 'downgradeInProgress'
  | 'noDowngradeInProgress'
  // Out of range
  | 'compacted'
  | 'futureRevision'
  | 'leaseTtlTooLarge'
  // Not now
  | 'noLeader'
  | 'leaderChanged'
  | 'stopped'
  | 'timeout'
  | 'timeoutLeaderFailure'
  | 'timeoutConnectionLost'
  | 'timeoutAppliedIndex'
  | 'unhealthyCluster'
  // The rest with a code of its own
  | 'corrupt'
  | 'invalidAuthToken'
  | 'watchCanceled'
  | 'requestCanceled'
  | 'deadlineExceeded'
  // Known to clients by text only
  | 'noPasswordUser'
  | 'passwordTooLong'
  | 'tokenVerifyOnly'
  | 'timeoutLeaderTransfer'
  | 'unknownDowngradeAction'
  | 'notPrimaryLessor'
  | 'lockSessionExpired'
  | 'electionNoLeader'
  | 'electionNotLeader'
  | 'leaderFieldMissing'
  // Of gRPC, not of etcd
  | 'malformedRequest'
  | 'unimplemented';

/** Refusals to start or to go on; they are for the operator. */
export type OperatorReason =
  | 'dataDirLocked'
  | 'dataDirForeign'
  /** A later version wrote it, in a form that this one does not know. */
  | 'dataDirNewer'
  | 'dataDirNotWritable'
  | 'walDamaged'
  | 'backendDamaged'
  | 'badConfig'
  | 'diskFailed'
  | 'memberRemoved'
  | 'portTaken';

/** What a client finds out by itself; no server sent it. */
export type ClientReason =
  /** No endpoint could be reached, or a connection broke. */
  | 'connectionFailed'
  | 'clientClosed'
  /** A lease ran out or was revoked, and with it whatever it held. */
  | 'leaseLost'
  /** The history that a watch needs to go on is gone. */
  | 'watchCompacted'
  | 'snapshotDamaged'
  /** A status whose text is not one of etcd's. */
  | 'unknown';

export type FailureReason = RequestReason | OperatorReason | ClientReason;

export class Failure extends Error {
  readonly reason: FailureReason;

  /** @param detail for people: what happened and what to do. Protocol texts come from the table, not from here. */
  constructor(reason: FailureReason, detail: string = reason, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'Failure';
    this.reason = reason;
  }
}
