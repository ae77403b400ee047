/**
 * Users and their rights once more, as plainly as they can be written: who may do what at which auth revision.
 *
 * The oracle replays the operations of the log through it. A write is carried out by the model only if it says that the
 * caller may, as its entry names him; a read that was answered or refused is judged by the rights of the revision at which
 * the caller was known. All revisions are kept. Source: etcd's documentation of role based access control; like etcd, a
 * caller who was found out at an older revision is refused, and root may do everything.
 */

import type { AuthOperation } from '../../wire/auth-messages.ts';
import {
  type DeleteRangeRequest,
  OpKind,
  type PutRequest,
  type RangeRequest,
  type TxnRequest,
} from '../../wire/messages.ts';
import { binary } from './model.ts';

/** Who asks; nobody has no name and revision 0. 'member' is a member's own wish. */
export type Asker = { readonly user: string; readonly revision: number } | 'member';

interface Right {
  /** 0 reads, 1 writes, 2 both. */
  readonly type: number;
  readonly key: string;
  readonly end: string;
}

/** What each user may do; null stands for root. */
type Rights = ReadonlyMap<string, readonly Right[] | null>;

/** What a request does with keys. */
interface Touch {
  readonly writes: boolean;
  readonly key: string;
  readonly end: string;
}

export class AuthModel {
  enabled = false;
  revision = 1;
  /** The auth revision with which it was turned off last; 0 for never. */
  disabledAt = 0;
  private readonly users = new Map<string, Set<string>>();
  private readonly roles = new Map<string, Right[]>();
  /** By auth revision. */
  private readonly history: Rights[] = [];
  private readonly keysOf: (lease: bigint) => readonly string[];

  /** @param keysOf the keys of a lease as they are now */
  constructor(keysOf: (lease: bigint) => readonly string[]) {
    this.keysOf = keysOf;
    this.note();
  }

  /** Applies what stands in the log; what the store must refuse changes nothing. */
  apply(operation: AuthOperation, asker: Asker): void {
    if (operation.kind === 'authenticate' || operation.kind === 'status') return;
    if (this.enabled && !(asker !== 'member' && this.isRoot(asker.user))) return;
    if (operation.kind === 'enable') {
      this.enabled = this.enabled || this.isRoot('root');
      this.note();
    } else if (this.changes(operation)) {
      this.revision++;
      this.note();
    }
  }

  /** Why a write of the log is refused when it is applied; null when it is not. */
  refusal(asker: Asker, touches: readonly Touch[] | 'named' | 'admin'): string | null {
    if (!this.enabled || asker === 'member') return null;
    if (touches === 'admin') {
      if (asker.user === '') return 'userNameEmpty';
      return this.isRoot(asker.user) ? null : 'permissionDenied';
    }
    if (asker.revision === 0) return 'userNameEmpty';
    if (touches === 'named') return null;
    // A txn that does nothing is open to all.
    if (touches.length === 0) return null;
    if (asker.revision < this.revision) return 'authRevisionOld';
    return this.permits(asker.user, asker.revision, touches) ? null : 'permissionDenied';
  }

  /** Whether the rights that were in force at this auth revision allow all of it. */
  permits(user: string, revision: number, touches: readonly Touch[]): boolean {
    const rights = this.history[revision]?.get(user);
    if (rights === undefined) return false;
    if (rights === null) return true;
    return touches.every(({ writes, key, end }) =>
      rights.some(
        ({ type, key: from, end: to }) =>
          (type === 2 || type === (writes ? 1 : 0)) && within(key, end, from, to),
      ),
    );
  }

  touchesOfPut({ key, prevKv, lease }: PutRequest): Touch[] {
    const name = binary(key);
    const touches: Touch[] = [{ writes: true, key: name, end: '' }];
    if (prevKv) touches.push({ writes: false, key: name, end: '' });
    for (const other of this.keysOf(lease)) touches.push({ writes: true, key: other, end: '' });
    return touches;
  }

  touchesOfDelete({ key, rangeEnd, prevKv }: DeleteRangeRequest): Touch[] {
    const range = { key: binary(key), end: binary(rangeEnd) };
    return prevKv
      ? [
          { ...range, writes: true },
          { ...range, writes: false },
        ]
      : [{ ...range, writes: true }];
  }

  touchesOfRange({ key, rangeEnd }: Pick<RangeRequest, 'key' | 'rangeEnd'>): Touch[] {
    return [{ writes: false, key: binary(key), end: binary(rangeEnd) }];
  }

  touchesOfTxn({ compare, success, failure }: TxnRequest): Touch[] {
    const touches = compare.flatMap((each) => this.touchesOfRange(each));
    for (const op of [...success, ...failure]) {
      if (op.kind === OpKind.Put) touches.push(...this.touchesOfPut(op.request));
      else if (op.kind === OpKind.DeleteRange) touches.push(...this.touchesOfDelete(op.request));
      else if (op.kind === OpKind.Range) touches.push(...this.touchesOfRange(op.request));
      else if (op.kind === OpKind.Txn) touches.push(...this.touchesOfTxn(op.request));
    }
    return touches;
  }

  /** Root ends any lease, whatever has changed since he was found out. */
  refusalOfRevoke(asker: Asker, lease: bigint): string | null {
    if (!this.enabled || asker === 'member' || this.isRoot(asker.user)) return null;
    if (asker.user === '') return 'userNameEmpty';
    return this.refusal(
      asker,
      this.keysOf(lease).map((key) => ({ writes: true, key, end: '' })),
    );
  }

  hasUser(name: string): boolean {
    return this.users.has(name);
  }

  hasRole(name: string): boolean {
    return this.roles.has(name);
  }

  holds(user: string, role: string): boolean {
    return this.users.get(user)?.has(role) === true;
  }

  rightsOfRole(name: string): readonly Right[] {
    return this.roles.get(name) ?? [];
  }

  private isRoot(user: string): boolean {
    return this.holds(user, 'root');
  }

  /** False when it is refused or changes nothing. Knows the operations that the administrator uses, and no other. */
  private changes(operation: AuthOperation): boolean {
    switch (operation.kind) {
      case 'disable': {
        const was = this.enabled;
        this.enabled = false;
        if (was) this.disabledAt = this.revision + 1;
        return was;
      }
      case 'userAdd':
        if (this.users.has(operation.name)) return false;
        this.users.set(operation.name, new Set());
        return true;
      case 'roleAdd':
        if (this.roles.has(operation.role)) return false;
        this.roles.set(operation.role, []);
        return true;
      case 'userGrantRole': {
        const held = this.users.get(operation.name);
        const isKnown = operation.role === 'root' || this.roles.has(operation.role);
        if (held === undefined || !isKnown || held.has(operation.role)) return false;
        held.add(operation.role);
        return true;
      }
      case 'userRevokeRole':
        if (this.enabled && operation.name === 'root' && operation.role === 'root') return false;
        return this.users.get(operation.name)?.delete(operation.role) === true;
      case 'roleGrantPermission': {
        const held = this.roles.get(operation.role);
        if (held === undefined || operation.permission === null) return false;
        const { type, key, rangeEnd } = operation.permission;
        const right = { type, key: binary(key), end: binary(rangeEnd) };
        this.roles.set(operation.role, [...held.filter((other) => !isSame(other, right)), right]);
        return true;
      }
      case 'roleRevokePermission': {
        const held = this.roles.get(operation.role) ?? [];
        const gone = { key: binary(operation.key), end: binary(operation.rangeEnd) };
        const left = held.filter((other) => !isSame(other, gone));
        if (left.length === held.length) return false;
        this.roles.set(operation.role, left);
        return true;
      }
      default:
        throw new Error(`the model of users does not know ${operation.kind}`);
    }
  }

  private note(): void {
    const rights = new Map<string, readonly Right[] | null>();
    for (const [user, held] of this.users) {
      rights.set(user, held.has('root') ? null : [...held].flatMap((role) => this.roles.get(role) ?? []));
    }
    this.history[this.revision] = rights;
  }
}

function isSame(one: Omit<Right, 'type'>, other: Omit<Right, 'type'>): boolean {
  return one.key === other.key && one.end === other.end;
}

/** Whether the range lies in the one that is permitted. */
function within(key: string, end: string, from: string, to: string): boolean {
  if (to === '') return end === '' && key === from;
  if (key < from || (to !== '\0' && key >= to)) return false;
  return end === '' || to === '\0' || (end !== '\0' && end <= to);
}
