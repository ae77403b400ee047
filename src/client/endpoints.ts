/**
 * The endpoints of a client: which one the next call goes to, and which ones rest after a failure.
 *
 * Calls go round the endpoints that have a connection. One that failed rests, twice as long each time, and is chosen
 * again before that only when all the others rest as well: a client with any endpoint left never waits for a dead one,
 * and one with none keeps trying. A learner, which answers next to nothing, is passed over for a while. One that is preferred
 * gets every call for as long as it is connected and does not rest.
 */

import type { OpenChannel, RpcChannel } from '../rpc/channel.ts';
import type { Runtime } from '../util/runtime.ts';
import type { Address, ResolvedClientOptions } from './options.ts';
import { transports } from './transport.ts';

const restMinMs = 100;
const restMaxMs = 5000;
/** A learner may be promoted at any time. */
const learnerRestMs = 10_000;

export class Endpoint {
  readonly url: string;
  readonly channel: RpcChannel;
  failures = 0;
  restsUntil = 0;

  constructor(url: string, channel: RpcChannel) {
    this.url = url;
    this.channel = channel;
  }
}

export class Endpoints {
  readonly #options: ResolvedClientOptions;
  readonly #open: OpenChannel;
  readonly #runtime: Runtime;
  #all: Endpoint[];
  #next = 0;
  #preferred: Endpoint | null = null;
  /** When all that have no connection are asked to make one again. */
  #wakeAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ResolvedClientOptions, open: OpenChannel = transports[options.rpcTransport]) {
    this.#options = options;
    this.#open = open;
    this.#runtime = options.runtime;
    this.#all = options.addresses.map((address) => this.#create(address));
    // Clients that start together do not all begin with the same member.
    this.#next = this.#runtime.random.uint32() % this.#all.length;
  }

  get all(): readonly Endpoint[] {
    return this.#all;
  }

  get urls(): readonly string[] {
    return this.#all.map(({ url }) => url);
  }

  /** The endpoint for the next call. */
  pick(): Endpoint {
    const now = this.#runtime.clock.now();
    if (now >= this.#wakeAtMs) {
      // A member that was away when the others had a connection would not be asked before one of these is lost.
      this.#wakeAtMs = now + restMaxMs;
      for (const { channel } of this.#all) channel.connect();
    }
    const preferred = this.#preferred;
    if (preferred?.channel.isReady === true && preferred.restsUntil <= now) return preferred;
    const count = this.#all.length;
    let best = this.#all[this.#next % count]!;
    let bestRank = Number.NEGATIVE_INFINITY;
    let bestAt = 0;
    for (let step = 0; step < count; step++) {
      const at = (this.#next + step) % count;
      const endpoint = this.#all[at]!;
      const rests = endpoint.restsUntil > now;
      const rank = rests ? -endpoint.restsUntil : endpoint.channel.isReady ? 2 : 1;
      if (rank > bestRank) {
        bestRank = rank;
        best = endpoint;
        bestAt = at;
        if (rank === 2) break;
      }
    }
    this.#next = bestAt + 1;
    return best;
  }

  /** @param url of the endpoint that calls go to while it answers; null, or none of them: all alike */
  prefer(url: string | null): void {
    this.#preferred = this.#all.find((candidate) => candidate.url === url) ?? null;
  }

  /** The endpoint with this URL. @throws Error when there is none */
  named(url: string): Endpoint {
    const endpoint = this.#all.find((candidate) => candidate.url === url);
    if (endpoint === undefined) throw new Error(`${url} is none of this client's endpoints`);
    return endpoint;
  }

  succeeded(endpoint: Endpoint): void {
    endpoint.failures = 0;
    endpoint.restsUntil = 0;
  }

  failed(endpoint: Endpoint): void {
    const restMs = Math.min(restMaxMs, restMinMs * 2 ** Math.min(endpoint.failures, 10));
    endpoint.failures++;
    endpoint.restsUntil = this.#runtime.clock.now() + restMs;
  }

  isLearner(endpoint: Endpoint): void {
    endpoint.restsUntil = this.#runtime.clock.now() + learnerRestMs;
  }

  /** Whether some endpoint does not rest. */
  hasFresh(): boolean {
    const now = this.#runtime.clock.now();
    return this.#all.some(({ restsUntil }) => restsUntil <= now);
  }

  /** From now on these; connections to those that stay are kept, those to others end. */
  replace(addresses: readonly Address[]): void {
    const old = new Map(this.#all.map((endpoint) => [endpoint.url, endpoint]));
    this.#all = addresses.map((address) => {
      const kept = old.get(address.url);
      old.delete(address.url);
      return kept ?? this.#create(address);
    });
    for (const { channel } of old.values()) channel.close();
    this.prefer(this.#preferred?.url ?? null);
    this.#wakeAtMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    for (const { channel } of this.#all) channel.close();
  }

  #create({ url, address, isSecure }: Address): Endpoint {
    const { tls, keepaliveMs, keepaliveTimeoutMs, maxReceiveBytes } = this.#options;
    const channel = this.#open({
      address,
      tls: isSecure ? (tls ?? {}) : null,
      keepaliveMs,
      keepaliveTimeoutMs,
      maxReceiveBytes,
      reconnectMinMs: restMinMs,
      reconnectMaxMs: restMaxMs,
      runtime: this.#runtime,
    });
    return new Endpoint(url, channel);
  }
}
