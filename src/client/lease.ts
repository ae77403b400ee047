/** Leases: keys that are attached to one live as long as it is renewed, and die with it. */

import {
  decodeLeaseGrantResponse,
  decodeLeaseKeepAliveResponse,
  decodeLeaseLeasesResponse,
  decodeLeaseRevokeResponse,
  decodeLeaseTimeToLiveResponse,
  encodeLeaseGrantRequest,
  encodeLeaseKeepAliveRequest,
  encodeLeaseRevokeRequest,
  encodeLeaseTimeToLiveRequest,
} from '../wire/lease-codec.ts';
import { emptyBytes } from '../wire/proto.ts';
import { offAbort, onAbort } from './abort.ts';
import type { Caller } from './caller.ts';
import { deferred } from './deferred.ts';
import { EtcdError, LeaseLostError, StatusCode } from './errors.ts';
import { KeepAlive, type Kept } from './keep-alive.ts';
import type { Header } from './operations.ts';
import type { CallOptions } from './options.ts';
import { SteadyStream } from './steady-stream.ts';

export interface GrantOptions extends CallOptions {
  /** The id it is to have. @default the server picks one */
  readonly id?: bigint;
  /** Renew it until it is revoked, released or lost. @default true */
  readonly keepAlive?: boolean;
}

export interface Renewal {
  /** Seconds it now has to live. */
  readonly ttl: number;
  readonly header: Header;
}

export interface LeaseTimeToLive {
  readonly id: bigint;
  /** Seconds that are left; -1: there is no such lease. */
  readonly ttl: number;
  /** Seconds it was granted. */
  readonly grantedTtl: number;
  /** What is attached to it, if that was asked for. */
  readonly keys: readonly Uint8Array[];
}

/**
 * A lease that renews itself. `signal` is aborted the moment it is known to be lost: hand it to the work that depends on the
 * lease. Leaving an `await using` revokes it.
 */
export class Lease implements AsyncDisposable {
  readonly id: bigint;
  readonly #leases: Leases;
  readonly #lostSignal = new AbortController();
  readonly #lost = deferred<LeaseLostError>();
  readonly #kept: Kept;
  #isOver = false;

  constructor(leases: Leases, id: bigint, ttl: number) {
    this.id = id;
    this.#leases = leases;
    this.#kept = { id, ttl, renewed: () => {}, lost: (why) => this.markLost(why) };
  }

  /** Seconds that a renewal is worth; the server may have granted more than was asked for. */
  get ttl(): number {
    return this.#kept.ttl;
  }

  /** Aborted with a `LeaseLostError` when the lease is lost. */
  get signal(): AbortSignal {
    return this.#lostSignal.signal;
  }

  /** Resolves when the lease is lost; never, if it is released or revoked here. */
  get lost(): Promise<LeaseLostError> {
    return this.#lost.promise;
  }

  get isLost(): boolean {
    return this.#lostSignal.signal.aborted;
  }

  /** Milliseconds for which the lease lives for sure, without another renewal; 0 when it is not kept alive. */
  get remainingMs(): number {
    return this.#leases.keepAlive.remainingMs(this.id);
  }

  /** Begins to renew it. @param grantedAt when it was asked for, by the client's clock */
  keep(grantedAt: number): void {
    this.#leases.keepAlive.add(this.#kept, grantedAt);
  }

  /** Says that it is gone. For whoever learns of that elsewhere, as from a refused put. */
  markLost(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#leases.keepAlive.remove(this.id);
    const error = new LeaseLostError(this.id, why);
    this.#lost.resolve(error);
    this.#lostSignal.abort(error);
  }

  /** Stops renewing: the lease runs out in its time. */
  release(): void {
    this.#isOver = true;
    this.#leases.keepAlive.remove(this.id);
  }

  /** Ends the lease now; every key that is attached to it is deleted. A lease that is gone already is fine. */
  async revoke(options: CallOptions = {}): Promise<void> {
    this.release();
    try {
      await this.#leases.revoke(this.id, options);
    } catch (error) {
      if (!(error instanceof EtcdError && error.reason === 'leaseNotFound')) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver || this.#leases.isClosed) return;
    await this.revoke();
  }
}

export class Leases {
  readonly keepAlive: KeepAlive;
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
    this.keepAlive = new KeepAlive(caller);
  }

  get isClosed(): boolean {
    return this.#caller.isClosed;
  }

  /** Some endpoint is connected. */
  get isReachable(): boolean {
    return this.#caller.endpoints.all.some(({ channel }) => channel.isReady);
  }

  /**
   * Asks for a lease and, unless told otherwise, keeps it alive.
   * @param ttl seconds; servers raise what is too short (etcd: below one and a half election timeouts)
   * @throws EtcdError 'leaseExists', 'leaseTtlTooLarge'
   */
  async grant(ttl: number, options: GrantOptions = {}): Promise<Lease> {
    const { id = 0n, keepAlive = true } = options;
    const askedAt = this.#caller.options.runtime.clock.now();
    const spec = {
      path: '/etcdserverpb.Lease/LeaseGrant',
      request: encodeLeaseGrantRequest({ ttl, id }),
      decode: decodeLeaseGrantResponse,
      effect: 'write' as const,
    };
    const granted = await this.#caller.call(spec, options);
    const lease = new Lease(this, granted.id, granted.ttl);
    if (keepAlive && !this.#caller.isClosed) lease.keep(askedAt);
    return lease;
  }

  /** Ends a lease; every key that is attached to it is deleted. @throws EtcdError 'leaseNotFound' */
  async revoke(id: bigint, options: CallOptions = {}): Promise<void> {
    const spec = {
      path: '/etcdserverpb.Lease/LeaseRevoke',
      request: encodeLeaseRevokeRequest(id),
      decode: decodeLeaseRevokeResponse,
      effect: 'write' as const,
    };
    await this.#caller.call(spec, options);
  }

  /** How long a lease has to live. @param options.keys also tell which keys are attached to it */
  async timeToLive(
    id: bigint,
    options: { readonly keys?: boolean } & CallOptions = {},
  ): Promise<LeaseTimeToLive> {
    const spec = {
      path: '/etcdserverpb.Lease/LeaseTimeToLive',
      request: encodeLeaseTimeToLiveRequest({ id, keys: options.keys ?? false }),
      decode: decodeLeaseTimeToLiveResponse,
      effect: 'read' as const,
    };
    const { ttl, grantedTtl, keys } = await this.#caller.call(spec, options);
    return { id, ttl, grantedTtl, keys };
  }

  /** The ids of all leases. */
  async list(options: CallOptions = {}): Promise<readonly bigint[]> {
    const spec = {
      path: '/etcdserverpb.Lease/LeaseLeases',
      request: emptyBytes,
      decode: decodeLeaseLeasesResponse,
      effect: 'read' as const,
    };
    const { ids } = await this.#caller.call(spec, options);
    return ids;
  }

  /** Renews a lease once. Resolves with its new seconds. @throws LeaseLostError when it is gone */
  async keepAliveOnce(id: bigint, options: CallOptions = {}): Promise<number> {
    return (await this.renew(id, options)).ttl;
  }

  /** Renews a lease once. Resolves with its new seconds and who gave them. @throws LeaseLostError when it is gone */
  renew(id: bigint, options: CallOptions = {}): Promise<Renewal> {
    const { signal, timeoutMs = this.#caller.options.timeoutMs } = options;
    const { clock } = this.#caller.options.runtime;
    const outcome = deferred<Renewal>();
    if (signal?.aborted === true) {
      outcome.reject(signal.reason);
      return outcome.promise;
    }
    const spec = { path: '/etcdserverpb.Lease/LeaseKeepAlive', requireLeader: false };
    const steady = new SteadyStream(this.#caller, spec, {
      onOpen: (opened) => opened.write(encodeLeaseKeepAliveRequest(id)),
      onMessage: (bytes) => {
        const { ttl, header } = decodeLeaseKeepAliveResponse(bytes);
        if (ttl > 0) outcome.resolve({ ttl, header });
        else outcome.reject(new LeaseLostError(id, 'it ran out or was revoked'));
      },
      onInterrupted: () => {},
      onFailed: (error) => outcome.reject(error),
    });
    const giveUp = (): void => outcome.reject(signal!.reason);
    const late = new EtcdError('deadlineExceeded', `no answer within ${timeoutMs} ms`, {
      code: StatusCode.DeadlineExceeded,
    });
    const isLimited = timeoutMs !== Number.POSITIVE_INFINITY;
    const timer = isLimited ? clock.setTimer(timeoutMs, () => outcome.reject(late)) : null;
    if (signal !== undefined) onAbort(signal, giveUp);
    steady.start();
    return outcome.promise.finally(() => {
      timer?.cancel();
      if (signal !== undefined) offAbort(signal, giveUp);
      steady.close();
    });
  }

  close(): void {
    this.keepAlive.abandon('the client is closed');
  }
}
