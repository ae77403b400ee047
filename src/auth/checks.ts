/**
 * May this caller do that? One function per kind of request, all of them doing nothing while auth is off.
 *
 * They are asked at two places. A read is checked where it is served, after its linearizable point. A write is checked when
 * it is applied, with the caller and the auth revision that its entry carries, so that every member decides the same; a
 * check before the proposal would decide by a state that may lag behind.
 *
 * The order of refusals is etcd's: no caller, a caller of an older auth revision, then permission. The older revision is
 * what makes it safe to have found out who calls long before the request is applied:
 *
 *     token judged at 7 ─► role revoked (8) ─► put applied, carrying 7 ─► refused: judge the token again
 *
 * Two things are stricter than in some releases of etcd, which let more pass than they document: a put inside a txn needs
 * what a put alone does, and a watch to the end of the keyspace needs permission to the end.
 */

import { Failure } from '../util/failure.ts';
import type { AuthOperation } from '../wire/auth-messages.ts';
import {
  type DeleteRangeRequest,
  OpKind,
  type PutRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from '../wire/messages.ts';
import { binaryString } from './names.ts';
import type { Registry, Rights } from './registry.ts';
import { type Caller, type LeaseKeys, ROOT } from './types.ts';

export class Checks {
  readonly #registry: Registry;
  readonly #leases: LeaseKeys;

  constructor(registry: Registry, leases: LeaseKeys) {
    this.#registry = registry;
    this.#leases = leases;
  }

  /** @throws Failure 'userNameEmpty', 'authRevisionOld', 'permissionDenied', as all checks of keys. */
  range(caller: Caller, request: RangeRequest): void {
    if (!this.#registry.enabled) return;
    this.#read(this.#rightsOf(caller), request.key, request.rangeEnd);
  }

  put(caller: Caller, request: PutRequest): void {
    if (!this.#registry.enabled) return;
    this.#put(this.#rightsOf(caller), request);
  }

  deleteRange(caller: Caller, request: DeleteRangeRequest): void {
    if (!this.#registry.enabled) return;
    this.#deleteRange(this.#rightsOf(caller), request);
  }

  /** Everything that the txn might do, whichever branches are taken. One that does nothing is open to all, as in etcd. */
  txn(caller: Caller, request: TxnRequest): void {
    if (!this.#registry.enabled || isEmpty(request)) return;
    const rights = this.#rightsOf(caller);
    if (!rights.isRoot) this.#txn(rights, request);
  }

  /** @param key of the request, where none is the smallest key. */
  watch(caller: Caller, key: Uint8Array, rangeEnd: Uint8Array): void {
    if (!this.#registry.enabled) return;
    const rights = this.#rightsOf(caller);
    permit(rights.isRoot || rights.read.covers(binaryString(key) || '\0', binaryString(rangeEnd)));
  }

  /** Revoke and keep-alive: whoever ends or prolongs a lease changes when its keys are deleted. */
  leaseWrite(caller: Caller, lease: bigint): void {
    if (!this.#registry.enabled || this.#isRoot(caller)) return;
    for (const key of this.#leases.keysOf(lease)) permit(this.#rightsOf(caller).write.covers(key, ''));
  }

  /** Time-to-live with its keys, and each lease of a list: who sees the keys of a lease must be allowed to read them. */
  leaseRead(caller: Caller, lease: bigint): void {
    if (this.#registry.enabled) this.keysRead(caller, this.#leases.keysOf(lease));
  }

  /** The same for the keys themselves, as binary strings. */
  keysRead(caller: Caller, keys: Iterable<string>): void {
    if (!this.#registry.enabled || this.#isRoot(caller)) return;
    for (const key of keys) permit(this.#rightsOf(caller).read.covers(key, ''));
  }

  /** Somebody must be named, whoever it is. @throws Failure 'userNameEmpty' */
  named(caller: Caller): void {
    if (this.#registry.enabled && caller.revision === 0) throw new Failure('userNameEmpty');
  }

  /**
   * The caller must have the role root. Its auth revision may be old, as in etcd: what root may do does not depend on it.
   * @throws Failure 'userNameEmpty', 'userNotFound', 'permissionDenied'
   */
  admin(caller: Caller): void {
    const registry = this.#registry;
    if (!registry.enabled) return;
    if (caller.user === '') throw new Failure('userNameEmpty');
    const rights = registry.rightsOf(caller.user);
    if (rights === undefined) throw new Failure('userNotFound');
    permit(rights.isRoot);
  }

  /**
   * An operation of the Auth service: for root, but that users see themselves and their roles. Anyone may authenticate, and
   * since etcd 3.7 ask whether auth is on.
   */
  operation(caller: Caller, operation: AuthOperation): void {
    const { kind } = operation;
    if (!this.#registry.enabled || kind === 'authenticate' || kind === 'status') return;
    // Who asks for the user without a name hears, as in etcd, that there is none.
    if (kind === 'userGet' && operation.name === caller.user) return;
    if (kind === 'roleGet' && this.#registry.user(caller.user)?.roles.includes(operation.role)) return;
    this.admin(caller);
  }

  /**
   * To be asked when something was read that took its time: is what was allowed then allowed now?
   * @throws Failure 'authRevisionOld'
   */
  unchanged(caller: Caller): void {
    const { enabled, revision } = this.#registry;
    if (enabled && caller.revision !== revision) throw new Failure('authRevisionOld');
  }

  #isRoot(caller: Caller): boolean {
    if (caller.user === '') throw new Failure('userNameEmpty');
    return this.#registry.user(caller.user)?.roles.includes(ROOT) === true;
  }

  #rightsOf(caller: Caller): Rights {
    const registry = this.#registry;
    if (caller.revision === 0) throw new Failure('userNameEmpty');
    if (caller.revision < registry.revision) throw new Failure('authRevisionOld');
    const rights = registry.rightsOf(caller.user);
    if (rights === undefined) throw new Failure('permissionDenied');
    return rights;
  }

  #read(rights: Rights, key: Uint8Array, rangeEnd: Uint8Array): void {
    permit(rights.isRoot || rights.read.covers(binaryString(key), binaryString(rangeEnd)));
  }

  #put(rights: Rights, { key, lease, prevKv }: PutRequest): void {
    if (rights.isRoot) return;
    const name = binaryString(key);
    permit(rights.write.covers(name, ''));
    if (prevKv) permit(rights.read.covers(name, ''));
    // The key would be deleted with the others of the lease: who may not write those may not end the lease either.
    if (lease !== 0n) {
      for (const other of this.#leases.keysOf(lease)) permit(rights.write.covers(other, ''));
    }
  }

  #deleteRange(rights: Rights, { key, rangeEnd, prevKv }: DeleteRangeRequest): void {
    if (rights.isRoot) return;
    const from = binaryString(key);
    const end = binaryString(rangeEnd);
    permit(rights.write.covers(from, end));
    if (prevKv) permit(rights.read.covers(from, end));
  }

  #txn(rights: Rights, { compare, success, failure }: TxnRequest): void {
    for (const { key, rangeEnd } of compare) this.#read(rights, key, rangeEnd);
    for (const operation of success) this.#requestOp(rights, operation);
    for (const operation of failure) this.#requestOp(rights, operation);
  }

  #requestOp(rights: Rights, operation: RequestOp): void {
    switch (operation.kind) {
      case OpKind.Range:
        this.#read(rights, operation.request.key, operation.request.rangeEnd);
        break;
      case OpKind.Put:
        this.#put(rights, operation.request);
        break;
      case OpKind.DeleteRange:
        this.#deleteRange(rights, operation.request);
        break;
      case OpKind.Txn:
        this.#txn(rights, operation.request);
        break;
    }
  }
}

function isEmpty({ compare, success, failure }: TxnRequest): boolean {
  return compare.length === 0 && success.length === 0 && failure.length === 0;
}

function permit(isPermitted: boolean): void {
  if (!isPermitted) throw new Failure('permissionDenied');
}
