/**
 * Calls with everything around them: an endpoint, the token, a time limit, an `AbortSignal`, and another attempt where that
 * is safe.
 *
 * What may be tried again:
 * - any call that certainly never reached a server, and any that a server refused before it did anything because it was
 *   the wrong one (a learner, no leader), busy, or did not take the token;
 * - a call that changes nothing, or changes nothing the second time, also after a broken connection or an error that says
 *   `UNAVAILABLE`.
 * Any other write is not: a write whose answer was lost may have happened. Counter-example: an increment by a txn that
 * compares the old value, sent again after it was applied, fails, and its caller takes the failure for another's write.
 */

import type { OpenChannel, RpcChannelCall, RpcFailure, RpcMetadata } from '../rpc/channel.ts';
import type { Timer } from '../util/runtime.ts';
import { decodeCold, encodeCold } from '../wire/cold-codec.ts';
import { offAbort, onAbort } from './abort.ts';
import type { Endpoint } from './endpoints.ts';
import { Endpoints } from './endpoints.ts';
import { closedError, EtcdError, errorOf, reasonOf, StatusCode } from './errors.ts';
import type { CallOptions, ResolvedClientOptions } from './options.ts';
import { Tokens } from './tokens.ts';

/** What a second execution of a call would change. */
export type Effect =
  /** Nothing: it reads. */
  | 'read'
  /** Nothing that the first did not change already. */
  | 'idempotent'
  /** Something. */
  | 'write';

export interface CallSpec<T> {
  readonly path: string;
  readonly request: Uint8Array;
  readonly decode: (response: Uint8Array) => T;
  readonly effect: Effect;
  /** The only endpoint to ask; any, if it is left out. */
  readonly endpoint?: Endpoint;
}

type Done<T> = (error: unknown, answer: T | null) => void;

const retryMinMs = 25;
const retryMaxMs = 1000;
/** A token that is refused is replaced this often in one call; then the refusal stands. */
const tokenRefreshesMax = 3;
/** Attempts at a member that was asked for by name. */
const fixedAttemptsMax = 3;
const uint32Range = 2 ** 32;

const noMetadata: RpcMetadata = {};

export class Caller {
  readonly options: ResolvedClientOptions;
  readonly endpoints: Endpoints;
  readonly #tokens: Tokens | null;
  readonly #running = new Set<Operation<unknown>>();
  readonly #metadata = new Map<string, RpcMetadata>();
  #isClosed = false;

  /** @param open makes channels in another way than over a network */
  constructor(options: ResolvedClientOptions, open?: OpenChannel) {
    this.options = options;
    this.endpoints = new Endpoints(options, open);
    this.#tokens = options.auth === null ? null : new Tokens((done) => this.#authenticate(done));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws EtcdError (rejects), or the signal's reason */
  async call<T>(spec: CallSpec<T>, options: CallOptions = {}): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#run(spec, options, true, (error, answer) => {
          if (error === null) resolve(answer as T);
          else reject(error);
        });
      });
    } catch (error) {
      // The error was made where the answer was read, which leads to nobody: its stack is to tell who called.
      if (error instanceof EtcdError) Error.captureStackTrace(error);
      throw error;
    }
  }

  #run<T>(spec: CallSpec<T>, options: CallOptions, withToken: boolean, done: Done<T>): void {
    if (this.#isClosed) {
      done(closedError(), null);
      return;
    }
    const tokens = withToken ? this.#tokens : null;
    const operation = new Operation<T>(this, spec, tokens, options, (error, answer) => {
      this.#running.delete(operation as Operation<unknown>);
      done(error, answer);
    });
    this.#running.add(operation as Operation<unknown>);
    operation.start();
  }

  /** The metadata of a call. */
  metadataFor(token: string | null, requireLeader: boolean): RpcMetadata {
    if (token === null && !requireLeader) return noMetadata;
    const key = `${requireLeader ? 1 : 0}${token ?? ''}`;
    let metadata = this.#metadata.get(key);
    if (metadata === undefined) {
      // Two at most are in use: those of the last token.
      if (this.#metadata.size >= 4) this.#metadata.clear();
      metadata = {
        ...(token === null ? {} : { token }),
        ...(requireLeader ? { hasleader: 'true' } : {}),
      };
      this.#metadata.set(key, metadata);
    }
    return metadata;
  }

  /** For streams: the token, at once or when it was fetched. */
  token(done: (error: Error | null, token: string | null) => void): void {
    if (this.#tokens === null) done(null, null);
    else this.#tokens.get(done);
  }

  tokenRefused(token: string | null): void {
    this.#tokens?.refused(token);
  }

  get hasCredentials(): boolean {
    return this.#tokens !== null;
  }

  /** A wait before attempt `attempt` (from 1 on), drawn around a length that doubles. */
  backoffMs(attempt: number): number {
    const base = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(attempt - 1, 10));
    return base * (0.5 + this.options.runtime.random.uint32() / uint32Range);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const operation of [...this.#running]) operation.close();
    this.endpoints.close();
  }

  #authenticate(done: (error: Error | null, token: string | null) => void): void {
    const { username: name, password } = this.options.auth!;
    const spec: CallSpec<string> = {
      path: '/etcdserverpb.Auth/Authenticate',
      request: encodeCold('etcdserverpb.AuthenticateRequest', { name, password }),
      decode: (bytes) => decodeCold<{ token: string }>('etcdserverpb.AuthenticateResponse', bytes).token,
      effect: 'read',
    };
    this.#run(spec, {}, false, (error, token) => {
      if (error instanceof EtcdError && error.reason === 'authNotEnabled') done(null, null);
      else if (error !== null) done(error as Error, null);
      else done(null, token);
    });
  }
}

/** One call with its attempts. */
class Operation<T> {
  readonly #caller: Caller;
  readonly #spec: CallSpec<T>;
  readonly #tokens: Tokens | null;
  readonly #done: Done<T>;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | null;
  readonly #onAbort = (): void => this.fail(this.#signal!.reason);
  #call: RpcChannelCall | null = null;
  #endpoint: Endpoint | null = null;
  #deadline: Timer | null = null;
  #dialTimer: Timer | null = null;
  #retryTimer: Timer | null = null;
  #lastError: EtcdError | null = null;
  #attempts = 0;
  #tokenRefreshes = 0;
  /** Answers of members that are the wrong ones to ask. */
  #misdirected = 0;
  /** An attempt left, and what became of it is not known. */
  #isInDoubt = false;
  #isOver = false;

  constructor(caller: Caller, spec: CallSpec<T>, tokens: Tokens | null, options: CallOptions, done: Done<T>) {
    this.#caller = caller;
    this.#spec = spec;
    this.#tokens = tokens;
    this.#done = done;
    this.#timeoutMs = options.timeoutMs ?? caller.options.timeoutMs;
    this.#signal = options.signal ?? null;
  }

  start(): void {
    const signal = this.#signal;
    if (signal !== null) {
      if (signal.aborted) {
        this.fail(signal.reason);
        return;
      }
      onAbort(signal, this.#onAbort);
    }
    if (this.#timeoutMs !== Number.POSITIVE_INFINITY) {
      const { clock } = this.#caller.options.runtime;
      this.#deadline = clock.setTimer(this.#timeoutMs, () => this.#expire());
    }
    this.#attempt();
  }

  /** The client is closed. */
  close(): void {
    this.fail(closedError(this.#leavesDoubt()));
  }

  /** Whether it may have happened, or may yet, if it is given up now. */
  #leavesDoubt(): boolean {
    if (this.#spec.effect === 'read') return false;
    // A call that waits for a connection has not left.
    return this.#isInDoubt || (this.#call !== null && this.#endpoint!.channel.isReady);
  }

  fail(error: unknown): void {
    this.#finish(error ?? new Error('the call was given up'), null);
  }

  #finish(error: unknown, answer: T | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#call?.cancel();
    this.#deadline?.cancel();
    this.#dialTimer?.cancel();
    this.#retryTimer?.cancel();
    if (this.#signal !== null) offAbort(this.#signal, this.#onAbort);
    this.#done(error, answer);
  }

  #expire(): void {
    const last = this.#lastError;
    const why = last === null ? '' : `; the last attempt ended with: ${last.message}`;
    this.fail(
      new EtcdError('deadlineExceeded', `no answer within ${this.#timeoutMs} ms${why}`, {
        code: StatusCode.DeadlineExceeded,
        mayHaveHappened: this.#leavesDoubt(),
        cause: last ?? undefined,
      }),
    );
  }

  #attempt(): void {
    this.#attempts++;
    if (this.#tokens === null) {
      this.#send(null);
      return;
    }
    this.#tokens.get((error, token) => {
      if (this.#isOver) return;
      if (error !== null) this.fail(error);
      else this.#send(token);
    });
  }

  #send(token: string | null): void {
    const { options, endpoints } = this.#caller;
    const { path, request } = this.#spec;
    const endpoint = this.#spec.endpoint ?? endpoints.pick();
    const metadata = this.#caller.metadataFor(token, options.requireLeader);
    const { channel } = endpoint;
    this.#endpoint = endpoint;
    if (!channel.isReady) {
      this.#dialTimer = options.runtime.clock.setTimer(options.dialTimeoutMs, () => {
        // Not connected since the call was made: it waits here, and nothing of it has left.
        if (channel.isReady || this.#call === null) return;
        this.#call.cancel();
        this.#onFailure(unconnected(endpoint, options.dialTimeoutMs), endpoint, token);
      });
    }
    this.#call = channel.unary(path, request, metadata, (failure, response) => {
      if (failure === null) this.#onAnswer(endpoint, response!);
      else this.#onFailure(failure, endpoint, token);
    });
  }

  #onAnswer(endpoint: Endpoint, response: Uint8Array): void {
    this.#call = null;
    this.#caller.endpoints.succeeded(endpoint);
    let answer: T;
    try {
      answer = this.#spec.decode(response);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#finish(null, answer);
  }

  #onFailure(failure: RpcFailure, endpoint: Endpoint, token: string | null): void {
    this.#call = null;
    this.#dialTimer?.cancel();
    const error = errorOf(failure, endpoint.url, this.#spec.effect !== 'read');
    this.#lastError = error;
    this.#isInDoubt ||= error.mayHaveHappened;
    if (error.reason === 'connectionFailed') this.#caller.endpoints.failed(endpoint);
    if (!this.#mayRetry(failure, error, endpoint, token)) {
      this.fail(error);
      return;
    }
    // First round the other endpoints, then wait.
    const { endpoints } = this.#caller;
    const isRound = this.#attempts < endpoints.all.length && endpoints.hasFresh();
    const delayMs =
      isRound || error.code === StatusCode.Unauthenticated ? 0 : this.#caller.backoffMs(this.#attempts);
    this.#retryTimer = this.#caller.options.runtime.clock.setTimer(delayMs, () => this.#attempt());
  }

  #mayRetry(failure: RpcFailure, error: EtcdError, endpoint: Endpoint, token: string | null): boolean {
    const { endpoints } = this.#caller;
    switch (error.reason) {
      case 'invalidAuthToken':
      case 'authRevisionOld':
      case 'userNameEmpty':
        if (this.#tokens === null || this.#tokenRefreshes >= tokenRefreshesMax) return false;
        this.#tokenRefreshes++;
        this.#tokens.refused(token);
        return true;
      case 'notSupportedForLearner':
      case 'noLeader':
        if (error.reason === 'notSupportedForLearner') endpoints.isLearner(endpoint);
        this.#misdirected++;
        return this.#spec.endpoint === undefined && this.#misdirected < endpoints.all.length;
      case 'tooManyRequests':
        return true;
      default:
        // Who asks one member wants to know soon that it is not there.
        if (this.#spec.endpoint !== undefined && this.#attempts >= fixedAttemptsMax) return false;
        if (reasonOf(failure.code, failure.message) === 'connectionFailed' && !failure.sent) return true;
        return (
          this.#spec.effect !== 'write' &&
          (failure.code === StatusCode.Unavailable || error.reason === 'connectionFailed')
        );
    }
  }
}

/** An endpoint that could not be connected to in time. */
export function unconnected(endpoint: Endpoint, dialTimeoutMs: number): RpcFailure {
  const message = `no connection to ${endpoint.url} within ${dialTimeoutMs} ms`;
  return { code: StatusCode.Unavailable, message, sent: false };
}
