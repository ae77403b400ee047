/** `keelson server`: one member as a process, with etcd's flags. */

import { type Member, startMember } from '../index.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import { type Logger, LogLevel } from '../util/runtime.ts';
import { createLogger } from './log.ts';
import {
  type LogLevelName,
  parseServerOptions,
  type ServerOptions,
  serverFlagHelp,
} from './server-options.ts';
import { complain, complainUsage, describeFailure, EXIT_FAILED, say } from './terminal.ts';

const LEVELS: Readonly<Record<LogLevelName, LogLevel>> = {
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warn,
  error: LogLevel.Error,
  panic: LogLevel.Error,
  fatal: LogLevel.Error,
};

/** Exit codes of a process that ended by a signal: 128 and the signal's number. */
const SIGNAL_EXITS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

const HELP = `Usage: keelson server [flags]

Runs one member of a cluster in the foreground. Every flag may also be given as a variable: --data-dir is
ETCD_DATA_DIR. SIGTERM and Ctrl-C hand leadership over and close the data; a second one ends at once.

`;

function logger(options: ServerOptions): Logger {
  const { clock } = nodeRuntime();
  const terminal = process.stderr.isTTY === true;
  return createLogger({
    format: options.logFormat === 'auto' ? (terminal ? 'console' : 'json') : options.logFormat,
    level: LEVELS[options.logLevel],
    write: (line) => process.stderr.write(line),
    wallNow: () => clock.wallNow(),
  });
}

function refuse(log: Logger, error: unknown): number {
  const [happened, todo] = describeFailure(error);
  if (process.stderr.isTTY === true) {
    complain(`keelson server: ${happened}`);
    complain(todo);
  } else {
    log.error(happened);
    log.error(todo);
  }
  return EXIT_FAILED;
}

/** Resolves with the exit code after a signal has closed the member. */
function untilStopped(member: Member, log: Logger): Promise<number> {
  return new Promise((resolve) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (stopping) {
        log.warn('second signal: ending at once', { signal });
        process.exit(SIGNAL_EXITS[signal] ?? EXIT_FAILED);
      }
      stopping = true;
      log.info('stopping', { signal });
      member.close().then(
        () => {
          log.info('stopped');
          resolve(0);
        },
        (error: unknown) => resolve(refuse(log, error)),
      );
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** @returns the exit code. */
export async function runServer(argv: readonly string[]): Promise<number> {
  const { options, problems, warnings, help } = parseServerOptions(argv, process.env);
  if (help) {
    say(HELP + serverFlagHelp());
    return 0;
  }
  if (problems.length > 0) return complainUsage('server', problems);
  const log = logger(options);
  for (const warning of warnings) log.warn(warning);
  let member: Member;
  try {
    member = await startMember({
      name: options.name,
      dataDir: options.dataDir,
      listenClientUrls: options.listenClientUrls,
      advertiseClientUrls: options.advertiseClientUrls,
      listenPeerUrls: options.listenPeerUrls,
      initialCluster: options.initialCluster,
      initialClusterToken: options.initialClusterToken,
      initialClusterState: options.initialClusterState,
      heartbeatMs: options.heartbeatInterval,
      electionMs: options.electionTimeout,
      maxRequestBytes: options.maxRequestBytes,
      maxTxnOps: options.maxTxnOps,
      log,
    });
  } catch (error) {
    return refuse(log, error);
  }
  log.info('serving', { name: options.name, clientUrls: options.listenClientUrls });
  return untilStopped(member, log);
}
