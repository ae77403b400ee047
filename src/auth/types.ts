/** The words of this room: who asks, what a user and a role are, and what else must be told of changes. */

/** Who makes a request, and the auth revision at which that was found out (etcd's AuthInfo). */
export interface Caller {
  /** Empty when nobody was named. */
  readonly user: string;
  /** 0 when nobody was named. */
  readonly revision: number;
}

/** The caller of a request that says nothing of who it comes from. */
export const nobody: Caller = { user: '', revision: 0 };

/** The user and the role with this name may do everything. */
export const ROOT = 'root';

/** Key and end as binary strings; `rangeEnd` '' for one key, '\0' for everything from `key` on. */
export interface Permission {
  /** A PermissionType of the wire; unknown numbers are kept, and permit nothing. */
  readonly type: number;
  readonly key: string;
  readonly rangeEnd: string;
}

export interface Role {
  readonly name: string;
  /** Ascending by key; those of the same key in the order in which they were granted. */
  readonly permissions: readonly Permission[];
}

export interface User {
  readonly name: string;
  /** A bcrypt hash; empty when no password lets the user in. */
  readonly password: string;
  /** Ascending. */
  readonly roles: readonly string[];
  /** The user comes with a certificate and has no password. */
  readonly noPassword: boolean;
}

/** Keys that are attached to a lease, as binary strings; the lease room knows. */
export interface LeaseKeys {
  /** Nothing for a lease that does not exist. */
  keysOf(lease: bigint): Iterable<string>;
}

export const noLeaseKeys: LeaseKeys = { keysOf: () => [] };

/** What follows from operations besides the replicated state: tokens, which every member holds in memory. */
export interface AuthEffects {
  /** Authentication of a user stands in the log at `index`. */
  authenticated(user: string, prefix: string, index: number): void;
  /** The user is gone or has another password: tokens of before are void. */
  userChanged(user: string): void;
  /** All tokens are void. */
  disabled(): void;
}
