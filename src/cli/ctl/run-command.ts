/** Runs what stands behind `--` in a command line, as etcdctl does: without an input, its output where ours goes. */

import { spawn } from 'node:child_process';
import type { Io } from './session.ts';

/** How a command ended. */
export interface Ended {
  readonly code: number;
  /** What went wrong, as Go says it; empty when nothing did. */
  readonly problem: string;
}

const exitNotStarted = 1;
const exitSignalled = 255;

/** Why a command did not start, for the errors that have words of their own. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
};

function notStarted(program: string, { code = '', message }: NodeJS.ErrnoException): string {
  const reason = reasons[code];
  // A name is looked for in every folder of the path. A folder that may not be read is EACCES, and the name is not found.
  if (reason !== undefined && !program.includes('/'))
    return `exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
  return `fork/exec ${program}: ${reason ?? message}`;
}

/** Signals of the operating system as Go names them, for those that end commands. */
const signalNames: Readonly<Record<string, string>> = {
  SIGINT: 'interrupt',
  SIGTERM: 'terminated',
  SIGKILL: 'killed',
  SIGHUP: 'hangup',
  SIGPIPE: 'broken pipe',
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
};

export interface RunningCommand {
  readonly ended: Promise<Ended>;
  /** Passes a signal on. */
  signal(name: NodeJS.Signals): void;
}

/** Starts a command. @param environment added to ours */
export function startCommand(
  io: Io,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): RunningCommand {
  const [program, ...args] = words as [string, ...string[]];
  const output = io.sharesStreams === true ? 'inherit' : 'pipe';
  const child = spawn(program, args, {
    env: { ...io.env, ...environment },
    stdio: ['ignore', output, output],
  });
  child.stdout?.on('data', (bytes: Buffer) => io.out(bytes));
  child.stderr?.on('data', (bytes: Buffer) => io.err(bytes.toString('utf8')));
  const ended = new Promise<Ended>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ code: exitNotStarted, problem: notStarted(program, error) }),
    );
    child.on('close', (code, signal) => {
      if (signal !== null)
        resolve({ code: exitSignalled, problem: `signal: ${signalNames[signal] ?? signal}` });
      else resolve({ code: code ?? 0, problem: code === 0 ? '' : `exit status ${code}` });
    });
  });
  return { ended, signal: (name) => void child.kill(name) };
}

export function runCommand(
  io: Io,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  return startCommand(io, words, environment).ended;
}
