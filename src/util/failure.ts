/**
 * The one error type of the house. Rooms throw a `Failure` with a reason; the floor that talks a protocol turns the
 * reason into that protocol's code and text (`src/etcd/errors.ts`). Reasons are stable names, not prose.
 */

/** Refusals with a counterpart in etcd; each has a row in `src/etcd/errors.ts`. */
export type RequestReason =
  | 'keyNotProvided'
  | 'keyNotFound'
  | 'valueProvided'
  | 'leaseProvided'
  | 'tooManyOps'
  | 'duplicateKey'
  | 'invalidSortOption'
  | 'requestTooLarge'
  | 'leaseNotFound'
  | 'compacted'
  | 'futureRevision'
  | 'noSpace'
  | 'tooManyRequests'
  | 'corrupt'
  | 'noLeader'
  | 'leaderChanged'
  | 'notLeader'
  | 'stopped'
  | 'deadlineExceeded'
  | 'timeout'
  | 'timeoutLeaderFailure'
  | 'timeoutConnectionLost'
  | 'notSupportedForLearner'
  | 'memberNotFound'
  | 'malformedRequest'
  | 'unimplemented';

/** Refusals to start or to go on; they are for the operator. */
export type OperatorReason =
  | 'dataDirLocked'
  | 'dataDirForeign'
  | 'dataDirNotWritable'
  | 'walDamaged'
  | 'backendDamaged'
  | 'badConfig'
  | 'diskFailed'
  | 'portTaken';

export type FailureReason = RequestReason | OperatorReason;

export class Failure extends Error {
  readonly reason: FailureReason;

  /** @param detail for people: what happened and what to do. Protocol texts come from the table, not from here. */
  constructor(reason: FailureReason, detail: string = reason, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'Failure';
    this.reason = reason;
  }
}
