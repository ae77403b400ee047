/**
 * How large the values of a schema may be: what costs of rules are estimated with (k8s.io/apiserver, pkg/cel/common/schemas.go
 * and pkg/cel/limits.go). Where a schema sets no bound, the largest request does: a list cannot have more items than fit into
 * it, and items are as small as their schema lets them be.
 */

import { isJsonObject, type Json } from '../api/objects.ts';
import { escapedName, membersOf } from './cel-values.ts';
import { additionalOf, isEmbedded, isIntOrString, itemsOf, propertyOf, type Schema } from './structural.ts';

/** Bytes of a request, whatever larger one the server may be told to take. */
export const requestBytesMax: number = 3 * 1024 * 1024;

/** Bytes of durations and times as JSON. */
const timeBytesMax = 32;
const dateBytes = 12;

export interface SizedType {
  /** Characters, bytes, items or entries; 0 for what has no size. */
  readonly sizeMax: number;
  /** Bytes that a value has at least as JSON. */
  readonly bytesMin: number;
  /** Of items, or of values by name. */
  readonly items: SizedType | null;
  /** Of names. */
  readonly keys: SizedType | null;
  readonly fields: ReadonlyMap<string, SizedType> | null;
}

function simple(bytesMin: number, sizeMax: number): SizedType {
  return { sizeMax, bytesMin, items: null, keys: null, fields: null };
}

const keyType: SizedType = simple(2, 0);
const boolType: SizedType = simple(4, 0);
const numberType: SizedType = simple(1, 0);

function numberOf(schema: Schema, name: string): number | null {
  const value = schema[name];
  return typeof value === 'number' ? Math.max(value, 0) : null;
}

function textType(schema: Schema): SizedType {
  const lengthMax = numberOf(schema, 'maxLength');
  switch (schema['format']) {
    case 'byte':
      return simple(2, lengthMax ?? requestBytesMax - 2);
    case 'duration':
      return simple(3, timeBytesMax);
    case 'date':
      return simple(dateBytes, dateBytes);
    case 'date-time':
      return simple(21, timeBytesMax);
  }
  // A character has up to four bytes.
  if (lengthMax !== null) return simple(2, lengthMax * 4);
  const given = schema['enum'];
  if (!Array.isArray(given) || given.length === 0) return simple(2, requestBytesMax - 2);
  const lengths = given.map((one: Json) => (typeof one === 'string' ? Buffer.byteLength(one) : 0));
  return simple(2, Math.max(...lengths));
}

function objectType(schema: Schema, isWhole: boolean): SizedType | null {
  const additional = additionalOf(schema);
  if (additional !== null) {
    const items = sizedTypeOf(additional, false);
    if (items === null) return null;
    const most = Math.floor((requestBytesMax - 2) / (items.bytesMin + 6));
    const sizeMax = numberOf(schema, 'maxProperties') ?? most;
    return { sizeMax, bytesMin: 2, items, keys: keyType, fields: null };
  }
  const required: Json = schema['required'] ?? null;
  const fields = new Map<string, SizedType>();
  let bytesMin = 2;
  const members = membersOf(schema, isWhole);
  for (const name of Object.keys(members)) {
    const inner = propertyOf({ properties: members }, name);
    const type = inner === null ? null : sizedTypeOf(inner, false);
    if (inner === null || type === null) continue;
    const escaped = escapedName(name);
    if (escaped !== null) fields.set(escaped, type);
    const isGiven = Array.isArray(required) && required.includes(name) && inner['default'] === undefined;
    if (isGiven) bytesMin += name.length + type.bytesMin + 4;
  }
  return { sizeMax: 0, bytesMin, items: null, keys: null, fields };
}

const known: WeakMap<Schema, SizedType> = new WeakMap();

/** How large a value may be; null: rules cannot name it. @param isWhole of an object with kind and metadata */
export function sizedTypeOf(schema: Schema, isWhole: boolean): SizedType | null {
  const isRoot = isWhole || isEmbedded(schema);
  const before = isRoot ? undefined : known.get(schema);
  if (before !== undefined) return before;
  const type = madeType(schema, isRoot);
  if (type !== null && !isRoot) known.set(schema, type);
  return type;
}

function madeType(schema: Schema, isWhole: boolean): SizedType | null {
  if (isIntOrString(schema)) {
    const lengthMax = numberOf(schema, 'maxLength');
    return simple(1, lengthMax === null ? requestBytesMax - 2 : lengthMax * 4);
  }
  switch (schema['type']) {
    case 'string':
      return textType(schema);
    case 'boolean':
      return boolType;
    case 'number':
    case 'integer':
      return numberType;
    case 'array': {
      const given = itemsOf(schema);
      const items = given === null ? null : sizedTypeOf(given, false);
      if (items === null) return null;
      const most = Math.floor((requestBytesMax - 2) / (items.bytesMin + 1));
      return {
        sizeMax: numberOf(schema, 'maxItems') ?? most,
        bytesMin: 2,
        items,
        keys: null,
        fields: null,
      };
    }
    case 'object':
      return objectType(schema, isWhole);
    default:
      return null;
  }
}

/** How often such a value can be in a request at most. */
export function timesMax({ bytesMin }: SizedType): number {
  return Math.floor(requestBytesMax / (bytesMin + 1));
}

/** By how much a schema multiplies what is in it; null: without bound. */
export function itemsMax(schema: Schema): number | null {
  if (schema['type'] === 'array') return numberOf(schema, 'maxItems');
  const isMap = schema['type'] === 'object' && isJsonObject(schema['additionalProperties']);
  // Of a map of anything (`additionalProperties: true`) there is nothing to multiply.
  return isMap || schema['additionalProperties'] === true ? numberOf(schema, 'maxProperties') : 1;
}
