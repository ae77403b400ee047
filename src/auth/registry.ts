/**
 * Users, roles, whether auth is enabled, and the auth revision: in memory, and on the backend in the same write. The whole
 * of the replicated state of this room; changed by `operations.ts` alone, which decides what may be done.
 *
 * What a user may do is merged from all of the user's roles once and kept until anything changes.
 */

import type { Backend, BackendEntry } from '../backend/backend.ts';
import { PermissionType } from '../wire/auth-messages.ts';
import { KeyUnion } from './key-union.ts';
import { sortedNames } from './names.ts';
import {
  authTable,
  decodeRevision,
  decodeRole,
  decodeUser,
  enabledKey,
  encodeRevision,
  encodeRole,
  encodeUser,
  isRoleKey,
  isUserKey,
  revisionKey,
  roleKey,
  userKey,
} from './records.ts';
import { type Permission, ROOT, type Role, type User } from './types.ts';

const firstRevision = 1;
const entriesAtOnce = 1000;
const bytesAtOnce = 1 << 20;

/** What one user may do. */
export interface Rights {
  /** The user has the role root: everything else is not looked at. */
  readonly isRoot: boolean;
  readonly read: KeyUnion;
  readonly write: KeyUnion;
}

export class Registry {
  readonly #backend: Backend;
  #users = new Map<string, User>();
  #roles = new Map<string, Role>();
  #enabled = false;
  #revision = firstRevision;
  #digest = 0;
  readonly #rights = new Map<string, Rights>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Grows with every change that may make a decision of before wrong. */
  get revision(): number {
    return this.#revision;
  }

  /** Of all that is on the backend, however it came there: the same on members with the same state. */
  get digest(): number {
    return this.#digest;
  }

  user(name: string): User | undefined {
    return this.#users.get(name);
  }

  role(name: string): Role | undefined {
    return this.#roles.get(name);
  }

  /** Ascending. */
  userNames(): string[] {
    return sortedNames(this.#users.keys());
  }

  /** Ascending. */
  roleNames(): string[] {
    return sortedNames(this.#roles.keys());
  }

  get userCount(): number {
    return this.#users.size;
  }

  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
    this.#put(enabledKey, Uint8Array.of(enabled ? 1 : 0));
  }

  putUser(user: User): void {
    this.#rights.delete(user.name);
    this.#users.set(user.name, user);
    this.#put(userKey(user.name), encodeUser(user));
  }

  deleteUser(name: string): void {
    this.#rights.delete(name);
    this.#users.delete(name);
    this.#delete(userKey(name));
  }

  putRole(role: Role): void {
    this.#rights.clear();
    this.#roles.set(role.name, role);
    this.#put(roleKey(role.name), encodeRole(role));
  }

  deleteRole(name: string): void {
    this.#rights.clear();
    this.#roles.delete(name);
    this.#delete(roleKey(name));
  }

  bumpRevision(): void {
    this.#revision++;
    this.#put(revisionKey, encodeRevision(this.#revision));
  }

  #put(key: string, value: Uint8Array): void {
    this.#digest ^= this.#storedDigest(key) ^ entryDigest(key, value);
    this.#backend.put(key, value);
  }

  #delete(key: string): void {
    this.#digest ^= this.#storedDigest(key);
    this.#backend.delete(key);
  }

  #storedDigest(key: string): number {
    const stored = this.#backend.get(key);
    return stored === undefined ? 0 : entryDigest(key, stored);
  }

  /** What a user may do; undefined when there is no such user. */
  rightsOf(name: string): Rights | undefined {
    const known = this.#rights.get(name);
    if (known !== undefined) return known;
    const user = this.#users.get(name);
    if (user === undefined) return undefined;
    const rights = this.#merge(user);
    this.#rights.set(name, rights);
    return rights;
  }

  #merge(user: User): Rights {
    const read: Permission[] = [];
    const write: Permission[] = [];
    for (const name of user.roles) {
      for (const permission of this.#roles.get(name)?.permissions ?? []) {
        const { type } = permission;
        if (type === PermissionType.Read || type === PermissionType.ReadWrite) read.push(permission);
        if (type === PermissionType.Write || type === PermissionType.ReadWrite) write.push(permission);
      }
    }
    return { isRoot: user.roles.includes(ROOT), read: new KeyUnion(read), write: new KeyUnion(write) };
  }

  /** Reads everything anew from the backend: when it was opened, and when its state was replaced. */
  load(done: (error: Error | null) => void): void {
    const users = new Map<string, User>();
    const roles = new Map<string, Role>();
    let enabled = false;
    let revision = firstRevision;
    let digest = 0;
    const take = ({ key, value }: BackendEntry): void => {
      digest ^= entryDigest(key, value);
      if (key === enabledKey) enabled = value[0] === 1;
      else if (key === revisionKey) revision = decodeRevision(value);
      else if (isUserKey(key)) {
        const user = decodeUser(value);
        users.set(user.name, user);
      } else if (isRoleKey(key)) {
        const role = decodeRole(value);
        roles.set(role.name, role);
      } else throw new Error(`the state has an auth record that is unknown here: ${JSON.stringify(key)}`);
    };
    this.#scan(authTable[0], take, (error) => {
      if (error === null) {
        this.#users = users;
        this.#roles = roles;
        this.#enabled = enabled;
        this.#revision = revision;
        this.#digest = digest;
        this.#rights.clear();
      }
      done(error);
    });
  }

  #scan(from: string, take: (entry: BackendEntry) => void, done: (error: Error | null) => void): void {
    const onEntries = (error: Error | null, entries: readonly BackendEntry[]): void => {
      let failed = error;
      try {
        for (const entry of entries) take(entry);
      } catch (damage) {
        failed = damage as Error;
      }
      if (failed !== null || entries.length === 0) done(failed);
      else this.#scan(`${entries.at(-1)!.key}\0`, take, done);
    };
    this.#backend.scan(from, authTable[1], entriesAtOnce, onEntries, bytesAtOnce);
  }
}

/** FNV-1a over the key, its length, and the value. Combined by exclusive or, entries come and go in any order. */
function entryDigest(key: string, value: Uint8Array): number {
  let hash = 0x811c9dc5 ^ key.length;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value[i]!, 0x01000193);
  return hash;
}
