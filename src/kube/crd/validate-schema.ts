/** Schemas of definitions: what one may not have, after what makes it structural. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { isJsonObject, type Json } from '../api/objects.ts';
import { isKnownFormat } from './formats.ts';
import { Pruner } from './prune.ts';
import { checkRuleWords, validateRuleDefinitions } from './rule-definitions.ts';
import { isEmbedded, itemsOf, propertiesOf, propertyOf, type Schema } from './structural.ts';
import { validateStructural } from './structural-checks.ts';
import { validateBySchema } from './validate.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const metaNames: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion']);
const maxDepth = 100;

/** Where defaults may not stand, and why; empty: they may. */
interface Place {
  readonly isRoot: boolean;
  readonly noDefaults: string;
  readonly isInMeta: boolean;
  readonly depth: number;
}

const unsupported = ['additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

function isThere(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  return !isJsonObject(value) || Object.keys(value).length > 0;
}

/** Any value of additionalItems counts, of the others those that say something. */
function isUsed(schema: Schema, name: string): boolean {
  return name === 'additionalItems' ? schema[name] !== undefined : isThere(schema[name]);
}

function checkStandard(schema: Schema, path: string, place: Place, errors: FieldError[]): void {
  const { type = '' } = schema;
  if (type !== '' && !types.includes(String(type))) errors.push(notSupported(`${path}.type`, type, types));
  if (schema['default'] !== undefined && place.noDefaults !== '') {
    errors.push(forbiddenValue(`${path}.default`, `must not be set ${place.noDefaults}`));
  }
  if (isThere(schema['id'])) errors.push(forbiddenValue(`${path}.id`, 'id is not supported'));
  for (const name of unsupported) {
    if (!isUsed(schema, name)) continue;
    errors.push(forbiddenValue(`${path}.${name}`, `${name} is not supported`));
  }
  if (Array.isArray(schema['items'])) {
    errors.push(forbiddenValue(`${path}.items`, 'items must be a schema object and not an array'));
  }
  if (place.isInMeta && isEmbedded(schema)) {
    const field = `${path}.x-kubernetes-embedded-resource`;
    errors.push(forbiddenValue(field, 'must not be used inside of resource meta'));
  }
  if (schema['uniqueItems'] === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbiddenValue(`${path}.uniqueItems`, why));
  }
  const additional = schema['additionalProperties'];
  const isOpen = additional === undefined || additional === true;
  if (!isOpen && Object.keys(propertiesOf(schema) ?? {}).length > 0) {
    const why = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbiddenValue(`${path}.additionalProperties`, why));
  }
}

function wrongType(path: string, type: Json, why: string): FieldError {
  return type === '' ? required(`${path}.type`, why) : invalidValue(`${path}.type`, type, why);
}

function checkMapsAndSets(schema: Schema, path: string, errors: FieldError[]): void {
  const mapType = schema['x-kubernetes-map-type'];
  const listType = schema['x-kubernetes-list-type'];
  const { type = '' } = schema;
  if (mapType !== undefined && type !== 'object') {
    errors.push(wrongType(path, type, 'must be object if x-kubernetes-map-type is specified'));
  }
  if (mapType !== undefined && mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
  if (listType !== undefined && type !== 'array') {
    errors.push(wrongType(path, type, 'must be array if x-kubernetes-list-type is specified'));
  } else if (listType === 'set') checkSetItems(itemsOf(schema), path, errors);
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(String(listType))) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  }
  const keys = schema['x-kubernetes-list-map-keys'];
  if (Array.isArray(keys) && keys.length > 0 && listType !== 'map') {
    const field = `${path}.x-kubernetes-list-type`;
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? required(field, why) : invalidValue(field, listType, why));
  }
  if (listType === 'map') checkMapKeys(schema, Array.isArray(keys) ? keys : [], path, errors);
  if (listType !== 'map' && listType !== 'set') return;
  if (itemsOf(schema)?.['nullable'] === true) {
    const why = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    errors.push(forbiddenValue(`${path}.items.nullable`, why));
  }
  if (listType === 'map') checkKeyMembers(itemsOf(schema), Array.isArray(keys) ? keys : [], path, errors);
}

/** Items of sets are compared as wholes. */
function checkSetItems(items: Schema | null, path: string, errors: FieldError[]): void {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items?.['x-kubernetes-list-type'];
  if (items?.['type'] === 'array' && listType !== undefined && listType !== 'atomic') {
    errors.push(invalidValue(`${path}.items.x-kubernetes-list-type`, listType, why));
  }
  if (items?.['type'] === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    errors.push(invalidValue(`${path}.items.x-kubernetes-map-type`, listType ?? null, why));
  }
}

function checkMapKeys(schema: Schema, keys: readonly Json[], path: string, errors: FieldError[]): void {
  const field = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) {
    errors.push(required(field, 'must not be empty if x-kubernetes-list-type is map'));
  }
  const items = itemsOf(schema);
  if (items === null) {
    errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
    return;
  }
  if (items['type'] !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalidValue(`${path}.items.type`, items['type'] ?? '', why));
    return;
  }
  const seen = new Set<Json>();
  for (const key of keys) {
    const member = propertyOf(items, String(key));
    if (member === null) {
      errors.push(invalidValue(field, [...keys], 'entries must all be names of item properties'));
    } else if (member['type'] === 'array' || member['type'] === 'object') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalidValue(`${path}.items.properties[${key}].type`, items['type'], why));
    }
    if (seen.has(key)) errors.push(invalidValue(field, [...keys], 'must not contain duplicate entries'));
    seen.add(key);
  }
}

/** Every item has to have its keys. */
function checkKeyMembers(
  items: Schema | null,
  keys: readonly Json[],
  path: string,
  errors: FieldError[],
): void {
  const needed = Array.isArray(items?.['required']) ? items['required'] : [];
  for (const key of keys) {
    const member = items === null ? null : propertyOf(items, String(key));
    if (member === null) continue;
    const field = `${path}.items.properties[${key}]`;
    if (!needed.includes(key) && member['default'] === undefined) {
      const why =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(`${field}.default`, why));
    }
    if (member['nullable'] === true) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable';
      errors.push(forbiddenValue(`${field}.nullable`, why));
    }
  }
}

function checkNode(schema: Schema, path: string, place: Place, errors: FieldError[]): void {
  if (place.depth > maxDepth) {
    errors.push(forbiddenValue(path, 'the schema is nested too deeply'));
    return;
  }
  checkStandard(schema, path, place, errors);
  const inner: Place = { ...place, isRoot: false, depth: place.depth + 1 };
  const additional = schema['additionalProperties'];
  if (isJsonObject(additional)) {
    const why = place.isInMeta ? 'inside additionalProperties applying to object metadata' : inner.noDefaults;
    checkNode(additional, `${path}.additionalProperties`, { ...inner, noDefaults: why }, errors);
  }
  for (const [name, property] of Object.entries(propertiesOf(schema) ?? {})) {
    if (!isJsonObject(property)) continue;
    const isMeta = (place.isRoot || isEmbedded(schema)) && metaNames.has(name);
    const noDefaults = isMeta && place.isRoot ? `in top-level ${name}` : inner.noDefaults;
    const own = { ...inner, noDefaults, isInMeta: place.isInMeta || isMeta };
    checkNode(property, `${path}.properties[${name}]`, own, errors);
  }
  if (isJsonObject(schema['not'])) checkNode(schema['not'], `${path}.not`, inner, errors);
  for (const name of ['allOf', 'oneOf', 'anyOf']) {
    const given = schema[name];
    if (!Array.isArray(given)) continue;
    given.forEach((one, at) => {
      if (isJsonObject(one)) checkNode(one, `${path}.${name}[${at}]`, inner, errors);
    });
  }
  const items = itemsOf(schema);
  if (items !== null) checkNode(items, `${path}.items`, inner, errors);
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(
      invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'),
    );
  }
  checkMapsAndSets(schema, path, errors);
  checkRuleWords(schema, path, errors);
}

/** Defaults have to be what the schema says, and nothing that would be pruned. */
function checkDefaults(schema: Schema, path: string, isRoot: boolean, errors: FieldError[]): void {
  const given = schema['default'];
  if (given !== undefined && given !== null) {
    const pruner = new Pruner();
    pruner.value(given, schema);
    const field = `${path}.default`;
    if (pruner.problems.length > 0) {
      errors.push(invalidValue(field, given, 'must not have unknown fields'));
    } else {
      for (const error of validateBySchema(given, schema, '')) {
        const inner = error.field === '' || error.field === '<nil>' ? field : `${field}.${error.field}`;
        // Its place is where the default is; the text begins in it.
        errors.push({
          ...error,
          field: inner,
          message: error.message.replace(/: body must/, ':  in body must'),
        });
      }
    }
  }
  const additional = schema['additionalProperties'];
  if (isJsonObject(additional)) checkDefaults(additional, `${path}.additionalProperties`, false, errors);
  const items = itemsOf(schema);
  if (items !== null) checkDefaults(items, `${path}.items`, false, errors);
  for (const [name, property] of Object.entries(propertiesOf(schema) ?? {})) {
    if (!isJsonObject(property) || (isRoot && metaNames.has(name))) continue;
    checkDefaults(property, `${path}.properties[${name}]`, false, errors);
  }
}

/**
 * @param path of the schema, `spec.validation.openAPIV3Schema`
 * @param isUnchanged it was taken before: what single rules cost is not asked again
 */
export function validateSchema(schema: Schema, path: string, isUnchanged = false): FieldError[] {
  const errors: FieldError[] = [];
  if (schema['nullable'] === true) {
    errors.push(forbiddenValue(`${path}.nullable`, 'nullable cannot be true at the root'));
  }
  const unread = unreadable(schema);
  if (unread === null) errors.push(...validateStructural(schema, path));
  if (unread === null && errors.length === 0) checkDefaults(schema, path, true, errors);
  const isSound = unread === null && errors.length === 0;
  checkNode(schema, path, { isRoot: true, noDefaults: '', isInMeta: false, depth: 0 }, errors);
  if (errors.length === 0 && unread !== null) errors.push(invalidValue(path, '', unread));
  // Types that are wrong would be told a second time by the rules that use them.
  if (isSound && errors.length === 0) errors.push(...validateRuleDefinitions(schema, path, isUnchanged));
  return errors;
}

/** Formats that nobody looks at, sorted, each once. */
export function unknownFormats(schema: Schema, found: Set<string> = new Set()): ReadonlySet<string> {
  const { type = '', format } = schema;
  if (typeof format === 'string' && format !== '') {
    const formats = type === 'integer' ? ['int32', 'int64'] : type === 'number' ? ['float', 'double'] : null;
    const isKnown =
      formats?.includes(format) ?? ((type === '' || type === 'string') && isKnownFormat(format));
    if (!isKnown) found.add(format);
  }
  const within: Json[] = [...Object.values(propertiesOf(schema) ?? {})];
  for (const name of ['items', 'additionalProperties']) within.push(schema[name] ?? null);
  for (const inner of within) if (isJsonObject(inner)) unknownFormats(inner, found);
  return found;
}

/** What cannot be read as a structural schema at all; null: it can. */
function unreadable(schema: Schema): string | null {
  const words: readonly (readonly [string, string])[] = [
    ['id', 'id'],
    ['$schema', 'schema'],
    ...unsupported.map((name) => [name, name] as const),
  ];
  for (const [name, word] of words) {
    if (isUsed(schema, name)) return `OpenAPIV3Schema '${word}' is not supported`;
  }
  if (Array.isArray(schema['items'])) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const within: Json[] = [...Object.values(propertiesOf(schema) ?? {})];
  for (const name of ['items', 'additionalProperties', 'not']) within.push(schema[name] ?? null);
  for (const name of ['allOf', 'oneOf', 'anyOf']) {
    const given = schema[name];
    if (Array.isArray(given)) within.push(...given);
  }
  for (const inner of within) {
    const found = isJsonObject(inner) ? unreadable(inner) : null;
    if (found !== null) return found;
  }
  return null;
}
