/**
 * The files that an API server is told of, read: certificates, keys, tokens. What is not given is made once in `--cert-dir`
 * and kept. Everything that is wrong with them is found in one pass.
 */

import { createWriteStream, readFileSync } from 'node:fs';
import type { TlsOptions } from '../client/index.ts';
import { tokenKeys } from '../kube/auth/service-account-tokens.ts';
import { staticTokens } from '../kube/auth/static-tokens.ts';
import { parseTokenFile } from '../kube/auth/token-file.ts';
import { unsecured } from '../kube/auth/unsecured.ts';
import type { ControlPlaneOptions } from '../kube/control-plane-options.ts';
import { type AuditSink, auditPolicyOf } from '../kube/http/audit.ts';
import type { TlsMaterial } from '../kube/http/server.ts';
import { parseYamlText } from '../kube/schema/yaml-text.ts';
import type { Runtime } from '../util/runtime.ts';
import type { ApiserverOptions } from './apiserver-flags.ts';
import { type KubeFiles, kubeFiles, servingPair } from './kube-files.ts';

export interface ApiserverSetup {
  /** What of it follows from files and flags. */
  readonly plane: ControlPlaneOptions;
  /** Towards the cluster that holds the objects; null: the defaults. */
  readonly etcdTls: TlsOptions | null;
  /** What `keelson apiserver` keeps; null for kube-apiserver, which gives nobody an administrator's token. */
  readonly files: KubeFiles | null;
}

/** Reads files and notes what cannot be read. */
class Reader {
  readonly problems: string[];

  constructor(problems: string[]) {
    this.problems = problems;
  }

  /** @returns empty when no file is named, or when it cannot be read */
  text(flag: string, path: string): string {
    if (path === '') return '';
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      this.problems.push(`--${flag}: ${(error as Error).message}`);
      return '';
    }
  }

  attempt<T>(flag: string, make: () => T): T | null {
    try {
      return make();
    } catch (error) {
      this.problems.push(`--${flag}: ${(error as Error).message}`);
      return null;
    }
  }
}

function pairProblem(problems: string[], [one, other]: [string, string], a: string, b: string): void {
  if ((a === '') !== (b === '')) problems.push(`--${one} and --${other} go together`);
}

function etcdTls(options: ApiserverOptions, reader: Reader): TlsOptions | null {
  const { etcdCafile, etcdCertfile, etcdKeyfile } = options;
  pairProblem(reader.problems, ['etcd-certfile', 'etcd-keyfile'], etcdCertfile, etcdKeyfile);
  if (etcdCafile === '' && etcdCertfile === '') return null;
  const ca = reader.text('etcd-cafile', etcdCafile);
  const cert = reader.text('etcd-certfile', etcdCertfile);
  const key = reader.text('etcd-keyfile', etcdKeyfile);
  return { ...(ca === '' ? {} : { ca }), ...(cert === '' ? {} : { cert, key }) };
}

/** Of several keys the signer's own need not be there: `tokenKeys` knows it. */
function accountKeys(
  options: ApiserverOptions,
  reader: Reader,
): Pick<ControlPlaneOptions, 'serviceAccountKey' | 'serviceAccountKeys'> {
  const problemsBefore = reader.problems.length;
  const key = reader.text('service-account-signing-key-file', options.serviceAccountSigningKeyFile);
  const keys = options.serviceAccountKeyFile.map((path) => reader.text('service-account-key-file', path));
  if (reader.problems.length === problemsBefore) {
    reader.attempt('service-account-key-file', () => tokenKeys(key === '' ? null : key, keys));
  }
  return { ...(key === '' ? {} : { serviceAccountKey: key }), serviceAccountKeys: keys };
}

/** Flags that contradict each other or name nothing. */
function checkFlags(options: ApiserverOptions, problems: string[]): void {
  if (options.etcdServers.length === 0) problems.push('--etcd-servers must be specified');
  if (options.securePort === 0 && options.insecurePort === 0) {
    problems.push('--secure-port and --insecure-port are both 0: there is nothing to serve at');
  }
  pairProblem(
    problems,
    ['tls-cert-file', 'tls-private-key-file'],
    options.tlsCertFile,
    options.tlsPrivateKeyFile,
  );
}

/** Appends lines to a file, in their order. */
function auditSink(path: string): AuditSink {
  const out = path === '-' ? process.stdout : createWriteStream(path, { flags: 'a', mode: 0o600 });
  return { write: (line) => void out.write(`${line}\n`) };
}

/** Where it serves: the plain port is the only one when there is no other. */
function portsOf(
  { bindAddress: host, securePort, insecurePort }: ApiserverOptions,
  tls: TlsMaterial,
): Pick<ControlPlaneOptions, 'host' | 'port' | 'tls' | 'insecurePort'> {
  if (securePort === 0) return { host: '127.0.0.1', port: insecurePort, tls: null };
  return { host, port: securePort, tls, insecurePort: insecurePort === 0 ? null : insecurePort };
}

/**
 * @param isKube as kube-apiserver: no token, no kubeconfig
 * @param problems takes everything that is wrong; the setup means nothing then
 */
export function setUpApiserver(
  options: ApiserverOptions,
  isKube: boolean,
  runtime: Runtime,
  problems: string[],
): ApiserverSetup | null {
  checkFlags(options, problems);
  const reader = new Reader(problems);
  const tls = etcdTls(options, reader);
  const clientAuthority = reader.text('client-ca-file', options.clientCaFile);
  const proxyAuthority = reader.text('requestheader-client-ca-file', options.requestheaderClientCaFile);
  const users = reader.attempt('token-auth-file', () =>
    parseTokenFile(reader.text('token-auth-file', options.tokenAuthFile)),
  );
  const given = {
    cert: reader.text('tls-cert-file', options.tlsCertFile),
    key: reader.text('tls-private-key-file', options.tlsPrivateKeyFile),
  };
  const keys = accountKeys(options, reader);
  const policy = reader.attempt('audit-policy-file', () =>
    options.auditPolicyFile === ''
      ? null
      : auditPolicyOf(parseYamlText(reader.text('audit-policy-file', options.auditPolicyFile)).value),
  );
  if (problems.length > 0) return null;
  const hosts = [options.bindAddress, options.advertiseAddress].filter((host) => host !== '');
  const files = isKube ? null : reader.attempt('cert-dir', () => kubeFiles(options.certDir, hosts, runtime));
  let pair: { readonly cert: string; readonly key: string } | null = given;
  if (given.cert === '' && options.securePort > 0) {
    pair = files?.server ?? reader.attempt('cert-dir', () => servingPair(options.certDir, hosts, runtime));
  }
  if (problems.length > 0 || pair === null) return null;
  const authorities = [files?.authority ?? '', clientAuthority].filter((text) => text !== '');
  const isOpen = options.authorizationMode.includes('AlwaysAllow');
  const plane: ControlPlaneOptions = {
    runtime,
    ...portsOf(options, {
      ...pair,
      clientAuthorities: authorities.join('\n'),
      minVersion: options.tlsMinVersion,
    }),
    ...(options.advertiseAddress === '' ? {} : { advertiseAddress: options.advertiseAddress }),
    ...(files === null
      ? {}
      : { authority: files.authority, adminToken: files.token, serviceAccountKey: files.serviceAccountKey }),
    ...keys,
    ...(proxyAuthority === ''
      ? {}
      : {
          frontProxy: {
            authorities: proxyAuthority,
            allowedNames: options.requestheaderAllowedNames,
            usernameHeaders: options.requestheaderUsernameHeaders,
            uidHeaders: options.requestheaderUidHeaders,
            groupHeaders: options.requestheaderGroupHeaders,
            extraPrefixes: options.requestheaderExtraHeadersPrefix,
          },
        }),
    ...(options.serviceAccountIssuer[0] === undefined
      ? {}
      : { serviceAccountIssuer: options.serviceAccountIssuer[0] }),
    apiAudiences: options.apiAudiences,
    authenticators: [
      ...(users === null || users.size === 0 ? [] : [staticTokens(users)]),
      ...(options.securePort === 0 ? [unsecured] : []),
    ],
    authorizationModes: options.authorizationMode,
    // Where everybody may do everything, nobody comes without a name.
    anonymous: options.anonymousAuth && !isOpen,
    serviceRange: options.serviceClusterIpRange.split(',')[0]!,
    nodePorts: options.serviceNodePortRange,
    enabledPlugins: options.enableAdmissionPlugins,
    disabledPlugins: options.disableAdmissionPlugins.filter(
      (name) => !options.enableAdmissionPlugins.includes(name),
    ),
    allowsPrivileged: options.allowPrivileged,
    runtimeConfig: options.runtimeConfig,
    maxRequestsInFlight: options.maxRequestsInflight,
    maxMutatingRequestsInFlight: options.maxMutatingRequestsInflight,
    requestTimeoutMs: options.requestTimeout,
    compactionIntervalMs: options.etcdCompactionInterval,
    shutdownDelayMs: options.shutdownDelayDuration,
    ...(policy === null ? {} : { auditPolicy: policy }),
    ...(options.auditLogPath === '' ? {} : { audit: auditSink(options.auditLogPath) }),
  };
  return { plane, etcdTls: tls, files };
}
