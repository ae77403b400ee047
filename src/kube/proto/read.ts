/**
 * Reads a message of Kubernetes into JSON, by the plan of its definition. Go writes every field that is no
 * pointer, also when it is empty: so an empty Time is null and left out, and a zero scalar counts as absent unless it may
 * be a pointer to zero (counter-example: `replicas: 0` is a wish, `hostNetwork: false` is nothing).
 */

import { maxMessageDepth, type Reader, WireType } from '../../wire/proto.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { badRequest, StatusError } from '../api/status.ts';
import { type Definition, definitionOf } from '../schema/schema.ts';
import { durationText, instantText } from '../schema/times.ts';
import { type FieldPlan, planOf, type WireForm } from './plan.ts';

/** Thrown for bytes that are no such message: 400, of which an endpoint says more. */
export class ProtobufError extends StatusError {
  /** The kind of the message that is wrong; empty: the envelope is. */
  readonly kind: string;

  constructor(message: string, kind: string = '') {
    super(badRequest(message).status);
    this.name = 'ProtobufError';
    this.kind = kind;
  }
}

/** Reads what stands in a raw extension: JSON, or an envelope. */
export type RawReader = (bytes: Uint8Array, depth: number) => Json | undefined;

const wireTypes: Readonly<Partial<Record<WireForm, number>>> = {
  bool: WireType.Varint,
  int32: WireType.Varint,
  int64: WireType.Varint,
  double: WireType.Fixed64,
};

function fixed64(reader: Reader): number {
  if (reader.end - reader.at < 8) throw new ProtobufError('unexpected EOF');
  const { buffer, byteOffset } = reader.bytes;
  const value = new DataView(buffer, byteOffset + reader.at, 8).getFloat64(0, true);
  reader.at += 8;
  return value;
}

function setMember(object: JsonObject, key: string, value: Json): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Reads messages; `raw` is asked about raw extensions. */
export class MessageReader {
  readonly #raw: RawReader;

  constructor(raw: RawReader) {
    this.#raw = raw;
  }

  /** The message between `reader.at` and `reader.end`. @throws ProtobufError, or the Reader's Failure */
  message(definition: Definition, reader: Reader, into: JsonObject, depth: number): JsonObject {
    if (depth > maxMessageDepth) throw new ProtobufError('the message is nested too deeply');
    const { byNumber } = planOf(definition);
    while (reader.at < reader.end) {
      const tag = reader.tag();
      const field = byNumber[tag >>> 3];
      if (field === undefined) {
        reader.skip(tag, 0);
        continue;
      }
      const wireType = field.shape === 'map' ? WireType.Bytes : (wireTypes[field.form] ?? WireType.Bytes);
      if ((tag & 7) !== wireType) {
        throw new ProtobufError(`proto: wrong wireType = ${tag & 7} for field ${field.name}`);
      }
      this.#field(field, reader, into, depth);
    }
    return into;
  }

  #field(field: FieldPlan, reader: Reader, into: JsonObject, depth: number): void {
    if (field.isInline) {
      const outer = reader.enter();
      this.message(field.definition!, reader, into, depth + 1);
      reader.end = outer;
      return;
    }
    if (field.shape === 'map') {
      const known = into[field.name];
      const map: JsonObject = isJsonObject(known) ? known : {};
      into[field.name] = map;
      this.#entry(field, reader, map, depth);
      return;
    }
    const before = into[field.name];
    if (field.shape === 'single' && field.form === 'message' && isJsonObject(before)) {
      // What comes twice is one message.
      const outer = reader.enter();
      this.message(field.definition!, reader, before, depth + 1);
      reader.end = outer;
      return;
    }
    const value = this.#value(field, reader, depth);
    if (field.shape === 'list') {
      if (Array.isArray(before)) before.push(value ?? null);
      else into[field.name] = [value ?? null];
    } else if (value !== undefined && (field.keepsZero || !isZero(field.form, value))) {
      into[field.name] = value;
    }
  }

  #entry(field: FieldPlan, reader: Reader, map: JsonObject, depth: number): void {
    const outer = reader.enter();
    let key = '';
    let value: Json | undefined = emptyOf(field.form);
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) key = reader.string();
      else if (tag >>> 3 === 2) value = this.#value(field, reader, depth) ?? null;
      else reader.skip(tag, 0);
    }
    reader.end = outer;
    setMember(map, key, value);
  }

  /** Undefined: a null, which is left out. */
  #value(field: FieldPlan, reader: Reader, depth: number): Json | undefined {
    switch (field.form) {
      case 'string':
        return reader.string();
      case 'bool':
        return reader.bool();
      case 'int32':
        return reader.int32();
      case 'int64':
        return reader.int64();
      case 'double':
        return fixed64(reader);
      case 'bytes': {
        const view = reader.view();
        return Buffer.from(view.buffer, view.byteOffset, view.length).toString('base64');
      }
      case 'json':
        return this.#json(reader, depth);
      default:
        return this.#inside(field, reader, depth);
    }
  }

  /** A form that is a message of its own. */
  #inside(field: FieldPlan, reader: Reader, depth: number): Json | undefined {
    const outer = reader.enter();
    const value = this.#special(field, reader, depth);
    reader.end = outer;
    return value;
  }

  #special(field: FieldPlan, reader: Reader, depth: number): Json | undefined {
    switch (field.form) {
      case 'quantity': {
        const text = readStrings(reader)[0];
        return text === undefined || text === '' ? '0' : text;
      }
      case 'strings':
        return readStrings(reader);
      case 'intOrString':
        return readIntOrString(reader);
      case 'time':
      case 'microTime':
        return readTime(reader, field.form === 'microTime');
      case 'duration':
        return durationText(readNumbers(reader)[1] ?? 0);
      case 'schemaOrArray':
      case 'schemaOrBool':
      case 'schemaOrStrings':
        return this.#union(field.form, reader, depth);
      default:
        return this.message(field.definition!, reader, {}, depth + 1);
    }
  }

  #json(reader: Reader, depth: number): Json | undefined {
    const outer = reader.enter();
    let bytes: Uint8Array | null = null;
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (tag === 0x0a) bytes = reader.view();
      else reader.skip(tag, 0);
    }
    reader.end = outer;
    return bytes === null || bytes.length === 0 ? undefined : this.#raw(bytes, depth + 1);
  }

  /** One schema, or several, or a flag, or names of properties, as the union has it. */
  #union(form: WireForm, reader: Reader, depth: number): Json {
    const schemas = definitionOf('apiextensions.v1.JSONSchemaProps');
    let schema: JsonObject | null = null;
    let allows = false;
    const others: Json[] = [];
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (form === 'schemaOrBool' && tag === 0x08) {
        allows = reader.bool();
        continue;
      }
      if ((tag & 7) !== WireType.Bytes) throw new ProtobufError(`proto: wrong wireType = ${tag & 7}`);
      if (form === 'schemaOrStrings' && tag >>> 3 === 2) {
        others.push(reader.string());
        continue;
      }
      const outer = reader.enter();
      const read = this.message(schemas, reader, {}, depth + 1);
      reader.end = outer;
      if (form === 'schemaOrArray' && tag >>> 3 === 2) others.push(read);
      else schema = read;
    }
    if (schema !== null) return schema;
    return form === 'schemaOrBool' ? allows : others;
  }
}

/** What a map has where an entry has no value. */
function emptyOf(form: WireForm): Json {
  switch (form) {
    case 'string':
    case 'bytes':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
      return 0;
    case 'quantity':
      return '0';
    case 'strings':
      return [];
    default:
      return {};
  }
}

const scalarForms: ReadonlySet<WireForm> = new Set([
  'string',
  'bytes',
  'bool',
  'int32',
  'int64',
  'double',
  'intOrString',
]);

/** Only of scalars: a schema's `default: false` and `additionalProperties: false` say something. */
function isZero(form: WireForm, value: Json): boolean {
  return scalarForms.has(form) && (value === '' || value === 0 || value === false);
}

function readStrings(reader: Reader): string[] {
  const strings: string[] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) strings.push(reader.string());
    else reader.skip(tag, 0);
  }
  return strings;
}

/** Varints by field number. */
function readNumbers(reader: Reader): readonly number[] {
  const numbers: number[] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) === WireType.Varint) numbers[tag >>> 3] = reader.int64();
    else reader.skip(tag, 0);
  }
  return numbers;
}

function readTime(reader: Reader, isMicro: boolean): string | undefined {
  if (reader.at === reader.end) return undefined;
  const [, seconds = 0, nanos = 0] = readNumbers(reader);
  // What a Date cannot show would throw; Go's zero time is meant to be none.
  if (Math.abs(seconds) > 8.64e12 || seconds === -62135596800) return undefined;
  return instantText({ seconds, nanos }, isMicro);
}

function readIntOrString(reader: Reader): Json {
  let isText = false;
  let number = 0;
  let text = '';
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) isText = reader.bool();
    else if (tag === 0x10) number = reader.int32();
    else if (tag === 0x1a) text = reader.string();
    else reader.skip(tag, 0);
  }
  return isText ? text : number;
}
