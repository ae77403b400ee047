/** The options of `connect`: what they mean, their defaults, and the checks that name every problem at once. */

import type { ChannelTls } from '../rpc/channel.ts';
import { Failure } from '../util/failure.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Logger, Runtime } from '../util/runtime.ts';
import { type ClientTransport, transports } from './transport.ts';

/** Certificates and keys in PEM. */
export type TlsOptions = ChannelTls;

export interface ConnectOptions {
  /** Members to talk to: `http://host:port`, `https://host:port`, `unix:///path`, or `host:port`. At least one. */
  readonly endpoints: readonly string[] | string;
  /** Needed for `https:` only where the defaults do not do; makes `host:port` mean TLS. */
  readonly tls?: TlsOptions;
  /** Whom to log in as. Tokens are fetched when they are needed and renewed when they expire. */
  readonly auth?: { readonly username: string; readonly password: string };
  /**
   * Longest time a call may take, with all its attempts, in milliseconds; Infinity for no limit. Not for watches, locks,
   * campaigns and snapshots, which take as long as they take. @default 10000
   */
  readonly timeoutMs?: number;
  /** Longest time to wait for the connection to one endpoint before another is tried. @default 2000 */
  readonly dialTimeoutMs?: number;
  /** A connection in use that is silent this long is probed. etcd refuses less than 5000. @default 10000 */
  readonly keepaliveMs?: number;
  /** A probe unanswered this long ends the connection, and calls go elsewhere. @default 5000 */
  readonly keepaliveTimeoutMs?: number;
  /** Largest answer in bytes. @default 2147483647 */
  readonly maxReceiveBytes?: number;
  /**
   * Have members that see no leader refuse unary calls at once, instead of letting them wait. Watches always ask for
   * that, so that one on a member that was cut off moves to another. @default false
   */
  readonly requireLeader?: boolean;
  /** Whose HTTP/2 is spoken: Keelson's own, or that of `@grpc/grpc-js`. @default 'http2' */
  readonly rpcTransport?: ClientTransport;
  /** Where log lines go. @default nowhere */
  readonly log?: Logger;
  /** Clock, random numbers and log; for simulated time. @default the real ones */
  readonly runtime?: Runtime;
}

/** What every call takes. */
export interface CallOptions {
  /** Aborting it gives the call up: it throws the signal's reason. A write may have happened by then. */
  readonly signal?: AbortSignal;
  /** Longest time for this call, in milliseconds; Infinity for no limit. @default `timeoutMs` of `connect` */
  readonly timeoutMs?: number;
}

/** An endpoint in the form that channels want. */
export interface Address {
  /** As it was given. */
  readonly url: string;
  readonly address: string;
  readonly isSecure: boolean;
}

export interface ResolvedClientOptions {
  readonly addresses: readonly Address[];
  readonly tls: TlsOptions | null;
  readonly auth: { readonly username: string; readonly password: string } | null;
  readonly timeoutMs: number;
  readonly dialTimeoutMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly maxReceiveBytes: number;
  readonly requireLeader: boolean;
  readonly rpcTransport: ClientTransport;
  readonly runtime: Runtime;
}

const defaultPort = 2379;
const largestMessageBytes = 2 ** 31 - 1;

/** @throws Failure 'badConfig' that names everything that is wrong. */
export function resolveClientOptions(options: ConnectOptions): ResolvedClientOptions {
  const problems: string[] = [];
  const { tls = null, auth = null } = options;
  const given = typeof options.endpoints === 'string' ? options.endpoints.split(',') : options.endpoints;
  if (given.length === 0) problems.push('endpoints: at least one is needed');
  const addresses = given.map((text) => parseEndpoint(text.trim(), tls !== null, problems));
  const runtime = options.runtime ?? nodeRuntime(options.log === undefined ? {} : { log: options.log });
  const resolved: ResolvedClientOptions = {
    addresses,
    tls,
    auth,
    timeoutMs: options.timeoutMs ?? 10_000,
    dialTimeoutMs: options.dialTimeoutMs ?? 2000,
    keepaliveMs: options.keepaliveMs ?? 10_000,
    keepaliveTimeoutMs: options.keepaliveTimeoutMs ?? 5000,
    maxReceiveBytes: options.maxReceiveBytes ?? largestMessageBytes,
    requireLeader: options.requireLeader ?? false,
    rpcTransport: options.rpcTransport ?? 'http2',
    runtime,
  };
  for (const name of ['timeoutMs', 'dialTimeoutMs', 'keepaliveMs', 'keepaliveTimeoutMs'] as const) {
    if (!(resolved[name] > 0)) problems.push(`${name}: must be above 0, not ${resolved[name]}`);
  }
  if (!Object.hasOwn(transports, resolved.rpcTransport)) {
    const known = Object.keys(transports).join(' or ');
    problems.push(`rpcTransport: must be ${known}, not ${String(resolved.rpcTransport)}`);
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) problems.push('tls: cert and key go together');
  if (auth !== null && auth.username === '') problems.push('auth: the username is empty');
  if (problems.length > 0) throw new Failure('badConfig', problems.join('; '));
  return resolved;
}

/** Reads one endpoint; what is wrong with it goes to `problems`. `hasTls`: an endpoint without scheme means TLS. */
export function parseEndpoint(text: string, hasTls: boolean, problems: string[]): Address {
  const unix = /^unixs?:(?:\/\/)?(.+)$/.exec(text);
  if (unix !== null) {
    return { url: text, address: `unix:${unix[1]}`, isSecure: text.startsWith('unixs:') || hasTls };
  }
  const match = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.%]+\]|[^/:[\]?#@\s]+)(?::(\d+))?\/?$/.exec(text);
  if (match === null || Number(match[3] ?? defaultPort) > 65_535) {
    problems.push(
      `endpoints: "${text}" is not http://host:port, https://host:port, host:port or unix:///path`,
    );
    return { url: text, address: '', isSecure: false };
  }
  const [, scheme, host, port] = match;
  const isSecure = scheme === 'https' || (scheme === undefined && hasTls);
  return { url: text, address: `${host}:${port ?? defaultPort}`, isSecure };
}
