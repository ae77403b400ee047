/**
 * The messages of `etcdserverpb.Auth` as plain objects, in two forms. A request is what a client sent, and may hold a
 * password. An operation is what stands in the log: never a password, only the hash that a member made of it before.
 *
 * Which field of etcd's messages a name is in differs from message to message (`user` in one, `name` in the next);
 * here a user is `name` and a role is `role`.
 */

/** `authpb.Permission.Type`. Other numbers are kept, and permit nothing. */
export const PermissionType = { Read: 0, Write: 1, ReadWrite: 2 } as const;

/** `authpb.Permission`. */
export interface WirePermission {
  /** A PermissionType. */
  readonly type: number;
  readonly key: Uint8Array;
  /** Empty for one key, one zero byte for everything from `key` on. */
  readonly rangeEnd: Uint8Array;
}

/** Operations that say the same as their request. */
export type SharedAuthOperation =
  | { readonly kind: 'enable' | 'disable' | 'status' | 'userList' | 'roleList' }
  | { readonly kind: 'userGet' | 'userDelete'; readonly name: string }
  | { readonly kind: 'userGrantRole' | 'userRevokeRole'; readonly name: string; readonly role: string }
  | { readonly kind: 'roleAdd' | 'roleGet' | 'roleDelete'; readonly role: string }
  | {
      readonly kind: 'roleGrantPermission';
      readonly role: string;
      /** Null when the client sent none. */
      readonly permission: WirePermission | null;
    }
  | {
      readonly kind: 'roleRevokePermission';
      readonly role: string;
      readonly key: Uint8Array;
      readonly rangeEnd: Uint8Array;
    };

export interface AuthenticateRequest {
  readonly kind: 'authenticate';
  readonly name: string;
  readonly password: string;
}

export interface UserAddRequest {
  readonly kind: 'userAdd';
  readonly name: string;
  readonly password: string;
  readonly noPassword: boolean;
}

export interface UserChangePasswordRequest {
  readonly kind: 'userChangePassword';
  readonly name: string;
  readonly password: string;
  /** Base64 of a bcrypt hash; looked at only without a password, as in etcd. */
  readonly hashedPassword: string;
}

export type AuthRequest =
  | SharedAuthOperation
  | AuthenticateRequest
  | UserAddRequest
  | UserChangePasswordRequest;

/** A password was found right; every member is to know the token. */
export interface AuthenticateOperation {
  readonly kind: 'authenticate';
  readonly name: string;
  /** The random part of a simple token; empty when tokens are of another kind. */
  readonly prefix: string;
  /** Auth revision at which the password was compared: at another one the operation is refused. */
  readonly checkedRevision: number;
}

export interface UserAddOperation {
  readonly kind: 'userAdd';
  readonly name: string;
  /** Base64 of the bcrypt hash. */
  readonly hashedPassword: string;
  readonly noPassword: boolean;
}

export interface UserChangePasswordOperation {
  readonly kind: 'userChangePassword';
  readonly name: string;
  /** Base64 of the bcrypt hash; empty leaves a user whom no password lets in. */
  readonly hashedPassword: string;
}

/** What stands in the log. */
export type AuthOperation =
  | SharedAuthOperation
  | AuthenticateOperation
  | UserAddOperation
  | UserChangePasswordOperation;

export type AuthKind = AuthOperation['kind'];

export interface AuthStatusResult {
  readonly enabled: boolean;
  readonly authRevision: number;
}

/** What an operation of each kind results in. */
export interface AuthResults {
  readonly enable: null;
  readonly disable: null;
  readonly status: AuthStatusResult;
  /** The entry's index in the log, which is the other half of a simple token, and the auth revision at it. */
  readonly authenticate: { readonly index: number; readonly authRevision: number };
  readonly userAdd: null;
  /** Names of roles, ascending. */
  readonly userGet: readonly string[];
  readonly userList: readonly string[];
  readonly userDelete: null;
  readonly userChangePassword: null;
  readonly userGrantRole: null;
  readonly userRevokeRole: null;
  readonly roleAdd: null;
  readonly roleGet: readonly WirePermission[];
  readonly roleList: readonly string[];
  readonly roleDelete: null;
  readonly roleGrantPermission: null;
  readonly roleRevokePermission: null;
}

export type AuthResult = AuthResults[AuthKind];
