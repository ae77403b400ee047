/**
 * `keelson ctl`: what etcdctl does, with its commands, flags, output and exit codes, so that scripts go on working. Where the
 * versions of etcdctl differ, it is 3.6.
 */

import { EtcdError } from '../../client/index.ts';
import { applyEnvironment, type FlagSpecs, parseArguments, UsageError } from './arguments.ts';
import { authCommands } from './auth-commands.ts';
import { clusterCommands } from './cluster-commands.ts';
import { kvCommands } from './kv-commands.ts';
import { leaseCommands } from './lease-commands.ts';
import { maintenanceCommands } from './maintenance-commands.ts';
import {
  type CtlCommand,
  type CtlCommands,
  exitInterrupted,
  globalFlags,
  type Io,
  Session,
} from './session.ts';
import { watchCommands } from './watch-commands.ts';

export const ctlCommands: CtlCommands = {
  ...kvCommands,
  ...watchCommands,
  ...leaseCommands,
  ...clusterCommands,
  ...maintenanceCommands,
  ...authCommands,
};

const helpFlag: FlagSpecs = { help: { kind: 'switch', initial: false, help: 'show this', short: 'h' } };

/** The command that the first one or two words name, and how many words that took. */
function findCommand(words: readonly string[]): { command: CtlCommand; name: string; used: number } | null {
  for (const used of [2, 1]) {
    const name = words.slice(0, used).join(' ');
    const command = words.length >= used && Object.hasOwn(ctlCommands, name) ? ctlCommands[name] : undefined;
    if (command !== undefined) return { command, name, used };
  }
  return null;
}

function allFlags(): FlagSpecs {
  const each = Object.values(ctlCommands).map(({ flags }) => flags ?? {});
  return Object.assign({}, ...each, globalFlags, helpFlag) as FlagSpecs;
}

/** The words of a command line, whose flags nobody knows yet: enough to find the command. */
function firstWords(argv: readonly string[]): readonly string[] {
  const specs = allFlags();
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

function flagLines(specs: FlagSpecs): string[] {
  return Object.entries(specs).map(([name, { short, initial, kind, help }]) => {
    const shown = kind === 'switch' || initial === '' || initial === 0 ? '' : ` (default ${initial})`;
    return `  ${short === undefined ? '    ' : `-${short}, `}--${name.padEnd(26)} ${help}${shown}`;
  });
}

function overview(): string {
  const width = Math.max(...Object.keys(ctlCommands).map((name) => name.length)) + 2;
  const lines = Object.entries(ctlCommands)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return [
    'keelson ctl: the commands of etcdctl',
    '',
    'Usage: keelson ctl <command> [flags]',
    '',
    ...lines,
    '',
    'Flags of every command; each also as a variable, --endpoints as ETCDCTL_ENDPOINTS:',
    ...flagLines(globalFlags),
    '',
  ].join('\n');
}

function commandHelp({ usage, summary, flags = {} }: CtlCommand): string {
  const own = Object.keys(flags).length === 0 ? [] : ['', 'Flags:', ...flagLines(flags)];
  return [
    summary,
    '',
    `Usage: keelson ctl ${usage}`,
    ...own,
    '',
    'Flags of every command: keelson ctl --help',
    '',
  ].join('\n');
}

/** What an error says, as etcdctl says it. */
function errorText(error: unknown): string {
  if (error instanceof EtcdError) {
    return error.reason === 'deadlineExceeded' ? 'context deadline exceeded' : error.text;
  }
  return error instanceof Error ? error.message : String(error);
}

/** Runs one command line, without the words `keelson ctl`. Resolves with its exit code. */
export async function runCtlWith(argv: readonly string[], io: Io): Promise<number> {
  const words = firstWords(argv);
  const found = findCommand(words);
  if (found === null) {
    if (words.length === 0 || words[0] === 'help') {
      io.out(overview());
      return 0;
    }
    const group = Object.entries(ctlCommands).filter(([name]) => name.startsWith(`${words[0]} `));
    if (group.length > 0) {
      io.out(group.map(([name, { summary }]) => `${name.padEnd(24)}${summary}\n`).join(''));
      return 0;
    }
    io.err(`Error: unknown command ${JSON.stringify(words[0])} for "keelson ctl"\n`);
    io.err(`Run 'keelson ctl --help' for usage.\n`);
    return 1;
  }
  const { command, used } = found;
  let session: Session | null = null;
  try {
    const parsed = parseArguments(argv, { ...globalFlags, ...command.flags, ...helpFlag });
    if (parsed.flags['help'] === true) {
      io.out(commandHelp(command));
      return 0;
    }
    session = new Session(io, parsed.words.slice(used), applyEnvironment(parsed, globalFlags, io.env));
    return (await command.run(session)) ?? 0;
  } catch (error) {
    if (io.signal.aborted) return exitInterrupted;
    io.err(`Error: ${errorText(error)}\n`);
    return error instanceof UsageError ? error.exitCode : 1;
  } finally {
    await session?.close();
  }
}

/** `keelson ctl`, on the process it runs in. */
export async function runCtl(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort(new Error('interrupted'));
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    return await runCtlWith(argv, {
      env: process.env,
      out: (text) => {
        process.stdout.write(text);
      },
      err: (text) => {
        process.stderr.write(text);
      },
      input: process.stdin,
      signal: interrupt.signal,
    });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
