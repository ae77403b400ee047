/** An auth room in memory, on a clock that the test turns, and the texts that clients would see. */

import { Auth } from '../../src/auth/auth.ts';
import { SimpleTokens } from '../../src/auth/simple-tokens.ts';
import type { Tokens } from '../../src/auth/tokens.ts';
import { type Caller, type LeaseKeys, nobody, noLeaseKeys } from '../../src/auth/types.ts';
import type { Backend } from '../../src/backend/backend.ts';
import { memoryBackend } from '../../src/backend/memory-backend.ts';
import { Failure } from '../../src/util/failure.ts';
import type { Random, Timer } from '../../src/util/runtime.ts';
import type { AuthKind, AuthOperation, AuthResults } from '../../src/wire/auth-messages.ts';

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
export const scheduler = { defer: (job: () => void): void => void setImmediate(job) };

/** Both clocks at once; timers fire when they are due. */
export class TestClock {
  time = 1_700_000_000_000;
  #timers: { due: number; fire: () => void }[] = [];

  now = (): number => this.time;
  wallNow = (): number => this.time;

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { due: this.time + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  get timerCount(): number {
    return this.#timers.length;
  }

  turn(ms: number): void {
    this.time += ms;
    for (const timer of this.#timers.filter(({ due }) => due <= this.time)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.fire();
    }
  }
}

/** Numbers that are different each time, and the same in each run. */
export function testRandom(seed = 1): Random {
  let state = seed;
  return {
    uint32: () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state;
    },
  };
}

/** The reason of the refusal, or `ok`. */
export function outcome(work: () => unknown): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.reason;
  }
}

export class Rig {
  readonly auth: Auth;
  readonly backend: Backend;
  readonly clock: TestClock;
  #index = 0;

  private constructor(auth: Auth, backend: Backend, clock: TestClock) {
    this.auth = auth;
    this.backend = backend;
    this.clock = clock;
  }

  static async open(options: { backend?: Backend; tokens?: Tokens; leases?: LeaseKeys } = {}): Promise<Rig> {
    const clock = new TestClock();
    const backend = options.backend ?? memoryBackend({ scheduler });
    const tokens = options.tokens ?? new SimpleTokens(clock, testRandom());
    const auth = await new Promise<Auth>((resolve, reject) =>
      Auth.open(backend, { clock, tokens, leases: options.leases ?? noLeaseKeys }, (error, opened) =>
        opened === null ? reject(error) : resolve(opened),
      ),
    );
    return new Rig(auth, backend, clock);
  }

  /** Applies an operation as the next entry of the log, as root unless told otherwise. */
  do<K extends AuthKind>(operation: AuthOperation & { kind: K }, caller: Caller = this.root): AuthResults[K] {
    return this.auth.apply(operation, caller, ++this.#index) as AuthResults[K];
  }

  /** The reason why an operation is refused, or `ok`. */
  try(operation: AuthOperation, caller: Caller = this.root): string {
    return outcome(() => this.do(operation, caller));
  }

  get root(): Caller {
    return this.auth.enabled ? this.as('root') : nobody;
  }

  /** A user at the present auth revision. */
  as(user: string): Caller {
    return { user, revision: this.auth.revision };
  }

  addUser(name: string, ...roles: string[]): void {
    this.do({ kind: 'userAdd', name, hashedPassword: '', noPassword: false });
    for (const role of roles) this.do({ kind: 'userGrantRole', name, role });
  }

  grant(role: string, type: number, key: string, rangeEnd = ''): void {
    this.do({
      kind: 'roleGrantPermission',
      role,
      permission: { type, key: bytes(key), rangeEnd: bytes(rangeEnd) },
    });
  }

  /** A root user with its role, and auth on. */
  enable(): void {
    this.addUser('root', 'root');
    this.do({ kind: 'enable' });
  }
}
