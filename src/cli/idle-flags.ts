/**
 * The flags of etcd that are taken and do nothing, each with the reason: what it asks for is the case anyway, or has no
 * counterpart here. Giving one is worth a warning, unless the value asks for what is so. A value that must not be ignored,
 * because data or safety would suffer, is refused.
 */

import { type Flag, idleFlag, type ValueForm } from './flag-kinds.ts';

type Idle = Flag<string>;

const sizedAnyway = 'files of the log and of the state are removed when nothing needs them any more';
const ownStore = 'the state is not kept in bbolt';
const noTracing = 'there is no distributed tracing';
const noWarnings = 'slow requests are not written to the log';
const noV2 = 'the API of etcd v2 is gone, as in etcd 3.6';
const noDiscovery = 'discovery is not served: list the members with --initial-cluster';
const reused = 'a port is taken by one process, and is free again as soon as it ends';

function option(
  help: string,
  shownDefault: string,
  reason: string,
  aliases: readonly string[] = [],
  agreed: readonly string[] = [shownDefault],
  form: ValueForm = 'text',
): Idle {
  return idleFlag({ help, shownDefault, reason, agreed, aliases, form });
}

/** A number that is not negative. */
function count(
  help: string,
  shownDefault: string,
  reason: string,
  aliases: readonly string[] = [],
  agreed: readonly string[] = [shownDefault],
): Idle {
  return option(help, shownDefault, reason, aliases, agreed, 'count');
}

function duration(
  help: string,
  shownDefault: string,
  reason: string,
  aliases: readonly string[] = [],
  agreed: readonly string[] = [shownDefault],
): Idle {
  return option(help, shownDefault, reason, aliases, agreed, 'duration');
}

/** One of some words. */
function word(help: string, agreed: readonly string[], reason: string): Idle {
  const parse = (value: string): string => {
    if (agreed.includes(value)) return value;
    throw new Error(`must be one of ${agreed.filter((one) => one !== '').join(', ')}, not "${value}"`);
  };
  return { ...option(help, agreed[0]!, reason, [], agreed), parse };
}

function toggle(
  help: string,
  agreed: 'true' | 'false',
  reason: string,
  aliases: readonly string[] = [],
): Idle {
  return idleFlag({ help, reason, agreed: [agreed, agreed === 'true' ? '1' : '0'], aliases, isSwitch: true });
}

/** Only the value that switches it off is taken. */
function refused(
  help: string,
  harmless: readonly string[],
  reason: string,
  { isSwitch = false, isDropped = false } = {},
): Idle {
  return idleFlag({
    help,
    reason,
    agreed: harmless,
    isSwitch,
    isDropped,
    refused: (value) => (harmless.includes(value) ? null : reason),
  });
}

const no = ['false', '0', ''];

const storage = {
  snapshotCount: count('entries between snapshots', '10000', sizedAnyway, [], ['10000', '100000']),
  maxSnapshots: count('snapshots to keep', '5', sizedAnyway),
  maxWals: count('files of the log to keep', '5', sizedAnyway),
  backendBboltFreelistType: option('type of the free list', 'map', ownStore, [
    'experimental-backend-bbolt-freelist-type',
  ]),
  backendBatchInterval: duration('time between commits of the state', '', ownStore, [], ['0', '0s', '100ms']),
  backendBatchLimit: option(
    'operations between commits of the state',
    '0',
    ownStore,
    [],
    ['0', '10000'],
    'number',
  ),
  bootstrapDefragThresholdMegabytes: count(
    'defragment at the start',
    '0',
    'space is given back while the member runs',
    ['experimental-bootstrap-defrag-threshold-megabytes'],
  ),
  compactionBatchLimit: option(
    'revisions that a step of compaction removes',
    '1000',
    'steps pace themselves',
    ['experimental-compaction-batch-limit'],
    ['1000'],
    'number',
  ),
  compactionSleepInterval: duration('pause between steps of compaction', '10ms', 'steps pace themselves', [
    'experimental-compaction-sleep-interval',
  ]),
  memoryMlock: toggle('keep memory from being swapped out', 'false', 'Node.js has no mlock', [
    'experimental-memory-mlock',
  ]),
  txnModeWriteWithSharedBuffer: toggle('read buffered writes in transactions', 'true', ownStore, [
    'experimental-txn-mode-write-with-shared-buffer',
  ]),
  unsafeNoFsync: toggle('acknowledge writes that are not on disk', 'false', 'every write is synced'),
};

const consensus = {
  initialElectionTickAdvance: toggle('hurry the first election', 'true', 'the first election is hurried'),
  preVote: toggle('ask before an election whether it can be won', 'true', 'members always ask'),
  raftReadTimeout: duration('patience with a silent member', '5s', 'links watch themselves'),
  raftWriteTimeout: duration('patience with a member that does not read', '5s', 'links watch themselves'),
  socketReusePort: toggle('share ports', 'false', reused),
  socketReuseAddress: toggle('take ports that are about to be free', 'false', reused),
  setMemberLocaladdr: toggle('dial from the advertised address', 'false', 'the system chooses the address', [
    'experimental-set-member-localaddr',
  ]),
  discovery: refused('URL of the discovery service', [''], noDiscovery),
  discoveryFallback: word('what to do without discovery', ['exit', 'proxy'], noDiscovery),
  discoveryProxy: option('proxy to the discovery service', '', noDiscovery),
  discoverySrv: refused('domain of the SRV records of the cluster', [''], noDiscovery),
  discoverySrvName: option('name in these records', '', noDiscovery),
  discoveryToken: refused('token of the discovery service', [''], noDiscovery),
  discoveryEndpoints: refused('endpoints of the discovery service', [''], noDiscovery),
  discoveryDialTimeout: duration('time to reach it', '2s', noDiscovery),
  discoveryRequestTimeout: duration('time for its answers', '5s', noDiscovery),
  discoveryKeepaliveTime: duration('time between pings to it', '2s', noDiscovery),
  discoveryKeepaliveTimeout: duration('time for its pings', '6s', noDiscovery),
  discoveryInsecureTransport: toggle('reach it without TLS', 'true', noDiscovery),
  discoveryInsecureSkipTlsVerify: toggle('do not check its certificate', 'false', noDiscovery),
  discoveryCert: option('certificate for it', '', noDiscovery),
  discoveryKey: option('key of this certificate', '', noDiscovery),
  discoveryCacert: option('authority of its certificate', '', noDiscovery),
  discoveryUser: option('user of it', '', noDiscovery),
  discoveryPassword: option('password of this user', '', noDiscovery),
};

const services = {
  enablePprof: toggle('serve profiles over HTTP', 'false', 'profiles are those of Go'),
  clientCertFile: option('certificate of the gateway', '', 'the gateway needs no connection of its own'),
  clientKeyFile: option('its key', '', 'the gateway needs no connection of its own'),
  warningApplyDuration: duration('what is slow for an entry', '100ms', noWarnings, [
    'experimental-warning-apply-duration',
  ]),
  warningUnaryRequestDuration: duration('what is slow for a call', '300ms', noWarnings, [
    'experimental-warning-unary-request-duration',
  ]),
  downgradeCheckTime: duration('time between looks at a downgrade', '5s', 'a downgrade is seen at once', [
    'experimental-downgrade-check-time',
  ]),
  enableLeaseCheckpoint: toggle('write down what leases have left', 'true', 'it is always written down', [
    'experimental-enable-lease-checkpoint',
  ]),
  enableLeaseCheckpointPersist: toggle('and keep it', 'true', 'it is always kept', [
    'experimental-enable-lease-checkpoint-persist',
  ]),
  stopGrpcServiceOnDefrag: toggle(
    'do not serve while defragmenting',
    'false',
    'a defragmentation stands in nobody’s way',
    ['experimental-stop-grpc-service-on-defrag'],
  ),
  enableDistributedTracing: toggle('trace requests', 'false', noTracing, [
    'experimental-enable-distributed-tracing',
  ]),
  distributedTracingAddress: option('collector of traces', 'localhost:4317', noTracing, [
    'experimental-distributed-tracing-address',
  ]),
  distributedTracingServiceName: option('name in traces', 'etcd', noTracing, [
    'experimental-distributed-tracing-service-name',
  ]),
  distributedTracingInstanceId: option('id in traces', '', noTracing, [
    'experimental-distributed-tracing-instance-id',
  ]),
  distributedTracingSamplingRate: option(
    'samples per million',
    '0',
    noTracing,
    ['experimental-distributed-tracing-sampling-rate'],
    ['0'],
    'number',
  ),
};

const older = {
  debug: toggle('log more', 'false', 'use --log-level debug'),
  logPackageLevels: option('levels by package', '', 'there is one level for all: --log-level'),
  enableLogRotation: toggle(
    'rotate log files',
    'false',
    'rotate them with logrotate and SIGHUP, or write to a pipe',
  ),
  logRotationConfigJson: option(
    'how to rotate log files',
    '',
    'files are not rotated',
    [],
    ['', '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}'],
  ),
  // etcd's own sample of a configuration file asks for it.
  enableV2: refused('serve etcd v2', no, noV2, { isSwitch: true, isDropped: true }),
  experimentalEnableV2v3: refused('serve etcd v2 from v3', [''], noV2, { isDropped: true }),
  v2Deprecation: word(
    'how far v2 is gone',
    ['', 'not-yet', 'write-only', 'write-only-drop-data', 'gone'],
    noV2,
  ),
  proxy: refused('run as a proxy', ['off', ''], 'a member is no proxy'),
  proxyFailureWait: count('of a proxy', '5000', 'a member is no proxy'),
  proxyRefreshInterval: count('of a proxy', '30000', 'a member is no proxy'),
  proxyDialTimeout: count('of a proxy', '1000', 'a member is no proxy'),
  proxyWriteTimeout: count('of a proxy', '5000', 'a member is no proxy'),
  proxyReadTimeout: count('of a proxy', '0', 'a member is no proxy'),
};

export const idleFlags: Readonly<Record<string, Idle>> = {
  ...storage,
  ...consensus,
  ...services,
  ...older,
};
