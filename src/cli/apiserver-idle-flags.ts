/**
 * Flags of kube-apiserver that are taken and do nothing, because what they are about is the case anyway or does not exist
 * here, and those that are refused because ignoring them would break a promise: who may do what, what is encrypted, who is
 * asked. Every documented flag of kube-apiserver 1.36 is in this table or in `apiserver-flags.ts`.
 */

import { type Flag, idleFlag } from './flag-kinds.ts';

type Idle = Flag<string>;

const noWebhook = 'no webhooks are asked: use RBAC, certificates and tokens';
const noKubelet = 'there are no kubelets to talk to';
const noAggregation = 'no API servers stand behind this one';
const noOidc = 'tokens of OpenID Connect issuers are not understood';
const oneProcess = 'there is nothing to tune';
const goOnly = 'it is about processes in Go';

function option(help: string, reason: string, agreed: readonly string[] = []): Idle {
  return idleFlag({ help, reason, agreed: ['', ...agreed] });
}

function toggle(help: string, reason: string, agreed: readonly string[] = []): Idle {
  return idleFlag({ help, reason, agreed, isSwitch: true });
}

/** Refused unless the value asks for nothing. */
function refused(help: string, reason: string, harmless: readonly string[] = ['']): Idle {
  const refusal = (value: string): string | null => (harmless.includes(value) ? null : reason);
  return idleFlag({ help, reason, agreed: harmless, refused: refusal });
}

const authentication = {
  authenticationConfig: refused(
    'file of authenticators',
    'give --client-ca-file and --token-auth-file instead',
  ),
  authenticationTokenWebhookConfigFile: refused('webhook for tokens', noWebhook),
  authenticationTokenWebhookCacheTtl: option('of that webhook', noWebhook, ['2m0s', '2m']),
  authenticationTokenWebhookVersion: option('of that webhook', noWebhook, ['v1beta1', 'v1']),
  enableBootstrapTokenAuth: idleFlag({
    help: 'let bootstrap tokens in',
    reason: 'bootstrap tokens are not understood',
    agreed: ['false'],
    isSwitch: true,
  }),
  oidcIssuerUrl: refused('issuer of tokens', noOidc),
  oidcClientId: refused('client of that issuer', noOidc),
  oidcCaFile: refused('authority of that issuer', noOidc),
  oidcGroupsClaim: option('claim of groups', noOidc),
  oidcGroupsPrefix: option('prefix of groups', noOidc),
  oidcRequiredClaim: option('what tokens must say', noOidc),
  oidcSigningAlgs: option('how tokens are signed', noOidc, ['RS256']),
  oidcUsernameClaim: option('claim of the user', noOidc, ['sub']),
  oidcUsernamePrefix: option('prefix of users', noOidc),
  serviceAccountExtendTokenExpiration: toggle(
    'let tokens of pods live longer',
    'tokens live as long as asked',
    ['false', 'true'],
  ),
  serviceAccountJwksUri: option('where keys of tokens are said to be', 'they are at /openid/v1/jwks'),
  serviceAccountLookup: toggle('look accounts up', 'they are always looked up', ['true']),
  serviceAccountMaxTokenExpiration: option('longest life of tokens', 'tokens live as long as asked', [
    '0',
    '0s',
  ]),
  serviceAccountSigningEndpoint: refused(
    'signer of tokens',
    'give --service-account-signing-key-file instead',
  ),
};

const authorization = {
  authorizationConfig: refused('file of authorizers', 'give --authorization-mode instead'),
  authorizationPolicyFile: refused('policy of mode ABAC', 'the mode ABAC is not there: use RBAC'),
  authorizationWebhookConfigFile: refused('webhook of mode Webhook', noWebhook),
  authorizationWebhookCacheAuthorizedTtl: option('of that webhook', noWebhook, ['5m0s', '5m']),
  authorizationWebhookCacheUnauthorizedTtl: option('of that webhook', noWebhook, ['30s']),
  authorizationWebhookVersion: option('of that webhook', noWebhook, ['v1beta1', 'v1']),
};

const admission = {
  admissionControl: option('plugins, as it was', 'use --disable-admission-plugins'),
  admissionControlConfigFile: option('configuration of plugins', 'plugins are not configured'),
  defaultNotReadyTolerationSeconds: option('added to pods', 'it is 300', ['300']),
  defaultUnreachableTolerationSeconds: option('added to pods', 'it is 300', ['300']),
};

const storage = {
  encryptionProviderConfig: refused('file of keys that encrypt objects', 'objects are not encrypted here'),
  encryptionProviderConfigAutomaticReload: toggle('read it again', 'objects are not encrypted', ['false']),
  deleteCollectionWorkers: option('workers of a deletion', oneProcess, ['1']),
  enableGarbageCollector: toggle('delete what owners leave', 'it is always on', ['true']),
  etcdCountMetricPollPeriod: option('time between counts', oneProcess, ['1m0s', '1m']),
  etcdDbMetricPollInterval: option('time between looks at its size', oneProcess, ['30s']),
  etcdHealthcheckTimeout: option('of the check etcd', oneProcess, ['2s']),
  etcdReadycheckTimeout: option('of the check etcd-readiness', oneProcess, ['2s']),
  etcdServersOverrides: refused('stores by resource', 'all objects are in one store'),
  eventTtl: option('life of events', 'it is an hour', ['1h0m0s', '1h']),
  leaseReuseDurationSeconds: option('how long a lease is shared', oneProcess, ['60']),
  storageBackend: refused('kind of store', 'the store is etcd3', ['', 'etcd3']),
  storageInitializationTimeout: option('how long to wait for the store', 'it is a minute', ['1m0s', '1m']),
  storageMediaType: option('how objects are stored', 'they are stored in a form of their own', [
    'application/vnd.kubernetes.protobuf',
    'application/json',
  ]),
  watchCache: toggle('watch from memory', 'it is always so', ['true']),
  watchCacheSizes: option('events kept by resource', 'it is the same for all'),
};

const serving = {
  apiserverCount: option('servers there are', oneProcess, ['1']),
  contentionProfiling: toggle('profile locks', goOnly, ['false']),
  corsAllowedOrigins: option('origins of pages that may ask', 'no page of another origin may ask'),
  debugSocketPath: option('where to profile', goOnly),
  disableHttp2Serving: toggle('HTTP/1.1 alone', 'clients choose', ['false']),
  enablePriorityAndFairness: toggle('share by flow schemas', 'requests are limited by count', [
    'true',
    'false',
  ]),
  endpointReconcilerType: option('how the server is published', 'as a lease would', [
    'lease',
    'none',
    'master-count',
  ]),
  externalHostname: option('name in documents', 'the address of the listener is said'),
  goawayChance: option('how often clients are sent elsewhere', oneProcess, ['0']),
  http2MaxStreamsPerConnection: option('streams per connection', 'it is 1000', ['0', '1000']),
  identityLeaseDurationSeconds: option('of the lease of a server', 'servers hold none', ['3600']),
  identityLeaseRenewIntervalSeconds: option('of that lease', 'servers hold none', ['10']),
  livezGracePeriod: option('time to start', oneProcess, ['0', '0s']),
  maxConnectionBytesPerSec: option('limit of a connection', 'there is none', ['0']),
  minRequestTimeout: option('shortest life of a watch', 'it is half an hour', ['1800']),
  permitAddressSharing: toggle('share the address', 'it is not shared', ['false']),
  permitPortSharing: toggle('share the port', 'it is not shared', ['false']),
  profiling: toggle('serve profiles', goOnly, ['true', 'false']),
  shutdownSendRetryAfter: toggle('send clients away at the end', 'they are always sent away', [
    'true',
    'false',
  ]),
  shutdownWatchTerminationGracePeriod: option('time for watches to end', 'they end at once', ['0', '0s']),
  strictTransportSecurityDirectives: option('header for browsers', 'it is not sent'),
  tlsCipherSuites: option('ciphers', 'those of Node.js'),
  tlsCurvePreferences: option('curves', 'those of Node.js'),
  tlsSniCertKey: refused('certificates by name', 'there is one certificate'),
  kubernetesServiceNodePort: option('node port of the service kubernetes', 'it has none', ['0']),
};

const others = {
  aggregatorRejectForwardingRedirect: toggle('of servers behind', noAggregation, ['true', 'false']),
  allowMetricLabels: option('labels of metrics', 'all are there'),
  allowMetricLabelsManifest: option('labels of metrics', 'all are there'),
  coordinatedLeadershipLeaseDuration: option('of elections', 'elections are clients’ own', ['15s']),
  coordinatedLeadershipRenewDeadline: option('of elections', 'elections are clients’ own', ['10s']),
  coordinatedLeadershipRetryPeriod: option('of elections', 'elections are clients’ own', ['2s']),
  disabledMetrics: option('metrics to leave out', 'all are there'),
  egressSelectorConfigFile: option('how to reach nodes', noKubelet),
  emulatedVersion: option('version to behave like', 'there is one version'),
  emulationForwardCompatible: toggle('of that', 'there is one version', ['false']),
  enableAggregatorRouting: toggle('route to endpoints', noAggregation, ['false']),
  featureGates: option('features to switch, NAME=true,…', 'what they switch is decided here'),
  kubeletCertificateAuthority: option('authority of kubelets', noKubelet),
  kubeletClientCertificate: option('certificate towards kubelets', noKubelet),
  kubeletClientKey: option('its key', noKubelet),
  kubeletPort: option('port of kubelets', noKubelet, ['10250']),
  kubeletPreferredAddressTypes: option('addresses of nodes', noKubelet),
  kubeletReadOnlyPort: option('port of kubelets', noKubelet, ['10255']),
  kubeletTimeout: option('of calls to kubelets', noKubelet, ['5s']),
  logFlushFrequency: option('time between writes of the log', 'lines are written at once', ['5s']),
  logJsonInfoBufferSize: option('buffer of the log', 'lines are written at once', ['0']),
  logJsonSplitStream: toggle('split the log', 'it is one stream', ['false']),
  logTextInfoBufferSize: option('buffer of the log', 'lines are written at once', ['0']),
  logTextSplitStream: toggle('split the log', 'it is one stream', ['false']),
  loggingFormat: option('form of the log', 'lines are text', ['text', 'json']),
  minCompatibilityVersion: option('oldest version to agree with', 'there is one version'),
  peerAdvertiseIp: option('address for other servers', oneProcess),
  peerAdvertisePort: option('port for other servers', oneProcess),
  peerCaFile: option('authority of other servers', oneProcess),
  proxyClientCertFile: option('certificate towards servers behind', noAggregation),
  proxyClientKeyFile: option('its key', noAggregation),
  runtimeConfigEmulationForwardCompatible: toggle('of --emulated-version', 'there is one version', ['false']),
  showHiddenMetricsForVersion: option('old metrics', 'there are none'),
  tracingConfigFile: option('where traces go', 'requests are not traced'),
  v: option('how much to log', 'problems are logged, nothing else', ['0', '1', '2']),
  vmodule: option('how much to log by file', 'problems are logged, nothing else'),
  auditLogBatchBufferSize: option('of batches', 'lines are written as they come', ['10000']),
  auditLogBatchMaxSize: option('of batches', 'lines are written as they come', ['1']),
  auditLogBatchMaxWait: option('of batches', 'lines are written as they come', ['0', '0s']),
  auditLogBatchThrottleBurst: option('of batches', 'lines are written as they come', ['0']),
  auditLogBatchThrottleEnable: toggle('of batches', 'lines are written as they come', ['false']),
  auditLogBatchThrottleQps: option('of batches', 'lines are written as they come', ['0']),
  auditLogCompress: toggle('pack old files', 'files are not rotated', ['false']),
  auditLogFormat: refused('form of the lines', 'lines are JSON', ['', 'json']),
  auditLogMaxage: option('days to keep old files', 'files are not rotated', ['0']),
  auditLogMaxbackup: option('old files to keep', 'files are not rotated', ['0']),
  auditLogMaxsize: option('megabytes of a file', 'files are not rotated', ['0']),
  auditLogMode: option('when lines are written', 'as they come', ['blocking', 'blocking-strict']),
  auditLogTruncateEnabled: toggle('cut long lines', 'lines are whole', ['false']),
  auditLogTruncateMaxBatchSize: option('of cutting', 'lines are whole', ['10485760']),
  auditLogTruncateMaxEventSize: option('of cutting', 'lines are whole', ['102400']),
  auditLogVersion: option('version of the lines', 'it is audit.k8s.io/v1', ['audit.k8s.io/v1']),
  auditWebhookConfigFile: refused('where else lines go', noWebhook),
};

/** Those of the audit webhook, which only count together with its file. */
const auditWebhook = Object.fromEntries(
  [
    'BatchBufferSize',
    'BatchMaxSize',
    'BatchMaxWait',
    'BatchThrottleBurst',
    'BatchThrottleEnable',
    'BatchThrottleQps',
    'InitialBackoff',
    'Mode',
    'TruncateEnabled',
    'TruncateMaxBatchSize',
    'TruncateMaxEventSize',
    'Version',
  ].map((name) => [`auditWebhook${name}`, option('of the audit webhook', noWebhook)]),
);

export const apiserverIdleFlags: Readonly<Record<string, Idle>> = {
  ...authentication,
  ...authorization,
  ...admission,
  ...storage,
  ...serving,
  ...others,
  ...auditWebhook,
};
