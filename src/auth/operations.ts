/**
 * The operations of etcd's Auth service as they are applied: what is refused, what changes, and what that does to the auth
 * revision. Deterministic: the same operations leave the same state on every member.
 *
 * The auth revision is bumped by every change but enabling and a grant of a role that the user has already. So whatever
 * was allowed at a revision is known to be allowed as long as the revision stays.
 */

import { Failure } from '../util/failure.ts';
import type { AuthOperation, AuthResult, AuthResults, WirePermission } from '../wire/auth-messages.ts';
import { isGrantable } from './key-union.ts';
import { binaryString, bytesOf, sortedNames } from './names.ts';
import type { Registry } from './registry.ts';
import { type AuthEffects, type Permission, ROOT, type Role, type User } from './types.ts';

/** What RoleGet says of root, whatever was granted to it. */
const rootPermission: WirePermission = { type: 2, key: new Uint8Array(0), rangeEnd: Uint8Array.of(0) };

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export class Operations {
  readonly #registry: Registry;
  readonly #effects: AuthEffects;

  constructor(registry: Registry, effects: AuthEffects) {
    this.#registry = registry;
    this.#effects = effects;
  }

  /**
   * Carries out an operation whose caller may do it.
   * @param index of the entry in the log
   * @returns `AuthResults` of the kind
   * @throws Failure, and then nothing has changed: any refusal of etcd's Auth service
   */
  apply(operation: AuthOperation, index: number): AuthResult {
    switch (operation.kind) {
      case 'enable':
        return this.#enable();
      case 'disable':
        return this.#disable();
      case 'status':
        return { enabled: this.#registry.enabled, authRevision: this.#registry.revision };
      case 'authenticate':
        return this.#authenticate(operation.name, operation.prefix, operation.checkedRevision, index);
      case 'userAdd':
        return this.#userAdd(operation.name, operation.hashedPassword, operation.noPassword);
      case 'userGet':
        return this.#user(operation.name).roles;
      case 'userList':
        return this.#registry.userNames();
      case 'userDelete':
        return this.#userDelete(operation.name);
      case 'userChangePassword':
        return this.#userChangePassword(operation.name, operation.hashedPassword);
      case 'userGrantRole':
        return this.#userGrantRole(operation.name, operation.role);
      case 'userRevokeRole':
        return this.#userRevokeRole(operation.name, operation.role);
      case 'roleAdd':
        return this.#roleAdd(operation.role);
      case 'roleGet':
        return this.#roleGet(operation.role);
      case 'roleList':
        return this.#registry.roleNames();
      case 'roleDelete':
        return this.#roleDelete(operation.role);
      case 'roleGrantPermission':
        return this.#roleGrantPermission(operation.role, operation.permission);
      case 'roleRevokePermission':
        return this.#roleRevokePermission(operation.role, operation.key, operation.rangeEnd);
    }
  }

  #user(name: string): User {
    const user = this.#registry.user(name);
    if (user === undefined) throw new Failure('userNotFound');
    return user;
  }

  #role(name: string): Role {
    const role = this.#registry.role(name);
    if (role === undefined) throw new Failure('roleNotFound');
    return role;
  }

  #enable(): null {
    const registry = this.#registry;
    if (registry.enabled) return null;
    const root = registry.user(ROOT);
    if (root === undefined) throw new Failure('rootUserNotFound');
    if (!root.roles.includes(ROOT)) throw new Failure('rootRoleMissing');
    registry.setEnabled(true);
    return null;
  }

  #disable(): null {
    const registry = this.#registry;
    if (!registry.enabled) return null;
    registry.setEnabled(false);
    registry.bumpRevision();
    this.#effects.disabled();
    return null;
  }

  /**
   * The password was compared before, at `checkedRevision`. If anything changed since, it may have been the password:
   * the member that compared it does so again.
   */
  #authenticate(
    name: string,
    prefix: string,
    checkedRevision: number,
    index: number,
  ): AuthResults['authenticate'] {
    const registry = this.#registry;
    if (!registry.enabled) throw new Failure('authNotEnabled');
    const user = registry.user(name);
    if (user === undefined || user.noPassword) throw new Failure('authFailed');
    if (checkedRevision !== registry.revision) throw new Failure('authRevisionOld');
    this.#effects.authenticated(name, prefix, index);
    return { index, authRevision: registry.revision };
  }

  #userAdd(name: string, hashedPassword: string, noPassword: boolean): null {
    const registry = this.#registry;
    if (name === '') throw new Failure('userNameEmpty');
    if (registry.user(name) !== undefined) throw new Failure('userExists');
    registry.putUser({ name, password: noPassword ? '' : hashOf(hashedPassword), roles: [], noPassword });
    registry.bumpRevision();
    return null;
  }

  #userDelete(name: string): null {
    const registry = this.#registry;
    if (registry.enabled && name === ROOT) throw new Failure('invalidAuthManagement');
    this.#user(name);
    registry.deleteUser(name);
    registry.bumpRevision();
    this.#effects.userChanged(name);
    return null;
  }

  #userChangePassword(name: string, hashedPassword: string): null {
    const user = this.#user(name);
    this.#registry.putUser({ ...user, password: user.noPassword ? '' : hashOf(hashedPassword) });
    this.#registry.bumpRevision();
    this.#effects.userChanged(name);
    return null;
  }

  /** The role root can be granted although nobody has added it. */
  #userGrantRole(name: string, role: string): null {
    const user = this.#user(name);
    if (role !== ROOT) this.#role(role);
    if (user.roles.includes(role)) return null;
    this.#registry.putUser({ ...user, roles: sortedNames([...user.roles, role]) });
    this.#registry.bumpRevision();
    return null;
  }

  #userRevokeRole(name: string, role: string): null {
    const registry = this.#registry;
    if (registry.enabled && name === ROOT && role === ROOT) throw new Failure('invalidAuthManagement');
    const user = this.#user(name);
    if (!user.roles.includes(role)) throw new Failure('roleNotGranted');
    registry.putUser({ ...user, roles: user.roles.filter((held) => held !== role) });
    registry.bumpRevision();
    return null;
  }

  #roleAdd(name: string): null {
    const registry = this.#registry;
    if (name === '') throw new Failure('roleNameEmpty');
    if (registry.role(name) !== undefined) throw new Failure('roleExists');
    registry.putRole({ name, permissions: [] });
    registry.bumpRevision();
    return null;
  }

  #roleGet(name: string): readonly WirePermission[] {
    const { permissions } = this.#role(name);
    if (name === ROOT) return [rootPermission];
    return permissions.map(({ type, key, rangeEnd }) => ({
      type,
      key: bytesOf(key),
      rangeEnd: bytesOf(rangeEnd),
    }));
  }

  #roleDelete(name: string): null {
    const registry = this.#registry;
    if (registry.enabled && name === ROOT) throw new Failure('invalidAuthManagement');
    this.#role(name);
    registry.deleteRole(name);
    for (const userName of registry.userNames()) {
      const user = this.#user(userName);
      if (!user.roles.includes(name)) continue;
      registry.putUser({ ...user, roles: user.roles.filter((held) => held !== name) });
    }
    registry.bumpRevision();
    return null;
  }

  /** A permission for the same key and end takes the place of the one before. */
  #roleGrantPermission(name: string, granted: WirePermission | null): null {
    if (granted === null) throw new Failure('permissionNotGiven');
    const key = binaryString(granted.key);
    const rangeEnd = binaryString(granted.rangeEnd);
    if (!isGrantable(key, rangeEnd)) throw new Failure('invalidAuthManagement');
    const { permissions } = this.#role(name);
    const permission: Permission = { type: granted.type, key, rangeEnd };
    const known = permissions.findIndex((held) => isSameRange(held, permission));
    const next =
      known === -1
        ? [...permissions, permission].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
        : permissions.with(known, permission);
    this.#registry.putRole({ name, permissions: next });
    this.#registry.bumpRevision();
    return null;
  }

  #roleRevokePermission(name: string, key: Uint8Array, rangeEnd: Uint8Array): null {
    const { permissions } = this.#role(name);
    const revoked = { key: binaryString(key), rangeEnd: binaryString(rangeEnd) };
    const next = permissions.filter((held) => !isSameRange(held, revoked));
    if (next.length === permissions.length) throw new Failure('permissionNotGranted');
    this.#registry.putRole({ name, permissions: next });
    this.#registry.bumpRevision();
    return null;
  }
}

function isSameRange(a: Omit<Permission, 'type'>, b: Omit<Permission, 'type'>): boolean {
  return a.key === b.key && a.rangeEnd === b.rangeEnd;
}

/** @throws Failure 'noPasswordUser' for what is not base64, as etcd answers it. */
function hashOf(hashedPassword: string): string {
  if (!base64.test(hashedPassword)) throw new Failure('noPasswordUser');
  return Buffer.from(hashedPassword, 'base64').toString('latin1');
}
