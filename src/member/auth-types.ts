/** What a member offers to the Auth service, and to everything that must know who calls. */

import type { Auth } from '../auth/auth.ts';
import type { Passwords } from '../auth/passwords.ts';
import type { Caller } from '../auth/types.ts';
import type { Failure } from '../util/failure.ts';
import type { AuthOperation, AuthResult } from '../wire/auth-messages.ts';

export interface ServedAuth {
  /** Users, roles and tokens as applied here. The same object as long as the member runs. */
  readonly auth: Auth;
  readonly passwords: Passwords;
  /** True when clients must come with a certificate (`--client-cert-auth`): its common name is then a user. */
  readonly trustsCommonName: boolean;
  /**
   * Asks the cluster for an operation. The entry carries `encodeAuthOperation(operation)` and the caller.
   * @param done with the result of `Auth.apply` for its kind; called exactly once and never before this call returns.
   *   Failures: the refusals of apply, and of any proposal
   */
  proposeAuth(
    operation: AuthOperation,
    caller: Caller,
    done: (failure: Failure | null, result: AuthResult | null) => void,
  ): void;
  /** A linearizable point, as of the member. */
  linearize(done: (failure: Failure | null) => void): void;
}
