/**
 * The log of the command: one line per fact. JSON for machines (`{"level":"info","ts":"…","msg":"…",…}`, the shape
 * that etcd's lines have), aligned text for people at a terminal.
 *
 * Invariant: whatever the fields hold (bytes, bigint, errors, cycles), a line is written and it is one line.
 */

import type { Logger } from '../util/runtime.ts';
import { LogLevel } from '../util/runtime.ts';

export type LogFormat = 'json' | 'console';

export interface LogOptions {
  readonly format: LogFormat;
  /** Lines below this level are dropped. */
  readonly level: LogLevel;
  /** Takes one line, with its line end. */
  readonly write: (line: string) => void;
  /** Wall time, milliseconds since 1970. */
  readonly wallNow: () => number;
  /** Tells in JSON which line of which file wrote it, as zap does. @default false */
  readonly showsCaller?: boolean;
}

type Fields = Record<string, unknown>;

const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  [LogLevel.Debug]: 'debug',
  [LogLevel.Info]: 'info',
  [LogLevel.Warn]: 'warn',
  [LogLevel.Error]: 'error',
};

/** Keys every line has; a field of the same name is written with an underscore behind. */
const OWN_KEYS: ReadonlySet<string> = new Set(['level', 'ts', 'caller', 'msg']);
/** Longest rendering of one field's bytes, as hexadecimal digits. */
const BYTES_SHOWN = 64;

/** A value as JSON can hold it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString(16);
  if (value instanceof Uint8Array) {
    const shown = Buffer.from(value.subarray(0, BYTES_SHOWN)).toString('hex');
    return value.length > BYTES_SHOWN ? `${shown}… (${value.length} bytes)` : shown;
  }
  if (value instanceof Error) return value.cause === undefined ? value.message : withCause(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value;
}

function withCause(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause.message : String(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}

function toJson(value: unknown): string {
  try {
    // The replacer sees what `toJSON` made of a Buffer; `plain` has to come first.
    return JSON.stringify(value, function replace(this: Fields, key: string) {
      return plain(this[key]);
    });
  } catch (error) {
    return JSON.stringify(`not renderable: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function jsonLine(
  level: LogLevel,
  ts: string,
  message: string,
  fields: Fields | undefined,
  caller: string,
): string {
  const from = caller === '' ? '' : `,"caller":${JSON.stringify(caller)}`;
  let line = `{"level":"${LEVEL_NAMES[level]}","ts":"${ts}"${from},"msg":${JSON.stringify(message)}`;
  for (const [key, value] of Object.entries(fields ?? {})) {
    if (value === undefined) continue;
    line += `,${JSON.stringify(OWN_KEYS.has(key) ? `${key}_` : key)}:${toJson(value) ?? '"not renderable"'}`;
  }
  return `${line}}\n`;
}

function oneLine(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

function consoleLine(level: LogLevel, ts: string, message: string, fields: Fields | undefined): string {
  let line = `${ts.slice(11, 23)}  ${LEVEL_NAMES[level].padEnd(5)}  ${oneLine(message)}`;
  for (const [key, value] of Object.entries(fields ?? {})) {
    if (value === undefined) continue;
    const rendered = plain(value);
    line += `  ${key}=${oneLine(typeof rendered === 'string' ? rendered : toJson(rendered))}`;
  }
  return `${line}\n`;
}

/** Frames of a stack: its head, this function, the logger's, and who called that. */
const CALLER_FRAME = 3;

/** Folder, file and line of whoever called the logger: `member/member.js:212`. */
function callerOfLogger(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = CALLER_FRAME;
  const frames = new Error('where').stack?.split('\n') ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  return /([^/\\]+[/\\][^/\\]+:\d+):\d+\)?$/.exec(frames[CALLER_FRAME] ?? '')?.[1] ?? '';
}

/** By the name of etcd the lines are those of etcd at a terminal, too: what starts an etcd in one may read them there. */
export function formatOf(
  chosen: LogFormat | 'auto',
  isTerminal: boolean,
  command: 'server' | 'etcd',
): LogFormat {
  if (chosen !== 'auto') return chosen;
  return isTerminal && command === 'server' ? 'console' : 'json';
}

/** A logger that writes lines. */
export function createLogger(options: LogOptions): Logger {
  const render = options.format === 'json' ? jsonLine : consoleLine;
  const at =
    (level: LogLevel) =>
    (message: string, fields?: Fields): void => {
      if (level < options.level) return;
      const caller = options.showsCaller === true ? callerOfLogger() : '';
      options.write(render(level, new Date(options.wallNow()).toISOString(), message, fields, caller));
    };
  return {
    debug: at(LogLevel.Debug),
    info: at(LogLevel.Info),
    warn: at(LogLevel.Warn),
    error: at(LogLevel.Error),
  };
}
