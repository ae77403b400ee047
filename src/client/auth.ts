/** Users, roles and what they may do. */

import { authMethodNames, encodeAuthRequest } from '../wire/auth-codec.ts';
import type { AuthRequest, AuthStatusResult, WirePermission } from '../wire/auth-messages.ts';
import { PermissionType } from '../wire/auth-messages.ts';
import {
  decodeAuthStatusResponse,
  decodeRoleGetResponse,
  decodeRoleListResponse,
  decodeUserGetResponse,
  decodeUserListResponse,
} from '../wire/client-messages.ts';
import type { Caller, Effect } from './caller.ts';
import { type KeyRange, toWireRange } from './keys.ts';
import type { CallOptions } from './options.ts';

export type PermissionKind = 'read' | 'write' | 'readwrite';

export interface Permission {
  readonly kind: PermissionKind;
  readonly key: Uint8Array;
  /** Empty: the one key; a zero byte: everything from `key` on. */
  readonly rangeEnd: Uint8Array;
}

const permissionTypes: Readonly<Record<PermissionKind, number>> = {
  read: PermissionType.Read,
  write: PermissionType.Write,
  readwrite: PermissionType.ReadWrite,
};

function permissionOf({ type, key, rangeEnd }: WirePermission): Permission {
  const kind = type === PermissionType.Read ? 'read' : type === PermissionType.Write ? 'write' : 'readwrite';
  return { kind, key, rangeEnd };
}

function nothing(): void {}

type Call = <T>(
  request: AuthRequest,
  decode: (bytes: Uint8Array) => T,
  effect: Effect,
  options: CallOptions,
) => Promise<T>;

export class Auth {
  readonly users: Users;
  readonly roles: Roles;
  readonly #call: Call;

  constructor(caller: Caller) {
    this.#call = (request, decode, effect, options) => {
      const path = `/etcdserverpb.Auth/${authMethodNames[request.kind]}`;
      return caller.call({ path, request: encodeAuthRequest(request), decode, effect }, options);
    };
    this.users = new Users(this.#call);
    this.roles = new Roles(this.#call);
  }

  /** From now on calls need a user. @throws EtcdError 'rootUserNotFound', 'rootRoleMissing' */
  enable(options: CallOptions = {}): Promise<void> {
    return this.#call({ kind: 'enable' }, nothing, 'write', options);
  }

  /** From now on they do not. */
  disable(options: CallOptions = {}): Promise<void> {
    return this.#call({ kind: 'disable' }, nothing, 'write', options);
  }

  /** @throws EtcdError 'unimplemented' from servers before 3.5 */
  status(options: CallOptions = {}): Promise<AuthStatusResult> {
    return this.#call({ kind: 'status' }, decodeAuthStatusResponse, 'read', options);
  }
}

export class Users {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /**
   * @param password null for a user that is known by its certificate alone
   * @throws EtcdError 'userExists', 'userNameEmpty'
   */
  add(name: string, password: string | null, options: CallOptions = {}): Promise<void> {
    const request = {
      kind: 'userAdd',
      name,
      password: password ?? '',
      noPassword: password === null,
    } as const;
    return this.#call(request, nothing, 'write', options);
  }

  /** The user's roles. @throws EtcdError 'userNotFound' */
  roles(name: string, options: CallOptions = {}): Promise<readonly string[]> {
    return this.#call({ kind: 'userGet', name }, decodeUserGetResponse, 'read', options);
  }

  list(options: CallOptions = {}): Promise<readonly string[]> {
    return this.#call({ kind: 'userList' }, decodeUserListResponse, 'read', options);
  }

  /** @throws EtcdError 'userNotFound', 'invalidAuthManagement' */
  delete(name: string, options: CallOptions = {}): Promise<void> {
    return this.#call({ kind: 'userDelete', name }, nothing, 'write', options);
  }

  /** @throws EtcdError 'userNotFound' */
  changePassword(name: string, password: string, options: CallOptions = {}): Promise<void> {
    const request = { kind: 'userChangePassword', name, password, hashedPassword: '' } as const;
    return this.#call(request, nothing, 'write', options);
  }

  /** @throws EtcdError 'userNotFound', 'roleNotFound' */
  grantRole(name: string, role: string, options: CallOptions = {}): Promise<void> {
    return this.#call({ kind: 'userGrantRole', name, role }, nothing, 'write', options);
  }

  /** @throws EtcdError 'userNotFound', 'roleNotGranted', 'invalidAuthManagement' */
  revokeRole(name: string, role: string, options: CallOptions = {}): Promise<void> {
    return this.#call({ kind: 'userRevokeRole', name, role }, nothing, 'write', options);
  }
}

export class Roles {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  /** @throws EtcdError 'roleExists', 'roleNameEmpty' */
  add(role: string, options: CallOptions = {}): Promise<void> {
    return this.#call({ kind: 'roleAdd', role }, nothing, 'write', options);
  }

  /** What the role permits. @throws EtcdError 'roleNotFound' */
  async permissions(role: string, options: CallOptions = {}): Promise<readonly Permission[]> {
    const found = await this.#call({ kind: 'roleGet', role }, decodeRoleGetResponse, 'read', options);
    return found.map(permissionOf);
  }

  list(options: CallOptions = {}): Promise<readonly string[]> {
    return this.#call({ kind: 'roleList' }, decodeRoleListResponse, 'read', options);
  }

  /** @throws EtcdError 'roleNotFound', 'invalidAuthManagement' */
  delete(role: string, options: CallOptions = {}): Promise<void> {
    return this.#call({ kind: 'roleDelete', role }, nothing, 'write', options);
  }

  /** Permits something on a range, or changes what is permitted on it. @throws EtcdError 'roleNotFound' */
  grantPermission(
    role: string,
    kind: PermissionKind,
    range: KeyRange,
    options: CallOptions = {},
  ): Promise<void> {
    const permission = { type: permissionTypes[kind], ...toWireRange(range) };
    return this.#call({ kind: 'roleGrantPermission', role, permission }, nothing, 'write', options);
  }

  /** The range must be one that was granted. @throws EtcdError 'roleNotFound', 'permissionNotGranted' */
  revokePermission(role: string, range: KeyRange, options: CallOptions = {}): Promise<void> {
    return this.#call(
      { kind: 'roleRevokePermission', role, ...toWireRange(range) },
      nothing,
      'write',
      options,
    );
  }
}
