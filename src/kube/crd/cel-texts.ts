/** Functions on texts and lists that Kubernetes adds to CEL, and those of CEL's own libraries that the language lacks. */

import { Environment } from '@marcbachmann/cel-js';
import { registerFormats } from './cel-formats.ts';
import { registerMacros } from './cel-macros.ts';
import { registerVersions } from './cel-semver.ts';
import { registerSets } from './cel-sets.ts';
import { goRegex } from './go-regex.ts';

type Order = (left: unknown, right: unknown) => number;

function isDuration(value: unknown): value is Duration {
  return typeof value === 'object' && value !== null && 'seconds' in value && 'nanos' in value;
}

const compare: Order = (left, right) => {
  if (isDuration(left) && isDuration(right)) {
    return Number(left.seconds - right.seconds) || left.nanos - right.nanos;
  }
  const [a, b] = [left as number, right as number];
  return a < b ? -1 : a > b ? 1 : 0;
};

function most(list: readonly unknown[], sign: number): unknown {
  if (list.length === 0) throw new Error(`${sign > 0 ? 'max' : 'min'} called on empty list`);
  return list.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best));
}

/** Values of any kind, by what they hold. */
export function isSame(left: unknown, right: unknown): boolean {
  return (
    left === right ||
    (typeof left === 'object' && JSON.stringify(left, shown) === JSON.stringify(right, shown))
  );
}

function shown(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  return value instanceof Map ? [...value] : value;
}

const durationSum = new Environment()
  .registerVariable('a', 'google.protobuf.Duration')
  .registerVariable('b', 'google.protobuf.Duration')
  .parse('a + b');

function plus(left: unknown, right: unknown): unknown {
  if (isDuration(left)) return durationSum({ a: left, b: right });
  return (left as number) + (right as number);
}

function registerLists(language: Environment): void {
  language
    .registerFunction('list.isSorted(): bool', (list: readonly unknown[]) =>
      list.every((item, at) => at === 0 || compare(list[at - 1], item) <= 0),
    )
    .registerFunction('list.sum(): dyn', (list: readonly unknown[]) => {
      if (list.length === 0) return 0n;
      return list.reduce(plus);
    })
    .registerFunction('list.min(): dyn', (list: readonly unknown[]) => most(list, -1))
    .registerFunction('list.max(): dyn', (list: readonly unknown[]) => most(list, 1))
    .registerFunction('list.indexOf(dyn): int', (list: readonly unknown[], item: unknown) =>
      BigInt(list.findIndex((one) => isSame(one, item))),
    )
    .registerFunction('list.lastIndexOf(dyn): int', (list: readonly unknown[], item: unknown) =>
      BigInt(list.findLastIndex((one) => isSame(one, item))),
    )
    .registerFunction('list.distinct(): list<dyn>', (list: readonly unknown[]) =>
      list.filter((item, at) => list.findIndex((one) => isSame(one, item)) === at),
    )
    .registerFunction('list.reverse(): list<dyn>', (list: readonly unknown[]) => [...list].reverse())
    .registerFunction('list.sort(): list<dyn>', (list: readonly unknown[]) => [...list].sort(compare))
    .registerFunction('list.flatten(): list<dyn>', (list: readonly unknown[]) => list.flat())
    .registerFunction(
      'list.slice(int, int): list<dyn>',
      (list: readonly unknown[], from: bigint, to: bigint) => {
        if (from < 0n || to > BigInt(list.length) || from > to)
          throw new Error(`cannot slice(${from}, ${to})`);
        return list.slice(Number(from), Number(to));
      },
    );
}

/** As Go would show it with `%v`. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(', ')}]`;
  if (value instanceof Map)
    return `{${[...value].map(([name, one]) => `${plain(name)}: ${plain(one)}`).join(', ')}}`;
  if (value === null || value === undefined) return 'null';
  if (Object.getPrototypeOf(value) === Object.prototype) return plain(new Map(Object.entries(value)));
  if (value instanceof Date) return value.toISOString().replace('.000', '');
  return String(value);
}

function formatted(pattern: string, values: readonly unknown[]): string {
  let at = 0;
  return pattern.replace(/%(?:\.(\d+))?([%sdfexXob])/g, (_all, digits: string | undefined, verb: string) => {
    if (verb === '%') return '%';
    if (at >= values.length) throw new Error(`index ${at} out of range`);
    const value = values[at++];
    if (verb === 'f') return Number(value).toFixed(Number(digits ?? 6));
    if (verb === 'e') {
      return Number(value)
        .toExponential(Number(digits ?? 6))
        .replace(/e([+-])(\d)$/, 'e$10$2');
    }
    const base = { x: 16, X: 16, o: 8, b: 2 }[verb];
    if (base === undefined || typeof value !== 'bigint') return plain(value);
    const text = value.toString(base);
    return verb === 'X' ? text.toUpperCase() : text;
  });
}

/** @param isGlobal for all of its places */
function matcher(pattern: string, isGlobal: boolean): RegExp {
  const regex = goRegex(pattern, isGlobal ? 'g' : '');
  if (regex === null) throw new Error(`error parsing regexp: ${JSON.stringify(pattern)}`);
  regex.lastIndex = 0;
  return regex;
}

/** The library's duration: whole seconds, and the rest in nanoseconds of the same sign. */
interface Duration {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** `5400s`, `1.5s` */
function durationText({ seconds, nanos }: Duration): string {
  const sign = seconds < 0n || nanos < 0 ? '-' : '';
  const whole = seconds < 0n ? -seconds : seconds;
  const rest = Math.abs(nanos).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${whole}${rest === '' ? '' : `.${rest}`}s`;
}

/** `strings` and `jsonpatch` are names that functions hang on. */
class Strings {}
class JsonPatchNames {}

function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '\u0007': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\v': '\\v',
    '\\': '\\\\',
    '"': '\\"',
  };
  return `"${[...text].map((char) => escapes[char] ?? char).join('')}"`;
}

export function registerTexts(language: Environment): void {
  registerLists(language);
  language
    .registerFunction('string(google.protobuf.Duration): string', durationText)
    .registerFunction('int(google.protobuf.Timestamp): int', (time: Date) =>
      BigInt(Math.floor(time.getTime() / 1000)),
    )
    .registerFunction('string(google.protobuf.Timestamp): string', (time: Date) => plain(time));
  language
    .registerFunction('string.charAt(int): string', (text: string, at: bigint) => {
      const chars = [...text];
      if (at < 0n || at > BigInt(chars.length)) throw new Error(`index out of range: ${at}`);
      return chars[Number(at)] ?? '';
    })
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) =>
      text.replaceAll(from, () => to),
    )
    .registerFunction(
      'string.replace(string, string, int): string',
      (text: string, from: string, to: string, count: bigint) => {
        const parts = text.split(from);
        const kept = count < 0n ? parts.length : Number(count) + 1;
        return (
          parts.slice(0, kept).join(to) +
          parts
            .slice(kept)
            .map((part) => from + part)
            .join('')
        );
      },
    )
    .registerFunction('string.format(list): string', formatted)
    // The language's own takes patterns for those of JavaScript: rules are rewritten to call this one.
    .registerFunction('string.Matches(string): bool', (text: string, pattern: string) =>
      matcher(pattern, false).test(text),
    )
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => matcher(pattern, false).exec(text)?.[0] ?? '',
    )
    .registerFunction(
      'string.findAll(string): list<string>',
      (text: string, pattern: string) => text.match(matcher(pattern, true)) ?? [],
    )
    .registerFunction(
      'string.findAll(string, int): list<string>',
      (text: string, pattern: string, count: bigint) => {
        const found = text.match(matcher(pattern, true)) ?? [];
        return count < 0n ? found : found.slice(0, Number(count));
      },
    );
  language
    .registerType('kubernetes.Strings', Strings)
    .registerConstant('strings', 'kubernetes.Strings', new Strings())
    .registerFunction('kubernetes.Strings.quote(string): string', (_strings: Strings, text: string) =>
      quoted(text),
    )
    .registerType('kubernetes.JsonPatch', JsonPatchNames)
    .registerConstant('jsonpatch', 'kubernetes.JsonPatch', new JsonPatchNames())
    .registerFunction(
      'kubernetes.JsonPatch.escapeKey(string): string',
      (_names: JsonPatchNames, text: string) => text.replaceAll('~', '~0').replaceAll('/', '~1'),
    );
  for (const [operator, holds] of [
    ['<', (order: number) => order < 0],
    ['<=', (order: number) => order <= 0],
    ['>', (order: number) => order > 0],
    ['>=', (order: number) => order >= 0],
  ] as const) {
    language.registerOperator(`bytes ${operator} bytes`, (left: Uint8Array, right: Uint8Array) =>
      holds(Buffer.compare(left, right)),
    );
  }
  registerFormats(language);
  registerMacros(language, compare);
  registerSets(language, isSame);
  registerVersions(language);
}
