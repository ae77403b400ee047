/**
 * Writes JSON of a Kubernetes kind as a message, by the plan of its definition. What is in the JSON is written, also when it
 * is zero: whoever reads it keeps or drops it. Members that the definition does not know are left out, and so are nulls.
 *
 * The writer goes from back to front, so fields, items and entries are taken in reverse.
 */

import { WireType, type Writer } from '../../wire/proto.ts';
import { FieldsText } from '../api/fields-text.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { type Definition, definitionOf } from '../schema/schema.ts';
import { parseDuration, parseInstant } from '../schema/times.ts';
import { type FieldPlan, type Plan, planOf, type WireForm } from './plan.ts';

/** Texts up to this length are written letter by letter, which is quicker than asking Buffer. */
const shortText = 32;

/** The value has another type than its definition says, or a definition without wire form is inside. */
export class NotEncodable extends Error {
  constructor(what: string) {
    super(`${what} has no protobuf form`);
    this.name = 'NotEncodable';
  }
}

/** Writes the text with its length in front. */
function writeText(to: Writer, text: string): void {
  if (text.length <= shortText && writeAscii(to, text)) {
    to.varint(text.length);
    return;
  }
  const length = Buffer.byteLength(text);
  to.reserve(length);
  to.at -= length;
  to.buffer.write(text, to.at, length, 'utf8');
  to.varint(length);
}

function writeAscii(to: Writer, text: string): boolean {
  const { length } = text;
  to.reserve(length);
  const start = to.at - length;
  const { buffer } = to;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    buffer[start + i] = code;
  }
  to.at = start;
  return true;
}

function writeNumber(to: Writer, number: number, value: number): void {
  to.varint(value);
  to.tag(number, WireType.Varint);
}

function textOf(value: Json): string {
  if (typeof value !== 'string') throw new NotEncodable(JSON.stringify(value));
  return value;
}

function numberOf(value: Json): number {
  if (typeof value !== 'number') throw new NotEncodable(JSON.stringify(value));
  return value;
}

function objectOf(value: Json): JsonObject {
  if (!isJsonObject(value)) throw new NotEncodable(JSON.stringify(value));
  return value;
}

/** The fields of a message, without tag and length. @throws NotEncodable */
export function writeMessage(to: Writer, definition: Definition, value: JsonObject): void {
  const plan: Plan = planOf(definition);
  if (!plan.hasWireForm) throw new NotEncodable(definition.name);
  for (const field of plan.backwards) {
    if (field.isInline) {
      const before = to.written;
      writeMessage(to, field.definition!, value);
      to.lengthPrefix(field.number, before);
      continue;
    }
    const given = value[field.name];
    if (given !== undefined && given !== null) writeField(to, field, given);
  }
}

function writeField(to: Writer, field: FieldPlan, value: Json): void {
  if (field.shape === 'single') {
    writeValue(to, field, field.number, value);
  } else if (field.shape === 'list') {
    if (!Array.isArray(value)) throw new NotEncodable(field.name);
    for (let i = value.length - 1; i >= 0; i--) writeValue(to, field, field.number, value[i]!);
  } else {
    const map = objectOf(value);
    for (const key of Object.keys(map).sort().reverse()) {
      const before = to.written;
      if (map[key] !== null) writeValue(to, field, 2, map[key]!);
      writeText(to, key);
      to.tag(1, WireType.Bytes);
      to.lengthPrefix(field.number, before);
    }
  }
}

function writeValue(to: Writer, field: FieldPlan, number: number, value: Json): void {
  switch (field.form) {
    case 'string':
      writeText(to, textOf(value));
      to.tag(number, WireType.Bytes);
      return;
    case 'bool':
      writeNumber(to, number, value === true ? 1 : 0);
      return;
    case 'int32':
    case 'int64':
      writeNumber(to, number, numberOf(value));
      return;
    case 'double':
      writeDouble(to, numberOf(value));
      to.tag(number, WireType.Fixed64);
      return;
    case 'bytes':
      to.element(number, Buffer.from(textOf(value), 'base64'));
      return;
    default: {
      const before = to.written;
      writeInside(to, field, value);
      to.lengthPrefix(number, before);
    }
  }
}

function writeDouble(to: Writer, value: number): void {
  to.reserve(8);
  to.at -= 8;
  to.buffer.writeDoubleLE(value, to.at);
}

/** A form that is a message of its own. */
function writeInside(to: Writer, field: FieldPlan, value: Json): void {
  switch (field.form) {
    case 'message':
      writeMessage(to, field.definition!, value === null ? {} : objectOf(value));
      return;
    case 'json':
      to.element(1, Buffer.from(value instanceof FieldsText ? value.text : JSON.stringify(value)));
      return;
    case 'quantity':
      writeText(to, typeof value === 'number' ? String(value) : textOf(value));
      to.tag(1, WireType.Bytes);
      return;
    case 'strings':
      if (!Array.isArray(value)) throw new NotEncodable(field.name);
      for (let i = value.length - 1; i >= 0; i--) {
        writeText(to, textOf(value[i]!));
        to.tag(1, WireType.Bytes);
      }
      return;
    case 'intOrString':
      writeIntOrString(to, value);
      return;
    case 'time':
    case 'microTime':
      writeTime(to, textOf(value));
      return;
    case 'duration':
      writeNumber(to, 1, parseDuration(textOf(value)) ?? 0);
      return;
    default:
      writeUnion(to, field.form, value);
  }
}

function writeIntOrString(to: Writer, value: Json): void {
  if (typeof value === 'number') {
    writeNumber(to, 2, value);
    writeNumber(to, 1, 0);
    return;
  }
  writeText(to, textOf(value));
  to.tag(3, WireType.Bytes);
  writeNumber(to, 1, 1);
}

function writeTime(to: Writer, text: string): void {
  const instant = parseInstant(text);
  if (instant === null) throw new NotEncodable(`the time ${JSON.stringify(text)}`);
  if (instant.nanos !== 0) writeNumber(to, 2, instant.nanos);
  writeNumber(to, 1, instant.seconds);
}

function writeUnion(to: Writer, form: WireForm, value: Json): void {
  const schemas = definitionOf('apiextensions.v1.JSONSchemaProps');
  const schema = (number: number, given: Json): void => {
    const before = to.written;
    writeMessage(to, schemas, objectOf(given));
    to.lengthPrefix(number, before);
  };
  if (typeof value === 'boolean') {
    writeNumber(to, 1, value ? 1 : 0);
  } else if (!Array.isArray(value)) {
    // A schema where a flag could be stands for true, too.
    schema(form === 'schemaOrBool' ? 2 : 1, value);
    if (form === 'schemaOrBool') writeNumber(to, 1, 1);
  } else {
    for (let i = value.length - 1; i >= 0; i--) {
      if (form === 'schemaOrArray') {
        schema(2, value[i]!);
        continue;
      }
      writeText(to, textOf(value[i]!));
      to.tag(2, WireType.Bytes);
    }
  }
}
