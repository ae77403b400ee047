/** Runs command lines of `keelson ctl` in this process and of the real etcdctl beside it. */

import { spawn } from 'node:child_process';
import type { Workplace } from '../../bench/children.ts';
import { etcdctl as ctlTool, runCtlWith } from '../../src/cli/ctl/ctl.ts';
import type { Tool } from '../../src/cli/ctl/help.ts';
import type { Io } from '../../src/cli/ctl/session.ts';
import { etcdctlPatience } from '../clients/harness.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Line {
  readonly args: readonly string[];
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningLine {
  /** What it has said so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Resolves when the pattern has come on standard output. */
  until(pattern: RegExp): Promise<void>;
  /** Gives it another piece of input. */
  write(text: string): void;
  interrupt(): void;
  readonly ended: Promise<Said>;
}

const pollMs = 10;

/** `unused` stands for a line that talks to nobody. */
function endpointFlag(endpoint: string): readonly string[] {
  return endpoint === 'unused' ? [] : [`--endpoints=${endpoint}`];
}

async function outputMatches(out: () => string, pattern: RegExp, isOver: () => boolean): Promise<void> {
  while (!pattern.test(out())) {
    if (isOver()) throw new Error(`it ended without ${pattern}: ${out()}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** What talks to a member has the time of a busy machine, unless its flags say otherwise. */
function patienceOf(endpoint: string, args: readonly string[]): Readonly<Record<string, string>> {
  if (endpoint === 'unused') return {};
  const { ETCDCTL_COMMAND_TIMEOUT: limit } = etcdctlPatience(args);
  return limit === undefined ? {} : { ETCDCTL_COMMAND_TIMEOUT: limit };
}

/** Standard input that is written piece by piece. */
function openInput(): { readonly input: AsyncIterable<string>; write(text: string): void; end(): void } {
  const pieces: string[] = [];
  let wake: () => void = () => {};
  let isOver = false;
  return {
    input: (async function* () {
      for (;;) {
        const piece = pieces.shift();
        if (piece !== undefined) yield piece;
        else if (isOver) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    })(),
    write: (text) => {
      pieces.push(text);
      wake();
    },
    end: () => {
      isOver = true;
      wake();
    },
  };
}

/** Starts a line in this process. @param more parts of its surroundings that are not the usual */
export function ctlRunning(
  endpoint: string,
  { args, input, env = {} }: Line,
  more: Partial<Io> = {},
  tool: Tool = ctlTool,
): RunningLine {
  const out: Buffer[] = [];
  let err = '';
  let isOver = false;
  const stdin = openInput();
  const interrupt = new AbortController();
  if (input !== undefined) {
    stdin.write(input);
    stdin.end();
  }
  const said = (): string => Buffer.concat(out).toString('latin1');
  const io = {
    env: { PATH: process.env['PATH'], ...patienceOf(endpoint, args), ...env },
    out: (text: string | Uint8Array) => void out.push(Buffer.from(text)),
    err: (text: string) => {
      err += text;
    },
    input: stdin.input,
    signal: interrupt.signal,
    ...more,
  };
  const ended = runCtlWith([...endpointFlag(endpoint), ...args], io, tool).then((code) => {
    isOver = true;
    return { code, out: said(), err };
  });
  return {
    out: said,
    err: () => err,
    until: (pattern) => outputMatches(said, pattern, () => isOver),
    write: stdin.write,
    interrupt: () => interrupt.abort(),
    ended,
  };
}

export function ctl(endpoint: string, line: Line, more: Partial<Io> = {}, tool?: Tool): Promise<Said> {
  return ctlRunning(endpoint, { input: '', ...line }, more, tool).ended;
}

/** Starts the real etcdctl. */
export function etcdctlRunning(
  workplace: Workplace,
  endpoint: string,
  { args, input, env = {} }: Line,
): RunningLine {
  const child = workplace.adopt(
    spawn('etcdctl', [...endpointFlag(endpoint), ...args], {
      env: { ...process.env, ...etcdctlPatience(args), ETCDCTL_API: '3', ...env },
    }),
  );
  child.stdin!.on('error', () => {});
  if (input !== undefined) child.stdin!.end(input);
  let [out, err, isOver] = ['', '', false];
  child.stdout!.setEncoding('latin1').on('data', (text: string) => {
    out += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Said>((resolve) =>
    child.on('close', (code) => {
      isOver = true;
      resolve({ code: code ?? -1, out, err });
    }),
  );
  return {
    out: () => out,
    err: () => err,
    until: (pattern) =>
      outputMatches(
        () => out,
        pattern,
        () => isOver,
      ),
    write: (text) => void child.stdin!.write(text),
    interrupt: () => void child.kill('SIGINT'),
    ended,
  };
}

export function etcdctl(workplace: Workplace, endpoint: string, line: Line): Promise<Said> {
  return etcdctlRunning(workplace, endpoint, { input: '', ...line }).ended;
}
