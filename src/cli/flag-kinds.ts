/**
 * The kinds of flags: what a value of each must look like, what it becomes, and how the help shows it. `flags.ts` reads
 * command lines by tables of them.
 */

import { isIpAddress, parseEndpoint } from '../rpc/address.ts';
import { parseDuration } from './durations.ts';

/** A value that can be read, and that is refused nevertheless. What cannot be read is a plain Error. */
export class UnfitValue extends Error {}

/** One flag. `parse` throws an Error whose text completes "--flag: …". */
export interface Flag<T> {
  /** What the value is called in the help, for example `MS`; empty for a switch, which needs no value. */
  readonly placeholder: string;
  readonly help: string;
  readonly initial: T;
  /** The default as the help shows it; empty hides it. */
  readonly shownDefault: string;
  readonly parse: (text: string) => T;
  /** Names it had before, in kebab case without dashes. @default none */
  readonly aliases?: readonly string[];
  /** A duration: a bare number in a configuration file counts nanoseconds, as in etcd's. @default false */
  readonly isDuration?: boolean;
  /** Set for a flag that is taken and does nothing: what is the case anyway. */
  readonly idle?: IdleNote;
}

/** Why a flag does nothing here. */
export interface IdleNote {
  readonly reason: string;
  /** Values that ask for what is the case anyway: they are worth no warning. */
  readonly agreed: readonly string[];
  /** etcd has dropped it: what a file or a variable says of it is passed over, and the flag is refused. @default false */
  readonly isDropped?: boolean;
}

/** What a flag is made from. */
export interface FlagText<T> {
  readonly help: string;
  readonly initial: T;
  readonly placeholder?: string;
  readonly shownDefault?: string;
  readonly aliases?: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: a table mixes flags of every type; `FlagValues` gives each its own back
export type FlagTable = Record<string, Flag<any>>;

export type FlagValues<Table extends FlagTable> = {
  -readonly [Name in keyof Table]: Table[Name] extends Flag<infer T> ? T : never;
};

/** The part of a flag that every kind has. */
function common<T>(text: FlagText<T>): Pick<Flag<T>, 'help' | 'initial' | 'aliases'> {
  return { help: text.help, initial: text.initial, aliases: text.aliases ?? [] };
}

export function textFlag(text: FlagText<string>): Flag<string> {
  return {
    ...common(text),
    placeholder: text.placeholder ?? 'TEXT',
    shownDefault: text.shownDefault ?? text.initial,
    parse: (value) => value,
  };
}

/** Comma-separated texts; empty ones are left out. */
export function listFlag(text: FlagText<string[]>): Flag<string[]> {
  return {
    ...common(text),
    placeholder: text.placeholder ?? 'TEXT,…',
    shownDefault: text.shownDefault ?? text.initial.join(','),
    parse: (value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
  };
}

/** A duration as Go writes it (`100ms`, `2h`); its value is in milliseconds. */
export function durationFlag(
  text: FlagText<number> & { readonly shownDefault: string; readonly minMs?: number },
): Flag<number> {
  const minMs = text.minMs ?? 0;
  return {
    ...common(text),
    placeholder: text.placeholder ?? 'DURATION',
    shownDefault: text.shownDefault,
    isDuration: true,
    parse: (value) => {
      const ms = parseDuration(value);
      if (ms < minMs) throw new UnfitValue(`must be at least ${minMs}ms, not "${value}"`);
      return ms;
    },
  };
}

/** What a value must look like that nobody reads: that of another form is a mistake in any case. */
export type ValueForm = 'text' | 'boolean' | 'count' | 'number' | 'duration';

const forms: Readonly<Record<ValueForm, (value: string) => unknown>> = {
  text: (value) => value,
  boolean: parseSwitch,
  count: (value) => parseInteger(value, 0),
  number: (value) => parseInteger(value, Number.MIN_SAFE_INTEGER),
  duration: parseDuration,
};

/** A flag that is accepted and does nothing; `refused` gives the reason for a value that must not be ignored. */
export function idleFlag(
  note: IdleNote & {
    readonly help: string;
    readonly shownDefault?: string;
    readonly isSwitch?: boolean;
    /** What a value must look like. @default a switch: boolean, else any text */
    readonly form?: ValueForm;
    readonly aliases?: readonly string[];
    readonly refused?: (value: string) => string | null;
  },
): Flag<string> {
  const { reason, agreed, refused = () => null } = note;
  return {
    help: note.help,
    initial: '',
    aliases: note.aliases ?? [],
    placeholder: note.isSwitch === true ? '' : 'VALUE',
    shownDefault: note.shownDefault ?? '',
    idle: { reason, agreed, isDropped: note.isDropped === true },
    parse: (value) => {
      const refusal = refused(value);
      if (refusal !== null) throw new UnfitValue(refusal);
      forms[note.form ?? (note.isSwitch === true ? 'boolean' : 'text')](value);
      return value;
    },
  };
}

/** A flag of any type: `parse` gives the value or throws what is wrong with the text. */
export function customFlag<T>(
  text: FlagText<T> & { readonly shownDefault: string },
  parse: (text: string) => T,
): Flag<T> {
  return {
    ...common(text),
    shownDefault: text.shownDefault,
    placeholder: text.placeholder ?? 'VALUE',
    parse,
  };
}

/** What Go takes for a boolean. */
const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word): [string, boolean] => [word, true]),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word): [string, boolean] => [word, false]),
]);

function parseSwitch(value: string): boolean {
  const known = booleans.get(value);
  if (known === undefined) throw new Error(`must be true or false, not "${value}"`);
  return known;
}

export function switchFlag(
  help: string,
  initial: boolean = false,
  aliases: readonly string[] = [],
): Flag<boolean> {
  return {
    help,
    initial,
    aliases,
    placeholder: '',
    shownDefault: initial ? 'true' : '',
    parse: parseSwitch,
  };
}

/** A whole number. Where none may be negative, one that is cannot be read, as in etcd. */
function parseInteger(value: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  const number = Number(value);
  if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw new Error(`must be a whole number, not "${value}"`);
  }
  if (number >= min && number <= max) return number;
  const problem = `must be ${rangeText(min, max)}, not ${value}`;
  throw number < 0 ? new Error(problem) : new UnfitValue(problem);
}

/** A whole number within [min, max]. */
export function integerFlag(
  text: FlagText<number> & { readonly min: number; readonly max?: number },
): Flag<number> {
  const max = text.max ?? Number.MAX_SAFE_INTEGER;
  return {
    ...common(text),
    placeholder: text.placeholder ?? 'N',
    shownDefault: text.shownDefault ?? String(text.initial),
    parse: (value) => parseInteger(value, text.min, max),
  };
}

function rangeText(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`;
}

export function choiceFlag<T extends string>(
  text: FlagText<T> & {
    readonly choices: readonly T[];
    /** etcd reads any text, and refuses it later. @default false */
    readonly isReadFirst?: boolean;
  },
): Flag<T> {
  const { choices, isReadFirst = false } = text;
  return {
    ...common(text),
    placeholder: text.placeholder ?? text.choices.join('|'),
    shownDefault: text.shownDefault ?? text.initial,
    parse: (value) => {
      const choice = choices.find((candidate) => candidate === value);
      if (choice !== undefined) return choice;
      const problem = `must be one of ${choices.filter((one) => one !== '').join(', ')}, not "${value}"`;
      throw isReadFirst ? new UnfitValue(problem) : new Error(problem);
    },
  };
}

/**
 * Comma-separated URLs with a scheme, a host and a port, and nothing behind; or of Unix sockets.
 * @param check throws what is wrong with a URL besides
 */
export function urlsFlag(
  text: FlagText<string[]>,
  check: (url: string) => string = checkUrl,
): Flag<string[]> {
  return {
    ...common(text),
    placeholder: text.placeholder ?? 'URL,…',
    shownDefault: text.shownDefault ?? text.initial.join(','),
    parse: (value) => value.split(',').map(check),
  };
}

/** @returns the URL without a trailing slash. @throws Error that says what is wrong with it. */
export function checkUrl(text: string): string {
  return parseEndpoint(text).url;
}

/**
 * The same for a URL to listen at: its host is an address, or `localhost`, as etcd demands. A name could stand for several.
 * @throws Error that says what is wrong with it
 */
export function checkBindUrl(text: string): string {
  const { url, address } = parseEndpoint(text);
  if (address.kind === 'tcp' && !isIpAddress(address.host))
    throw new UnfitValue(`expected IP in URL for binding (${url})`);
  return url;
}
