/**
 * Real servers and real commands, for tests that compare Keelson with etcd: each system runs as processes on free
 * ports and in a folder of its own, with the same flags, and is spoken to by the same programs.
 *
 * Invariant: every process that is started here is a child of a `Workplace`, and ends with it, by its id.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endChild, type Workplace } from '../../bench/children.ts';
import { freePorts } from '../../bench/ports.ts';
import { isToolName, unfit } from '../tools.ts';

export type SystemName = 'etcd' | 'keelson';

const projectRoot = join(import.meta.dirname, '../..');
const healthyWithinMs = 240_000; // Eight servers at once on a busy machine take their time.
const pollMs = 25;
const commandTimeoutMs = 120_000;

/** Whether a program is on the PATH. */
function hasProgram(name: string): boolean {
  const { PATH: path = '' } = process.env;
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why a test that needs `programs` cannot run here, or false. Tools to compare with must be of versions that are known. */
export function missingPrograms(...programs: readonly string[]): string | false {
  const reasons = programs.map((program) => {
    if (!hasProgram(program)) return `not installed here: ${program}`;
    return isToolName(program) ? unfit(program) : null;
  });
  return reasons.find((reason) => reason !== null) ?? false;
}

export interface ServerMember {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly child: ChildProcess;
}

/** Where a member is going to be. */
export interface Place {
  readonly name: string;
  readonly peerUrl: string;
  readonly dataDir: string;
}

/** A running cluster of real processes. */
export interface Servers {
  readonly system: SystemName;
  readonly members: readonly ServerMember[];
  /** The client addresses of all members, as `host:port`, for `--endpoints`. */
  readonly endpoints: readonly string[];
  stop(): Promise<void>;
}

/** How a system's server is started; the flags that follow are etcd's on both. Keelson runs from its source. */
export const serverCommands: Readonly<Record<SystemName, readonly string[]>> = {
  etcd: ['etcd', '--logger=zap'],
  keelson: [
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    join(projectRoot, 'src/cli/main.ts'),
    'server',
  ],
};

/**
 * Starts `count` members of a new cluster, `m1` to `mN`, and waits until each says that it is healthy.
 * @param prepare is run for each before it starts, to put something into its data directory
 * @param moreFlags flags besides the usual ones, which they replace
 * @param serverCommand starts a server, with the flags behind it: another etcd than the one on the PATH
 * @throws Error with the last words of a member that ended or did not become healthy
 */
export async function startServers(
  system: SystemName,
  count: number,
  workplace: Workplace,
  prepare: (place: Place) => Promise<void> = async () => {},
  moreFlags: Readonly<Record<string, string>> = {},
  serverCommand: readonly string[] = serverCommands[system],
): Promise<Servers> {
  const ports = await freePorts(count * 2);
  const url = (index: number): string => `http://127.0.0.1:${ports[index]}`;
  const names = Array.from({ length: count }, (_, index) => `m${index + 1}`);
  const folder = `${system}-${ports[0]}`;
  const places = names.map((name, index) => ({
    name,
    peerUrl: url(count + index),
    dataDir: join(workplace.folder, folder, name),
  }));
  for (const place of places) await prepare(place);
  const members = places.map(({ name, peerUrl, dataDir }, index): ServerMember => {
    const clientUrl = url(index);
    const flags = {
      name,
      'data-dir': dataDir,
      'listen-client-urls': clientUrl,
      'advertise-client-urls': clientUrl,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': names.map((other, at) => `${other}=${url(count + at)}`).join(','),
      'heartbeat-interval': '50',
      'election-timeout': '500',
      'log-level': 'warn',
      ...moreFlags,
    };
    const [command, ...first] = serverCommand as [string, ...string[]];
    const args = [...first, ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)];
    return { name, clientUrl, peerUrl, child: workplace.spawn(command, args, `${folder}-${name}.log`) };
  });
  const stop = async (): Promise<void> => {
    await Promise.all(members.map(({ child }) => endChild(child, 'SIGTERM')));
  };
  try {
    await Promise.all(members.map((member) => untilHealthy(member)));
  } catch (error) {
    await stop();
    const words = members.map(({ name }) => `${name}: ${workplace.lastWords(`${folder}-${name}.log`)}`);
    throw new Error(`${system}: ${(error as Error).message}\n${words.join('\n')}`);
  }
  return { system, members, endpoints: members.map(({ clientUrl }) => new URL(clientUrl).host), stop };
}

async function untilHealthy({ name, clientUrl, child }: ServerMember): Promise<void> {
  const giveUpAt = Date.now() + healthyWithinMs;
  let last = 'no answer';
  while (Date.now() < giveUpAt) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} ended by itself`);
    try {
      const answer = await fetch(`${clientUrl}/health`, { signal: AbortSignal.timeout(1000) });
      last = (await answer.text()).trim();
      if (answer.ok && (JSON.parse(last) as { health?: string }).health === 'true') return;
    } catch (error) {
      last = String(error);
    }
    await pause(pollMs);
  }
  throw new Error(`${name} is not healthy after ${healthyWithinMs} ms: ${last}`);
}

/** What a command left behind. `code` is its exit code, or the signal that ended it. */
export interface Ran {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** Standard input; empty when it is left out. */
  readonly input?: string;
  /** Whether the command may wait for more input after that. @default false */
  readonly keepInputOpen?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** The command is killed, and the run fails, after so long. @default 120000 */
  readonly timeoutMs?: number;
}

/**
 * Variables that have etcdctl wait for as long as a busy machine takes, but for the limits that its flags give: by itself it
 * gives up a connection after two seconds and a request after five, of which a password alone may take one.
 */
export function etcdctlPatience(args: readonly string[]): Readonly<Record<string, string>> {
  const isGiven = (flag: string): boolean => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`));
  return {
    ...(isGiven('--command-timeout') ? {} : { ETCDCTL_COMMAND_TIMEOUT: '100s' }),
    ...(isGiven('--dial-timeout') ? {} : { ETCDCTL_DIAL_TIMEOUT: '60s' }),
  };
}

/** A command that is under way: what it has written so far, and how it ends. */
export class Running {
  readonly ended: Promise<Ran>;
  out = '';
  err = '';
  readonly #child: ChildProcess;
  readonly #what: string;

  /** Its name and arguments are `command`; it is a child of `workplace`. */
  constructor(workplace: Workplace, command: readonly string[], options: RunOptions = {}) {
    const [program, ...args] = command as [string, ...string[]];
    this.#what = command.join(' ');
    const patience = basename(program) === 'etcdctl' ? etcdctlPatience(args) : {};
    const env = { ...process.env, ...patience, ...options.env };
    const child = spawn(program, args, { cwd: projectRoot, env });
    this.#child = workplace.adopt(child);
    child.stdin.on('error', () => {}); // A command may end without reading its input.
    child.stdin.write(options.input ?? '');
    if (options.keepInputOpen !== true) child.stdin.end();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? commandTimeoutMs;
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`${this.#what}: not finished after ${timeoutMs} ms\n${this.out}${this.err}`));
      }, timeoutMs);
      child.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        resolve({ code: code ?? signal!, out: this.out, err: this.err });
      });
    });
    this.ended.catch(() => {}); // Whoever waits for it hears of it.
  }

  /** Waits until standard output holds `text`. @throws Error when the command ends or the time limit passes before */
  async untilPrinted(text: string): Promise<void> {
    let over = false;
    this.ended.then(
      () => {
        over = true;
      },
      () => {
        over = true;
      },
    );
    while (!this.out.includes(text)) {
      if (over) throw new Error(`${this.#what}: ended before it printed ${text}\n${this.out}${this.err}`);
      await pause(5);
    }
  }

  /** Asks the command to end, and waits for that. */
  async interrupt(): Promise<Ran> {
    this.#child.kill('SIGINT');
    return this.ended;
  }
}

/** Runs a command to its end. */
export function run(
  workplace: Workplace,
  command: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  return new Running(workplace, command, options).ended;
}
