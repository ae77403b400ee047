/**
 * `keelson ctl` and `keelson etcdutl`: what etcdctl and etcdutl do, with their commands, flags, output and exit codes, so
 * that scripts go on working. Where the versions differ, it is 3.6; what 3.6 took from etcdctl is there still.
 */

import { setMaxListeners } from 'node:events';
import { EtcdError } from '../../client/index.ts';
import { etcdVersion } from '../../etcd/version.ts';
import { askHidden } from '../hidden-line.ts';
import { paintedError, paintsOn } from '../paint.ts';
import { applyEnvironment, type FlagSpecs, type FlagValue, parseArguments, UsageError } from './arguments.ts';
import { authCommands } from './auth-commands.ts';
import { checkCommands } from './check-commands.ts';
import { clusterCommands } from './cluster-commands.ts';
import { completionCommands } from './completion.ts';
import { doctorCommands } from './doctor-command.ts';
import { downgradeCommands } from './downgrade-commands.ts';
import { goJson } from './go-text.ts';
import { commandHelp, flagLines, groupHelp, helpFlag, overview, type Tool } from './help.ts';
import { joinCommands } from './join-command.ts';
import { kvCommands } from './kv-commands.ts';
import { leaseCommands } from './lease-commands.ts';
import { lockCommands } from './lock-commands.ts';
import { maintenanceCommands } from './maintenance-commands.ts';
import { mirrorCommands } from './mirror-command.ts';
import { oldOfflineCommands, utlCommands } from './offline-commands.ts';
import { recoverCommands } from './recover-command.ts';
import {
  type CtlCommand,
  type CtlCommands,
  errorText,
  exitInterrupted,
  globalFlags,
  type Io,
  Session,
} from './session.ts';
import { watchCommands } from './watch-commands.ts';

function commonCommands(tool: () => Tool): CtlCommands {
  return {
    ...completionCommands(tool),
    options: {
      usage: 'options',
      summary: 'Prints the flags of every command',
      isOffline: true,
      run: async ({ io }) => {
        io.out(`${flagLines(globalFlags).join('\n')}\n`);
        return undefined;
      },
    },
    version: {
      usage: 'version',
      summary: `Prints the version of ${tool().name}`,
      isOffline: true,
      run: async (session) => {
        const { name } = tool();
        const api = etcdVersion.split('.').slice(0, 2).join('.');
        session.show({
          simple: () => `${name} version: ${etcdVersion}\nAPI version: ${api}`,
          json: () => goJson({ [`${name} version`]: etcdVersion, 'API version': api }),
        });
        return undefined;
      },
    },
  };
}

function toolOf(name: Tool['name'], call: Tool['call'], own: CtlCommands): Tool {
  const commands: Record<string, CtlCommand> = { ...own };
  const tool: Tool = { name, call, commands };
  Object.assign(
    commands,
    commonCommands(() => tool),
  );
  return tool;
}

export const etcdctl: Tool = toolOf('etcdctl', 'keelson ctl', {
  ...kvCommands,
  ...watchCommands,
  ...lockCommands,
  ...leaseCommands,
  ...clusterCommands,
  ...joinCommands,
  ...maintenanceCommands,
  ...downgradeCommands,
  ...mirrorCommands,
  ...checkCommands,
  ...oldOfflineCommands,
  ...recoverCommands,
  ...doctorCommands,
  ...authCommands,
});

export const etcdutl: Tool = toolOf('etcdutl', 'keelson etcdutl', utlCommands);

/** Ours alone: they do not take the abbreviations of etcdctl's commands away. */
const unabbreviated: readonly string[] = ['doctor', 'recover'];

/** The name that a word stands for: itself, or the only one that begins with it. */
function completed(word: string | undefined, names: Iterable<string>): string | null {
  const all = [...new Set(names)];
  if (word === undefined || all.includes(word)) return word ?? null;
  const fitting = all.filter((name) => name.startsWith(word) && !unabbreviated.includes(name));
  return fitting.length === 1 ? fitting[0]! : null;
}

interface Found {
  /** The whole first word; null: there is none that fits. */
  readonly first: string | null;
  /** Null: the words name a group of commands, or nothing. */
  readonly command: CtlCommand | null;
  /** How many words name it. */
  readonly used: number;
}

/** The command that the first one or two words name, which may be cut short as with etcdctl: `compact`, `mem ls`. */
function findCommand(commands: CtlCommands, words: readonly string[]): Found {
  const names = Object.keys(commands).map((name) => name.split(' '));
  const first = completed(
    words[0],
    names.map(([one]) => one!),
  );
  if (first === null) return { first, command: null, used: 0 };
  const own = Object.hasOwn(commands, first) ? commands[first]! : null;
  const inGroup = names.filter(([one, two]) => one === first && two !== undefined).map(([, two]) => two!);
  const second = completed(words[1], inGroup);
  const command = second === null ? undefined : commands[`${first} ${second}`];
  return command === undefined ? { first, command: own, used: 1 } : { first, command, used: 2 };
}

function allFlags(commands: CtlCommands): FlagSpecs {
  const each = Object.values(commands).map(({ flags }) => flags ?? {});
  return Object.assign({}, ...each, globalFlags, helpFlag) as FlagSpecs;
}

/** The words of a command line, whose flags nobody knows yet: enough to find the command. */
function firstWords(commands: CtlCommands, argv: readonly string[]): readonly string[] {
  const specs = allFlags(commands);
  const kept: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') break;
    if (!word.startsWith('-') || word === '-') {
      kept.push(word);
      continue;
    }
    if (word.includes('=')) continue;
    const name = word.replace(/^-+/, '');
    const spec = specs[name] ?? Object.values(specs).find(({ short }) => short === name);
    if (spec !== undefined && spec.kind !== 'switch') at++;
  }
  return kept;
}

/** What `--debug` tells first: every flag of all commands as a variable. */
function debugLines(flags: Readonly<Record<string, FlagValue>>): string {
  return Object.keys(globalFlags)
    .sort()
    .map((name) => `ETCDCTL_${name.replaceAll('-', '_').toUpperCase()}=${shownFlag(name, flags[name]!)}\n`)
    .join('');
}

function shownFlag(name: string, value: FlagValue): string {
  if (name === 'endpoints') return `[${value}]`;
  return globalFlags[name]!.kind === 'duration' ? `${Number(value) / 1000}s` : String(value);
}

/** Help, for words that name no command. */
function runHelp(tool: Tool, words: readonly string[], io: Io): number {
  const asked = words[0] === 'help' ? words.slice(1) : words;
  if (asked.length === 0) {
    io.out(overview(tool));
    return 0;
  }
  const { first, command } = findCommand(tool.commands, asked);
  if (first !== null) {
    io.out(command === null ? groupHelp(tool, first) : commandHelp(tool, command));
    return 0;
  }
  io.err(`Error: unknown command ${JSON.stringify(asked[0])} for "${tool.name}"\n`);
  io.err(`Run '${tool.call} --help' for usage.\n`);
  return 1;
}

/** Runs one command line, without the words that name the tool. Resolves with its exit code. */
export async function runCtlWith(argv: readonly string[], io: Io, tool: Tool = etcdctl): Promise<number> {
  const words = firstWords(tool.commands, argv);
  const { command, used } = findCommand(tool.commands, words);
  if (command === null) return runHelp(tool, words, io);
  let session: Session | null = null;
  try {
    const parsed = parseArguments(argv, { ...globalFlags, ...command.flags, ...helpFlag });
    if (parsed.flags['help'] === true) {
      io.out(commandHelp(tool, command));
      return 0;
    }
    const flags = applyEnvironment(parsed, globalFlags, io.env);
    session = new Session(io, parsed.words.slice(used), flags, parsed);
    if (command.isOffline !== true) {
      if (session.isSet('debug')) io.err(debugLines(flags));
      await session.prepare();
    }
    return (await command.run(session)) ?? 0;
  } catch (error) {
    if (io.signal.aborted) return exitInterrupted;
    io.err(lastAttempt(error));
    io.err(`${error instanceof UsageError ? error.prefix : 'Error: '}${errorText(error)}\n`);
    return error instanceof UsageError ? error.exitCode : 1;
  } finally {
    await session?.close();
  }
}

/** Why nobody answered in time, where something is known of it: a line before etcdctl's own. */
function lastAttempt(error: unknown): string {
  if (!(error instanceof EtcdError) || error.reason !== 'deadlineExceeded') return '';
  return error.cause instanceof EtcdError ? `Warning: ${error.cause.message}\n` : '';
}

/** Runs a command line on the process it runs in. */
export async function runCtl(argv: readonly string[], tool: Tool = etcdctl): Promise<number> {
  const interrupt = new AbortController();
  // Every call under way listens to it, and `check perf` has hundreds.
  setMaxListeners(0, interrupt.signal);
  const onSignal = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const paintsErrors = paintsOn(process.stderr, process.env);
  try {
    return await runCtlWith(
      argv,
      {
        env: process.env,
        out: (text) => {
          process.stdout.write(text);
        },
        err: (text) => {
          process.stderr.write(paintedError(text, paintsErrors));
        },
        input: process.stdin,
        signal: interrupt.signal,
        sharesStreams: true,
        drawsProgress: process.stderr.isTTY === true,
        paints: paintsOn(process.stdout, process.env),
        ...(process.stdin.isTTY === true ? { askHidden } : {}),
      },
      tool,
    );
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    // A terminal that was read from has more to say at any time, and nobody listens any more.
    if (process.stdin.isTTY === true) process.stdin.destroy();
  }
}
