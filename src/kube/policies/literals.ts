/**
 * `Object{…}` and `JSONPatch{…}`: what expressions of MutatingAdmissionPolicies give. The language has no literals of types, so
 * they are rewritten as calls:
 *
 *     Object{spec: Object.spec{replicas: 1}}   →   keelsonObject("Object", {"spec": keelsonObject("Object.spec", {"replicas": 1})})
 */

import { type Environment, Optional } from '@marcbachmann/cel-js';
import type { Json, JsonObject } from '../api/objects.ts';

/** A value of such a literal. */
class TypedLiteral {
  /** `Object`, `Object.spec`, `JSONPatch`. */
  readonly type: string;
  readonly fields: unknown;

  constructor(type: string, fields: unknown) {
    this.type = type;
    this.fields = fields;
  }
}

class PatchLiteral extends TypedLiteral {}

export function registerLiterals(language: Environment): void {
  language
    .registerType('Object', TypedLiteral)
    .registerType('JSONPatch', PatchLiteral)
    .registerFunction(
      'keelsonObject(string, dyn): Object',
      (type: string, fields: unknown) => new TypedLiteral(type, fields),
    )
    .registerFunction('keelsonPatch(string, dyn): JSONPatch', (type: string, fields: unknown) => {
      return new PatchLiteral(type, fields);
    });
}

const quotes = ['"', "'"];

/** Behind a text in quotes that begins at `at`. */
function behindQuote(text: string, at: number): number {
  const quote = text[at]!;
  const triple = text.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  const isRaw = /[rR]/.test(text[at - 1] ?? '') && !/\w/.test(text[at - 2] ?? '');
  let end = at + triple.length;
  while (end < text.length && !text.startsWith(triple, end)) end += text[end] === '\\' && !isRaw ? 2 : 1;
  return Math.min(end + triple.length, text.length);
}

/** Where the brace that opens at `open` closes, and its fields: name and value. Null: it is no literal of a type. */
function fieldsAt(
  text: string,
  open: number,
): { readonly end: number; readonly fields: readonly (readonly [string, string])[] } | null {
  const pieces: string[] = [];
  let depth = 0;
  let begin = open + 1;
  for (let at = open; at < text.length; ) {
    const char = text[at]!;
    if (quotes.includes(char)) {
      at = behindQuote(text, at);
      continue;
    }
    if ('([{'.includes(char)) depth++;
    const isEnd = ')]}'.includes(char) && --depth === 0;
    if (isEnd || (char === ',' && depth === 1)) {
      pieces.push(text.slice(begin, at));
      begin = at + 1;
    }
    if (isEnd) {
      const fields = pieces.filter((piece) => piece.trim() !== '').map(splitField);
      return fields.includes(null) ? null : { end: at, fields: fields as (readonly [string, string])[] };
    }
    at++;
  }
  return null;
}

function splitField(piece: string): readonly [string, string] | null {
  const match = /^\s*`?([A-Za-z_][\w./-]*)`?\s*:([\s\S]*)$/.exec(piece);
  return match === null ? null : [match[1]!, match[2]!];
}

/** What `__dash__` and its like stand for in names of members. */
function unescaped(name: string): string {
  const plain = /^__([a-z]+)__$/.exec(name)?.[1] ?? name;
  return plain
    .replaceAll('__dot__', '.')
    .replaceAll('__dash__', '-')
    .replaceAll('__slash__', '/')
    .replaceAll('__underscores__', '__');
}

/** An expression without literals of types. */
export function withoutLiterals(text: string): string {
  if (!/\b(?:Object|JSONPatch)\b/.test(text)) return text;
  let result = '';
  for (let at = 0; at < text.length; ) {
    if (quotes.includes(text[at]!)) {
      const end = behindQuote(text, at);
      result += text.slice(at, end);
      at = end;
      continue;
    }
    const isWordBefore = /[\w.]/.test(text[at - 1] ?? '');
    const name = isWordBefore ? null : /^(Object|JSONPatch)((?:\.\w+)*)\s*\{/.exec(text.slice(at));
    const found = name === null ? null : fieldsAt(text, at + name[0].length - 1);
    if (name === null || found === null) {
      result += text[at++];
      continue;
    }
    const call = name[1] === 'Object' ? 'keelsonObject' : 'keelsonPatch';
    const members = found.fields.map(
      ([field, value]) => `${JSON.stringify(unescaped(field))}: ${withoutLiterals(value)}`,
    );
    result += `${call}(${JSON.stringify(name[1]! + name[2]!)}, {${members.join(', ')}})`;
    at = found.end + 1;
  }
  return result;
}

/** A value of an expression as JSON. @throws Error when it has none */
export function jsonOf(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (value instanceof TypedLiteral) return jsonOf(value.fields);
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Optional) return value.hasValue() ? jsonOf(value.value()) : null;
  if (Array.isArray(value)) return value.map(jsonOf);
  const members = value instanceof Map ? [...value] : Object.entries(value as object);
  const object: JsonObject = {};
  for (const [name, one] of members) object[String(name)] = jsonOf(one);
  return object;
}
