/**
 * The room's door: who may do what, as applied on this member.
 *
 * The replicated part (`registry.ts`, `operations.ts`) changes by `apply` alone. Tokens live beside it, in memory: they
 * follow from the same entries, but each member counts their time by itself, and a restart forgets them.
 */

import type { Backend } from '../backend/backend.ts';
import type { Clock } from '../util/runtime.ts';
import type { AuthOperation, AuthResult } from '../wire/auth-messages.ts';
import type { DeleteRangeRequest, PutRequest, TxnRequest } from '../wire/messages.ts';
import { Checks } from './checks.ts';
import { Operations } from './operations.ts';
import { Registry } from './registry.ts';
import { TokenWaits } from './token-waits.ts';
import type { Tokens } from './tokens.ts';
import type { Caller, LeaseKeys, User } from './types.ts';

/** Requests in the log that are checked when they are applied, and by what. */
export type CheckedRequest =
  | { readonly kind: 'put'; readonly request: PutRequest }
  | { readonly kind: 'deleteRange'; readonly request: DeleteRangeRequest }
  | { readonly kind: 'txn'; readonly request: TxnRequest }
  | { readonly kind: 'leaseRevoke'; readonly request: { readonly id: bigint } }
  /** Anyone who has a name: a grant of a lease, the list of alarms. */
  | { readonly kind: 'named'; readonly request: unknown }
  /** For root: compaction, alarms that are set or cleared, changes of members. */
  | { readonly kind: 'admin'; readonly request: unknown };

export interface AuthOptions {
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly tokens: Tokens;
  readonly leases: LeaseKeys;
}

export class Auth {
  readonly checks: Checks;
  readonly tokens: Tokens;
  readonly #registry: Registry;
  readonly #operations: Operations;
  readonly #waits: TokenWaits;
  #appliedIndex = 0;

  private constructor(backend: Backend, options: AuthOptions) {
    this.tokens = options.tokens;
    this.#registry = new Registry(backend);
    this.#operations = new Operations(this.#registry, options.tokens);
    this.#waits = new TokenWaits(options.clock);
    this.checks = new Checks(this.#registry, options.leases);
  }

  /** Opens what the backend holds. */
  static open(
    backend: Backend,
    options: AuthOptions,
    done: (error: Error | null, auth: Auth | null) => void,
  ): void {
    const auth = new Auth(backend, options);
    auth.#registry.load((error) => done(error, error === null ? auth : null));
  }

  get enabled(): boolean {
    return this.#registry.enabled;
  }

  /** The auth revision; 1 at the beginning. */
  get revision(): number {
    return this.#registry.revision;
  }

  /** Of the replicated part, for the digest of the applied state: an int32, 0 while nothing was ever done. */
  get digest(): number {
    return this.#registry.digest;
  }

  /** A user as applied here, for the comparison of a password. */
  user(name: string): User | undefined {
    return this.#registry.user(name);
  }

  userNames(): readonly string[] {
    return this.#registry.userNames();
  }

  get userCount(): number {
    return this.#registry.userCount;
  }

  /**
   * Applies an operation of the Auth service.
   * @param caller as its entry says
   * @param index of its entry
   * @throws Failure, with nothing changed
   */
  apply(operation: AuthOperation, caller: Caller, index: number): AuthResult {
    this.checks.operation(caller, operation);
    return this.#operations.apply(operation, index);
  }

  /**
   * May a request in the log be applied? The same answer on every member.
   * @param user as its entry says
   * @param authRevision as its entry says
   * @throws Failure 'userNameEmpty', 'authRevisionOld', 'permissionDenied', 'userNotFound'
   */
  applyCheck<K extends CheckedRequest['kind']>(
    user: string,
    authRevision: number,
    kind: K,
    request: Extract<CheckedRequest, { kind: K }>['request'],
  ): void {
    if (!this.#registry.enabled) return;
    const checks = this.checks;
    const caller = { user, revision: authRevision };
    const checked = { kind, request } as CheckedRequest;
    switch (checked.kind) {
      case 'put':
        checks.put(caller, checked.request);
        break;
      case 'deleteRange':
        checks.deleteRange(caller, checked.request);
        break;
      case 'txn':
        checks.txn(caller, checked.request);
        break;
      case 'leaseRevoke':
        checks.leaseWrite(caller, checked.request.id);
        break;
      case 'named':
        checks.named(caller);
        break;
      case 'admin':
        checks.admin(caller);
        break;
    }
  }

  /**
   * Calls `proceed` when the token can be judged: at once but for a token whose entry is not applied here yet, and then
   * later. It is called even if the member never gets that far; the token is then judged as unknown.
   */
  whenJudgeable(token: string, proceed: () => void): void {
    const index = this.tokens.awaits(token);
    if (index <= this.#appliedIndex) proceed();
    else this.#waits.add(index, proceed);
  }

  /** Everything up to `index` is applied; to be told once per turn. */
  applied(index: number): void {
    if (index === this.#appliedIndex) return;
    this.#appliedIndex = index;
    this.#waits.applied(index);
  }

  /** Reads everything anew after the backend's state was replaced. Until `done` the old state is in force. */
  reload(done: (error: Error | null) => void): void {
    this.#registry.load((error) => {
      // What happened to their users in between was not applied here, one by one.
      if (error === null) this.tokens.forget();
      done(error);
    });
  }

  close(): void {
    this.#waits.close();
  }
}
