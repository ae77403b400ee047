/** From the flags of `keelson server` to the options of the library: TLS, quota, compaction, and all that has a name there. */

import type { StartOptions } from '../embed/options.ts';
import { hostNameOf, parseEndpoint } from '../rpc/address.ts';
import { selfSigned } from '../rpc/self-signed.ts';
import type { TlsOptions, TlsVersion } from '../rpc/tls-options.ts';
import type { Logger, Runtime } from '../util/runtime.ts';
import { isOn } from './feature-gates.ts';
import type { ServerOptions, TlsVersionName } from './server-flags.ts';
import { compactionRetention } from './server-options.ts';

const versions: Readonly<Record<Exclude<TlsVersionName, ''>, TlsVersion>> = {
  'TLS1.2': 'TLSv1.2',
  'TLS1.3': 'TLSv1.3',
};
const defaultQuotaBytes = 2 ** 31;
const msPerSecond = 1000;
/** etcd's: changes of membership are for a cluster whose members have been connected for so long. */
const healthMs = 5000;

export function startOptions(options: ServerOptions, runtime: Runtime, log: Logger): StartOptions {
  const { quotaBackendBytes: quota } = options;
  const clientTls = tlsForClients(options, runtime);
  const peerTls = tlsForPeers(options, runtime);
  const retention = compactionRetention(options);
  const { featureGates: gates } = options;
  const comparesCompactions = options.compactHashCheckEnabled || isOn(gates, 'CompactHashCheck');
  return {
    name: options.name,
    dataDir: options.dataDir,
    ...(options.walDir === '' ? {} : { walDir: options.walDir }),
    listenClientUrls: options.listenClientUrls,
    listenClientHttpUrls: options.listenClientHttpUrls,
    listenMetricsUrls: options.listenMetricsUrls,
    advertiseClientUrls: options.advertiseClientUrls,
    listenPeerUrls: options.listenPeerUrls,
    ...(clientTls === null ? {} : { clientTls }),
    ...(peerTls === null ? {} : { peerTls }),
    clientsWaitMs: options.waitClusterReadyTimeout,
    initialCluster: options.initialCluster,
    initialClusterToken: options.initialClusterToken,
    initialClusterState: options.initialClusterState,
    heartbeatMs: options.heartbeatInterval,
    electionMs: options.electionTimeout,
    maxRequestBytes: options.maxRequestBytes,
    maxTxnOps: options.maxTxnOps,
    maxConcurrentStreams: options.maxConcurrentStreams,
    keepalive: {
      minTimeMs: options.grpcKeepaliveMinTime,
      intervalMs: neverAtZero(options.grpcKeepaliveInterval),
      timeoutMs: neverAtZero(options.grpcKeepaliveTimeout),
    },
    watchProgressIntervalMs: options.watchProgressNotifyInterval,
    catchUpEntries: options.snapshotCatchupEntries,
    ...(retention === 0
      ? {}
      : {
          autoCompaction:
            options.autoCompactionMode === 'periodic'
              ? { mode: 'periodic', periodMs: retention }
              : { mode: 'revision', revisions: retention },
        }),
    quotaBytes: quota === 0 ? defaultQuotaBytes : quota < 0 ? Number.POSITIVE_INFINITY : quota,
    authToken: options.authToken,
    authTokenTtlMs: options.authTokenTtl * msPerSecond,
    bcryptCost: options.bcryptCost,
    maxLearners: options.maxLearners,
    strictReconfigCheck: options.strictReconfigCheck,
    selfRepair: options.experimentalSelfRepair,
    scrubBytesPerSecond: options.experimentalScrubBytesPerSecond,
    reconfigHealthMs: healthMs,
    initialCorruptCheck: options.initialCorruptCheck || isOn(gates, 'InitialCorruptCheck'),
    corruptCheckMs: options.corruptCheckTime,
    compactHashCheckMs: comparesCompactions ? options.compactHashCheckTime : 0,
    featureGates: gates,
    rpcTransport: options.rpcTransport,
    gateway: options.enableGrpcGateway,
    timesCalls: options.metrics === 'extensive',
    cors: options.cors,
    hostWhitelist: options.hostWhitelist,
    log,
  };
}

/** grpc-go: 0 switches it off. */
function neverAtZero(ms: number): number {
  return ms === 0 ? Number.MAX_SAFE_INTEGER : ms;
}

/** What both sides have in common. */
function tlsBasics(options: ServerOptions): Pick<TlsOptions, 'minVersion' | 'maxVersion' | 'cipherSuites'> {
  const { tlsMinVersion: min, tlsMaxVersion: max } = options;
  return {
    minVersion: min === '' ? 'TLSv1.2' : versions[min],
    ...(max === '' ? {} : { maxVersion: versions[max] }),
    cipherSuites: options.cipherSuites,
  };
}

function tlsForClients(options: ServerOptions, runtime: Runtime): TlsOptions | null {
  const urls = [...options.listenClientUrls, ...options.listenClientHttpUrls, ...options.listenMetricsUrls];
  if (options.certFile === '' && !options.autoTls) return null;
  const own =
    options.certFile === ''
      ? makeOwn('client', urls, options, runtime)
      : { certFile: options.certFile, keyFile: options.keyFile };
  return {
    ...own,
    ...tlsBasics(options),
    trustedCaFile: options.trustedCaFile,
    clientCertAuth: options.clientCertAuth,
    crlFile: options.clientCrlFile,
    allowedHostnames: options.clientCertAllowedHostname,
  };
}

function tlsForPeers(options: ServerOptions, runtime: Runtime): TlsOptions | null {
  const isOwn = options.peerCertFile === '' && options.peerAutoTls;
  // Without a certificate of its own a member may still call others and check theirs.
  if (options.peerCertFile === '' && !isOwn && options.peerTrustedCaFile === '') return null;
  const own = isOwn
    ? makeOwn('peer', options.listenPeerUrls, options, runtime)
    : { certFile: options.peerCertFile, keyFile: options.peerKeyFile };
  return {
    ...own,
    ...tlsBasics(options),
    trustedCaFile: options.peerTrustedCaFile,
    clientCertAuth: options.peerClientCertAuth,
    crlFile: options.peerCrlFile,
    allowedCommonNames: options.peerCertAllowedCn,
    allowedHostnames: options.peerCertAllowedHostname,
    clientCertFile: options.peerClientCertFile,
    clientKeyFile: options.peerClientKeyFile,
    checksAddress: !options.peerSkipClientSanVerification,
    trustsAnyone: isOwn,
  };
}

function makeOwn(
  kind: 'client' | 'peer',
  urls: readonly string[],
  options: ServerOptions,
  { clock, random }: Runtime,
): { certFile: string; keyFile: string } {
  const hosts = urls.map((url) => hostNameOf(parseEndpoint(url)));
  const directory = `${options.dataDir}/fixtures/${kind}`;
  return selfSigned({ directory, hosts, years: options.selfSignedCertValidity, clock, random });
}
