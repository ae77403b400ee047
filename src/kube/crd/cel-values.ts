/**
 * Values of objects as rules see them, and the types that rules are checked by: both follow the schema. What has no type in
 * the schema, unknown members that are kept among it, cannot be named in a rule.
 */

import type { Environment } from '@marcbachmann/cel-js';
import { memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { language } from './cel-library.ts';
import { isSame } from './cel-texts.ts';
import {
  additionalOf,
  isEmbedded,
  isIntOrString,
  itemsOf,
  propertiesOf,
  propertyOf,
  type Schema,
} from './structural.ts';

const words: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(
    ' ',
  ),
);

/** The name of a member in a rule: `a-b` is `a__dash__b`; null where it cannot be named. */
export function escapedName(name: string): string | null {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return null;
  if (words.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}

const objectMembers: JsonObject = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: {
    type: 'object',
    properties: { name: { type: 'string' }, generateName: { type: 'string' } },
  },
};

/** The members of an object that rules may name, with their schemas. @param isWhole of an object with kind and metadata */
export function membersOf(schema: Schema, isWhole: boolean): JsonObject {
  const members = propertiesOf(schema) ?? {};
  return isWhole || isEmbedded(schema) ? { ...members, ...objectMembers } : members;
}

const timeUnits: Readonly<Record<string, number>> = {
  h: 3600e9,
  m: 60e9,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  ns: 1,
};

function textValue(value: string, format: Json | undefined): unknown {
  if (format === 'date-time' || format === 'date') {
    const time = new Date(value);
    return Number.isNaN(time.getTime()) ? value : time;
  }
  if (format === 'byte') return new Uint8Array(Buffer.from(value, 'base64'));
  if (format === 'duration') return durationOf(value) ?? value;
  return value;
}

const parsedDurations = language.clone().registerVariable('text', 'string').parse('duration(text)');

/** Go's text of a duration; null for another one. */
function durationOf(text: string): unknown {
  if (![...text.matchAll(/[a-zµ]+/g)].every(([unit]) => unit in timeUnits)) return null;
  try {
    return parsedDurations({ text });
  } catch {
    return null;
  }
}

/** A value as rules see it. @param isWhole of an object with kind and metadata */
export function celValue(value: Json, schema: Schema, isWhole: boolean): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return isIntOrString(schema) ? value : textValue(value, schema['format']);
  if (typeof value === 'number') {
    const isInteger = (schema['type'] === 'integer' || isIntOrString(schema)) && Number.isInteger(value);
    return isInteger ? BigInt(value) : value;
  }
  if (Array.isArray(value)) {
    const items = itemsOf(schema) ?? {};
    return value.map((item) => celValue(item, items, false));
  }
  const seen = new Map<string, unknown>();
  const additional = additionalOf(schema);
  if (additional !== null) {
    for (const name of Object.keys(value))
      seen.set(name, celValue(memberOf(value, name)!, additional, false));
    return seen;
  }
  const members = membersOf(schema, isWhole);
  for (const name of Object.keys(members)) {
    const given = memberOf(value, name);
    const escaped = escapedName(name);
    const inner = propertyOf({ properties: members }, name);
    if (given === undefined || escaped === null || inner === null) continue;
    // A null that nothing may be is absent.
    if (given !== null || inner['nullable'] === true) seen.set(escaped, celValue(given, inner, false));
  }
  return seen;
}

const formatTypes: Readonly<Record<string, string>> = {
  'date-time': 'google.protobuf.Timestamp',
  date: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  byte: 'bytes',
};

/** Types of one schema and all that is in it. */
export class RuleTypes {
  readonly environment: Environment;
  readonly #names = new Map<Schema, string>();

  readonly #keepsNames: boolean;

  /**
   * @param environment gets the types
   * @param keepsNames members have their own names besides those that rules have to use
   */
  constructor(environment: Environment = language.clone(), keepsNames = false) {
    this.environment = environment;
    this.#keepsNames = keepsNames;
  }

  /** The type of a value, or null where it has none. */
  typeOf(schema: Schema, isWhole: boolean): string | null {
    if (isIntOrString(schema)) return 'dyn';
    switch (schema['type']) {
      case 'integer':
        return 'int';
      case 'number':
        return 'double';
      case 'boolean':
        return 'bool';
      case 'string':
        return formatTypes[String(schema['format'])] ?? 'string';
      case 'array': {
        const items = this.typeOf(itemsOf(schema) ?? {}, false);
        return items === null ? null : `list<${items}>`;
      }
      case 'object':
        return this.#objectType(schema, isWhole);
      default:
        return null;
    }
  }

  #objectType(schema: Schema, isWhole: boolean): string | null {
    const additional = additionalOf(schema);
    if (additional !== null) {
      const type = this.typeOf(additional, false);
      return type === null ? null : `map<string, ${type}>`;
    }
    const known = this.#names.get(schema);
    if (known !== undefined) return known;
    const fields: Record<string, string> = {};
    const members = membersOf(schema, isWhole);
    for (const [name, inner] of Object.entries(members)) {
      const escaped = escapedName(name);
      if (escaped === null || !isJsonObject(inner)) continue;
      const type = this.typeOf(inner, false);
      if (type !== null) fields[escaped] = type;
      if (type !== null && this.#keepsNames) fields[name] = type;
    }
    const name = `object${this.#names.size}`;
    this.#names.set(schema, name);
    this.environment.registerType(name, { fields }).registerOperator(`${name} == ${name}`, isSame);
    return name;
  }
}
