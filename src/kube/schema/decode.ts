/**
 * From JSON that a client sent to an object as we keep it: members in order of declaration, maps sorted by key, unknown
 * members left out and reported, nulls dropped, wrong types refused with the words of a real API server. Quantities are
 * made canonical, times kept as written.
 */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { badRequest } from '../api/status.ts';
import { canonicalQuantity, QuantityError } from './quantity.ts';
import { type Definition, definitionOf, type Field } from './schema.ts';

/** Deeper bodies are refused: nothing of ours is that deep, and a bomb is. */
const maxDepth = 200;

export interface Decoded {
  readonly value: JsonObject;
  /** `unknown field "spec.foo"`, in document order. */
  readonly problems: readonly string[];
}

/** Thrown with the message's part after `cannot be handled as a …: `. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

function goKind(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'object' ? 'object' : typeof value;
}

const goTypes: Readonly<Record<string, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
};

class Decoder {
  readonly problems: string[] = [];

  object(definition: Definition, value: JsonObject, path: string, depth: number): JsonObject {
    if (depth > maxDepth) throw new DecodeError('exceeded max depth');
    for (const name of Object.keys(value)) {
      if (!definition.fields.has(name)) this.problems.push(`unknown field "${path}${name}"`);
    }
    const result: JsonObject = {};
    for (const field of definition.fields.values()) {
      const given = value[field.name];
      if (given === undefined || given === null) continue;
      result[field.name] = this.#field(definition, field, given, path + field.name, depth);
    }
    return result;
  }

  #field(owner: Definition, field: Field, value: Json, path: string, depth: number): Json {
    if (field.shape === 'list') {
      if (!Array.isArray(value)) throw this.#wrong(owner, field, value, path);
      return value.map((item, at) => this.#value(owner, field, item, `${path}[${at}]`, depth));
    }
    if (field.shape === 'map') {
      if (!isJsonObject(value)) throw this.#wrong(owner, field, value, path);
      const result: JsonObject = {};
      for (const key of Object.keys(value).sort()) {
        const given = value[key]!;
        if (given === null && field.scalar === null) continue;
        setMember(
          result,
          key,
          given === null ? '' : this.#value(owner, field, given, `${path}.${key}`, depth),
        );
      }
      return result;
    }
    return this.#value(owner, field, value, path, depth);
  }

  #value(owner: Definition, field: Field, value: Json, path: string, depth: number): Json {
    if (field.scalar !== null) return this.#scalar(owner, field, value, path);
    const definition = definitionOf(field.definition);
    if (definition.form !== null) return this.#special(definition, owner, field, value, path);
    if (value === null) return {};
    if (!isJsonObject(value)) throw this.#wrong(owner, field, value, path);
    return this.object(definition, value, `${path}.`, depth + 1);
  }

  #scalar(owner: Definition, field: Field, value: Json, path: string): Json {
    switch (field.scalar) {
      case 'string':
        if (typeof value !== 'string') throw this.#wrong(owner, field, value, path);
        return value;
      case 'bool':
        if (typeof value !== 'boolean') throw this.#wrong(owner, field, value, path);
        return value;
      case 'int32':
      case 'int64':
        if (typeof value !== 'number' || !Number.isInteger(value)) {
          throw this.#wrong(owner, field, value, path);
        }
        return value;
      case 'double':
        if (typeof value !== 'number') throw this.#wrong(owner, field, value, path);
        return value;
      case 'bytes':
        if (typeof value !== 'string') throw this.#wrong(owner, field, value, path);
        return checkBase64(value);
      default:
        return value;
    }
  }

  #special(definition: Definition, owner: Definition, field: Field, value: Json, path: string): Json {
    switch (definition.form) {
      case 'quantity': {
        try {
          return canonicalQuantity(
            typeof value === 'string' || typeof value === 'number' ? String(value) : '',
          );
        } catch (error) {
          if (error instanceof QuantityError) throw new DecodeError(error.message);
          throw error;
        }
      }
      case 'intOrString':
        if (typeof value !== 'string' && typeof value !== 'number') {
          throw this.#wrong(owner, field, value, path);
        }
        return value;
      case 'time':
      case 'microTime':
      case 'duration':
        if (typeof value !== 'string') throw this.#wrong(owner, field, value, path);
        return value;
      case 'strings':
        if (!Array.isArray(value)) throw this.#wrong(owner, field, value, path);
        return value;
      default:
        return value;
    }
  }

  #wrong(owner: Definition, field: Field, value: Json, path: string): DecodeError {
    const struct = owner.name.slice(owner.name.lastIndexOf('.') + 1);
    const plainPath = path.replace(/\[\d+\]/g, '');
    const inner = field.definition.slice(field.definition.lastIndexOf('.') + 1);
    let type = field.scalar === null ? shortType(field.definition, inner) : (goTypes[field.scalar] ?? 'any');
    if (field.shape === 'map') type = `map[string]${type}`;
    if (field.shape === 'list') type = Array.isArray(value) ? type : `[]${type}`;
    return new DecodeError(
      `json: cannot unmarshal ${goKind(value)} into Go struct field ${struct}.${plainPath} of type ${type}`,
    );
  }
}

/** A plain assignment of `__proto__` would set the prototype; it is a legal key of a ConfigMap. */
function setMember(object: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function shortType(definition: string, name: string): string {
  const parts = definition.split('.');
  return `${parts[parts.length - 2] ?? ''}.${name}`;
}

/** @returns the text itself @throws DecodeError with the place of the first byte that is wrong, as Go counts it */
function checkBase64(text: string): string {
  const clean = text.replace(/[\r\n]/g, '');
  const match = /^[A-Za-z0-9+/]*/.exec(clean)!;
  const body = match[0].length;
  const padding = clean.slice(body);
  const isWhole = (body + padding.length) % 4 === 0 && /^={0,2}$/.test(padding) && body % 4 !== 1;
  if (!isWhole) {
    const at = /^=*$/.test(padding) ? body - (body % 4) : body;
    throw new DecodeError(`illegal base64 data at input byte ${at}`);
  }
  return clean;
}

/**
 * Decodes by a definition.
 * @throws DecodeError when a value has the wrong type
 */
export function decodeBy(definition: Definition, value: JsonObject): Decoded {
  const decoder = new Decoder();
  return { value: decoder.object(definition, value, '', 0), problems: decoder.problems };
}

/** Decodes the options that come as a body or as a query, `DeleteOptions`, … @throws StatusError 400 */
export function decodeOptions(definition: string, value: JsonObject): JsonObject {
  try {
    return decodeBy(definitionOf(definition), value).value;
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message);
    throw error;
  }
}
