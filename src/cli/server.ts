/**
 * `keelson server`: one member as a process, with etcd's flags. Under the name `etcd` it also ends as etcd does: by the
 * signal that it got, after everything is closed.
 */

import { existsSync, readFileSync } from 'node:fs';
import type { Member } from '../embed/start-member.ts';
import { etcdVersion } from '../etcd/version.ts';
import { OWN_FILES_MIN } from '../rpc/connection-places.ts';
import { Failure } from '../util/failure.ts';
import { giveHeapRoom } from '../util/node-heap.ts';
import { processFigures } from '../util/node-process.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import type { Logger } from '../util/runtime.ts';
import type { Setting } from './flags.ts';
import { ServerLog } from './server-log.ts';
import { parseServerOptions, type ServerOptions, serverFlagHelp } from './server-options.ts';
import { tellServiceManager } from './service-manager.ts';
import { StopSignals } from './stop-signals.ts';
import { complain, complainUsage, describeFailure, EXIT_FAILED, EXIT_USAGE, say } from './terminal.ts';
import { packageVersion } from './version.ts';

/** The name under which the command was called. */
export type ServerName = 'server' | 'etcd';

/** Exit codes of a process that ended by a signal: 128 and the signal's number. */
const SIGNAL_EXITS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };
/** Node's names of processors, as Go has them. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

const ABOUT = `Runs one member of a cluster in the foreground. Every flag may also be given as a variable: --data-dir is
ETCD_DATA_DIR; or all of them in a file of YAML. SIGTERM and Ctrl-C hand leadership over and close the data; a second
one ends at once. SIGUSR2 switches debug lines on in the log, and off again; SIGHUP opens its files anew.`;

/** Null, and a word about it, when lines cannot go where they are to go. */
function openLog(options: ServerOptions, name: ServerName): Logger | null {
  try {
    const log = new ServerLog(options, name);
    log.listen();
    return log.logger;
  } catch (error) {
    complain(`keelson ${name}: --log-outputs: ${(error as Error).message}`);
    return null;
  }
}

function refuse(log: Logger, name: ServerName, error: unknown): number {
  const [happened, advice] = describeFailure(error);
  if (process.stderr.isTTY === true) {
    complain(`keelson ${name}: ${happened}`);
    complain(advice);
  } else {
    log.error(happened);
    log.error(advice);
  }
  return EXIT_FAILED;
}

/** As etcd does; it would end on the way otherwise, at the first file of its own program that it cannot open. */
function tooFewFiles(maxOpenFiles: number): Failure {
  return new Failure(
    'badConfig',
    `this process may open ${maxOpenFiles} files, and a member needs more than ${OWN_FILES_MIN}. ` +
      'Raise the limit: ulimit -n 65536 in a shell, LimitNOFILE=65536 for systemd, --ulimit nofile=65536 for Docker.',
  );
}

/** Resolves with the exit code after a signal has closed the member, or after it has ended by itself. */
function untilStopped(
  member: Member,
  log: Logger,
  name: ServerName,
  before: () => Promise<void> | undefined,
): Promise<number> {
  return new Promise((resolve) => {
    const signals = new StopSignals();
    const { clock } = nodeRuntime();
    const onSignal = (signal: NodeJS.Signals): void => {
      const wish = signals.take(clock.now());
      if (wish === 'same') return;
      if (wish === 'end') {
        log.warn('second signal: ending at once', { signal });
        process.exit(SIGNAL_EXITS[signal] ?? EXIT_FAILED);
      }
      log.info('received signal; shutting down', { signal });
      const close = async (): Promise<void> => {
        await before();
        await member.close();
      };
      close().then(
        () => {
          log.info('closed etcd server', { name: member.name });
          if (name === 'etcd') endBySignal(signal);
          resolve(0);
        },
        (error: unknown) => resolve(refuse(log, name, error)),
      );
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    void member.failed.then((error) => resolve(refuse(log, name, error)));
  });
}

/** As etcd does; process 1 of a container has no default action and ends with 0. */
function endBySignal(signal: NodeJS.Signals): void {
  if (process.pid === 1) return;
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function sayVersion(): number {
  const arch = GO_ARCHITECTURES[process.arch] ?? process.arch;
  say(`etcd Version: ${etcdVersion}`);
  say(`Git SHA: keelson-${packageVersion()}`);
  say(`Go Version: none (Node.js ${process.version})`);
  say(`Go OS/Arch: ${process.platform}/${arch}`);
  return 0;
}

/**
 * Serves the Kubernetes API from this member as soon as it can be read and written. What goes wrong is logged: the member
 * goes on without it.
 */
async function serveKube(member: Member, options: ServerOptions, log: Logger): Promise<() => Promise<void>> {
  const { apiserverPort: port, apiserverDir: dir } = options;
  try {
    await member.ready;
    const { startMemberApi } = await import('./member-api.ts');
    const plane = await startMemberApi(member.served, port, dir, log);
    log.info('serving the Kubernetes API', { url: plane.url });
    return () => plane.close();
  } catch (error) {
    log.error('the Kubernetes API could not be served', { error: (error as Error).message, port });
    return () => Promise.resolve();
  }
}

/** The words that programs wait for before they use an etcd. */
function sayReady(member: Member, options: ServerOptions, log: Logger): void {
  log.info('ready to serve client requests');
  for (const url of member.clientUrls) {
    const address = url.replace(/^[a-z]+:\/\//, '');
    const traffic = options.listenClientHttpUrls.length > 0 ? 'grpc' : 'grpc+http';
    if (/^(https|unixs):/.test(url)) log.info('serving client traffic securely', { traffic, address });
    else log.info('serving client traffic insecurely; this is strongly discouraged!', { traffic, address });
  }
}

/** `--force-new-cluster`: takes the other members out before this one starts. Without data there is nothing to leave. */
async function leaveOthers(options: ServerOptions, log: Logger): Promise<void> {
  const { goOnAlone, holdsLog } = await import('../embed/survivor.ts');
  const walDir = options.walDir === '' ? null : options.walDir;
  if (!holdsLog(options.dataDir, walDir)) return;
  const removed = await goOnAlone(options.dataDir, walDir, nodeRuntime({ log }));
  log.warn('forced a new cluster of this member alone; start it without --force-new-cluster from now on', {
    'removed-member-ids': removed,
  });
}

/** The parser of YAML is loaded for a file of it only. */
async function settingsReader(
  argv: readonly string[],
): Promise<((path: string) => readonly Setting[]) | undefined> {
  const { ETCD_CONFIG_FILE: file = '' } = process.env;
  if (file === '' && !argv.some((word) => /^--?config-file/.test(word))) return undefined;
  const { readConfig } = await import('./config-file.ts');
  return (path) => {
    if (!existsSync(path)) throw new Error('no such file');
    return readConfig(readFileSync(path, 'utf8'));
  };
}

/** @returns the exit code. */
export async function runServer(argv: readonly string[], name: ServerName = 'server'): Promise<number> {
  if (name === 'etcd' && (argv[0] === 'gateway' || argv[0] === 'grpc-proxy')) {
    complain(`keelson etcd: ${argv[0]} is not there: clients reach the members by themselves`);
    return EXIT_FAILED;
  }
  const reader = await settingsReader(argv);
  const { options, problems, isUnreadable, warnings, help } = parseServerOptions(argv, process.env, reader);
  if (help) {
    say(`Usage: keelson ${name} [flags]\n\n${ABOUT}\n\n${serverFlagHelp()}`);
    return 0;
  }
  if (options.version) return sayVersion();
  // As etcd: 2 for what cannot be read, 1 for what cannot be.
  if (problems.length > 0) return complainUsage(name, problems, isUnreadable ? EXIT_USAGE : EXIT_FAILED);
  const log = openLog(options, name);
  if (log === null) return EXIT_FAILED;
  for (const warning of warnings) log.warn(warning);
  const { maxOpenFiles } = processFigures();
  if (maxOpenFiles !== null && maxOpenFiles <= OWN_FILES_MIN)
    return refuse(log, name, tooFewFiles(maxOpenFiles));
  giveHeapRoom();
  let member: Member;
  try {
    const { startMember } = await import('../embed/start-member.ts');
    const { startOptions } = await import('./server-setup.ts');
    if (options.forceNewCluster) await leaveOthers(options, log);
    member = await startMember(startOptions(options, nodeRuntime(), log));
  } catch (error) {
    return refuse(log, name, error);
  }
  log.info('now serving peer/client/metrics', {
    'local-member-id': member.id,
    'initial-advertise-peer-urls': options.initialAdvertisePeerUrls,
    'listen-peer-urls': options.listenPeerUrls,
    'advertise-client-urls': options.advertiseClientUrls,
    'listen-client-urls': member.clientUrls,
    'listen-metrics-urls': options.listenMetricsUrls,
  });
  void member.ready.then(() => {
    sayReady(member, options, log);
    tellServiceManager(process.env, log);
  });
  const kube = options.apiserverPort > 0 ? serveKube(member, options, log) : null;
  const code = await untilStopped(member, log, name, () => kube?.then((close) => close()));
  return code;
}
