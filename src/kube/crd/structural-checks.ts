/**
 * What makes a schema structural: every member, item and value has a type where it is specified, and what
 * stands under `allOf`, `anyOf`, `oneOf` and `not` says something of values alone. Errors are sorted by their texts.
 */

import {
  type FieldError,
  fieldErrorText,
  forbiddenValue,
  invalidValue,
  required,
} from '../api/field-errors.ts';
import { isEqualJson, memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import {
  isEmbedded,
  isIntOrString,
  itemsOf,
  keepsUnknown,
  propertiesOf,
  propertyOf,
  type Schema,
} from './structural.ts';

type Level = 'root' | 'member' | 'item';

const emptyTypeTexts: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  member: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};

const junctors = ['anyOf', 'allOf', 'oneOf'] as const;
const intOrString: Json = [{ type: 'integer' }, { type: 'string' }];

/** Members that only a schema with a type may have, and what is said of each under a junctor. */
const forbiddenNested: readonly (readonly [string, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function isSet(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  return !Array.isArray(value) || value.length > 0;
}

function schemasOf(schema: Schema, name: string): Schema[] {
  const given = schema[name];
  return Array.isArray(given) ? given.filter(isJsonObject) : [];
}

/** Why RE2 does not take a pattern; null: it does, as far as can be told. */
function patternProblem(pattern: string): string | null {
  const perl = /\(\?(?:[=!]|<[=!])/.exec(pattern.replace(/\\./g, '  '));
  if (perl !== null) return `invalid or unsupported Perl syntax: \`${perl[0]}\``;
  const reference = /\\[1-9]/.exec(pattern);
  if (reference !== null) return `invalid escape sequence: \`${reference[0]}\``;
  try {
    new RegExp(pattern.replace(/^\(\?[ims]+\)/, ''));
    return null;
  } catch (error) {
    const text = (error as Error).message;
    if (text.includes('Unterminated group')) return `missing closing ): \`${pattern}\``;
    if (text.includes('Unmatched')) return `unexpected ): \`${pattern}\``;
    if (text.includes('Unterminated character class')) return `missing closing ]: \`${pattern}\``;
    // Flags within a pattern are RE2's own.
    return /\(\?[imsU-]+[:)]|\\[pPAzQE]|\[\[:|\(\?P</.test(pattern)
      ? null
      : 'invalid nested repetition operator';
  }
}

class Checks {
  readonly errors: FieldError[] = [];

  schema(schema: Schema, level: Level, path: string): void {
    const items = itemsOf(schema);
    const { type } = schema;
    if (type === 'array' && items === null) this.errors.push(required(`${path}.items`, 'must be specified'));
    if (items !== null) this.schema(items, 'item', `${path}.items`);
    for (const [name, inner] of Object.entries(propertiesOf(schema) ?? {})) {
      if (isJsonObject(inner)) this.schema(inner, 'member', `${path}.properties[${name}]`);
    }
    const additional = schema['additionalProperties'];
    if (additional !== undefined && level === 'root') {
      this.errors.push(forbiddenValue(`${path}.additionalProperties`, 'must not be used at the root'));
    }
    if (isJsonObject(additional)) this.schema(additional, 'member', `${path}.additionalProperties`);
    this.#extensions(schema, path);
    this.#junctors(schema, path, isEqualJson(schema['anyOf'], intOrString), firstAllOf(schema));
    this.#type(schema, level, path);
    this.#resource(schema, level, path);
  }

  #extensions(schema: Schema, path: string): void {
    if (!isIntOrString(schema)) return;
    for (const name of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource']) {
      if (schema[name] !== true) continue;
      const why = 'must be false if x-kubernetes-int-or-string is true';
      this.errors.push(invalidValue(`${path}.${name}`, true, why));
    }
  }

  #type(schema: Schema, level: Level, path: string): void {
    const { type = '' } = schema;
    const field = `${path}.type`;
    if (isEmbedded(schema) && type !== 'object') {
      const why = 'must be object if x-kubernetes-embedded-resource is true';
      this.errors.push(type === '' ? required(field, why) : invalidValue(field, type, why));
    } else if (type === '' && !isIntOrString(schema) && !keepsUnknown(schema)) {
      this.errors.push(required(field, emptyTypeTexts[level]));
    }
    if (level === 'root' && type !== '' && type !== 'object') {
      this.errors.push(invalidValue(field, type, 'must be object at the root'));
    }
  }

  /** What the members that every object has may say of themselves. */
  #resource(schema: Schema, level: Level, path: string): void {
    const isResource = level === 'root' || isEmbedded(schema);
    for (const name of ['kind', 'apiVersion']) {
      const inner = propertyOf(schema, name);
      if (!isResource || inner === null || inner['type'] === 'string') continue;
      this.errors.push(
        invalidValue(`${path}.properties[${name}].type`, inner['type'] ?? '', 'must be string'),
      );
    }
    const metadata = propertyOf(schema, 'metadata');
    if (metadata !== null && isResource) this.#metadata(metadata, level, `${path}.properties[metadata]`);
    if (!isEmbedded(schema)) return;
    if (schema['additionalProperties'] !== undefined) {
      const why = 'must not be used if x-kubernetes-embedded-resource is set';
      this.errors.push(forbiddenValue(`${path}.additionalProperties`, why));
    }
    if (keepsUnknown(schema) || Object.keys(propertiesOf(schema) ?? {}).length > 0) return;
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    this.errors.push(required(`${path}.properties`, why));
  }

  #metadata(metadata: Schema, level: Level, path: string): void {
    if (metadata['type'] !== 'object') {
      this.errors.push(invalidValue(`${path}.type`, metadata['type'] ?? '', 'must be object'));
    }
    if (level !== 'root') return;
    const { type: _type, default: _default, properties, ...rest } = metadata;
    const names = Object.keys(isJsonObject(properties) ? properties : {});
    const isNames = names.every((name) => name === 'name' || name === 'generateName');
    if (isNames && Object.values(rest).every((value) => !isSet(value))) return;
    const why =
      'must not specify anything other than name and generateName, but metadata is implicitly specified';
    this.errors.push(forbiddenValue(path, why));
  }

  /** @param skips the two forms in which types may stand under a junctor */
  #junctors(schema: Schema, path: string, skipsAnyOf: boolean, skipsFirst: boolean): void {
    for (const name of junctors) {
      if (name === 'anyOf' && skipsAnyOf) continue;
      schemasOf(schema, name).forEach((inner, at) => {
        this.#nested(inner, `${path}.${name}[${at}]`, name === 'allOf' && at === 0 && skipsFirst);
      });
    }
    if (isJsonObject(schema['not'])) this.#nested(schema['not'], `${path}.not`, false);
    const { pattern } = schema;
    const problem = typeof pattern === 'string' ? patternProblem(pattern) : null;
    if (problem === null) return;
    const why = `must be a valid regular expression, but isn't: error parsing regexp: ${problem}`;
    this.errors.push(invalidValue(`${path}.pattern`, pattern, why));
  }

  #nested(schema: Schema, path: string, skipsAnyOf: boolean): void {
    this.#junctors(schema, path, skipsAnyOf, false);
    const items = itemsOf(schema);
    if (items !== null) this.#nested(items, `${path}.items`, false);
    for (const [name, inner] of Object.entries(propertiesOf(schema) ?? {})) {
      if (isJsonObject(inner)) this.#nested(inner, `${path}.properties[${name}]`, false);
    }
    for (const [name, why] of forbiddenNested) {
      const isThere = name === 'additionalProperties' ? schema[name] !== undefined : isSet(schema[name]);
      if (isThere) this.errors.push(forbiddenValue(`${path}.${name}`, why));
    }
    if (propertyOf(schema, 'metadata') === null) return;
    this.errors.push(
      forbiddenValue(`${path}.properties[metadata]`, 'must not be specified in a nested context'),
    );
  }

  /** What a junctor says of a member or of items has to stand outside of it, too. */
  complete(value: Schema, schema: Schema | null, path: string, valuePath: string): void {
    if (schema === null) {
      this.errors.push(required(path, `because it is defined in ${valuePath}`));
      return;
    }
    if (isJsonObject(value['not'])) this.#completeNested(value['not'], schema, path, `${valuePath}.not`);
    for (const name of ['allOf', 'anyOf', 'oneOf']) {
      schemasOf(value, name).forEach((inner, at) => {
        this.#completeNested(inner, schema, path, `${valuePath}.${name}[${at}]`);
      });
    }
  }

  #completeNested(value: Schema, schema: Schema | null, path: string, valuePath: string): void {
    this.complete(value, schema, path, valuePath);
    if (schema === null) return;
    const items = itemsOf(value);
    if (items !== null) this.#completeNested(items, itemsOf(schema), `${path}.items`, `${valuePath}.items`);
    const properties: JsonObject = propertiesOf(value) ?? {};
    for (const name of Object.keys(properties)) {
      const inner = memberOf(properties, name);
      if (!isJsonObject(inner)) continue;
      const step = `properties[${name}]`;
      this.#completeNested(inner, propertyOf(schema, name), `${path}.${step}`, `${valuePath}.${step}`);
    }
  }
}

function firstAllOf(schema: Schema): boolean {
  const [first] = schemasOf(schema, 'allOf');
  return first !== undefined && isEqualJson(first['anyOf'], intOrString);
}

/** @param path of the schema */
export function validateStructural(schema: Schema, path: string): FieldError[] {
  const checks = new Checks();
  checks.schema(schema, 'root', path);
  checks.complete(schema, schema, path, path);
  const shown = checks.errors.map((error): [string, FieldError] => [fieldErrorText(error), error]);
  shown.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return shown.map(([, error]) => error);
}
