/**
 * The files of the project as the house tests read them, and a scanner that tells code from comments and strings.
 *
 * TypeScript 7 has no programming interface, so imports and names are found by their text. The scanner makes that
 * safe: it blanks out, character by character, what is not code, so that a name in a comment or a string is no name,
 * and an import in a string is no import. Offsets and line numbers stay as they are.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export const projectRoot: string = join(import.meta.dirname, '../..');

/** Text by path relative to the project, with `/` between its parts. */
export type Sources = ReadonlyMap<string, string>;

/** Every file under `folder` of the project, or right in it, whose name ends in one of `endings`; none without it. */
export function readSources(folder: string, endings: readonly string[], recursive = true): Sources {
  const sources = new Map<string, string>();
  if (!existsSync(join(projectRoot, folder))) return sources;
  const entries = readdirSync(join(projectRoot, folder), { recursive, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || !endings.some((ending) => entry.name.endsWith(ending))) continue;
    const path = join(entry.parentPath, entry.name);
    sources.set(relative(projectRoot, path).replaceAll(sep, '/'), readFileSync(path, 'utf8'));
  }
  return sources;
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Words after which a slash begins a regular expression and not a division. */
const regexMayFollowWord =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|do|else|void|delete|instanceof|await|yield)$/;
const regexMayFollowSign = /[([{,;=:?!&|+\-*%~^<>]$/;

/** `text` with the characters of comments, and of strings unless `keepStrings`, replaced by blanks. */
export function codeOnly(text: string, keepStrings = false): string {
  return new Scanner(text, keepStrings).scan();
}

class Scanner {
  readonly #text: string;
  readonly #keepStrings: boolean;
  readonly #out: string[];
  #at = 0;

  constructor(text: string, keepStrings: boolean) {
    this.#text = text;
    this.#keepStrings = keepStrings;
    this.#out = [...text.split('')];
  }

  scan(): string {
    this.#code('');
    return this.#out.join('');
  }

  /** Code up to the brace that closes it (`}` of a `${`) or up to the end of the text. */
  #code(closer: '' | '}'): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at]!;
      const next = this.#text[this.#at + 1];
      if (sign === '/' && next === '/') this.#blankTo(this.#endOfLine());
      else if (sign === '/' && next === '*') this.#blankTo(this.#after('*/', this.#at + 2));
      else if (sign === "'" || sign === '"') this.#quoted(this.#endOfString(sign));
      else if (sign === '`') this.#template();
      else if (sign === '/' && this.#regexMayBegin()) this.#blankTo(this.#endOfRegex());
      else {
        if (sign === '{') depth++;
        if (sign === '}') {
          if (depth === 0 && closer === '}') return;
          depth--;
        }
        this.#at++;
      }
    }
  }

  #template(): void {
    this.#at++;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '`') {
      if (this.#text.startsWith('${', this.#at)) {
        this.#at += 2;
        this.#code('}');
        this.#at++;
      } else this.#quoted(this.#at + (this.#text[this.#at] === '\\' ? 2 : 1));
    }
    this.#at++;
  }

  #quoted(end: number): void {
    if (this.#keepStrings) this.#at = end;
    else this.#blankTo(end);
  }

  #blankTo(end: number): void {
    for (; this.#at < Math.min(end, this.#text.length); this.#at++) {
      if (this.#text[this.#at] !== '\n') this.#out[this.#at] = ' ';
    }
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end === -1 ? this.#text.length : end;
  }

  #after(mark: string, from: number): number {
    const found = this.#text.indexOf(mark, from);
    return found === -1 ? this.#text.length : found + mark.length;
  }

  #endOfString(quote: string): number {
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== '\n') {
      end += this.#text[end] === '\\' ? 2 : 1;
    }
    return end + 1;
  }

  #regexMayBegin(): boolean {
    const before = this.#out
      .slice(Math.max(0, this.#at - 200), this.#at)
      .join('')
      .trimEnd();
    return before === '' || regexMayFollowSign.test(before) || regexMayFollowWord.test(before);
  }

  /** A slash inside of `[…]` does not end a regular expression. */
  #endOfRegex(): number {
    let end = this.#at + 1;
    let inClass = false;
    while (end < this.#text.length && this.#text[end] !== '\n') {
      const sign = this.#text[end];
      if (sign === '\\') end++;
      else if (sign === '[') inClass = true;
      else if (sign === ']') inClass = false;
      else if (sign === '/' && !inClass) break;
      end++;
    }
    return end + 1;
  }
}
