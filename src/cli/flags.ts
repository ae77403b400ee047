/**
 * Command-line flags from one table: parsing, environment, help text and types all follow from it.
 *
 * A table's keys are the option names in camel case; the flag is the same in kebab case (`dataDir` is `--data-dir`)
 * and the variable in upper case (`ETCD_DATA_DIR`). As with etcd, one dash does as well as two, `--x=v` as well as
 * `--x v`, and a flag together with its variable is refused rather than silently preferred. A flag may have older names;
 * giving it under two of them is refused, too.
 *
 * Invariant: every problem of a command line is found in one pass; nothing is reported one at a time.
 */

import { type FlagTable, type FlagValues, UnfitValue } from './flag-kinds.ts';
import { suggestion } from './suggestion.ts';

export * from './flag-kinds.ts';

export interface ParseOptions {
  /** Environment to read; none is read without `envPrefix`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For example `ETCD_`. */
  readonly envPrefix?: string;
  /** Words without a dash that are allowed. @default 0 */
  readonly positionalsMax?: number;
}

/** One line of a configuration file. */
export interface Setting {
  /** A flag's name, without dashes. */
  readonly name: string;
  readonly text: string;
  /** It stood there as a bare number. */
  readonly isNumber: boolean;
}

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  /** Options that a flag or a variable gave; the others have their default. */
  readonly given: ReadonlySet<string>;
  readonly positionals: readonly string[];
  /** Whole sentences; the values mean nothing unless this is empty. */
  readonly problems: string[];
  /** Some of the problems are of the command line itself, which cannot be read; else only of what it says. */
  readonly isUnreadable: boolean;
  /** Things to tell that need not stop anybody. */
  readonly warnings: string[];
  /** `--help` or `-h` was there: nothing else counts. */
  readonly help: boolean;
}

export function flagName(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function variableName(flag: string, prefix: string): string {
  return prefix + flag.replaceAll('-', '_').toUpperCase();
}

class Parser<Table extends FlagTable> {
  readonly #table: Table;
  readonly #byFlag = new Map<string, string>();
  /** The name under which an option was given. */
  readonly #givenAs = new Map<string, string>();
  readonly values: Record<string, unknown> = {};
  readonly given = new Set<string>();
  readonly positionals: string[] = [];
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  isUnreadable = false;
  help = false;

  constructor(table: Table) {
    this.#table = table;
    for (const [option, flag] of Object.entries(table)) {
      for (const name of [flagName(option), ...(flag.aliases ?? [])]) this.#byFlag.set(name, option);
      this.values[option] = flag.initial;
    }
  }

  #set(option: string, where: string, text: string): void {
    const { parse, idle } = this.#table[option]!;
    const before = this.#givenAs.get(option);
    if (before !== undefined && before !== where) {
      this.problems.push(`${before} and ${where} are the same option: remove one of them`);
    }
    this.#givenAs.set(option, where);
    this.given.add(option);
    try {
      this.values[option] = parse(text);
      if (idle !== undefined && !idle.agreed.includes(text)) {
        this.warnings.push(`${where} has no effect: ${idle.reason}`);
      }
    } catch (error) {
      if (idle?.isDropped === true && !where.startsWith('-')) {
        this.warnings.push(`${where} has no effect: ${idle.reason}`);
        return;
      }
      // As in etcd: a variable that cannot be read is no mistake of the command line.
      this.isUnreadable ||= where.startsWith('-') && !(error instanceof UnfitValue);
      this.problems.push(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  readArguments(argv: readonly string[], positionalsMax: number): void {
    for (let at = 0; at < argv.length; at++) {
      const word = argv[at]!;
      const match = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(word);
      if (match === null) {
        if (word.startsWith('-')) this.#refuse(`"${word}" is not a flag`);
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
        this.#refuse(`unknown flag --${name}${suggestion(name, this.#byFlag.keys(), (flag) => `--${flag}`)}`);
        // Its value, if it is one, is part of the same mistake.
        if (match[2] === undefined && at + 1 < argv.length && !argv[at + 1]!.startsWith('-')) at++;
      } else if (match[2] !== undefined) {
        this.#set(option, `--${name}`, match[2]);
      } else if (this.#table[option]!.placeholder === '') {
        this.#set(option, `--${name}`, 'true');
      } else if (at + 1 < argv.length) {
        this.#set(option, `--${name}`, argv[++at]!);
      } else {
        this.#refuse(`--${name}: the value is missing`);
      }
    }
  }

  readEnvironment(env: Readonly<Record<string, string | undefined>>, prefix: string): void {
    const known = new Map([...this.#byFlag].map(([name, option]) => [variableName(name, prefix), option]));
    for (const [variable, text] of Object.entries(env)) {
      if (!variable.startsWith(prefix) || text === undefined || text === '') continue;
      const option = known.get(variable);
      if (option === undefined) {
        this.warnings.push(`the environment variable ${variable} means nothing to this command`);
      } else if (this.#givenAs.get(option)?.startsWith('-') === true) {
        this.problems.push(
          `${this.#givenAs.get(option)} and the environment variable ${variable} are both set: remove one of them`,
        );
      } else {
        this.#set(option, variable, text);
      }
    }
  }

  readSettings(settings: readonly Setting[], file: string): void {
    for (const { name, text, isNumber } of settings) {
      const option = this.#byFlag.get(name);
      if (option === undefined) {
        this.warnings.push(`${file}: ${name} means nothing to this command`);
      } else {
        const inNanoseconds = isNumber && this.#table[option]!.isDuration === true;
        this.#set(option, `${file}: ${name}`, inNanoseconds ? `${text}ns` : text);
      }
    }
  }

  #refuse(problem: string): void {
    this.isUnreadable = true;
    this.problems.push(problem);
  }
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
  return parsedBy(parser);
}

/** Reads the settings of a configuration file. Never throws; look at `problems`. */
export function parseSettings<Table extends FlagTable>(
  table: Table,
  settings: readonly Setting[],
  file: string,
): ParsedFlags<Table> {
  const parser = new Parser(table);
  parser.readSettings(settings, file);
  return parsedBy(parser);
}

function parsedBy<Table extends FlagTable>(parser: Parser<Table>): ParsedFlags<Table> {
  return {
    values: parser.values as FlagValues<Table>,
    given: parser.given,
    positionals: parser.positionals,
    problems: parser.problems,
    isUnreadable: parser.isUnreadable,
    warnings: parser.warnings,
    help: parser.help,
  };
}

/** How wide a page of help is. */
const helpColumns = 100;

/** One line per flag: name, value, meaning, default; columns aligned, long texts wrapped. */
export function flagHelp(table: FlagTable): string {
  const left = Object.entries(table).map(([option, flag]) =>
    `  --${flagName(option)} ${flag.placeholder}`.trimEnd(),
  );
  const column = Math.max(...left.map((text) => text.length)) + 2;
  const lines = Object.values(table).map((flag, index) => {
    const meaning = flag.shownDefault === '' ? flag.help : `${flag.help} (default ${flag.shownDefault})`;
    return (
      left[index]!.padEnd(column) +
      wrap(meaning, Math.max(30, helpColumns - column)).join(`\n${' '.repeat(column)}`)
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
