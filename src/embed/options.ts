/** What `startMember` and `startCluster` take, and how it becomes what the member takes. */

import { defaultBcryptCost } from '../auth/passwords.ts';
import { defaultTokenTtlMs } from '../auth/simple-tokens.ts';
import { defaultToken } from '../member/recovery.ts';
import { defaultLimits, type InitialMember, type MemberLimits } from '../member/types.ts';
import type { LocalNetwork } from '../rpc/local-peer-network.ts';
import { Failure } from '../util/failure.ts';
import type { Logger } from '../util/runtime.ts';

/** URLs by member name. */
export type InitialCluster = Readonly<Record<string, readonly string[]>>;

export interface StartOptions {
  /** This member's name in `initialCluster`. @default 'default' */
  readonly name?: string;
  /** Where the data lives; it is created when it is not there. Exactly one of `dataDir` and `memory` is given. */
  readonly dataDir?: string;
  /** Keep everything in memory: nothing is left when the member closes. */
  readonly memory?: boolean;
  /** Where clients are served, as `http://host:port`; port 0 takes a free one. @default nowhere */
  readonly listenClientUrls?: readonly string[];
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
  /** Where log lines go. @default nowhere */
  readonly log?: Logger;
}

export type RpcTransportName = 'http2' | 'grpc-js';

/** Options after checks, with every default filled in. */
export interface ResolvedOptions {
  readonly name: string;
  /** Null keeps everything in memory. */
  readonly dataDir: string | null;
  readonly listenClientUrls: readonly URL[];
  /** Null: what is listened on. */
  readonly advertiseClientUrls: readonly string[] | null;
  readonly listenPeerUrls: readonly URL[];
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
  /** Links members of one process; null uses TCP. */
  readonly localNetwork: LocalNetwork | null;
}

const heartbeatsPerElection = 5;
const longestElectionMs = 50_000;
const soloPeerUrl = 'http://localhost:2380';

/** @throws Failure 'badConfig' that names everything that is wrong. */
export function resolveOptions(options: StartOptions, localNetwork: LocalNetwork | null): ResolvedOptions {
  const problems: string[] = [];
  const name = options.name ?? 'default';
  if ((options.dataDir === undefined) === (options.memory !== true)) {
    problems.push('give either dataDir or memory: true');
  }
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
  };
  checkLimits(limits, problems);
  const resolved: ResolvedOptions = {
    name,
    dataDir: options.dataDir ?? null,
    listenClientUrls: parseUrls('listenClientUrls', options.listenClientUrls ?? [], problems),
    advertiseClientUrls: options.advertiseClientUrls ?? null,
    listenPeerUrls: localNetwork === null ? parseUrls('listenPeerUrls', listenPeers, problems) : [],
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
    localNetwork,
  };
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

function parseUrls(option: string, texts: readonly string[], problems: string[]): URL[] {
  const urls: URL[] = [];
  for (const text of texts) {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (url?.protocol === 'http:' && url.hostname !== '' && url.pathname === '/') urls.push(url);
    else problems.push(`${option}: ${text} is not http://host:port`);
  }
  return urls;
}

/** Host and port that a URL names. As Go does, `localhost` is taken for the IPv4 loopback. */
export function addressOf(url: URL): { readonly host: string; readonly port: number } {
  const host = url.hostname === 'localhost' ? '127.0.0.1' : url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: url.port === '' ? 80 : Number(url.port) };
}
