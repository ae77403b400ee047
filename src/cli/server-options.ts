/**
 * The options of `keelson server`: etcd's names, defaults and rules, from flags, `ETCD_*` variables or a configuration
 * file. As with etcd, the file stands alone: what else was given is ignored then, with a word about it.
 */

import { parseEndpoint } from '../rpc/address.ts';
import { opensslCiphers } from '../rpc/cipher-suites.ts';
import { parseDuration } from './durations.ts';
import { gatesOfFlags, idleGates, isOn } from './feature-gates.ts';
import type { Flag, ParsedFlags, Setting } from './flags.ts';
import { flagHelp, flagName, parseFlags, parseSettings } from './flags.ts';
import { idleFlags } from './idle-flags.ts';
import { type ServerOptions, STREAMS_MAX, serverFlags } from './server-flags.ts';

export {
  type InitialCluster,
  type LogLevelName,
  parseInitialCluster,
  type ServerOptions,
} from './server-flags.ts';

/** etcd: an election needs time for several heartbeats to be lost. */
const HEARTBEATS_PER_ELECTION_MIN = 5;
/** Beyond these etcd warns, too. */
const REQUEST_BYTES_ADVISED = 10 * 2 ** 20;
const QUOTA_BYTES_ADVISED = 8 * 2 ** 30;
const BCRYPT_COST_MIN = 4;
const BCRYPT_COST_MAX = 31;
/** What a cost beyond these is taken for, and a token without a time to live. */
const BCRYPT_COST = 10;
const AUTH_TOKEN_TTL = 300;
const MS_PER_HOUR = 3_600_000;

// biome-ignore lint/suspicious/noExplicitAny: a table mixes flags of every type
const table: Readonly<Record<string, Flag<any>>> = { ...serverFlags, ...idleFlags };

export interface ParsedServer {
  readonly options: ServerOptions;
  readonly problems: readonly string[];
  /** Some of them are of the command line itself: etcd ends with another code then. */
  readonly isUnreadable: boolean;
  readonly warnings: readonly string[];
  readonly help: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;
/** Reads a configuration file; throws what is wrong with it. */
export type ReadSettings = (path: string) => readonly Setting[];
type Parsed = ParsedFlags<typeof table>;

/** Reads command line, environment and file, and checks what belongs together. */
export function parseServerOptions(
  argv: readonly string[],
  env: Environment,
  readSettings: ReadSettings = noFiles,
): ParsedServer {
  const parsed = read(argv, env, readSettings);
  const options = parsed.values as unknown as ServerOptions;
  if (options.dataDir === '') options.dataDir = `${options.name}.etcd`;
  if (!parsed.given.has('initialCluster')) {
    options.initialCluster = { [options.name]: options.initialAdvertisePeerUrls };
  }
  // Rules between options say nothing useful about values that were refused by themselves.
  const problems = parsed.problems.length > 0 ? parsed.problems : checkTogether(options, parsed);
  const warnings = [...parsed.warnings, ...settle(options), ...adviceOn(options)];
  return { options, problems, isUnreadable: parsed.isUnreadable, warnings, help: parsed.help };
}

/** Values that etcd takes for others. */
function settle(options: ServerOptions): string[] {
  if (options.maxConcurrentStreams === 0) options.maxConcurrentStreams = STREAMS_MAX;
  if (options.authTokenTtl === 0) options.authTokenTtl = AUTH_TOKEN_TTL;
  const { bcryptCost } = options;
  if (bcryptCost >= BCRYPT_COST_MIN && bcryptCost <= BCRYPT_COST_MAX) return [];
  options.bcryptCost = BCRYPT_COST;
  return [
    `--bcrypt-cost ${bcryptCost} is not from ${BCRYPT_COST_MIN} to ${BCRYPT_COST_MAX}: taken for ${BCRYPT_COST}`,
  ];
}

function noFiles(path: string): never {
  throw new Error(`${path} cannot be read here`);
}

function read(argv: readonly string[], env: Environment, readSettings: ReadSettings): Parsed {
  const { ETCD_CONFIG_FILE: fileOfEnvironment, ...others } = env;
  const isFromEnvironment = fileOfEnvironment !== undefined && fileOfEnvironment !== '';
  const commandLine = parseFlags(table, argv, { env: isFromEnvironment ? env : others, envPrefix: 'ETCD_' });
  const path = String(commandLine.values['configFile'] ?? '');
  if (path === '' || commandLine.help) return commandLine;
  const file = parseFile(path, readSettings);
  const ignored = [...commandLine.given].filter((option) => option !== 'configFile');
  if (ignored.length > 0) {
    const names = ignored.map((option) => `--${flagName(option)}`).join(', ');
    file.warnings.push(`the configuration file ${path} stands alone: ${names} ignored`);
  }
  return file;
}

function parseFile(path: string, readSettings: ReadSettings): Parsed {
  try {
    // The command line itself could be read.
    return { ...parseSettings(table, readSettings(path), path), isUnreadable: false };
  } catch (error) {
    const nothing = parseSettings(table, [], path);
    nothing.problems.push(`--config-file: ${path}: ${(error as Error).message.trim()}`);
    return nothing;
  }
}

function checkTogether(options: ServerOptions, parsed: Parsed): string[] {
  const problems: string[] = [];
  if (parsed.given.has('listenClientUrls') && !parsed.given.has('advertiseClientUrls')) {
    problems.push('--advertise-client-urls is required when --listen-client-urls is set');
  }
  if (options.logOutputs.length > 1 && options.logOutputs.includes('default')) {
    problems.push('--log-outputs: default stands alone: name what else it is to be, such as stderr');
  }
  for (const [option, gate] of Object.entries(gatesOfFlags)) {
    if (!parsed.given.has(option) || !options.featureGates.has(gate)) continue;
    problems.push(
      `--${flagName(option)} and --feature-gates ${gate} are the same option: remove one of them`,
    );
  }
  const comparesCompactions =
    options.compactHashCheckEnabled || isOn(options.featureGates, 'CompactHashCheck');
  if (comparesCompactions && options.compactHashCheckTime === 0) {
    problems.push('--compact-hash-check-time must be more than 0s');
  }
  if (options.electionTimeout < HEARTBEATS_PER_ELECTION_MIN * options.heartbeatInterval) {
    problems.push(
      `--election-timeout (${options.electionTimeout} ms) must be at least ${HEARTBEATS_PER_ELECTION_MIN} times ` +
        `--heartbeat-interval (${options.heartbeatInterval} ms)`,
    );
  }
  checkCompaction(options, problems);
  checkTls(options, problems);
  checkCluster(options, problems);
  return problems;
}

function checkCompaction(options: ServerOptions, problems: string[]): void {
  try {
    compactionRetention(options);
  } catch (error) {
    problems.push(`--auto-compaction-retention: ${(error as Error).message}`);
  }
}

/**
 * What automatic compaction keeps: milliseconds or revisions, by the mode; 0 switches it off.
 * @throws Error that says what is wrong with it
 */
export function compactionRetention(options: ServerOptions): number {
  const { autoCompactionMode: mode, autoCompactionRetention: text } = options;
  if (/^\d+$/.test(text)) return mode === 'revision' ? Number(text) : Number(text) * MS_PER_HOUR;
  if (mode === 'revision') throw new Error(`must be a number of revisions, not "${text}"`);
  const ms = parseDuration(text);
  if (ms < 0) throw new Error(`must not be negative, as "${text}" is`);
  return ms;
}

function checkTls(options: ServerOptions, problems: string[]): void {
  const isSecure = (url: string): boolean => parseEndpoint(url).secure;
  const pairs = [
    ['--cert-file', options.certFile, '--key-file', options.keyFile],
    ['--peer-cert-file', options.peerCertFile, '--peer-key-file', options.peerKeyFile],
    [
      '--peer-client-cert-file',
      options.peerClientCertFile,
      '--peer-client-key-file',
      options.peerClientKeyFile,
    ],
  ] as const;
  for (const [certFlag, cert, keyFlag, key] of pairs) {
    if ((cert === '') !== (key === '')) problems.push(`${certFlag} and ${keyFlag} go together`);
  }
  if (options.certFile === '' && !options.autoTls) {
    const needed = 'TLS key/cert (--cert-file, --key-file) must be provided for';
    for (const url of [...options.listenClientUrls, ...options.listenClientHttpUrls].filter(isSecure)) {
      problems.push(`${needed} client url ${url} with HTTPS scheme, or --auto-tls`);
    }
    for (const url of options.listenMetricsUrls.filter(isSecure)) {
      problems.push(`client ${needed} metrics secure url ${url}, or --auto-tls`);
    }
  }
  if (options.listenPeerUrls.some(isSecure) && options.peerCertFile === '' && !options.peerAutoTls) {
    problems.push('a peer URL with TLS needs --peer-cert-file and --peer-key-file, or --peer-auto-tls');
  }
  if (options.peerCertAllowedCn.length > 0 && options.peerCertAllowedHostname.length > 0) {
    problems.push('--peer-cert-allowed-cn and --peer-cert-allowed-hostname exclude each other');
  }
  if (options.tlsMinVersion === 'TLS1.3' && options.tlsMaxVersion === 'TLS1.2') {
    problems.push('--tls-min-version is newer than --tls-max-version');
  }
  if (options.tlsMinVersion === 'TLS1.3' && options.cipherSuites.length > 0) {
    problems.push('--cipher-suites cannot be chosen with TLS 1.3');
  }
  try {
    opensslCiphers(options.cipherSuites);
  } catch (error) {
    problems.push(`--cipher-suites: ${(error as Error).message}`);
  }
}

function checkCluster(options: ServerOptions, problems: string[]): void {
  if (!Object.hasOwn(options.initialCluster, options.name)) {
    problems.push(`--initial-cluster does not name this member: there is no "${options.name}=URL" in it`);
    return;
  }
  const listed = [...options.initialCluster[options.name]!].sort().join(',');
  const advertised = [...options.initialAdvertisePeerUrls].sort().join(',');
  if (listed !== advertised) {
    problems.push(
      `--initial-cluster has ${options.name}=${listed}, but --initial-advertise-peer-urls is ${advertised}`,
    );
  }
}

/** What may be meant, and may be a mistake. */
function adviceOn(options: ServerOptions): string[] {
  const advice: string[] = idleGates(options.featureGates);
  if (options.maxRequestBytes > REQUEST_BYTES_ADVISED) {
    advice.push(`--max-request-bytes ${options.maxRequestBytes}: requests over 10 MiB hold others up`);
  }
  if (options.quotaBackendBytes > QUOTA_BYTES_ADVISED) {
    advice.push(`--quota-backend-bytes ${options.quotaBackendBytes}: more than 8 GiB is not advised`);
  }
  const plain = (urls: readonly string[]): string[] => urls.filter((url) => !parseEndpoint(url).secure);
  if (options.certFile !== '' || options.autoTls) {
    for (const url of plain(options.listenClientUrls)) {
      advice.push(`clients are served without TLS at ${url}, although there is a certificate`);
    }
  }
  if (options.peerCertFile !== '' || options.peerAutoTls) {
    for (const url of plain(options.listenPeerUrls)) {
      advice.push(`members are served without TLS at ${url}, although there is a certificate`);
    }
  }
  return advice;
}

/** The help text of the flags. */
export function serverFlagHelp(): string {
  return `${flagHelp(serverFlags)}\n\nTaken for the sake of etcd's command lines, without an effect:\n\n${flagHelp(idleFlags)}`;
}
