/**
 * Command-line flags from one table: parsing, environment, help text and types all follow from it.
 *
 * A table's keys are the option names in camel case; the flag is the same in kebab case (`dataDir` is `--data-dir`)
 * and the variable in upper case (`ETCD_DATA_DIR`). As with etcd, one dash does as well as two, `--x=v` as well as
 * `--x v`, and a flag together with its variable is refused rather than silently preferred.
 *
 * Invariant: every problem of a command line is found in one pass; nothing is reported one at a time.
 */

/** One flag. `parse` throws an Error whose text completes "--flag: …". */
export interface Flag<T> {
  /** What the value is called in the help, for example `MS`; empty for a switch, which needs no value. */
  readonly placeholder: string;
  readonly help: string;
  readonly initial: T;
  /** The default as the help shows it; empty hides it. */
  readonly shownDefault: string;
  readonly parse: (text: string) => T;
}

/** What a flag is made from. */
export interface FlagText<T> {
  readonly help: string;
  readonly initial: T;
  readonly placeholder?: string;
  readonly shownDefault?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a table mixes flags of every type; `FlagValues` gives each its own back
export type FlagTable = Record<string, Flag<any>>;

export type FlagValues<Table extends FlagTable> = {
  -readonly [Name in keyof Table]: Table[Name] extends Flag<infer T> ? T : never;
};

export function textFlag(text: FlagText<string>): Flag<string> {
  return {
    help: text.help,
    initial: text.initial,
    placeholder: text.placeholder ?? 'TEXT',
    shownDefault: text.shownDefault ?? text.initial,
    parse: (value) => value,
  };
}

/** A flag of any type: `parse` gives the value or throws what is wrong with the text. */
export function customFlag<T>(
  text: FlagText<T> & { readonly shownDefault: string },
  parse: (text: string) => T,
): Flag<T> {
  const { help, initial, shownDefault } = text;
  return { help, initial, shownDefault, placeholder: text.placeholder ?? 'VALUE', parse };
}

export function switchFlag(help: string): Flag<boolean> {
  return {
    help,
    initial: false,
    placeholder: '',
    shownDefault: '',
    parse: (value) => {
      if (value === 'true' || value === '1') return true;
      if (value === 'false' || value === '0') return false;
      throw new Error(`must be true or false, not "${value}"`);
    },
  };
}

/** A whole number within [min, max]. */
export function integerFlag(
  text: FlagText<number> & { readonly min: number; readonly max?: number },
): Flag<number> {
  const max = text.max ?? Number.MAX_SAFE_INTEGER;
  return {
    help: text.help,
    initial: text.initial,
    placeholder: text.placeholder ?? 'N',
    shownDefault: text.shownDefault ?? String(text.initial),
    parse: (value) => {
      const number = Number(value);
      if (!/^-?\d+$/.test(value) || !Number.isSafeInteger(number)) {
        throw new Error(`must be a whole number, not "${value}"`);
      }
      if (number < text.min || number > max) {
        throw new Error(`must be ${rangeText(text.min, max)}, not ${value}`);
      }
      return number;
    },
  };
}

function rangeText(min: number, max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `from ${min} to ${max}`;
}

export function choiceFlag<T extends string>(
  text: FlagText<T> & { readonly choices: readonly T[] },
): Flag<T> {
  return {
    help: text.help,
    initial: text.initial,
    placeholder: text.placeholder ?? text.choices.join('|'),
    shownDefault: text.shownDefault ?? text.initial,
    parse: (value) => {
      const choice = text.choices.find((candidate) => candidate === value);
      if (choice === undefined) throw new Error(`must be one of ${text.choices.join(', ')}, not "${value}"`);
      return choice;
    },
  };
}

/** Comma-separated URLs with a scheme, a host and a port, and nothing behind. */
export function urlsFlag(text: FlagText<string[]>): Flag<string[]> {
  return {
    help: text.help,
    initial: text.initial,
    placeholder: text.placeholder ?? 'URL,…',
    shownDefault: text.shownDefault ?? text.initial.join(','),
    parse: (value) => value.split(',').map(checkUrl),
  };
}

/** @returns the URL without a trailing slash. @throws Error that says what is wrong with it. */
export function checkUrl(text: string): string {
  const trimmed = text.trim();
  const match = /^([a-z]+):\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]?#@]+)(?::(\d+))?\/?$/.exec(trimmed);
  if (match === null) throw new Error(`"${trimmed}" is not a URL such as http://127.0.0.1:2379`);
  const [, scheme, host, port] = match;
  if (scheme !== 'http') throw new Error(`"${trimmed}": the scheme must be http`);
  if (port === undefined) throw new Error(`"${trimmed}": the port is missing`);
  if (Number(port) > 65_535) throw new Error(`"${trimmed}": there is no port ${port}`);
  return `${scheme}://${host}:${port}`;
}

export interface ParseOptions {
  /** Environment to read; none is read without `envPrefix`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For example `ETCD_`. */
  readonly envPrefix?: string;
  /** Words without a dash that are allowed. @default 0 */
  readonly positionalsMax?: number;
}

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  /** Options that a flag or a variable gave; the others have their default. */
  readonly given: ReadonlySet<string>;
  readonly positionals: readonly string[];
  /** Whole sentences; the values mean nothing unless this is empty. */
  readonly problems: string[];
  /** Things to tell that need not stop anybody. */
  readonly warnings: string[];
  /** `--help` or `-h` was there: nothing else counts. */
  readonly help: boolean;
}

export function flagName(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function variableName(option: string, prefix: string): string {
  return prefix + flagName(option).replaceAll('-', '_').toUpperCase();
}

class Parser<Table extends FlagTable> {
  readonly #table: Table;
  readonly #byFlag = new Map<string, string>();
  readonly values: Record<string, unknown> = {};
  readonly given = new Set<string>();
  readonly positionals: string[] = [];
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  help = false;

  constructor(table: Table) {
    this.#table = table;
    for (const [option, flag] of Object.entries(table)) {
      this.#byFlag.set(flagName(option), option);
      this.values[option] = flag.initial;
    }
  }

  #set(option: string, where: string, text: string): void {
    try {
      this.values[option] = this.#table[option]!.parse(text);
    } catch (error) {
      this.problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.given.add(option);
  }

  readArguments(argv: readonly string[], positionalsMax: number): void {
    for (let at = 0; at < argv.length; at++) {
      const word = argv[at]!;
      const match = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(word);
      if (match === null) {
        if (word.startsWith('-')) this.problems.push(`"${word}" is not a flag`);
        else if (this.positionals.length < positionalsMax) this.positionals.push(word);
        else this.problems.push(`unexpected argument "${word}"`);
        continue;
      }
      const name = match[1]!;
      if (name === 'help' || name === 'h') {
        this.help = true;
        continue;
      }
      const option = this.#byFlag.get(name);
      if (option === undefined) {
        this.problems.push(`unknown flag --${name}${this.#suggestion(name)}`);
        // Its value, if it is one, is part of the same mistake.
        if (match[2] === undefined && at + 1 < argv.length && !argv[at + 1]!.startsWith('-')) at++;
      } else if (match[2] !== undefined) {
        this.#set(option, `--${name}`, match[2]);
      } else if (this.#table[option]!.placeholder === '') {
        this.#set(option, `--${name}`, 'true');
      } else if (at + 1 < argv.length) {
        this.#set(option, `--${name}`, argv[++at]!);
      } else {
        this.problems.push(`--${name}: the value is missing`);
      }
    }
  }

  readEnvironment(env: Readonly<Record<string, string | undefined>>, prefix: string): void {
    const known = new Map(Object.keys(this.#table).map((option) => [variableName(option, prefix), option]));
    for (const [variable, text] of Object.entries(env)) {
      if (!variable.startsWith(prefix) || text === undefined || text === '') continue;
      const option = known.get(variable);
      if (option === undefined) {
        this.warnings.push(`the environment variable ${variable} means nothing to this command`);
      } else if (this.given.has(option)) {
        this.problems.push(
          `--${flagName(option)} and the environment variable ${variable} are both set: remove one of them`,
        );
      } else {
        this.#set(option, variable, text);
      }
    }
  }

  #suggestion(name: string): string {
    let best = '';
    let bestDistance = 3;
    for (const candidate of this.#byFlag.keys()) {
      const distance = editDistance(name, candidate);
      if (distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best === '' ? '' : ` (did you mean --${best}?)`;
  }
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Reads a command line, then the environment. Never throws; look at `problems`. */
export function parseFlags<Table extends FlagTable>(
  table: Table,
  argv: readonly string[],
  options: ParseOptions = {},
): ParsedFlags<Table> {
  const parser = new Parser(table);
  parser.readArguments(argv, options.positionalsMax ?? 0);
  if (options.envPrefix !== undefined) parser.readEnvironment(options.env ?? {}, options.envPrefix);
  return {
    values: parser.values as FlagValues<Table>,
    given: parser.given,
    positionals: parser.positionals,
    problems: parser.problems,
    warnings: parser.warnings,
    help: parser.help,
  };
}

/** One line per flag: name, value, meaning, default; columns aligned, long texts wrapped to `width`. */
export function flagHelp(table: FlagTable, width: number = 100): string {
  const left = Object.entries(table).map(([option, flag]) =>
    `  --${flagName(option)} ${flag.placeholder}`.trimEnd(),
  );
  const column = Math.max(...left.map((text) => text.length)) + 2;
  const lines = Object.values(table).map((flag, index) => {
    const meaning = flag.shownDefault === '' ? flag.help : `${flag.help} (default ${flag.shownDefault})`;
    return (
      left[index]!.padEnd(column) +
      wrap(meaning, Math.max(30, width - column)).join(`\n${' '.repeat(column)}`)
    );
  });
  return lines.join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
