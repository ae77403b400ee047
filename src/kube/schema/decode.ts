/**
 * From JSON that a client sent to an object as we keep it: members in order of declaration, maps sorted by key, unknown
 * members left out and reported, nulls and zeros that say nothing dropped, wrong types refused with the words of a real API server. Quantities and
 * times are made canonical.
 */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { badRequest } from '../api/status.ts';
import { decodePlain } from './plain-decode.ts';
import { canonicalQuantity, QuantityError } from './quantity.ts';
import { type Definition, definitionOf, dropsZero, type Field, isZero } from './schema.ts';
import { canonicalTime, parseDuration, timeProblem } from './times.ts';

/** Deeper bodies are refused: nothing of ours is that deep, and a bomb is. */
const maxDepth = 200;
/** So many problems are told. */
const maxProblems = 100;
const int32Bound = 2 ** 31;
/** What a signed integer of 64 bits can be, as far as a number of JavaScript can tell. */
const int64Bound = 2 ** 63;

export interface Decoded {
  readonly value: JsonObject;
  /** `unknown field "spec.foo"`, in document order. */
  readonly problems: readonly string[];
}

/** Thrown with the message's part after `cannot be handled as a …: `. */
export class DecodeError extends Error {
  /** In the words of the converter that strategic merge patches go through in place of JSON. */
  readonly converted: string;

  constructor(message: string, converted: string = message) {
    super(message);
    this.name = 'DecodeError';
    this.converted = converted;
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

/** The converter's words for a value that its field does not take. */
function conversionText(field: Field, value: Json, type: string, shape: Field['shape']): string {
  let given: string = Array.isArray(value) ? 'slice' : typeof value === 'object' ? 'map' : goKind(value);
  if (typeof value === 'number') given = Number.isInteger(value) ? 'int64' : 'float64';
  if (shape === 'map') return `cannot restore map from ${given}`;
  if (shape === 'list') return `cannot restore slice from ${given}`;
  if (field.scalar === null) return `cannot restore struct from: ${given}`;
  const isConvertible =
    (given === 'int64' && type === 'string') || (given === 'float64' && type.startsWith('int'));
  return isConvertible ? `cannot convert ${given} to ${type}` : `unrecognized type: ${type}`;
}

/** What Go makes of a null in a list. */
const zeros: Readonly<Record<string, Json>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: '',
};

const unionPrefix = 'apiextensions.v1.JSONSchemaPropsOr';

class Decoder {
  readonly problems: string[] = [];
  /** Members are visited as the document has them, for the order of the problems; what is made is of no use. */
  readonly #isInDocumentOrder: boolean;
  /** Above 0: inside of what Go decodes without being strict. */
  #lenient = 0;

  constructor(isInDocumentOrder: boolean) {
    this.#isInDocumentOrder = isInDocumentOrder;
  }

  object(definition: Definition, value: JsonObject, path: string, depth: number): JsonObject {
    if (depth > maxDepth) throw new DecodeError('exceeded max depth');
    const result: JsonObject = {};
    for (const name of Object.keys(value)) {
      const field = definition.fields.get(name);
      if (field === undefined) this.#unknown(path + name);
      else if (this.#isInDocumentOrder && value[name] !== null) {
        this.#field(definition, field, value[name]!, path + name, depth);
      }
    }
    if (this.#isInDocumentOrder) return result;
    for (const field of definition.fields.values()) {
      const given = value[field.name];
      if (given === undefined || given === null) continue;
      const read = this.#field(definition, field, given, path + field.name, depth);
      if (!isZero(read) || !dropsZero(field)) result[field.name] = read;
    }
    return result;
  }

  #unknown(path: string): void {
    if (this.#lenient === 0 && this.problems.length < maxProblems) {
      this.problems.push(`unknown field "${path}"`);
    }
  }

  #field(owner: Definition, field: Field, value: Json, path: string, depth: number): Json {
    if (field.shape === 'list') {
      if (!Array.isArray(value)) throw this.#wrong(owner, field, value, path, field.shape);
      return value.map((item, at) => {
        const given = item === null ? (zeros[field.scalar ?? ''] ?? null) : item;
        return this.#value(owner, field, given, `${path}[${at}]`, depth);
      });
    }
    if (field.shape === 'map') {
      if (!isJsonObject(value)) throw this.#wrong(owner, field, value, path, field.shape);
      const result: JsonObject = {};
      for (const key of Object.keys(value).sort()) {
        const given = value[key]!;
        if (given === null && field.scalar === null) {
          // Go makes a zero of it: of a quantity that is one.
          if (definitionOf(field.definition).form === 'quantity') setMember(result, key, '0');
          continue;
        }
        // What is wrong with a plain value is told of the map: Go does not say of which key.
        let kept: Json = '';
        if (field.scalar === null) kept = this.#value(owner, field, given, `${path}.${key}`, depth);
        else if (given !== null) kept = this.#scalar(owner, field, given, path);
        setMember(result, key, kept);
      }
      return result;
    }
    return this.#value(owner, field, value, path, depth);
  }

  #value(owner: Definition, field: Field, value: Json, path: string, depth: number): Json {
    if (field.scalar !== null) return this.#scalar(owner, field, value, path);
    const definition = definitionOf(field.definition);
    if (definition.form !== null) return this.#special(definition, owner, field, value, path, depth);
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
        if (!isIntegerWithin(value, field.scalar === 'int32' ? int32Bound : int64Bound)) {
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

  #special(
    definition: Definition,
    owner: Definition,
    field: Field,
    value: Json,
    path: string,
    depth: number,
  ): Json {
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
        if (typeof value !== 'string' && !isIntegerWithin(value, int32Bound)) {
          throw this.#wrong(owner, field, value, path);
        }
        return value;
      case 'time':
      case 'microTime':
        if (typeof value !== 'string') throw this.#wrong(owner, field, value, path);
        return time(value, definition.form === 'microTime');
      case 'duration':
        if (typeof value !== 'string') throw this.#wrong(owner, field, value, path);
        if (parseDuration(value) === null) {
          throw new DecodeError(`time: invalid duration ${JSON.stringify(value)}`);
        }
        return value;
      case 'strings':
        if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
          throw this.#wrong(owner, field, value, path);
        }
        return value;
      case 'any':
        return definition.name.startsWith(unionPrefix)
          ? this.#union(definition, owner, field, value, path, depth)
          : value;
      default:
        return value;
    }
  }

  /** A schema, a list of schemas or something plain. Go is not strict inside: what is unknown there just goes. */
  #union(
    definition: Definition,
    owner: Definition,
    field: Field,
    value: Json,
    path: string,
    depth: number,
  ): Json {
    const inner = definition.name.slice(unionPrefix.length);
    if (inner === 'Bool' && typeof value === 'boolean') return value;
    const schemas = definitionOf('apiextensions.v1.JSONSchemaProps');
    this.#lenient++;
    try {
      if (isJsonObject(value)) return this.object(schemas, value, `${path}.`, depth + 1);
      if (inner === 'Bool' || !Array.isArray(value)) throw this.#wrong(owner, field, value, path);
      return value.map((item) => {
        if (inner === 'StringArray' && typeof item === 'string') return item;
        if (inner === 'Array' && isJsonObject(item)) {
          return this.object(schemas, item, `${path}.`, depth + 1);
        }
        throw this.#wrong(owner, field, item, path);
      });
    } finally {
      this.#lenient--;
    }
  }

  /** @param shape that of the field when the value is all of it, and no item */
  #wrong(
    owner: Definition,
    field: Field,
    value: Json,
    path: string,
    shape: Field['shape'] = 'single',
  ): DecodeError {
    const struct = owner.name.slice(owner.name.lastIndexOf('.') + 1);
    const plainPath = path.replace(/\[\d+\]/g, '');
    const inner = field.definition.slice(field.definition.lastIndexOf('.') + 1);
    const single =
      field.scalar === null ? shortType(field.definition, inner) : (goTypes[field.scalar] ?? 'any');
    let type = single;
    if (shape === 'map') type = `map[string]${type}`;
    if (shape === 'list') type = `[]${type}`;
    // Of a number that is no such integer Go shows the number.
    const isNumber = typeof value === 'number' && (field.scalar === 'int32' || field.scalar === 'int64');
    const given = isNumber ? `number ${value}` : goKind(value);
    return new DecodeError(
      `json: cannot unmarshal ${given} into Go struct field ${struct}.${plainPath} of type ${type}`,
      conversionText(field, value, single, shape),
    );
  }
}

/** A plain assignment of `__proto__` would set the prototype; it is a legal key of a ConfigMap. */
function setMember(object: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

function isIntegerWithin(value: Json, bound: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= -bound && value < bound;
}

function time(text: string, isMicro: boolean): string {
  const problem = timeProblem(text, isMicro);
  if (problem !== null) throw new DecodeError(problem);
  return canonicalTime(text, isMicro);
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

const noProblems: readonly string[] = [];

/**
 * Decodes by a definition.
 * @throws DecodeError when a value has the wrong type
 */
export function decodeBy(definition: Definition, value: JsonObject): Decoded {
  const plain = decodePlain(definition, value);
  return plain === undefined ? decodeCarefully(definition, value) : { value: plain, problems: noProblems };
}

/** As `decodeBy`, with words for whatever may be wrong. @throws DecodeError */
export function decodeCarefully(definition: Definition, value: JsonObject): Decoded {
  const decoder = new Decoder(false);
  const decoded = decoder.object(definition, value, '', 0);
  if (decoder.problems.length < 2) return { value: decoded, problems: decoder.problems };
  const inOrder = new Decoder(true);
  inOrder.object(definition, value, '', 0);
  return { value: decoded, problems: inOrder.problems };
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
