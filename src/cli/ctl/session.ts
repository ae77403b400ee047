/** One run of a `ctl` command: its arguments, its client, and where its output goes. */

import { readFileSync } from 'node:fs';
import { type Client, connect, type Effect, EtcdError, type TlsOptions } from '../../client/index.ts';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { type ColdMessage, decodeCold, encodeCold } from '../../wire/cold-codec.ts';
import { failureText } from '../terminal.ts';
import {
  type Arguments,
  duration,
  exitBadArgs,
  type FlagSpecs,
  type FlagValue,
  flag,
  type Given,
  integer,
  list,
  text,
  UsageError,
} from './arguments.ts';
import { fileErrorText } from './go-errors.ts';
import { goJson } from './go-text.ts';

/** The longest that a timer of Node.js runs: 24 days. */
const longestWaitMs = 2 ** 31 - 1;

/** What a command reads and writes. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output; the text holds its own line ends. */
  out(text: string | Uint8Array): void;
  err(text: string): void;
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array | string>;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** Asks the user at the terminal for a line that is not shown; left out when nobody sits there. */
  readonly askHidden?: (prompt: string) => Promise<string>;
  /** Standard error is a terminal: what only people want to see may be drawn there. */
  readonly drawsProgress?: boolean;
  /** Standard output is a terminal that shows colours. */
  readonly paints?: boolean;
  /** The streams are those of the process: a command that is started may have them. @default false */
  readonly sharesStreams?: boolean;
}

export const exitBadConnection = 2;
export const exitUnsupported = 4;
export const exitInterrupted = 130;

/** What an error says, as etcdctl says it. */
export function errorText(error: unknown): string {
  if (!(error instanceof EtcdError)) return failureText(error);
  return error.reason === 'deadlineExceeded' ? 'context deadline exceeded' : error.text;
}

/** The flags of every command, with etcdctl's names and defaults. */
export const globalFlags: FlagSpecs = {
  endpoints: list('gRPC endpoints', '127.0.0.1:2379'),
  'write-out': text('output format: fields, json, protobuf, simple, table', 'simple', 'w'),
  hex: flag('print byte strings as hex encoded strings'),
  'dial-timeout': duration('longest wait for a connection', 2000),
  'command-timeout': duration('longest time for a short command', 5000),
  'keepalive-time': duration('silence after which a connection is probed', 2000),
  'keepalive-timeout': duration('longest wait for the answer to a probe', 6000),
  cacert: text('certificate of the authority that signed the servers'),
  cert: text('certificate of this client'),
  key: text('key of this client'),
  'insecure-transport': { kind: 'switch', initial: true, help: 'use no TLS where nothing asks for it' },
  'insecure-skip-tls-verify': flag('accept any certificate of a server: for trials only'),
  user: text('name[:password] to log in with'),
  password: text('password, when --user has none'),
  debug: flag('say more about what goes on'),
  'max-request-bytes': integer('largest request, in bytes; 0: the server decides'),
  'max-recv-bytes': integer('largest answer, in bytes', 2 ** 31 - 1),
  'discovery-srv': text('refused: list the members with --endpoints', '', 'd'),
  'discovery-srv-name': text('refused, as --discovery-srv'),
  'insecure-discovery': { kind: 'switch', initial: true, help: 'goes with --discovery-srv' },
};

const formats = ['simple', 'json', 'fields', 'table', 'protobuf'] as const;
export type Format = (typeof formats)[number];

/** A message with the bytes it came in. */
export interface Answer<T> {
  readonly message: T;
  readonly raw: Uint8Array;
}

/** The forms of one answer. A form that is left out is one that etcdctl does not have either. */
export interface Forms {
  readonly simple: () => string;
  readonly json?: () => string;
  readonly fields?: () => string;
  readonly table?: () => string;
  readonly protobuf?: Uint8Array;
}

export class Session implements Given {
  readonly io: Io;
  /** Arguments behind the command's words. */
  readonly words: readonly string[];
  readonly format: Format;
  /** What stood behind `--`; null: there was none. */
  readonly rest: readonly string[] | null;
  readonly #flags: Readonly<Record<string, FlagValue>>;
  readonly #given: ReadonlySet<string>;
  #askedPassword = '';
  #client: Client | null = null;
  readonly #others: Client[] = [];

  /** @throws UsageError for an output format that there is not */
  constructor(
    io: Io,
    words: readonly string[],
    flags: Readonly<Record<string, FlagValue>>,
    { rest, given }: Pick<Arguments, 'rest' | 'given'>,
  ) {
    this.io = io;
    this.words = words;
    this.rest = rest;
    this.#flags = flags;
    this.#given = given;
    const format = formats.find((one) => one === flags['write-out']);
    if (format === undefined) throw new UsageError('unsupported output format', exitUnsupported);
    this.format = format;
  }

  text(name: string): string {
    return this.#flags[name] as string;
  }

  number(name: string): number {
    return this.#flags[name] as number;
  }

  isSet(name: string): boolean {
    return this.#flags[name] === true;
  }

  /** Whether the command line has the flag. */
  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  /**
   * Asks for the password of `--user`, where it is not given. To be called once, before `client` is used.
   * @throws UsageError for what no connection can be made with
   */
  async prepare(): Promise<void> {
    if (this.text('discovery-srv') !== '' || this.text('discovery-srv-name') !== '') {
      const what = 'members are not discovered by SRV records: list them with --endpoints';
      throw new UsageError(what, exitBadArgs);
    }
    for (const name of ['cert', 'key', 'cacert']) {
      if (this.isGiven(name) && this.text(name) === '') {
        throw new UsageError(`empty string is passed to --${name} option`, exitBadArgs);
      }
    }
    const [cert, key] = [this.text('cert'), this.text('key')];
    if ((cert === '') !== (key === '')) {
      throw new UsageError(
        `KeyFile and CertFile must both be present[key: ${key}, cert: ${cert}]`,
        exitBadArgs,
      );
    }
    const user = this.text('user');
    if (user !== '' && !user.includes(':') && this.text('password') === '') {
      this.#askedPassword = await this.askPassword('Password: ');
    }
  }

  /** What a promise gives; rejects when the user interrupts first, who may be who it waits for. */
  async interruptible<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.io;
    signal.throwIfAborted();
    let onAbort: () => void = () => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** @throws UsageError when nobody sits at a terminal */
  askPassword(prompt: string): Promise<string> {
    const { askHidden } = this.io;
    if (askHidden !== undefined) return this.interruptible(askHidden(prompt));
    const advice = 'give it as --user NAME:PASSWORD or --password';
    throw new UsageError(`there is no terminal to ask for a password: ${advice}`, 1);
  }

  get endpoints(): readonly string[] {
    return this.text('endpoints').split(',');
  }

  get client(): Client {
    this.#client ??= this.#connect(this.endpoints);
    return this.#client;
  }

  /** A client of other endpoints, with the same credentials. */
  clientOf(endpoints: readonly string[]): Client {
    const client = this.#connect(endpoints);
    this.#others.push(client);
    return client;
  }

  #connect(endpoints: readonly string[]): Client {
    const { tls, user } = { tls: this.#tls(), user: this.text('user') };
    const known = this.text('password') === '' ? this.#askedPassword : this.text('password');
    const cut = user.indexOf(':');
    const isSplit = known === '' && cut !== -1;
    const username = isSplit ? user.slice(0, cut) : user;
    const password = isSplit ? user.slice(cut + 1) : known;
    return connect({
      endpoints,
      timeoutMs: this.number('command-timeout'),
      dialTimeoutMs: this.wait('dial-timeout'),
      keepaliveMs: this.wait('keepalive-time'),
      keepaliveTimeoutMs: this.wait('keepalive-timeout'),
      maxReceiveBytes: this.number('max-recv-bytes'),
      ...(tls === null ? {} : { tls }),
      ...(username === '' ? {} : { auth: { username, password } }),
    });
  }

  /** A flag that says how long to wait, in milliseconds: 0 is for ever, as in etcdctl. */
  wait(name: string): number {
    return this.number(name) === 0 ? longestWaitMs : this.number(name);
  }

  /** Whether connections are secured even where an endpoint does not say so. */
  get usesTls(): boolean {
    return this.#tls() !== null;
  }

  #tls(): TlsOptions | null {
    const [ca, cert, key] = [this.text('cacert'), this.text('cert'), this.text('key')];
    const insecureSkipVerify = this.isSet('insecure-skip-tls-verify');
    if (ca === '' && cert === '' && !insecureSkipVerify && this.isSet('insecure-transport')) return null;
    return {
      ...(ca === '' ? {} : { ca: readCredential(ca) }),
      ...(cert === '' ? {} : { cert: readCredential(cert) }),
      ...(key === '' ? {} : { key: readCredential(key) }),
      insecureSkipVerify,
    };
  }

  /**
   * Calls a method with messages as the contract names them.
   * @param service without its package, as `KV`
   * @param message name of its messages without `Request`, where it is not the method's
   */
  async call<T extends object = ColdMessage>(
    service: string,
    method: string,
    request: object,
    options: {
      readonly effect?: Effect;
      readonly endpoint?: string;
      readonly message?: string;
      readonly client?: Client;
    } = {},
  ): Promise<Answer<T>> {
    const { message = method, client = this.client, ...rest } = options;
    const bytes = encodeCold(`etcdserverpb.${message}Request`, request);
    const raw = await client.call(`etcdserverpb.${service}/${method}`, bytes, {
      ...rest,
      signal: this.io.signal,
    });
    return { message: decodeCold<T>(`etcdserverpb.${message}Response`, raw), raw };
  }

  /** Prints an answer in the format that was asked for. @throws UsageError when it does not come in that format */
  show(forms: Forms): void {
    if (this.format === 'protobuf') {
      if (forms.protobuf === undefined) throw unsupported('protobuf');
      this.io.out(forms.protobuf);
      return;
    }
    const form = forms[this.format];
    if (form === undefined) throw unsupported(this.format);
    const printed = form();
    if (printed !== '') this.io.out(`${printed}\n`);
  }

  /** The forms of an answer that is printed as it came. */
  forms(answer: Answer<object>, simple: () => string, fields?: () => string): Forms {
    const { message, raw } = answer;
    return {
      simple,
      json: () => goJson(message),
      protobuf: raw,
      ...(fields === undefined ? {} : { fields }),
    };
  }

  /** All of standard input. */
  readInput(): Promise<Buffer> {
    const read = async (): Promise<Buffer> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of this.io.input)
        chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      return Buffer.concat(chunks);
    };
    return this.interruptible(read());
  }

  /** Waits. True: the user interrupted. */
  pause(ms: number): Promise<boolean> {
    const { signal } = this.io;
    if (signal.aborted) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (isInterrupted: boolean): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        resolve(isInterrupted);
      };
      const onAbort = (): void => end(true);
      const timer = nodeRuntime().clock.setTimer(ms, () => end(false));
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#client, ...this.#others].map((client) => client?.close()));
  }
}

export function unsupported(format: string): UsageError {
  return new UsageError(`${format} not supported as output format`, exitUnsupported);
}

export interface CtlCommand {
  /** It talks to nobody: there is no password to ask for. */
  readonly isOffline?: boolean;
  /** Its words and arguments, as the help shows them. */
  readonly usage: string;
  readonly summary: string;
  readonly flags?: FlagSpecs;
  /** @returns the exit code; nothing: 0. @throws UsageError, EtcdError */
  readonly run: (session: Session) => Promise<number | undefined>;
}

/** By the words that name them, as `lease grant`. */
export type CtlCommands = Readonly<Record<string, CtlCommand>>;

/** @throws UsageError in the words of etcdctl */
function readCredential(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(fileErrorText(error), exitBadArgs);
  }
}
