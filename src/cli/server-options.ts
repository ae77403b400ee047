/**
 * The options of `keelson server`: etcd's names, defaults and rules, from flags and `ETCD_*` variables. Only what has
 * an effect is here; what etcd knows and this does not is refused as unknown, not silently ignored.
 */

import type { ParsedFlags } from './flags.ts';
import {
  checkUrl,
  choiceFlag,
  customFlag,
  type Flag,
  flagHelp,
  integerFlag,
  parseFlags,
  textFlag,
  urlsFlag,
} from './flags.ts';

export type LogLevelName = 'debug' | 'info' | 'warn' | 'error' | 'panic' | 'fatal';

/** Member name to its peer URLs. */
export type InitialCluster = Record<string, string[]>;

export interface ServerOptions {
  name: string;
  dataDir: string;
  listenClientUrls: string[];
  advertiseClientUrls: string[];
  listenPeerUrls: string[];
  initialAdvertisePeerUrls: string[];
  initialCluster: InitialCluster;
  initialClusterToken: string;
  initialClusterState: 'new' | 'existing';
  heartbeatInterval: number;
  electionTimeout: number;
  maxRequestBytes: number;
  maxTxnOps: number;
  logLevel: LogLevelName;
  logFormat: 'auto' | 'json' | 'console';
}

type ServerFlags = { readonly [Name in keyof ServerOptions]: Flag<ServerOptions[Name]> };

const DEFAULT_CLIENT_URL = 'http://localhost:2379';
const DEFAULT_PEER_URL = 'http://localhost:2380';
const ELECTION_MS_MAX = 50_000;
/** etcd: an election needs time for several heartbeats to be lost. */
const HEARTBEATS_PER_ELECTION_MIN = 5;

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

const flags: ServerFlags = {
  name: textFlag({ help: 'name of this member', initial: 'default', placeholder: 'NAME' }),
  dataDir: textFlag({
    help: 'directory of the data',
    initial: '',
    shownDefault: 'NAME.etcd',
    placeholder: 'DIR',
  }),
  listenClientUrls: urlsFlag({ help: 'where to serve clients', initial: [DEFAULT_CLIENT_URL] }),
  advertiseClientUrls: urlsFlag({
    help: 'where clients find this member; needed with --listen-client-urls',
    initial: [DEFAULT_CLIENT_URL],
  }),
  listenPeerUrls: urlsFlag({ help: 'where to serve the other members', initial: [DEFAULT_PEER_URL] }),
  initialAdvertisePeerUrls: urlsFlag({
    help: 'where the other members find this one',
    initial: [DEFAULT_PEER_URL],
  }),
  initialCluster: customFlag(
    {
      help: 'the members of a new cluster; the same on all of them',
      initial: {},
      shownDefault: 'this member alone',
      placeholder: 'NAME=URL,…',
    },
    parseInitialCluster,
  ),
  initialClusterToken: textFlag({
    help: 'tells clusters apart that use the same URLs',
    initial: 'etcd-cluster',
  }),
  initialClusterState: choiceFlag({
    help: 'existing: join a cluster that runs and has added this member',
    initial: 'new',
    choices: ['new', 'existing'],
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
  maxRequestBytes: integerFlag({
    help: 'largest request of a client',
    initial: 1_572_864,
    min: 1024,
    placeholder: 'BYTES',
  }),
  maxTxnOps: integerFlag({ help: 'most operations in a transaction', initial: 128, min: 1 }),
  logLevel: choiceFlag<LogLevelName>({
    help: 'least important lines that are logged',
    initial: 'info',
    choices: ['debug', 'info', 'warn', 'error', 'panic', 'fatal'],
    placeholder: 'LEVEL',
  }),
  logFormat: choiceFlag<'auto' | 'json' | 'console'>({
    help: 'auto: text on a terminal, JSON elsewhere',
    initial: 'auto',
    choices: ['auto', 'json', 'console'],
  }),
};

export interface ParsedServer {
  readonly options: ServerOptions;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly help: boolean;
}

/** Reads command line and environment and checks what belongs together. */
export function parseServerOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParsedServer {
  const parsed = parseFlags(flags, argv, { env, envPrefix: 'ETCD_' });
  const options = parsed.values as ServerOptions;
  if (options.dataDir === '') options.dataDir = `${options.name}.etcd`;
  if (!parsed.given.has('initialCluster')) {
    options.initialCluster = { [options.name]: options.initialAdvertisePeerUrls };
  }
  // Rules between options say nothing useful about values that were refused by themselves.
  const problems = parsed.problems.length > 0 ? parsed.problems : checkTogether(options, parsed);
  return { options, problems, warnings: parsed.warnings, help: parsed.help };
}

function checkTogether(options: ServerOptions, parsed: ParsedFlags<ServerFlags>): string[] {
  const problems: string[] = [];
  if (parsed.given.has('listenClientUrls') && !parsed.given.has('advertiseClientUrls')) {
    problems.push('--advertise-client-urls is required when --listen-client-urls is set');
  }
  if (options.electionTimeout < HEARTBEATS_PER_ELECTION_MIN * options.heartbeatInterval) {
    problems.push(
      `--election-timeout (${options.electionTimeout} ms) must be at least ${HEARTBEATS_PER_ELECTION_MIN} times ` +
        `--heartbeat-interval (${options.heartbeatInterval} ms)`,
    );
  }
  if (!Object.hasOwn(options.initialCluster, options.name)) {
    problems.push(`--initial-cluster does not name this member: there is no "${options.name}=URL" in it`);
    return problems;
  }
  const listed = [...options.initialCluster[options.name]!].sort().join(',');
  const advertised = [...options.initialAdvertisePeerUrls].sort().join(',');
  if (listed !== advertised) {
    problems.push(
      `--initial-cluster has ${options.name}=${listed}, but --initial-advertise-peer-urls is ${advertised}`,
    );
  }
  return problems;
}

/** The help text of the flags. */
export function serverFlagHelp(): string {
  return flagHelp(flags);
}
