/**
 * The flags of the API server: those of kube-apiserver by their names, and a few of its own. As `kube-apiserver` it has that
 * program's defaults; as `keelson apiserver` those that need no preparation.
 */

import { type AuthorizationMode, authorizationModes } from '../kube/auth/modes.ts';
import { apiserverIdleFlags } from './apiserver-idle-flags.ts';
import { customFlag, durationFlag, type Flag, integerFlag, listFlag, switchFlag, textFlag } from './flags.ts';

const highestPort = 65_535;

/** Plugins of kube-apiserver that have no counterpart here: asking for one of them by name has no effect. */
const otherPlugins: readonly string[] = [
  'AlwaysAdmit',
  'CertificateApproval',
  'CertificateSigning',
  'CertificateSubjectRestriction',
  'ClusterTrustBundleAttest',
  'ExtendedResourceToleration',
  'LimitPodHardAntiAffinityTopology',
  'NamespaceExists',
  'NodeDeclaredFeatureValidator',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeLabel',
  'PodTopologyLabels',
];

/** Those that refuse or change what clients send: it would be wrong to pass over them in silence. */
const missingPlugins: readonly string[] = [
  'AlwaysDeny',
  'AlwaysPullImages',
  'DenyServiceExternalIPs',
  'EventRateLimit',
  'ImagePolicyWebhook',
  'NamespaceAutoProvision',
  'PodNodeSelector',
  'PodTolerationRestriction',
];

const ownPlugins: readonly string[] = [
  'DefaultIngressClass',
  'DefaultStorageClass',
  'DefaultTolerationSeconds',
  'LimitRanger',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'NamespaceLifecycle',
  'NodeRestriction',
  'PersistentVolumeClaimResize',
  'PodSecurity',
  'Priority',
  'ResourceQuota',
  'RuntimeClass',
  'ServiceAccount',
  'StorageObjectInUseProtection',
  'TaintNodesByCondition',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
];

function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function plugins(text: string, isEnabling: boolean): string[] {
  const names = namesIn(text);
  for (const name of names) {
    if (isEnabling && missingPlugins.includes(name)) throw new Error(`the plugin ${name} is not there`);
    const isKnown = [...ownPlugins, ...otherPlugins, ...missingPlugins].includes(name);
    if (!isKnown) throw new Error(`the plugin ${JSON.stringify(name)} is unknown`);
  }
  return names;
}

function modes(text: string): AuthorizationMode[] {
  const found: AuthorizationMode[] = [];
  for (const name of namesIn(text)) {
    const mode = authorizationModes.find((candidate) => candidate === name);
    if (name === 'Webhook') throw new Error('the mode Webhook is not there: no webhooks are asked; use RBAC');
    if (name === 'ABAC') throw new Error('the mode ABAC is not there; use RBAC');
    if (mode === undefined) {
      throw new Error(`${JSON.stringify(name)} is not a mode: they are ${authorizationModes.join(', ')}`);
    }
    if (found.includes(mode)) throw new Error(`the mode ${mode} is given twice`);
    found.push(mode);
  }
  if (found.length === 0) throw new Error('at least one mode is needed');
  return found;
}

function portRange(text: string): readonly [number, number] {
  const match = /^(\d+)(?:-(\d+)|\+(\d+))?$/.exec(text.trim());
  const first = Number(match?.[1] ?? Number.NaN);
  const last = match?.[2] !== undefined ? Number(match[2]) : first + Number(match?.[3] ?? 0);
  if (match === null || last < first || last > highestPort || first < 1) {
    throw new Error(`must be a range of ports as 30000-32767, not "${text}"`);
  }
  return [first, last];
}

/** `api/all=false,apps/v1=true`; a name alone is true. */
function runtimeConfig(text: string): Record<string, boolean> {
  const config: Record<string, boolean> = {};
  for (const part of namesIn(text)) {
    const [name = '', value = 'true'] = part.split('=');
    if (value !== 'true' && value !== 'false' && value !== '') {
      throw new Error(`${name} must be true or false, not "${value}"`);
    }
    config[name] = value !== 'false';
  }
  return config;
}

export interface ApiserverOptions {
  readonly etcdServers: string[];
  readonly etcdPrefix: string;
  readonly etcdCafile: string;
  readonly etcdCertfile: string;
  readonly etcdKeyfile: string;
  readonly bindAddress: string;
  readonly advertiseAddress: string;
  readonly securePort: number;
  readonly insecurePort: number;
  readonly certDir: string;
  readonly tlsCertFile: string;
  readonly tlsPrivateKeyFile: string;
  readonly tlsMinVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly clientCaFile: string;
  readonly requestheaderClientCaFile: string;
  readonly requestheaderAllowedNames: string[];
  readonly requestheaderUsernameHeaders: string[];
  readonly requestheaderUidHeaders: string[];
  readonly requestheaderGroupHeaders: string[];
  readonly requestheaderExtraHeadersPrefix: string[];
  readonly tokenAuthFile: string;
  readonly anonymousAuth: boolean;
  readonly authorizationMode: AuthorizationMode[];
  readonly serviceAccountIssuer: string[];
  readonly serviceAccountKeyFile: string[];
  readonly serviceAccountSigningKeyFile: string;
  readonly apiAudiences: string[];
  readonly serviceClusterIpRange: string;
  readonly serviceNodePortRange: readonly [number, number];
  readonly enableAdmissionPlugins: string[];
  readonly disableAdmissionPlugins: string[];
  readonly allowPrivileged: boolean;
  readonly runtimeConfig: Record<string, boolean>;
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  /** Milliseconds. */
  readonly requestTimeout: number;
  /** Milliseconds. */
  readonly shutdownDelayDuration: number;
  /** Milliseconds. */
  readonly etcdCompactionInterval: number;
  readonly auditLogPath: string;
  readonly auditPolicyFile: string;
}

export type ApiserverTable = { readonly [Name in keyof ApiserverOptions]: Flag<ApiserverOptions[Name]> };

/** @param isKube with the defaults of kube-apiserver */
function tableOf(isKube: boolean): ApiserverTable {
  const initialModes: AuthorizationMode[] = isKube ? ['AlwaysAllow'] : ['Node', 'RBAC'];
  const etcd = isKube ? [] : ['http://127.0.0.1:2379'];
  const file = (help: string): Flag<string> => textFlag({ help, initial: '', placeholder: 'FILE' });
  const files = (help: string): Flag<string[]> => listFlag({ help, initial: [], placeholder: 'FILE,…' });
  const headers = (help: string): Flag<string[]> => listFlag({ help, initial: [], placeholder: 'NAME,…' });
  const text = { placeholder: 'VALUE' };
  return {
    etcdServers: listFlag({
      help: 'client URLs of the cluster that holds the objects',
      initial: etcd,
      placeholder: 'URL,…',
    }),
    etcdPrefix: textFlag({ help: 'keys stand below it', initial: '/registry', placeholder: 'PATH' }),
    etcdCafile: file('authority of the cluster’s certificates'),
    etcdCertfile: file('certificate towards the cluster'),
    etcdKeyfile: file('its key'),
    bindAddress: textFlag({
      help: 'address to serve at',
      initial: isKube ? '0.0.0.0' : '127.0.0.1',
      placeholder: 'HOST',
    }),
    advertiseAddress: textFlag({
      help: 'address that others reach it at',
      initial: '',
      shownDefault: 'the one it serves at',
      placeholder: 'HOST',
    }),
    securePort: integerFlag({
      help: 'port for HTTPS; 0 for none',
      initial: 6443,
      min: 0,
      max: highestPort,
      placeholder: 'PORT',
    }),
    insecurePort: integerFlag({
      help: 'port for plain HTTP on the loopback, where everybody is an administrator; 0 for none',
      initial: 0,
      min: 0,
      max: highestPort,
      placeholder: 'PORT',
    }),
    certDir: textFlag({
      help: 'where certificates and keys are made and kept that are not given',
      initial: isKube ? '/var/run/kubernetes' : '.keelson/kube',
      placeholder: 'DIR',
    }),
    tlsCertFile: file('certificate of the server'),
    tlsPrivateKeyFile: file('its key'),
    tlsMinVersion: customFlag<'TLSv1.2' | 'TLSv1.3'>(
      { help: 'oldest version of TLS', initial: 'TLSv1.2', shownDefault: 'VersionTLS12' },
      (value) => {
        if (value === 'VersionTLS13') return 'TLSv1.3';
        if (/^VersionTLS1[0-2]$/.test(value) || value === '') return 'TLSv1.2';
        throw new Error(`must be VersionTLS12 or VersionTLS13, not "${value}"`);
      },
    ),
    clientCaFile: file('authority of client certificates'),
    requestheaderClientCaFile: file('authority of proxies that say who the client is'),
    requestheaderAllowedNames: headers('common names of such proxies; none: any'),
    requestheaderUsernameHeaders: headers('headers with the user'),
    requestheaderUidHeaders: headers('headers with the id of the user'),
    requestheaderGroupHeaders: headers('headers with groups'),
    requestheaderExtraHeadersPrefix: headers('what headers with more of the user begin with'),
    tokenAuthFile: file('tokens and their users, CSV'),
    anonymousAuth: switchFlag('let the authorizer decide of requests without credentials', true),
    authorizationMode: customFlag<AuthorizationMode[]>(
      {
        help: 'who decides, in this order: AlwaysAllow, AlwaysDeny, Node, RBAC',
        initial: initialModes,
        shownDefault: initialModes.join(','),
        placeholder: 'MODE,…',
      },
      modes,
    ),
    serviceAccountIssuer: listFlag({ help: 'who issues tokens', initial: [], placeholder: 'URL,…' }),
    serviceAccountKeyFile: files('keys whose tokens are believed'),
    serviceAccountSigningKeyFile: file('key that signs tokens'),
    apiAudiences: listFlag({ help: 'names of this server in tokens', initial: [], placeholder: 'NAME,…' }),
    serviceClusterIpRange: textFlag({
      help: 'addresses of services',
      initial: isKube ? '10.0.0.0/24' : '10.96.0.0/16',
      placeholder: 'CIDR',
    }),
    serviceNodePortRange: customFlag<readonly [number, number]>(
      {
        help: 'ports of nodes for services',
        initial: [30_000, 32_767],
        shownDefault: '30000-32767',
        ...text,
      },
      portRange,
    ),
    enableAdmissionPlugins: customFlag<string[]>(
      { help: 'plugins to turn on', initial: [], shownDefault: '', placeholder: 'NAME,…' },
      (value) => plugins(value, true),
    ),
    disableAdmissionPlugins: customFlag<string[]>(
      { help: 'plugins to turn off', initial: [], shownDefault: '', placeholder: 'NAME,…' },
      (value) => plugins(value, false),
    ),
    allowPrivileged: switchFlag('let containers be privileged', !isKube),
    runtimeConfig: customFlag<Record<string, boolean>>(
      {
        help: 'groups and versions to turn off or on',
        initial: {},
        shownDefault: '',
        placeholder: 'NAME=BOOL,…',
      },
      runtimeConfig,
    ),
    maxRequestsInflight: integerFlag({
      help: 'requests at work that only read; 0 for any number',
      initial: 400,
      min: 0,
    }),
    maxMutatingRequestsInflight: integerFlag({
      help: 'requests at work that write; 0 for any number',
      initial: 200,
      min: 0,
    }),
    requestTimeout: durationFlag({
      help: 'longest time of a request',
      initial: 60_000,
      shownDefault: '1m0s',
    }),
    etcdCompactionInterval: durationFlag({
      help: 'history that is older is compacted; 0 for never',
      initial: 300_000,
      shownDefault: '5m0s',
    }),
    shutdownDelayDuration: durationFlag({
      help: 'how long it goes on serving after it said that it ends',
      initial: 0,
      shownDefault: '0s',
    }),
    auditLogPath: textFlag({
      help: 'file for a line per request; - is standard output',
      initial: '',
      placeholder: 'FILE',
    }),
    auditPolicyFile: file('what of a request is written there'),
  };
}

/** Flags that kube-apiserver takes several times: each adds to those before. */
const repeatable: ReadonlySet<string> = new Set([
  'etcd-servers',
  'service-account-issuer',
  'service-account-key-file',
  'api-audiences',
  'enable-admission-plugins',
  'disable-admission-plugins',
  'authorization-mode',
  'runtime-config',
  'feature-gates',
]);

/**
 * A command line of kube-apiserver as `parseFlags` reads it: underscores are dashes, `-v` is a flag, and what is given several
 * times is one list.
 */
export function plainArguments(argv: readonly string[]): string[] {
  const lists = new Map<string, number>();
  const plain: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(argv[at]!);
    if (match === null) {
      plain.push(argv[at]!);
      continue;
    }
    const name = match[1]!.replaceAll('_', '-');
    const inWord = match[2];
    if (!repeatable.has(name)) {
      plain.push(inWord === undefined ? `--${name}` : `--${name}=${inWord}`);
      continue;
    }
    const value = inWord ?? argv[++at] ?? '';
    const before = lists.get(name);
    if (before === undefined) lists.set(name, plain.push(`--${name}=${value}`) - 1);
    else plain[before] += `,${value}`;
  }
  return plain;
}

/** The whole table. @param isKube with the defaults of kube-apiserver */
export function apiserverFlags(isKube: boolean): ApiserverTable & Readonly<Record<string, Flag<unknown>>> {
  return { ...tableOf(isKube), ...apiserverIdleFlags };
}

/** Sentences about plugins that were asked for and are not there. */
export function pluginWarnings(enabled: readonly string[]): string[] {
  return enabled
    .filter((name) => otherPlugins.includes(name))
    .map((name) => `--enable-admission-plugins: ${name} has no effect: there is no such plugin here`);
}
