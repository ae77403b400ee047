/**
 * Command lines as etcdctl takes them: words that name a command, then flags and arguments in any order. `--flag value`,
 * `--flag=value`, `-w value`, `-wvalue`; switches take a value only behind `=`; everything after `--` is an argument.
 */

import { goDurationMs } from '../../util/go-duration.ts';

export type FlagValue = string | number | boolean;

export interface FlagSpec {
  /** A list is a text whose parts stand between commas; given again, it goes on. */
  readonly kind: 'text' | 'list' | 'integer' | 'duration' | 'switch';
  /** Milliseconds for a duration. */
  readonly initial: FlagValue;
  readonly help: string;
  /** A letter that does as well. */
  readonly short?: string;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

export function text(help: string, initial = '', short?: string): FlagSpec {
  return { kind: 'text', initial, help, ...(short === undefined ? {} : { short }) };
}

export function list(help: string, initial: string): FlagSpec {
  return { kind: 'list', initial, help };
}

export function integer(help: string, initial = 0): FlagSpec {
  return { kind: 'integer', initial, help };
}

export function flag(help: string, short?: string): FlagSpec {
  return { kind: 'switch', initial: false, help, ...(short === undefined ? {} : { short }) };
}

export function duration(help: string, initial: number): FlagSpec {
  return { kind: 'duration', initial, help };
}

/** What is wrong with a command line, as etcdctl says it, and the exit code for it. */
export class UsageError extends Error {
  readonly exitCode: number;
  /** What it is printed behind. */
  readonly prefix: string;

  constructor(message: string, exitCode: number, prefix = 'Error: ') {
    super(message);
    this.name = 'UsageError';
    this.exitCode = exitCode;
    this.prefix = prefix;
  }
}

export const exitBadArgs = 128;

export interface Arguments {
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, FlagValue>>;
  readonly given: ReadonlySet<string>;
  /** What stood behind `--`, the last of the words too; null: there was none. */
  readonly rest: readonly string[] | null;
}

/** What a command line says: its words, and its flags with what the environment gives. */
export interface Given {
  readonly words: readonly string[];
  text(name: string): string;
  number(name: string): number;
  isSet(name: string): boolean;
}

/** A command line that stands on its own, as a line of a transaction; its first word is the command. */
export function givenOf({ words, flags }: Arguments): Given {
  return {
    words: words.slice(1),
    text: (name) => flags[name] as string,
    number: (name) => flags[name] as number,
    isSet: (name) => flags[name] === true,
  };
}

/** @throws UsageError */
function parseValue(name: string, spec: FlagSpec, given: string): FlagValue {
  const refuse = (why: string): UsageError =>
    new UsageError(`invalid argument "${given}" for "--${name}" flag: ${why}`, 1);
  switch (spec.kind) {
    case 'text':
    case 'list':
      return given;
    case 'integer': {
      if (!/^[+-]?\d+$/.test(given))
        throw refuse(`strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`);
      return Number(given);
    }
    case 'duration': {
      const parsed = goDurationMs(given);
      if (parsed === null) throw refuse(`time: invalid duration ${JSON.stringify(given)}`);
      return parsed;
    }
    default:
      if (['true', 't', '1', 'TRUE', 'T', 'True'].includes(given)) return true;
      if (['false', 'f', '0', 'FALSE', 'F', 'False'].includes(given)) return false;
      throw refuse(`strconv.ParseBool: parsing ${JSON.stringify(given)}: invalid syntax`);
  }
}

/** @throws UsageError for a flag that there is not, and for a value that is none. */
export function parseArguments(argv: readonly string[], specs: FlagSpecs): Arguments {
  const flags: Record<string, FlagValue> = {};
  for (const [name, { initial }] of Object.entries(specs)) flags[name] = initial;
  const shorts = new Map(
    Object.entries(specs).flatMap(([name, { short }]) => (short === undefined ? [] : [[short, name]])),
  );
  const given = new Set<string>();
  const words: string[] = [];
  let rest: readonly string[] | null = null;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === '--') {
      rest = argv.slice(at + 1);
      words.push(...rest);
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const { name, inline } = word.startsWith('--') ? longFlag(word) : shortFlag(word, shorts);
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw new UsageError(`unknown flag: --${name}`, 1);
    const before = spec.kind === 'list' && given.has(name) ? `${flags[name]},` : '';
    given.add(name);
    if (inline !== null) flags[name] = parseValue(name, spec, before + inline);
    else if (spec.kind === 'switch') flags[name] = true;
    else {
      at++;
      if (at >= argv.length) throw new UsageError(`flag needs an argument: ${word}`, 1);
      flags[name] = parseValue(name, spec, before + argv[at]!);
    }
  }
  return { words, flags, given, rest };
}

interface FlagWord {
  readonly name: string;
  /** The value that came with it, or null. */
  readonly inline: string | null;
}

function longFlag(word: string): FlagWord {
  const end = word.indexOf('=');
  return end === -1
    ? { name: word.slice(2), inline: null }
    : { name: word.slice(2, end), inline: word.slice(end + 1) };
}

function shortFlag(word: string, shorts: ReadonlyMap<string | undefined, string | undefined>): FlagWord {
  const letter = word[1]!;
  const name = shorts.get(letter);
  if (name === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in ${word}`, 1);
  const rest = word.slice(2);
  return { name, inline: rest === '' ? null : rest.replace(/^=/, '') };
}

/**
 * Sets what the environment gives: `ETCDCTL_WRITE_OUT` for `--write-out`.
 * @throws UsageError when a flag is given on the command line as well
 */
export function applyEnvironment(
  { flags, given }: Arguments,
  specs: FlagSpecs,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, FlagValue>> {
  const merged: Record<string, FlagValue> = { ...flags };
  for (const [name, spec] of Object.entries(specs)) {
    const variable = `ETCDCTL_${name.replaceAll('-', '_').toUpperCase()}`;
    const value = env[variable];
    if (value === undefined || value === '') continue;
    if (given.has(name)) {
      const advice = '(either unset environment variable or disable flag)';
      const what = `conflicting environment variable "${variable}" is shadowed by corresponding command-line flag`;
      throw new UsageError(`${what} ${advice}`, 1);
    }
    merged[name] = parseValue(name, spec, value);
  }
  return merged;
}
