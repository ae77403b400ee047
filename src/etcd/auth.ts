/**
 * `etcdserverpb.Auth`. Every operation goes through the log, those that only look included, and is refused when it is
 * applied; so all members agree, and an answer is never of the past.
 *
 * Passwords stop here. They are hashed or compared on another thread, and only for callers that may do what they ask, so
 * that nobody else can keep that thread busy; what goes into the log is the hash, or that the password was right.
 *
 *     Authenticate   compare at auth revision r ─► propose (user, r) ─► applied while the revision is r: token
 *                         ▲                                        └─► anything changed meanwhile ─┐
 *                         └────────────────────────────────────────────────────────────────────────┘
 */

import { type Caller, nobody } from '../auth/types.ts';
import type { ServedAuth } from '../member/auth-types.ts';
import type { UnaryReply } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import {
  type AuthAnswer,
  authKinds,
  authMethodNames,
  decodeAuthRequest,
  encodeAuthResponse,
} from '../wire/auth-codec.ts';
import type {
  AuthenticateOperation,
  AuthenticateRequest,
  AuthKind,
  AuthOperation,
  AuthResults,
  UserAddRequest,
  UserChangePasswordRequest,
} from '../wire/auth-messages.ts';
import type { Authorizer } from './authorize.ts';
import type { ServiceContext } from './context.ts';
import { type ServiceMethod, type ServiceMethods, unary } from './guard.ts';

/** How often a password is compared again because something changed meanwhile. */
const maxAuthentications = 10;

type ProposedOperation = Exclude<AuthOperation, AuthenticateOperation>;

export function authMethods(
  context: ServiceContext,
  served: ServedAuth,
  authorizer: Authorizer,
): ServiceMethods {
  const service = new AuthService(context, served, authorizer);
  return Object.fromEntries(authKinds.map((kind) => [authMethodNames[kind], service.method(kind)]));
}

class AuthService {
  readonly #context: ServiceContext;
  readonly #served: ServedAuth;
  readonly #authorizer: Authorizer;

  constructor(context: ServiceContext, served: ServedAuth, authorizer: Authorizer) {
    this.#context = context;
    this.#served = served;
    this.#authorizer = authorizer;
  }

  method(kind: AuthKind): ServiceMethod {
    return unary((body, call, reply) => {
      const request = decodeAuthRequest(kind, body);
      if (request.kind === 'authenticate') {
        this.#afterReadPoint(reply, () => this.#authenticate(request, maxAuthentications, reply));
        return;
      }
      const caller = this.#authorizer.callerOf(call);
      if (request.kind === 'userAdd') this.#userAdd(request, caller, reply);
      else if (request.kind === 'userChangePassword') this.#userChangePassword(request, caller, reply);
      else this.#propose(request, caller, reply);
    });
  }

  #propose(operation: ProposedOperation, caller: Caller, reply: UnaryReply): void {
    this.#served.proposeAuth(operation, caller, (failure, result) =>
      this.#guarded(reply, () => {
        if (failure !== null) throw failure;
        this.#reply(operation.kind, result as AuthAnswer, reply);
      }),
    );
  }

  #userAdd({ kind, name, password, noPassword }: UserAddRequest, caller: Caller, reply: UnaryReply): void {
    const propose = (hashedPassword: string): void =>
      this.#propose({ kind, name, hashedPassword, noPassword }, caller, reply);
    if (noPassword) propose('');
    else this.#hash(password, caller, reply, propose);
  }

  /** Without a password the client may bring a hash; without either, no password will let the user in. */
  #userChangePassword(request: UserChangePasswordRequest, caller: Caller, reply: UnaryReply): void {
    const { kind, name, password } = request;
    const propose = (hashedPassword: string): void =>
      this.#propose({ kind, name, hashedPassword }, caller, reply);
    if (password === '') propose(request.hashedPassword);
    else this.#hash(password, caller, reply, propose);
  }

  /** Hashes for root only. Who is root is asked at a read point: this member may lag behind. */
  #hash(
    password: string,
    caller: Caller,
    reply: UnaryReply,
    propose: (hashedPassword: string) => void,
  ): void {
    const hash = (): void => {
      this.#authorizer.checks.admin(caller);
      this.#served.passwords.hash(password, (error, hashed) =>
        this.#guarded(reply, () => {
          if (error !== null) throw error;
          propose(Buffer.from(hashed, 'latin1').toString('base64'));
        }),
      );
    };
    if (this.#authorizer.enabled) this.#afterReadPoint(reply, hash);
    else hash();
  }

  #authenticate(request: AuthenticateRequest, tries: number, reply: UnaryReply): void {
    const { auth, passwords } = this.#served;
    const { name, password } = request;
    if (!auth.enabled) throw new Failure('authNotEnabled');
    const checkedRevision = auth.revision;
    const user = auth.user(name);
    if (user?.noPassword === true) throw new Failure('noPasswordUser');
    passwords.compare(password, user?.password ?? null, (error, matches) =>
      this.#guarded(reply, () => {
        if (error !== null) throw error;
        if (user === undefined || !matches) {
          this.#context.member.runtime.log.warn('a user could not be authenticated', { user: name });
          throw new Failure('authFailed');
        }
        this.#assign(request, checkedRevision, tries, reply);
      }),
    );
  }

  /** The password is right: has every member know the token, unless something changed since it was compared. */
  #assign(request: AuthenticateRequest, checkedRevision: number, tries: number, reply: UnaryReply): void {
    const { kind, name } = request;
    const { tokens } = this.#served.auth;
    const prefix = tokens.newPrefix();
    // Authentication has no caller: that is what it is for.
    const operation = { kind, name, prefix, checkedRevision };
    this.#served.proposeAuth(operation, nobody, (failure, result) =>
      this.#guarded(reply, () => {
        if (failure?.reason === 'authRevisionOld' && tries > 1) {
          this.#authenticate(request, tries - 1, reply);
          return;
        }
        if (failure !== null) throw failure;
        const { index, authRevision } = result as AuthResults['authenticate'];
        const token = tokens.issue(name, prefix, index, authRevision);
        this.#reply('authenticate', { token }, reply);
      }),
    );
  }

  #reply(kind: AuthKind, answer: AuthAnswer, reply: UnaryReply): void {
    const header = this.#context.header(this.#context.store.revision);
    reply(null, encodeAuthResponse(kind, header, answer));
  }

  #afterReadPoint(reply: UnaryReply, proceed: () => void): void {
    this.#served.linearize((failure) =>
      this.#guarded(reply, () => {
        if (failure !== null) throw failure;
        proceed();
      }),
    );
  }

  /** Runs what is called back from elsewhere, where nothing may be thrown at. */
  #guarded(reply: UnaryReply, work: () => void): void {
    try {
      work();
    } catch (error) {
      reply(this.#context.statusOf(error), null);
    }
  }
}
