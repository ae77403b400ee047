/** The client: `connect`, and what hangs on it. */

import type { OpenChannel } from '../rpc/channel.ts';
import { Auth } from './auth.ts';
import { Caller, type Effect } from './caller.ts';
import { Election } from './election.ts';
import { EtcdError } from './errors.ts';
import { takePlace } from './held-place.ts';
import type { Bytes, KeyRange } from './keys.ts';
import { Kv } from './kv.ts';
import { type GrantOptions, type Lease, Leases } from './lease.ts';
import { Lock, type LockOptions } from './lock.ts';
import { Maintenance } from './maintenance.ts';
import { Membership } from './membership.ts';
import type {
  DeleteAnswer,
  DeleteOptions,
  GetOptions,
  Header,
  PutAnswer,
  PutOptions,
  RangeAnswer,
  RangeOptions,
} from './operations.ts';
import { type CallOptions, type ConnectOptions, parseEndpoint, resolveClientOptions } from './options.ts';
import type { PageOptions } from './pages.ts';
import type { Pair } from './pair.ts';
import type { Txn } from './txn.ts';
import type { LineTools } from './waiting-line.ts';
import { Watch, type WatchListener, type WatchOptions } from './watch.ts';

/** How an endpoint is. */
export interface EndpointHealth {
  readonly endpoint: string;
  readonly isHealthy: boolean;
  /** Milliseconds it took to find out. */
  readonly tookMs: number;
  /** Why it is not. */
  readonly error: Error | null;
}

/** The key whose linearizable read tells whether a member is well; the one that etcdctl reads. */
const healthKey = 'health';
const healthTimeoutMs = 5000;

/**
 * A client of a cluster that speaks etcd v3. It connects when it is first used, goes round the endpoints, passes over those that
 * fail, and repeats what is safe to repeat. `close` ends everything that hangs on it.
 */
export class Client implements AsyncDisposable {
  /** Membership of the cluster. */
  readonly members: Membership;
  /** What operators ask: status, snapshots, alarms, hashes. */
  readonly maintenance: Maintenance;
  readonly auth: Auth;
  readonly leases: Leases;
  readonly #caller: Caller;
  readonly #kv: Kv;
  readonly #watches = new Set<Watch>();
  readonly #line: LineTools;

  /** @internal @param open makes channels in another way than over a network */
  constructor(options: ConnectOptions, open?: OpenChannel) {
    const caller = new Caller(resolveClientOptions(options), open);
    this.#caller = caller;
    this.#kv = new Kv(caller);
    this.leases = new Leases(caller);
    this.members = new Membership(caller);
    this.maintenance = new Maintenance(caller);
    this.auth = new Auth(caller);
    this.#line = { kv: this.#kv, watch: (range, watchOptions) => this.watch(range, watchOptions) };
  }

  /** The endpoints as they were given, or as `syncEndpoints` found them. */
  get endpoints(): readonly string[] {
    return this.#caller.endpoints.urls;
  }

  /**
   * Calls and new watches go to this endpoint for as long as it answers, and round the others only when it does not.
   * @param endpoint null: round all of them, as at the start
   */
  preferEndpoint(endpoint: string | null): void {
    this.#caller.endpoints.prefer(endpoint);
  }

  get isClosed(): boolean {
    return this.#caller.isClosed;
  }

  /** The key's pair, or null when it is not there. */
  get(key: Bytes, options?: GetOptions & CallOptions): Promise<Pair | null> {
    return this.#kv.get(key, options);
  }

  /** The pairs of a range, in one answer. For ranges of any size see `pages` and `pairs`. */
  range(range: KeyRange, options?: RangeOptions & CallOptions): Promise<RangeAnswer> {
    return this.#kv.range(range, options);
  }

  /** How many keys there are in a range. */
  count(range: KeyRange, options?: GetOptions & CallOptions): Promise<number> {
    return this.#kv.count(range, options);
  }

  /**
   * The pairs of a range of any size, a page at a time and in key order, all as of one revision: that of the first
   * page. @throws EtcdError 'compacted' when that revision is compacted meanwhile
   */
  pages(range: KeyRange, options?: PageOptions): AsyncGenerator<RangeAnswer, void, undefined> {
    return this.#kv.pages(range, options);
  }

  /** As `pages`, pair by pair. */
  pairs(range: KeyRange, options?: PageOptions): AsyncGenerator<Pair, void, undefined> {
    return this.#kv.pairs(range, options);
  }

  /** Writes a value. @throws EtcdError 'leaseNotFound', 'noSpace', 'requestTooLarge', … */
  put(key: Bytes, value: Bytes, options?: PutOptions & CallOptions): Promise<PutAnswer> {
    return this.#kv.put(key, value, options);
  }

  /** Deletes a key, or all keys of a range. */
  delete(range: KeyRange, options?: DeleteOptions & CallOptions): Promise<DeleteAnswer> {
    return this.#kv.delete(range, options);
  }

  /** Begins a transaction: `.if(…).then(…).else(…).commit()`. */
  txn(): Txn {
    return this.#kv.txn();
  }

  /** Forgets what was changed before `revision`. @throws EtcdError 'compacted', 'futureRevision' */
  compact(
    revision: number,
    options?: { readonly physical?: boolean } & CallOptions,
  ): Promise<{ readonly header: Header }> {
    return this.#kv.compact(revision, options);
  }

  /**
   * Watches a key or a range. Without a listener, iterate over what is returned. It resumes by itself after every
   * interruption, and ends when it is closed, aborted, refused, or when its history was compacted.
   */
  watch(range: KeyRange, options: WatchOptions = {}, listener: WatchListener | null = null): Watch {
    const watch: Watch = new Watch(this.#caller, range, options, listener, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    watch.start();
    return watch;
  }

  /** Asks for a lease and keeps it alive. @param ttl seconds */
  lease(ttl: number, options?: GrantOptions): Promise<Lease> {
    return this.leases.grant(ttl, options);
  }

  /**
   * Waits for a lock. @throws LeaseLostError when its lease is lost while it waits; the signal's reason
   * @param name the key of the holder is `<name>/<lease>`
   */
  async lock(name: string, options: LockOptions = {}): Promise<Lock> {
    const held = await takePlace(this.#line, this.leases, name, '', options, true);
    return new Lock(name, held!);
  }

  /** Takes a lock if nobody has it; null if somebody does. */
  async tryLock(name: string, options: LockOptions = {}): Promise<Lock | null> {
    const held = await takePlace(this.#line, this.leases, name, '', options, false);
    return held === null ? null : new Lock(name, held);
  }

  /** An election, to stand in or to observe. */
  election(name: string): Election {
    return new Election(this.#line, this.leases, name);
  }

  /** Asks every endpoint for a read that needs a majority. To be refused for want of a permission counts as healthy. */
  health(options: CallOptions = {}): Promise<readonly EndpointHealth[]> {
    return Promise.all(this.endpoints.map((endpoint) => this.#healthOf(endpoint, options)));
  }

  /** Goes on with the client URLs that the members themselves name. Resolves with these. */
  async syncEndpoints(options: CallOptions = {}): Promise<readonly string[]> {
    const members = await this.members.list(options);
    const urls = members.filter(({ isLearner }) => !isLearner).flatMap(({ clientUrls }) => clientUrls);
    const problems: string[] = [];
    const hasTls = this.#caller.options.tls !== null;
    const addresses = urls.map((url) => parseEndpoint(url, hasTls, problems));
    if (addresses.length > 0 && problems.length === 0) this.#caller.endpoints.replace(addresses);
    return this.endpoints;
  }

  /**
   * Any unary method, on bytes: for messages that the rest of this client gives no full view of. With the endpoint, the
   * token and the attempts of every other call.
   * @param method with its service, as `etcdserverpb.KV/Range`
   * @param options.effect what a second execution would change; a 'write' is not repeated. @default 'write'
   */
  call(
    method: string,
    request: Uint8Array,
    options: { readonly effect?: Effect; readonly endpoint?: string } & CallOptions = {},
  ): Promise<Uint8Array> {
    const { effect = 'write', endpoint } = options;
    const where = endpoint === undefined ? {} : { endpoint: this.#caller.endpoints.named(endpoint) };
    return this.#caller.call(
      { path: `/${method}`, request, decode: (bytes) => bytes, effect, ...where },
      options,
    );
  }

  /** Ends watches, renewals and calls, and closes every connection. Leases that are held run out in their time. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    for (const watch of [...this.#watches]) watch.close();
    // Calls are told first: to one that hangs on a lease, the end of the client is why, and not the lease.
    this.leases.keepAlive.close();
    this.#caller.close();
    this.leases.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #healthOf(endpoint: string, options: CallOptions): Promise<EndpointHealth> {
    const { clock } = this.#caller.options.runtime;
    const start = clock.now();
    const tookMs = (): number => clock.now() - start;
    try {
      await this.#kv.getFrom(this.#caller.endpoints.named(endpoint), healthKey, {
        timeoutMs: healthTimeoutMs,
        ...options,
      });
      return { endpoint, isHealthy: true, tookMs: tookMs(), error: null };
    } catch (error) {
      options.signal?.throwIfAborted();
      const isHealthy = error instanceof EtcdError && error.reason === 'permissionDenied';
      return { endpoint, isHealthy, tookMs: tookMs(), error: isHealthy ? null : (error as Error) };
    }
  }
}

/**
 * Makes a client. Nothing is connected before it is used.
 * @param to the options, or the endpoints alone: `http://host:port`, several in a list or with commas between them
 * @throws Failure 'badConfig' that names everything that is wrong with the options
 */
export function connect(to: ConnectOptions | readonly string[] | string): Client {
  return new Client(typeof to === 'string' || isList(to) ? { endpoints: to } : to);
}

function isList(to: ConnectOptions | readonly string[]): to is readonly string[] {
  return Array.isArray(to);
}
