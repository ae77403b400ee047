/**
 * The flags of `keelson server` that have an effect: etcd's names and defaults. Those that are taken and have none are in
 * `idle-flags.ts`; both together are the one table that command line, environment, configuration file and help follow.
 */

import type { RpcTransportName } from '../embed/options.ts';
import { defaultScrubBytesPerSecond } from '../embed/scrub.ts';
import { type FeatureGates, featureGatesFlag } from './feature-gates.ts';
import {
  checkBindUrl,
  checkUrl,
  choiceFlag,
  customFlag,
  durationFlag,
  type Flag,
  integerFlag,
  listFlag,
  switchFlag,
  textFlag,
  urlsFlag,
} from './flag-kinds.ts';

export type LogLevelName = 'debug' | 'info' | 'warn' | 'error' | 'dpanic' | 'panic' | 'fatal';
export type TlsVersionName = '' | 'TLS1.2' | 'TLS1.3';

/** Member name to its peer URLs. */
export type InitialCluster = Record<string, string[]>;

export interface ServerOptions {
  configFile: string;
  version: boolean;

  name: string;
  dataDir: string;
  walDir: string;
  heartbeatInterval: number;
  electionTimeout: number;
  listenPeerUrls: string[];
  listenClientUrls: string[];
  listenClientHttpUrls: string[];
  quotaBackendBytes: number;
  maxTxnOps: number;
  maxRequestBytes: number;
  maxConcurrentStreams: number;
  grpcKeepaliveMinTime: number;
  grpcKeepaliveInterval: number;
  grpcKeepaliveTimeout: number;
  snapshotCatchupEntries: number;
  waitClusterReadyTimeout: number;

  initialAdvertisePeerUrls: string[];
  initialCluster: InitialCluster;
  initialClusterState: 'new' | 'existing';
  initialClusterToken: string;
  advertiseClientUrls: string[];
  strictReconfigCheck: boolean;
  experimentalSelfRepair: boolean;
  experimentalScrubBytesPerSecond: number;
  forceNewCluster: boolean;
  maxLearners: number;
  featureGates: FeatureGates;
  initialCorruptCheck: boolean;
  corruptCheckTime: number;
  compactHashCheckEnabled: boolean;
  compactHashCheckTime: number;
  autoCompactionRetention: string;
  autoCompactionMode: 'periodic' | 'revision';

  certFile: string;
  keyFile: string;
  clientCertAuth: boolean;
  clientCrlFile: string;
  clientCertAllowedHostname: string[];
  trustedCaFile: string;
  autoTls: boolean;
  peerCertFile: string;
  peerKeyFile: string;
  peerClientCertAuth: boolean;
  peerTrustedCaFile: string;
  peerCertAllowedCn: string[];
  peerCertAllowedHostname: string[];
  peerAutoTls: boolean;
  peerClientCertFile: string;
  peerClientKeyFile: string;
  peerCrlFile: string;
  peerSkipClientSanVerification: boolean;
  selfSignedCertValidity: number;
  cipherSuites: string[];
  tlsMinVersion: TlsVersionName;
  tlsMaxVersion: TlsVersionName;
  cors: string[];
  hostWhitelist: string[];

  authToken: string;
  authTokenTtl: number;
  bcryptCost: number;
  apiserverPort: number;
  apiserverDir: string;

  rpcTransport: RpcTransportName;
  enableGrpcGateway: boolean;
  metrics: 'basic' | 'extensive';
  listenMetricsUrls: string[];
  watchProgressNotifyInterval: number;

  logger: 'zap' | 'capnslog';
  logLevel: LogLevelName;
  logFormat: 'auto' | 'json' | 'console';
  logOutputs: string[];
}

export type ServerFlags = { readonly [Name in keyof ServerOptions]: Flag<ServerOptions[Name]> };

const DEFAULT_CLIENT_URL = 'http://localhost:2379';
const DEFAULT_PEER_URL = 'http://localhost:2380';
const ELECTION_MS_MAX = 50_000;
const PORT_MAX = 65_535;
export const STREAMS_MAX: number = 2 ** 32 - 1;
/** etcd: progress is not told more often. */
const PROGRESS_MS_MIN = 100;

/**
 * `a=http://…,b=http://…`; a name may come more than once, with a URL each.
 * @throws Error that says which part is wrong.
 */
export function parseInitialCluster(text: string): InitialCluster {
  const cluster: InitialCluster = {};
  const seen = new Set<string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    if (equals <= 0) throw new Error(`"${part}" is not NAME=URL`);
    const name = part.slice(0, equals).trim();
    const url = checkUrl(part.slice(equals + 1));
    if (seen.has(url)) throw new Error(`the URL ${url} is there twice`);
    seen.add(url);
    cluster[name] = [...(Object.hasOwn(cluster, name) ? cluster[name]! : []), url];
  }
  return cluster;
}

const logLevels: readonly LogLevelName[] = ['debug', 'info', 'warn', 'error', 'dpanic', 'panic', 'fatal'];

/** As zap reads it: in small or capital letters, and nothing is info. */
function parseLogLevel(text: string): LogLevelName {
  if (text === '') return 'info';
  const level = logLevels.find((candidate) => candidate === text || candidate.toUpperCase() === text);
  if (level === undefined) throw new Error(`must be one of ${logLevels.join(', ')}, not "${text}"`);
  return level;
}

const version = (help: string, initial: TlsVersionName): Flag<TlsVersionName> =>
  choiceFlag<TlsVersionName>({
    help,
    initial,
    choices: ['', 'TLS1.2', 'TLS1.3'],
    isReadFirst: true,
    placeholder: 'TLS1.2|TLS1.3',
  });

const fileFlag = (help: string): Flag<string> => textFlag({ help, initial: '', placeholder: 'FILE' });

const bindFlag = (help: string, initial: string[]): Flag<string[]> =>
  urlsFlag({ help, initial }, checkBindUrl);

const memberFlags = {
  configFile: fileFlag(
    'YAML file with these options; flags and variables beside it are ignored, as etcd does',
  ),
  version: switchFlag('show the version'),
  name: textFlag({ help: 'name of this member', initial: 'default', placeholder: 'NAME' }),
  dataDir: textFlag({
    help: 'directory of the data',
    initial: '',
    shownDefault: 'NAME.etcd',
    placeholder: 'DIR',
  }),
  walDir: textFlag({
    help: 'directory of the log',
    initial: '',
    shownDefault: 'in the data',
    placeholder: 'DIR',
  }),
  heartbeatInterval: integerFlag({
    help: 'time between heartbeats of the leader',
    initial: 100,
    min: 1,
    placeholder: 'MS',
  }),
  electionTimeout: integerFlag({
    help: 'time without a leader before an election; at least five heartbeats',
    initial: 1000,
    min: 1,
    max: ELECTION_MS_MAX,
    placeholder: 'MS',
  }),
  listenPeerUrls: bindFlag('where to serve the other members', [DEFAULT_PEER_URL]),
  listenClientUrls: bindFlag('where to serve clients', [DEFAULT_CLIENT_URL]),
  listenClientHttpUrls: bindFlag('where to serve HTTP alone; --listen-client-urls then serve gRPC alone', []),
  quotaBackendBytes: integerFlag({
    help: 'size of the state from which nothing more is put; 0 is 2 GiB, negative is no limit',
    initial: 0,
    min: Number.MIN_SAFE_INTEGER,
    placeholder: 'BYTES',
  }),
  maxTxnOps: integerFlag({ help: 'most operations in a transaction', initial: 128, min: 1 }),
  maxRequestBytes: integerFlag({
    help: 'largest request of a client',
    initial: 1_572_864,
    min: 1,
    placeholder: 'BYTES',
  }),
  maxConcurrentStreams: integerFlag({
    help: 'calls that one connection may have open at a time',
    initial: STREAMS_MAX,
    min: 0,
    max: STREAMS_MAX,
  }),
  grpcKeepaliveMinTime: durationFlag({
    help: 'shortest time between two pings of a client',
    initial: 5000,
    shownDefault: '5s',
  }),
  grpcKeepaliveInterval: durationFlag({
    help: 'a client that was silent so long is pinged; 0: never',
    initial: 7_200_000,
    shownDefault: '2h',
  }),
  grpcKeepaliveTimeout: durationFlag({
    help: 'a ping that is unanswered so long ends the connection',
    initial: 20_000,
    shownDefault: '20s',
  }),
  snapshotCatchupEntries: integerFlag({
    help: 'entries of the log that are kept for members that lag',
    initial: 5000,
    min: 1,
    aliases: ['experimental-snapshot-catchup-entries'],
  }),
  waitClusterReadyTimeout: durationFlag({
    help: 'clients wait so long for a leader after the start',
    initial: 5000,
    shownDefault: '5s',
    aliases: ['experimental-wait-cluster-ready-timeout'],
  }),
};

const clusterFlags = {
  initialAdvertisePeerUrls: urlsFlag({
    help: 'where the other members find this one',
    initial: [DEFAULT_PEER_URL],
  }),
  initialCluster: customFlag<InitialCluster>(
    {
      help: 'the members of a new cluster; the same on all of them',
      initial: {},
      shownDefault: 'this member alone',
      placeholder: 'NAME=URL,…',
    },
    parseInitialCluster,
  ),
  initialClusterState: choiceFlag<'new' | 'existing'>({
    help: 'existing: join a cluster that runs and has added this member',
    initial: 'new',
    choices: ['new', 'existing'],
  }),
  initialClusterToken: textFlag({
    help: 'tells clusters apart that use the same URLs',
    initial: 'etcd-cluster',
  }),
  advertiseClientUrls: urlsFlag({
    help: 'where clients find this member; needed with --listen-client-urls',
    initial: [DEFAULT_CLIENT_URL],
  }),
  strictReconfigCheck: switchFlag('refuse changes of membership that would endanger the quorum', true),
  experimentalSelfRepair: switchFlag(
    'rebuild damaged or differing data from the other members, without an operator; off: refuse to start, or raise CORRUPT',
    true,
  ),
  experimentalScrubBytesPerSecond: integerFlag({
    help: 'how much of what is on disk is read again per second, to find bits that have flipped before they are needed; 0: none',
    initial: defaultScrubBytesPerSecond,
    min: 0,
  }),
  forceNewCluster: switchFlag('go on alone with the data that is there: the other members are lost for good'),
  maxLearners: integerFlag({
    help: 'learners that the cluster may have at a time',
    initial: 1,
    min: 1,
    aliases: ['experimental-max-learners'],
  }),
  featureGates: featureGatesFlag(
    'features to switch: InitialCorruptCheck and CompactHashCheck are as --initial-corrupt-check and --compact-hash-check-enabled; ' +
      'what others switch is decided here',
  ),
  initialCorruptCheck: switchFlag(
    'compare all keys with the leader’s after the start, and end if they differ',
    false,
    ['experimental-initial-corrupt-check'],
  ),
  corruptCheckTime: durationFlag({
    help: 'how often to compare all keys with the leader’s; 0: never. What is applied is compared anyway',
    initial: 0,
    shownDefault: '0s',
    aliases: ['experimental-corrupt-check-time'],
  }),
  compactHashCheckEnabled: switchFlag('compare all keys with the leader’s after compactions', false, [
    'experimental-compact-hash-check-enabled',
  ]),
  compactHashCheckTime: durationFlag({
    help: 'how often to look whether there was a compaction, for --compact-hash-check-enabled',
    initial: 60_000,
    shownDefault: '1m',
    aliases: ['experimental-compact-hash-check-time'],
  }),
  autoCompactionRetention: textFlag({
    help: 'history that is kept: hours or a duration, or a number of revisions; 0 keeps all',
    initial: '0',
    placeholder: 'LENGTH',
  }),
  autoCompactionMode: choiceFlag<'periodic' | 'revision'>({
    help: 'what --auto-compaction-retention counts',
    initial: 'periodic',
    choices: ['periodic', 'revision'],
    isReadFirst: true,
  }),
};

const securityFlags = {
  certFile: fileFlag('certificate for clients'),
  keyFile: fileFlag('its key'),
  clientCertAuth: switchFlag('clients must have a certificate; its common name is their user'),
  clientCrlFile: fileFlag('certificates of clients that were revoked'),
  clientCertAllowedHostname: listFlag({
    help: 'names of which the certificate of a client must have one',
    initial: [],
    placeholder: 'NAME,…',
  }),
  trustedCaFile: fileFlag('authority of the certificates of clients; they must have one then'),
  autoTls: switchFlag('make a certificate for clients, signed by itself'),
  peerCertFile: fileFlag('certificate for the other members'),
  peerKeyFile: fileFlag('its key'),
  peerClientCertAuth: switchFlag('members must have a certificate'),
  peerTrustedCaFile: fileFlag('authority of the certificates of members'),
  peerCertAllowedCn: listFlag({
    help: 'common names of which the certificate of a member must have one',
    initial: [],
    placeholder: 'NAME,…',
  }),
  peerCertAllowedHostname: listFlag({
    help: 'names of which the certificate of a member must have one',
    initial: [],
    placeholder: 'NAME,…',
  }),
  peerAutoTls: switchFlag('make a certificate for members, signed by itself'),
  peerClientCertFile: fileFlag('certificate to show to other members, if it is another one'),
  peerClientKeyFile: fileFlag('its key'),
  peerCrlFile: fileFlag('certificates of members that were revoked'),
  peerSkipClientSanVerification: switchFlag(
    'do not ask whether the certificate of a member names the address that it calls from',
    false,
    ['experimental-peer-skip-client-san-verification'],
  ),
  selfSignedCertValidity: integerFlag({
    help: 'how long certificates that are made here are valid',
    initial: 1,
    min: 1,
    max: 100,
    placeholder: 'YEARS',
  }),
  cipherSuites: listFlag({
    help: 'cipher suites of TLS 1.2, by their names in Go or IANA',
    initial: [],
    shownDefault: 'those of Node.js',
    placeholder: 'NAME,…',
  }),
  tlsMinVersion: version('oldest version of TLS', 'TLS1.2'),
  tlsMaxVersion: version('newest version of TLS', ''),
  cors: listFlag({
    help: 'origins whose pages may read answers over HTTP',
    initial: ['*'],
    placeholder: 'ORIGIN,…',
  }),
  hostWhitelist: listFlag({
    help: 'host names under which HTTP is served without TLS',
    initial: ['*'],
    placeholder: 'NAME,…',
  }),
};

const otherFlags = {
  authToken: textFlag({ help: 'tokens of users: simple, or jwt,… with its options', initial: 'simple' }),
  authTokenTtl: integerFlag({
    help: 'how long an unused simple token lives',
    initial: 300,
    min: 0,
    placeholder: 'SECONDS',
  }),
  bcryptCost: integerFlag({
    help: 'cost of hashing a password',
    initial: 10,
    min: 0,
  }),
  apiserverPort: integerFlag({
    help: 'port at which this member serves the Kubernetes API, by TLS on the loopback; 0 for none',
    initial: 0,
    min: 0,
    max: PORT_MAX,
    placeholder: 'PORT',
  }),
  apiserverDir: textFlag({
    help: 'where its certificates, token and kubeconfig are kept',
    initial: '.keelson/kube',
    placeholder: 'DIR',
  }),
  rpcTransport: choiceFlag<RpcTransportName>({
    help: 'whose HTTP/2 serves clients: its own, or the one of Node through @grpc/grpc-js',
    initial: 'http2',
    choices: ['http2', 'grpc-js'],
  }),
  enableGrpcGateway: switchFlag('serve JSON over HTTP at /v3/', true),
  metrics: choiceFlag<'basic' | 'extensive'>({
    help: 'extensive: tell at /metrics how long calls take, too',
    initial: 'basic',
    choices: ['basic', 'extensive'],
  }),
  listenMetricsUrls: bindFlag('where to serve /metrics, /health, /livez and /readyz', []),
  watchProgressNotifyInterval: durationFlag({
    help: 'how often idle watchers are told how far they are',
    initial: 600_000,
    shownDefault: '10m',
    minMs: PROGRESS_MS_MIN,
    aliases: ['experimental-watch-progress-notify-interval'],
  }),
  logger: choiceFlag<'zap' | 'capnslog'>({
    help: 'lines have the fields of zap, whatever is chosen',
    initial: 'zap',
    choices: ['zap', 'capnslog'],
    isReadFirst: true,
    placeholder: 'NAME',
  }),
  logLevel: customFlag<LogLevelName>(
    {
      help: 'least important lines that are logged',
      initial: 'info',
      shownDefault: 'info',
      placeholder: 'LEVEL',
    },
    parseLogLevel,
  ),
  logFormat: choiceFlag<'auto' | 'json' | 'console'>({
    help: 'auto: text on a terminal, JSON elsewhere and by the name of etcd',
    initial: 'auto',
    choices: ['auto', 'json', 'console'],
  }),
  logOutputs: listFlag({
    help: 'where lines go: stderr, stdout, or files',
    initial: ['default'],
    placeholder: 'TARGET,…',
  }),
};

export const serverFlags: ServerFlags = { ...memberFlags, ...clusterFlags, ...securityFlags, ...otherFlags };
