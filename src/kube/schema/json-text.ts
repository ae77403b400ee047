/**
 * JSON of requests (RFC 8259) with what a real API server says about it: syntax errors in the words of Go's scanner, members
 * that stand twice by their path, and nesting that is too deep.
 *
 * Nearly every body is compact and without duplicates, and then it is what JSON.stringify makes of what was parsed. Another, with
 * spaces or other escapes, has as many members in its text as in its value, unless one of them stands twice: only then is the
 * text walked letter by letter. Integers beyond 2^53 lose their last digits, as JSON of JavaScript does.
 *
 * JSON.parse is not believed where it may have been wrong. V8 (13.6 to 14.6 at least, Node.js 24 to 26) expects the keys that it has
 * seen at this place before, and takes one with a backslash in it for there when the text begins like it: counter-example,
 * once `{"a":1,"\\":1}` has been parsed, `{"a":1,"\u0062":1}` has a member `\` and none `b`. What is wrong then has such a key, and
 * its text an escape in one.
 */

import type { Json, JsonObject } from '../api/objects.ts';

/** Deeper texts are refused; the limit of Go's decoder. */
const depthMax = 10_000;
/** Deeper values would end the stack of those who walk them. JSON.stringify was the first of them, and is not since Node.js 25. */
const recursionMax = 2000;
/** So many duplicates are told. */
const duplicatesMax = 100;

/** The text is no JSON; the message is Go's. */
export class JsonTextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonTextError';
  }
}

export interface ParsedJson {
  readonly value: Json;
  /** Paths of members that stand there twice, `metadata.labels.a`, in the order of the text. */
  readonly duplicates: readonly string[];
}

const none: readonly string[] = [];

/** @throws JsonTextError */
export function parseJsonText(text: string): ParsedJson {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
    if (text.length > 2 * recursionMax && isDeep(value)) throw new RangeError('nests too deep');
    if (isCompact(text, value) || (membersOfText(text) === membersOf(value) && !mayBeMisread(text, value)))
      return { value, duplicates: none };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    new Scanner(text).run();
    // What the scanner lets pass JSON.parse does too, but for nesting that is too much for the stack.
    throw new JsonTextError('exceeded max depth');
  }
  const scanner = new Scanner(text);
  const duplicates = scanner.run();
  return { value: scanner.value, duplicates };
}

/** A text that comes out as it went in has no member twice: it would have come out shorter. */
function isCompact(text: string, value: Json): boolean {
  const made = JSON.stringify(value);
  return made.length === text.length ? made === text : `${made}\n` === text;
}

const code = (letter: string): number => letter.charCodeAt(0);
const quote = code('"');
const backslash = code('\\');
const comma = code(',');
const colon = code(':');
const openBrace = code('{');
const closeBrace = code('}');
const openBracket = code('[');
const closeBracket = code(']');
const zero = code('0');
const nine = code('9');

/** A value nests deeper than `recursionMax`. */
function isDeep(value: Json): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= recursionMax) return true;
    const next: Json[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      for (const inner of Array.isArray(one) ? one : Object.values(one)) {
        if (typeof inner === 'object' && inner !== null) next.push(inner);
      }
    }
    level = next;
  }
  return false;
}

/** A key has a backslash in it, and the text one that may be in a key: see above. */
function mayBeMisread(text: string, value: Json): boolean {
  if (!text.includes('\\')) return false;
  const waiting: Json[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) for (const key in next) if (key.includes('\\')) return true;
    for (const inner of Array.isArray(next) ? next : Object.values(next)) {
      if (typeof inner === 'object' && inner !== null) waiting.push(inner);
    }
  }
  return false;
}

/** Members of all objects in a text that is JSON: its strings that have a colon behind them. */
function membersOfText(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; ) {
    let end = text.indexOf('"', at + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    do end++;
    while (isSpace(text.charCodeAt(end)));
    if (text.charCodeAt(end) === colon) count++;
    at = text.indexOf('"', end);
  }
  return count;
}

/** An odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let from = at;
  while (text.charCodeAt(from - 1) === backslash) from--;
  return (at - from) % 2 === 1;
}

function isSpace(letter: number): boolean {
  return letter === 0x20 || letter === 0x0a || letter === 0x0d || letter === 0x09;
}

/** The same of a value, without recursion: it may be nested as deep as a text. */
function membersOf(value: Json): number {
  let count = 0;
  const waiting: Json[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    const inside = Array.isArray(next) ? next : Object.values(next);
    if (inside !== next) count += inside.length;
    for (const inner of inside) if (typeof inner === 'object' && inner !== null) waiting.push(inner);
  }
  return count;
}

const simpleEscapes: ReadonlySet<number> = new Set([...'bfnrt\\/"'].map(code));

/** One open object or array. */
interface Level {
  /** Null: an array. */
  readonly keys: Set<string> | null;
  /** What was read of it so far. */
  readonly inside: JsonObject | Json[];
  /** Path of the object or array itself. */
  readonly path: string;
  /** Key of the member that is read, or index of the item. */
  key: string;
  index: number;
  /** Nothing of what is inside was read yet. */
  isFresh: boolean;
}

/** Walks the text once, without recursion. */
class Scanner {
  /** What the text says, once it was walked. */
  value: Json = null;
  readonly #text: string;
  #at = 0;
  readonly #levels: Level[] = [];
  readonly #duplicates: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** @returns paths of duplicates @throws JsonTextError */
  run(): readonly string[] {
    this.#value();
    while (this.#levels.length > 0) this.#next();
    this.#space();
    if (this.#at < this.#text.length) throw this.#invalid('after top-level value');
    return this.#duplicates;
  }

  /** Goes on within the innermost object or array: its end, or the next value. */
  #next(): void {
    const level = this.#levels[this.#levels.length - 1]!;
    const letter = this.#letter();
    if (letter === (level.keys === null ? closeBracket : closeBrace)) {
      this.#at++;
      this.#levels.pop();
      return;
    }
    if (level.isFresh) {
      level.isFresh = false;
    } else {
      if (letter !== comma) {
        throw this.#invalid(level.keys === null ? 'after array element' : 'after object key:value pair');
      }
      this.#at++;
      level.index++;
    }
    if (level.keys !== null) this.#key(level);
    this.#value();
  }

  /** One value; of an object or an array only its beginning, so that nesting takes no stack. */
  #value(): void {
    const letter = this.#letter();
    if (letter === openBrace) this.#open(new Set());
    else if (letter === openBracket) this.#open(null);
    else this.#scalar(letter);
  }

  #open(keys: Set<string> | null): void {
    this.#at++;
    if (this.#levels.length >= depthMax) throw new JsonTextError('exceeded max depth');
    const inside = keys === null ? [] : {};
    const path = this.#path();
    this.#put(inside);
    this.#levels.push({ keys, inside, path, key: '', index: 0, isFresh: true });
  }

  /** Puts a value where it stands. */
  #put(value: Json): void {
    const level = this.#levels[this.#levels.length - 1];
    if (level === undefined) this.value = value;
    else if (Array.isArray(level.inside)) level.inside.push(value);
    else if (level.key !== '__proto__') level.inside[level.key] = value;
    else {
      const own = { value, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(level.inside, level.key, own);
    }
  }

  /** Path of the value that is read. */
  #path(): string {
    const level = this.#levels[this.#levels.length - 1];
    if (level === undefined) return '';
    if (level.keys === null) return `${level.path}[${level.index}]`;
    return level.path === '' ? level.key : `${level.path}.${level.key}`;
  }

  #key(level: Level): void {
    if (this.#letter() !== quote) throw this.#invalid('looking for beginning of object key string');
    const start = this.#at;
    this.#string();
    const raw = this.#text.slice(start, this.#at);
    level.key = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    if (level.keys!.has(level.key)) this.#duplicate();
    else level.keys!.add(level.key);
    if (this.#letter() !== colon) throw this.#invalid('after object key');
    this.#at++;
  }

  #duplicate(): void {
    const path = this.#path();
    if (this.#duplicates.length < duplicatesMax && !this.#duplicates.includes(path)) {
      this.#duplicates.push(path);
    }
  }

  #scalar(letter: number): void {
    const start = this.#at;
    if (letter === quote) this.#string();
    else if (letter === code('t')) this.#word('true');
    else if (letter === code('f')) this.#word('false');
    else if (letter === code('n')) this.#word('null');
    else if (letter === code('-') || (letter >= zero && letter <= nine)) this.#number();
    else throw this.#invalid('looking for beginning of value');
    this.#put(JSON.parse(this.#text.slice(start, this.#at)) as Json);
  }

  #word(word: string): void {
    this.#at++;
    for (let i = 1; i < word.length; i++, this.#at++) {
      if (this.#here() !== word.charCodeAt(i)) {
        throw this.#invalid(`in literal ${word} (expecting '${word[i]}')`);
      }
    }
  }

  #number(): void {
    if (this.#text[this.#at] === '-') this.#at++;
    if (this.#here() === zero) this.#at++;
    else this.#digits('in numeric literal');
    if (this.#text[this.#at] === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    const letter = this.#text[this.#at];
    if (letter !== 'e' && letter !== 'E') return;
    this.#at++;
    const sign = this.#text[this.#at];
    if (sign === '+' || sign === '-') this.#at++;
    this.#digits('in exponent of numeric literal');
  }

  #digits(context: string): void {
    const isDigit = (): boolean => {
      const letter = this.#text.charCodeAt(this.#at);
      return letter >= zero && letter <= nine;
    };
    this.#here();
    if (!isDigit()) throw this.#invalid(context);
    while (isDigit()) this.#at++;
  }

  #string(): void {
    for (this.#at++; ; this.#at++) {
      const letter = this.#here();
      if (letter === quote) break;
      if (letter < 0x20) throw this.#invalid('in string literal');
      if (letter === backslash) this.#escape();
    }
    this.#at++;
  }

  #escape(): void {
    this.#at++;
    const letter = this.#here();
    if (simpleEscapes.has(letter)) return;
    if (letter !== code('u')) throw this.#invalid('in string escape code');
    for (let i = 0; i < 4; i++) {
      this.#at++;
      this.#here();
      if (!/[0-9a-fA-F]/.test(this.#text[this.#at]!)) {
        throw this.#invalid('in \\u hexadecimal character escape');
      }
    }
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }

  /** The next letter that is no space. */
  #letter(): number {
    this.#space();
    return this.#here();
  }

  #here(): number {
    if (this.#at >= this.#text.length) throw new JsonTextError('unexpected end of JSON input');
    return this.#text.charCodeAt(this.#at);
  }

  #invalid(context: string): JsonTextError {
    return new JsonTextError(`invalid character ${quoted(this.#text, this.#at)} ${context}`);
  }
}

const namedEscapes: Readonly<Record<number, string>> = {
  7: 'a',
  8: 'b',
  9: 't',
  10: 'n',
  11: 'v',
  12: 'f',
  13: 'r',
};

/** The letter as Go quotes a byte: it looks at the first byte of what is not ASCII. */
function quoted(text: string, at: number): string {
  const letter = String.fromCodePoint(text.codePointAt(at)!);
  const byte = Buffer.from(letter)[0]!;
  if (letter === "'") return "'\\''";
  if (letter === '\\') return "'\\\\'";
  if (byte < 0x20 || byte === 0x7f) {
    const named = namedEscapes[byte];
    return named === undefined ? `'\\x${byte.toString(16).padStart(2, '0')}'` : `'\\${named}'`;
  }
  return `'${String.fromCharCode(byte)}'`;
}
