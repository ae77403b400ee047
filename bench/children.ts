/**
 * The processes and the temporary folder of one benchmark run. Invariant: whatever way the driver ends (done, failed,
 * Ctrl-C), exactly the processes started here are killed, by id, and the folder is removed.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KILL_GRACE_MS = 30_000;

export class Workplace {
  readonly folder: string;
  readonly #children = new Set<ChildProcess>();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.closeNow();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  readonly #onExit = (): void => this.closeNow();

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
    process.on('exit', this.#onExit);
  }

  /** Starts a program whose output goes to a file in the folder. `onSpawnError` hears of a program that is missing. */
  spawn(
    command: string,
    args: readonly string[],
    logName: string,
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const log = openSync(join(this.folder, logName), 'a');
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { stdio: ['ignore', log, log], cwd: this.folder, env });
    closeSync(log);
    return this.adopt(child);
  }

  /** Takes care of a child that was started elsewhere. */
  adopt(child: ChildProcess): ChildProcess {
    this.#children.add(child);
    child.on('error', () => this.#children.delete(child));
    child.on('exit', () => this.#children.delete(child));
    return child;
  }

  /** The last lines that a program wrote, for the message of its failure. */
  lastWords(logName: string): string {
    const text = readFileSync(join(this.folder, logName), 'utf8').trim();
    return text.split('\n').slice(-3).join('\n').replaceAll(this.folder, '<folder>');
  }

  /** Kills every child that is left (nobody needs its data any more), waits for them, and removes the folder. */
  async close(): Promise<void> {
    await Promise.all([...this.#children].map((child) => endChild(child, 'SIGKILL')));
    this.closeNow();
  }

  closeNow(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
    process.off('exit', this.#onExit);
    for (const child of this.#children) child.kill('SIGKILL');
    this.#children.clear();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Sends the signal and waits for the end; after a grace period the process is killed. */
export function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_GRACE_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
  });
}
