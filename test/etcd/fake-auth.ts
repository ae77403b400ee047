/** What a member does for the Auth service, without a cluster: operations are applied a turn later. */

import { Auth } from '../../src/auth/auth.ts';
import { InlinePasswords, type Passwords } from '../../src/auth/passwords.ts';
import { openTokens } from '../../src/auth/token-options.ts';
import { type Caller, noLeaseKeys } from '../../src/auth/types.ts';
import { memoryBackend } from '../../src/backend/memory-backend.ts';
import type { ServedAuth } from '../../src/member/auth-types.ts';
import { Failure } from '../../src/util/failure.ts';
import type { Runtime } from '../../src/util/runtime.ts';
import { decodeAuthOperation, encodeAuthOperation } from '../../src/wire/auth-codec.ts';
import type { AuthOperation, AuthResult } from '../../src/wire/auth-messages.ts';

export class FakeAuth implements ServedAuth {
  readonly auth: Auth;
  readonly passwords: Passwords;
  trustsCommonName = false;
  /** The bodies of all entries. */
  readonly log: Uint8Array[] = [];
  /** Operations and reads fail with it. */
  refusal: Failure | null = null;
  /** Called before an entry is applied. */
  beforeApply: (operation: AuthOperation) => void = () => {};
  linearized = 0;
  /** Of the entry that was applied last. */
  index = 0;
  readonly #runtime: Runtime;

  private constructor(runtime: Runtime, auth: Auth) {
    this.#runtime = runtime;
    this.auth = auth;
    this.passwords = new InlinePasswords(runtime.random, runtime.scheduler);
  }

  /** @param spec the text of `--auth-token`; every key file holds `secret`. */
  static async open(runtime: Runtime, spec: string = 'simple'): Promise<FakeAuth> {
    const { clock, scheduler } = runtime;
    const readFile = (): Uint8Array => Buffer.from('secret');
    const tokens = openTokens({ spec, simpleTtlMs: 300_000, readFile }, runtime);
    const auth = await new Promise<Auth>((resolve, reject) =>
      Auth.open(memoryBackend({ scheduler }), { clock, tokens, leases: noLeaseKeys }, (error, opened) =>
        opened === null ? reject(error) : resolve(opened),
      ),
    );
    return new FakeAuth(runtime, auth);
  }

  proposeAuth(
    operation: AuthOperation,
    caller: Caller,
    done: (failure: Failure | null, result: AuthResult | null) => void,
  ): void {
    const body = encodeAuthOperation(operation);
    this.log.push(body);
    this.#runtime.scheduler.defer(() => {
      this.beforeApply(operation);
      if (this.refusal !== null) done(this.refusal, null);
      else this.apply(decodeAuthOperation(body), caller, done);
    });
  }

  /** As the next entry. */
  apply(
    operation: AuthOperation,
    caller: Caller,
    done: (failure: Failure | null, result: AuthResult | null) => void = () => {},
  ): void {
    this.index++;
    let failure: Failure | null = null;
    let result: AuthResult = null;
    try {
      result = this.auth.apply(operation, caller, this.index);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure = error;
    }
    this.auth.applied(this.index);
    done(failure, result);
  }

  linearize(done: (failure: Failure | null) => void): void {
    this.linearized++;
    this.#runtime.scheduler.defer(() => done(this.refusal));
  }
}
