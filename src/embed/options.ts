/** What `startMember` and `startCluster` take, and how it becomes what the member takes. */

import { defaultBcryptCost } from '../auth/passwords.ts';
import { defaultTokenTtlMs } from '../auth/simple-tokens.ts';
import { defaultProgressIntervalMs } from '../etcd/watch.ts';
import { defaultToken } from '../member/recovery.ts';
import { defaultLimits, type InitialMember, type MemberLimits } from '../member/types.ts';
import { type Endpoint, parseEndpoint } from '../rpc/address.ts';
import type { KeepaliveOptions } from '../rpc/http2/keepalive.ts';
import type { LocalNetwork } from '../rpc/local-peer-network.ts';
import type { TlsOptions } from '../rpc/tls-options.ts';
import { Failure } from '../util/failure.ts';
import type { Logger } from '../util/runtime.ts';
import type { AutoCompaction } from './auto-compaction.ts';
import { defaultScrubBytesPerSecond } from './scrub.ts';

/** URLs by member name. */
export type InitialCluster = Readonly<Record<string, readonly string[]>>;

export interface StartOptions {
  /** This member's name in `initialCluster`. @default 'default' */
  readonly name?: string;
  /** Where the data lives; it is created when it is not there. Exactly one of `dataDir` and `memory` is given. */
  readonly dataDir?: string;
  /** Keep everything in memory: nothing is left when the member closes. */
  readonly memory?: boolean;
  /** Directory of the log, where it is not to be in `dataDir`. @default in `dataDir` */
  readonly walDir?: string;
  /**
   * Where clients are served: `http://host:port` or `https://…`, where port 0 takes a free one, or `unix://path` or
   * `unixs://path`. @default nowhere
   */
  readonly listenClientUrls?: readonly string[];
  /** Where HTTP is served alone; `listenClientUrls` then serve gRPC alone. @default with gRPC */
  readonly listenClientHttpUrls?: readonly string[];
  /** Where `/metrics` and the health endpoints are served besides. @default nowhere */
  readonly listenMetricsUrls?: readonly string[];
  /** For client URLs with TLS. @default none */
  readonly clientTls?: TlsOptions;
  /** For peer URLs with TLS. @default none */
  readonly peerTls?: TlsOptions;
  /**
   * Clients who come before the cluster has a leader wait so long, in milliseconds; then they are served anyway. 0: they
   * are served at once. @default 0
   */
  readonly clientsWaitMs?: number;
  /** What clients are told to dial. @default where this member listens */
  readonly advertiseClientUrls?: readonly string[];
  /** Where the other members reach this one. @default its URLs in `initialCluster`, when there are others */
  readonly listenPeerUrls?: readonly string[];
  /** Every member of a new cluster with its peer URLs: the same on each. Ignored where data exists. @default this one */
  readonly initialCluster?: InitialCluster;
  /** `existing`: this member was added to a cluster that runs, and asks the others about it. @default 'new' */
  readonly initialClusterState?: 'new' | 'existing';
  /** Tells clusters with the same URLs apart. @default 'etcd-cluster' */
  readonly initialClusterToken?: string;
  /** Milliseconds between a leader's signs of life. @default 100 */
  readonly heartbeatMs?: number;
  /** Silence of the leader after which another is elected, at least five heartbeats. @default 1000 */
  readonly electionMs?: number;
  /** Largest request in bytes. @default 1572864 */
  readonly maxRequestBytes?: number;
  /** Largest number of operations on one level of a txn. @default 128 */
  readonly maxTxnOps?: number;
  /** Calls that one connection may have open at a time. @default 100000 */
  readonly maxConcurrentStreams?: number;
  /** Pings between clients and this member. @default etcd's */
  readonly keepalive?: Partial<KeepaliveOptions>;
  /** How often idle watchers are told how far they are, in milliseconds. @default 600000 */
  readonly watchProgressIntervalMs?: number;
  /** Entries of the log that are kept for members that lag. @default 5000 */
  readonly catchUpEntries?: number;
  /** Forgets history by itself, where this member leads. @default never */
  readonly autoCompaction?: AutoCompaction;
  /** Serve JSON over HTTP at `/v3/`. @default true */
  readonly gateway?: boolean;
  /** Tell at `/metrics` how long calls take, too. @default false */
  readonly timesCalls?: boolean;
  /** etcd's feature gates that somebody has switched: they are told at `/metrics`. @default none */
  readonly featureGates?: ReadonlyMap<string, boolean>;
  /** Origins whose pages may read answers over HTTP. @default ['*'] */
  readonly cors?: readonly string[];
  /** Host names under which HTTP is served without TLS. @default ['*'] */
  readonly hostWhitelist?: readonly string[];
  /** Which HTTP/2 serves gRPC: this house's own, or the one of Node through @grpc/grpc-js. @default 'http2' */
  readonly rpcTransport?: RpcTransportName;
  /** Size of the state in bytes beyond which nothing more is put; Infinity for no limit. @default 2 GiB */
  readonly quotaBytes?: number;
  /** What clients show instead of their passwords, in etcd's notation: `simple`, or `jwt,…`. @default 'simple' */
  readonly authToken?: string;
  /** How long an unused simple token lives, in milliseconds. @default 300000 */
  readonly authTokenTtlMs?: number;
  /** Cost of new bcrypt hashes, 4 to 31. @default 10 */
  readonly bcryptCost?: number;
  /** Learners that the cluster may have at a time. @default 1 */
  readonly maxLearners?: number;
  /** Refuse changes of membership that would endanger the quorum. @default true */
  readonly strictReconfigCheck?: boolean;
  /**
   * A member whose data is damaged or differs from the majority's is rebuilt from the others, without an operator. Where
   * this is off it stops, or stays with its alarm, as etcd's does.
   * @default true
   */
  readonly selfRepair?: boolean;
  /** Bytes per second of what is on disk that are read again, to find what has changed there. 0: none. @default 262144 */
  readonly scrubBytesPerSecond?: number;
  /**
   * What members have applied is compared all the time. Compares all keys with the leader's so often besides, which reads
   * them, in milliseconds; 0: never. @default 0
   */
  readonly corruptCheckMs?: number;
  /** Looks so often whether there was a compaction, and compares all keys at its revision; 0: never. @default 0 */
  readonly compactHashCheckMs?: number;
  /** Compares all keys with the leader's after the start, and ends if they differ. @default false */
  readonly initialCorruptCheck?: boolean;
  /**
   * With `strictReconfigCheck` only members count that have been connected for so long, in milliseconds. `keelson server`
   * asks for five seconds, as etcd does. @default 0
   */
  readonly reconfigHealthMs?: number;
  /** Where log lines go. @default nowhere */
  readonly log?: Logger;
}

export type RpcTransportName = 'http2' | 'grpc-js';

/** Options after checks, with every default filled in. */
export interface ResolvedOptions {
  readonly name: string;
  /** Null keeps everything in memory. */
  readonly dataDir: string | null;
  /** Null: in the data directory. */
  readonly walDir: string | null;
  readonly listenClientUrls: readonly Endpoint[];
  readonly listenClientHttpUrls: readonly Endpoint[];
  readonly listenMetricsUrls: readonly Endpoint[];
  /** Null: what is listened on. */
  readonly advertiseClientUrls: readonly string[] | null;
  readonly listenPeerUrls: readonly Endpoint[];
  readonly clientTls: TlsOptions | null;
  readonly peerTls: TlsOptions | null;
  readonly clientsWaitMs: number;
  readonly maxConcurrentStreams: number;
  readonly keepalive: Partial<KeepaliveOptions>;
  readonly watchProgressIntervalMs: number;
  readonly autoCompaction: AutoCompaction | null;
  readonly gateway: boolean;
  readonly timesCalls: boolean;
  readonly featureGates: ReadonlyMap<string, boolean>;
  readonly cors: readonly string[];
  readonly hostWhitelist: readonly string[];
  readonly initialCluster: readonly InitialMember[];
  readonly joinExisting: boolean;
  readonly clusterToken: string;
  readonly limits: MemberLimits;
  readonly authToken: string;
  readonly authTokenTtlMs: number;
  readonly bcryptCost: number;
  readonly maxLearners: number;
  readonly rpcTransport: RpcTransportName;
  readonly strictReconfigCheck: boolean;
  readonly selfRepair: boolean;
  readonly scrubBytesPerSecond: number;
  /** Links members of one process; null uses TCP. */
  readonly localNetwork: LocalNetwork | null;
}

const heartbeatsPerElection = 5;
const longestElectionMs = 50_000;
/** More would be no bound. */
const mostStreams = 100_000;
const soloPeerUrl = 'http://localhost:2380';

/** @throws Failure 'badConfig' that names everything that is wrong. */
export function resolveOptions(options: StartOptions, localNetwork: LocalNetwork | null): ResolvedOptions {
  const problems: string[] = [];
  const name = options.name ?? 'default';
  if ((options.dataDir === undefined) === (options.memory !== true)) {
    problems.push('give either dataDir or memory: true');
  }
  if (options.dataDir === '') problems.push('dataDir is empty: give a path');
  const told = options.initialCluster ?? { [name]: [...(options.listenPeerUrls ?? [soloPeerUrl])] };
  const own = Object.hasOwn(told, name) ? told[name]! : [];
  if (own.length === 0) problems.push(`initialCluster has no peer URL for this member, "${name}"`);
  const isAlone = Object.keys(told).length === 1;
  const listenPeers = options.listenPeerUrls ?? (isAlone || localNetwork !== null ? [] : own);
  const limits = {
    ...defaultLimits,
    heartbeatMs: options.heartbeatMs ?? defaultLimits.heartbeatMs,
    electionMs: options.electionMs ?? defaultLimits.electionMs,
    maxRequestBytes: options.maxRequestBytes ?? defaultLimits.maxRequestBytes,
    maxTxnOps: options.maxTxnOps ?? defaultLimits.maxTxnOps,
    quotaBytes: options.quotaBytes ?? defaultLimits.quotaBytes,
    catchUpEntries: options.catchUpEntries ?? defaultLimits.catchUpEntries,
    healthMs: options.reconfigHealthMs ?? defaultLimits.healthMs,
    hashCheckMs: options.corruptCheckMs ?? defaultLimits.hashCheckMs,
    compactHashCheckMs: options.compactHashCheckMs ?? defaultLimits.compactHashCheckMs,
    hashCheckAtStart: options.initialCorruptCheck ?? defaultLimits.hashCheckAtStart,
  };
  checkLimits(limits, problems);
  const resolved: ResolvedOptions = {
    name,
    dataDir: options.dataDir ?? null,
    walDir: options.walDir ?? null,
    listenClientUrls: parseUrls('listenClientUrls', options.listenClientUrls, problems),
    listenClientHttpUrls: parseUrls('listenClientHttpUrls', options.listenClientHttpUrls, problems),
    listenMetricsUrls: parseUrls('listenMetricsUrls', options.listenMetricsUrls, problems),
    advertiseClientUrls: options.advertiseClientUrls ?? null,
    listenPeerUrls: localNetwork === null ? parseUrls('listenPeerUrls', listenPeers, problems) : [],
    clientTls: options.clientTls ?? null,
    peerTls: options.peerTls ?? null,
    clientsWaitMs: options.clientsWaitMs ?? 0,
    maxConcurrentStreams: Math.min(options.maxConcurrentStreams ?? mostStreams, mostStreams),
    keepalive: options.keepalive ?? {},
    watchProgressIntervalMs: options.watchProgressIntervalMs ?? defaultProgressIntervalMs,
    autoCompaction: options.autoCompaction ?? null,
    gateway: options.gateway ?? true,
    timesCalls: options.timesCalls ?? false,
    featureGates: options.featureGates ?? new Map(),
    cors: options.cors ?? ['*'],
    hostWhitelist: options.hostWhitelist ?? ['*'],
    initialCluster: Object.entries(told).map(([member, peerUrls]) => ({ name: member, peerUrls })),
    joinExisting: options.initialClusterState === 'existing',
    clusterToken: options.initialClusterToken ?? defaultToken,
    limits,
    authToken: options.authToken ?? 'simple',
    authTokenTtlMs: options.authTokenTtlMs ?? defaultTokenTtlMs,
    bcryptCost: options.bcryptCost ?? defaultBcryptCost,
    maxLearners: options.maxLearners ?? 1,
    rpcTransport: options.rpcTransport ?? 'http2',
    strictReconfigCheck: options.strictReconfigCheck ?? true,
    selfRepair: options.selfRepair ?? true,
    scrubBytesPerSecond: options.scrubBytesPerSecond ?? defaultScrubBytesPerSecond,
    localNetwork,
  };
  checkTls(resolved, problems);
  if (problems.length > 0) throw new Failure('badConfig', problems.join('; '));
  return resolved;
}

function checkLimits(limits: MemberLimits, problems: string[]): void {
  for (const name of ['heartbeatMs', 'electionMs', 'maxRequestBytes', 'maxTxnOps'] as const) {
    if (!Number.isSafeInteger(limits[name]) || limits[name] < 1)
      problems.push(`${name} must be a positive integer`);
  }
  if (limits.electionMs < heartbeatsPerElection * limits.heartbeatMs) {
    problems.push(`electionMs must be at least ${heartbeatsPerElection} times heartbeatMs`);
  }
  if (limits.electionMs > longestElectionMs) problems.push(`electionMs must be at most ${longestElectionMs}`);
}

function checkTls(resolved: ResolvedOptions, problems: string[]): void {
  const { listenClientUrls, listenClientHttpUrls, listenMetricsUrls, listenPeerUrls } = resolved;
  const forClients = [...listenClientUrls, ...listenClientHttpUrls, ...listenMetricsUrls];
  if (resolved.clientTls === null && forClients.some(({ secure }) => secure))
    problems.push('a client URL with TLS needs clientTls');
  if (resolved.peerTls === null && listenPeerUrls.some(({ secure }) => secure))
    problems.push('a peer URL with TLS needs peerTls');
}

function parseUrls(option: string, texts: readonly string[] = [], problems: string[]): Endpoint[] {
  const endpoints: Endpoint[] = [];
  // JavaScript would take a text for a list of its letters.
  if (!Array.isArray(texts)) {
    problems.push(`${option} must be a list of URLs`);
    return endpoints;
  }
  for (const text of texts) {
    try {
      endpoints.push(parseEndpoint(text));
    } catch (error) {
      problems.push(`${option}: ${(error as Error).message}`);
    }
  }
  return endpoints;
}
