/**
 * Where the lines of a server go, and how many: what a running server can be told about its log, by signals.
 *
 *     SIGUSR2   debug lines, too, until the next one
 *     SIGHUP    files are opened anew, for whoever has moved them away; without files it ends the process, as usual
 *
 * Not by HTTP: whoever reaches the port of clients must not be able to fill the disk with lines.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { nodeRuntime } from '../util/node-runtime.ts';
import { type Logger, LogLevel } from '../util/runtime.ts';
import { createLogger, formatOf } from './log.ts';
import type { LogLevelName, ServerOptions } from './server-options.ts';

const LEVELS: Readonly<Record<LogLevelName, LogLevel>> = {
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warn,
  error: LogLevel.Error,
  dpanic: LogLevel.Error,
  panic: LogLevel.Error,
  fatal: LogLevel.Error,
};
const streams: Readonly<Record<string, NodeJS.WriteStream>> = {
  default: process.stderr,
  stderr: process.stderr,
  stdout: process.stdout,
  'systemd/journal': process.stderr,
};

export type LogTarget = Pick<ServerOptions, 'logOutputs' | 'logFormat' | 'logLevel'>;

export class ServerLog {
  readonly logger: Logger;
  readonly #streams: readonly NodeJS.WriteStream[];
  /** Path to the open file. */
  readonly #files = new Map<string, number>();
  readonly #chosen: LogLevelName;
  #level: LogLevelName;

  /** @throws Error when a file cannot be written to */
  constructor(options: LogTarget, name: 'server' | 'etcd') {
    this.#chosen = options.logLevel;
    this.#level = options.logLevel;
    const targets = new Set(options.logOutputs);
    this.#streams = [...new Set([...targets].flatMap((target) => streams[target] ?? []))];
    for (const path of targets) if (!Object.hasOwn(streams, path)) this.#files.set(path, openSync(path, 'a'));
    const isTerminal = this.#streams.includes(process.stderr) && process.stderr.isTTY === true;
    const { clock } = nodeRuntime();
    const level = (): LogLevel => LEVELS[this.#level];
    this.logger = createLogger({
      format: formatOf(options.logFormat, isTerminal, name),
      get level(): LogLevel {
        return level();
      },
      write: (line) => this.#write(line),
      wallNow: () => clock.wallNow(),
      showsCaller: true,
    });
  }

  /** Obeys signals, until the process ends. */
  listen(): void {
    process.on('SIGUSR2', () => this.switchLevel());
    if (this.#files.size > 0) process.on('SIGHUP', () => this.reopen());
  }

  /** From the level that was chosen to debug, and back; where that is debug, to info. */
  switchLevel(): void {
    const before = this.#level;
    const other = this.#chosen === 'debug' ? 'info' : 'debug';
    const next = before === this.#chosen ? other : this.#chosen;
    // It is said while there are more lines: before they end, or when they have begun.
    if (LEVELS[next] < LEVELS[before]) this.#level = next;
    this.logger.info('log level changed', { 'log-level': next });
    this.#level = next;
  }

  /** A file that cannot be opened anew stays as it is. */
  reopen(): void {
    for (const [path, before] of this.#files) {
      try {
        this.#files.set(path, openSync(path, 'a'));
        closeSync(before);
      } catch (error) {
        this.logger.error('a log file could not be opened anew', { path, error });
      }
    }
    this.logger.info('log files opened anew', { paths: [...this.#files.keys()] });
  }

  #write(line: string): void {
    for (const stream of this.#streams) stream.write(line);
    for (const file of this.#files.values()) writeSync(file, line);
  }
}
