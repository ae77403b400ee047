/**
 * The ports of a member for its clients: gRPC with HTTP, HTTP alone, and those for metrics; in the clear and with TLS.
 * All are opened before one is served, so that an address that is taken is known at once.
 */

import { statusOf } from '../etcd/errors.ts';
import { etcdMethods, maxReceiveBytes, unknownMethod } from '../etcd/services.ts';
import { clusterVersionOf, etcdVersion } from '../etcd/version.ts';
import { registerFeatureGates } from '../http/feature-gates.ts';
import { gatewayOf } from '../http/gateway.ts';
import { gatewaySocket } from '../http/gateway-socket.ts';
import { httpHandler, type Versions } from '../http/handler.ts';
import { registerMemberMetrics } from '../http/member-metrics.ts';
import { metricsPortHandler } from '../http/metrics-port.ts';
import { registerPeerMetrics } from '../http/peer-metrics.ts';
import { plainHandler } from '../http/plain-requests.ts';
import { registerProcessMetrics } from '../http/process-metrics.ts';
import type { Member as MemberLoop } from '../member/member.ts';
import type { ServedMember } from '../member/types.ts';
import type { Endpoint } from '../rpc/address.ts';
import { ConnectionPlaces } from '../rpc/connection-places.ts';
import { grpcJsTransport } from '../rpc/grpc-js-transport.ts';
import type { HttpHandler, UpgradeHandler } from '../rpc/http1.ts';
import { http2Transport } from '../rpc/http2/http2-transport.ts';
import type { MeteredPeerNetwork } from '../rpc/metered-peer-network.ts';
import { listen, type Port, type PortOptions } from '../rpc/port.ts';
import type { RpcMethods, RpcTransport } from '../rpc/transport.ts';
import { Metrics } from '../util/metrics.ts';
import type { Runtime } from '../util/runtime.ts';
import type { ResolvedOptions } from './options.ts';

/** How long running calls may take to finish when a member closes. */
const closeGraceMs = 1000;
/** Of a port for metrics and probes, which are to be heard also while clients have taken all places there are. */
const metricsConnections = 32;

/** What a member says of versions at the moment. */
export function versionsOf(member: Pick<ServedMember, 'downgrade'>): Versions {
  const cluster = clusterVersionOf(member.downgrade());
  return { server: etcdVersion, cluster, storage: cluster };
}

/** What `/metrics` tells of a member, but for its services, which count for themselves. */
export function memberMetrics(
  member: ServedMember,
  peers: MeteredPeerNetwork,
  runtime: Runtime,
  featureGates: ReadonlyMap<string, boolean>,
): Metrics {
  const metrics = new Metrics();
  registerFeatureGates(metrics, featureGates);
  registerMemberMetrics(metrics, member, () => versionsOf(member));
  registerPeerMetrics(metrics, member.id, peers);
  registerProcessMetrics(metrics, runtime.clock);
  return metrics;
}

export class ClientPorts {
  /** Null until it is open. */
  methods: RpcMethods | null = null;
  readonly #options: ResolvedOptions;
  readonly #runtime: Runtime;
  readonly #ports: Port[] = [];
  readonly #transports = new Map<boolean, RpcTransport>();
  /** Those of ports without gRPC. */
  readonly #httpTransports: RpcTransport[] = [];
  readonly #urls: string[] = [];
  #closing: Promise<void> | null = null;

  constructor(options: ResolvedOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
  }

  /** Where clients are served, with the ports that were taken. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /** Takes the addresses; whoever connects waits until `release`. @throws Failure 'portTaken', 'badConfig' */
  async open(member: MemberLoop, peers: MeteredPeerNetwork): Promise<void> {
    const { listenClientUrls, listenClientHttpUrls, listenMetricsUrls, cors, hostWhitelist } = this.#options;
    const { watchProgressIntervalMs, timesCalls, gateway } = this.#options;
    const metrics = memberMetrics(member, peers, this.#runtime, this.#options.featureGates);
    const methods = etcdMethods(member, { watchProgressIntervalMs, metrics, timesCalls });
    this.methods = methods;
    const access = { origins: cors, hosts: hostWhitelist };
    const maxBytes = maxReceiveBytes(this.#options.limits);
    const served = gateway ? { methods, maxReceiveBytes: maxBytes } : null;
    const webSocket = served === null ? null : gatewaySocket(gatewayOf(member, served), access, 2 * maxBytes);
    const http = httpHandler(member, {
      versions: () => versionsOf(member),
      metrics,
      ...(served === null ? {} : { gateway: served }),
      failureText: (failure) => statusOf(failure).message,
      access,
    });
    const alone = listenClientHttpUrls.length > 0;
    for (const endpoint of listenClientUrls) {
      const isShared = listenClientUrls.some((other) => isTwin(endpoint, other));
      if (isShared && !endpoint.secure) {
        this.#urls.push(endpoint.url);
        continue;
      }
      const grpc = this.#transport(methods, endpoint.secure, alone ? null : http);
      const inTheClear = isShared ? this.#transport(methods, false, alone ? null : http) : null;
      this.#urls.push(await this.#open(endpoint, grpc, alone ? null : http, webSocket, inTheClear));
    }
    for (const endpoint of listenClientHttpUrls) {
      await this.#open(endpoint, this.#httpTransport(endpoint.secure, http), http, webSocket);
    }
    for (const endpoint of listenMetricsUrls) {
      const some = metricsPortHandler(http);
      const places = new ConnectionPlaces(metricsConnections);
      await this.#open(endpoint, this.#httpTransport(endpoint.secure, some), some, null, null, places);
    }
  }

  /** @returns the URL with the port that was taken */
  async #open(
    endpoint: Endpoint,
    grpc: RpcTransport | null,
    http: HttpHandler | null,
    webSocket: UpgradeHandler | null = null,
    grpcInTheClear: RpcTransport | null = null,
    places: ConnectionPlaces | null = null,
  ): Promise<string> {
    const { address, secure, url } = endpoint;
    const port = await openPort({
      ...(address.kind === 'tcp' ? address : { host: '', port: 0, path: address.path }),
      tls: secure ? this.#options.clientTls : null,
      isHeld: true,
      grpc,
      grpcInTheClear,
      http,
      webSocket,
      ...(places === null ? {} : { places }),
      runtime: this.#runtime,
    });
    this.#ports.push(port);
    this.#runtime.log.debug('client port taken', { url, port: port.port });
    return address.kind === 'unix' ? url : url.replace(/\d+$/, String(port.port));
  }

  /** One for all ports with TLS, and one for those without: what is not gRPC is told apart by it. */
  #transport(methods: RpcMethods, isSecure: boolean, http: HttpHandler | null): RpcTransport {
    const known = this.#transports.get(isSecure);
    if (known !== undefined) return known;
    const { limits, maxConcurrentStreams, keepalive, rpcTransport } = this.#options;
    const options = {
      methods,
      unknownMethod,
      maxReceiveBytes: maxReceiveBytes(limits),
      maxConcurrentStreams,
      runtime: this.#runtime,
    };
    const made =
      rpcTransport === 'grpc-js'
        ? grpcJsTransport(options)
        : http2Transport({
            ...options,
            keepalive,
            ...(http === null ? {} : { onPlain: plainHandler(http, isSecure) }),
          });
    this.#transports.set(isSecure, made);
    return made;
  }

  /** HTTP/2 for a port without gRPC: with TLS, clients choose it where they can. */
  #httpTransport(isSecure: boolean, http: HttpHandler): RpcTransport | null {
    if (!isSecure) return null;
    const made = http2Transport({
      methods: new Map(),
      unknownMethod,
      maxReceiveBytes: maxReceiveBytes(this.#options.limits),
      maxConcurrentStreams: this.#options.maxConcurrentStreams,
      runtime: this.#runtime,
      onPlain: plainHandler(http, isSecure),
    });
    this.#httpTransports.push(made);
    return made;
  }

  release(): void {
    for (const port of this.#ports) port.release();
  }

  /** Running calls may finish within a second. Calling it again waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** While they close: all clients know it. */
  get isHeeded(): boolean {
    return this.#allTransports().every((transport) => transport.isHeeded);
  }

  async #close(): Promise<void> {
    await Promise.all([
      ...this.#ports.map((port) => called((done) => port.close(closeGraceMs, done))),
      ...this.#allTransports().map((transport) => called((done) => transport.close(closeGraceMs, done))),
    ]);
  }

  #allTransports(): RpcTransport[] {
    return [...this.#transports.values(), ...this.#httpTransports];
  }
}

/** With TLS and without, at the same place: one port serves both, and the one with TLS is opened. */
function isTwin(one: Endpoint, other: Endpoint): boolean {
  if (one.secure === other.secure) return false;
  const [a, b] = [one.address, other.address];
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path;
  return b.kind === 'tcp' && a.port !== 0 && a.port === b.port && a.host === b.host;
}

export function called(start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => start(resolve));
}

function openPort(options: PortOptions): Promise<Port> {
  return new Promise((resolve, reject) => {
    listen(options, (failure, port) => (port === null ? reject(failure) : resolve(port)));
  });
}
