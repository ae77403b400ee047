/** Schemas of definitions: what makes one structural, and what one may not have (reference §4.4, §4.5). */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { isJsonObject, type JsonObject } from '../api/objects.ts';
import { validateRuleDefinitions } from './rule-definitions.ts';
import { itemsOf, keepsUnknown, patternOf, propertiesOf, type Schema } from './structural.ts';
import { validateBySchema } from './validate.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const maxDepth = 100;

const emptyTypeTexts = {
  root: 'must not be empty at the root',
  member: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
} as const;

type Place = keyof typeof emptyTypeTexts;

function checkType(schema: Schema, path: string, place: Place, errors: FieldError[]): void {
  const { type } = schema;
  const isOpen = schema['x-kubernetes-int-or-string'] === true || keepsUnknown(schema);
  if (type === undefined || type === '') {
    if (place === 'root' || !isOpen) errors.push(required(`${path}.type`, emptyTypeTexts[place]));
  } else if (place === 'root' && type !== 'object') {
    errors.push(invalidValue(`${path}.type`, type, 'must be object at the root'));
  } else if (typeof type !== 'string' || !types.includes(type)) {
    errors.push(notSupported(`${path}.type`, type, types));
  }
}

function checkLists(schema: Schema, path: string, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['type'] === 'array' && itemsOf(schema) === null) {
    errors.push(required(`${path}.items`, 'must be specified'));
  }
  if (listType !== undefined && !['atomic', 'map', 'set'].includes(String(listType))) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']));
  }
  if (listType !== undefined && schema['type'] !== 'array') {
    const why = 'must be array if x-kubernetes-list-type is specified';
    errors.push(invalidValue(`${path}.type`, schema['type'] ?? '', why));
  }
  const place = `${path}.x-kubernetes-list-map-keys`;
  if (listType === 'map' && (!Array.isArray(keys) || keys.length === 0)) {
    errors.push(required(place, 'must not be empty if x-kubernetes-list-type is map'));
  }
  if (keys !== undefined && listType !== 'map') {
    errors.push(
      invalidValue(
        `${path}.x-kubernetes-list-type`,
        listType ?? '',
        'must be map if x-kubernetes-list-map-keys is non-empty',
      ),
    );
  }
}

function checkForbidden(schema: Schema, path: string, errors: FieldError[]): void {
  if (schema['uniqueItems'] === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbiddenValue(`${path}.uniqueItems`, why));
  }
  const given = schema['additionalProperties'];
  if (given === false) {
    errors.push(
      forbiddenValue(`${path}.additionalProperties`, 'additionalProperties cannot be set to false'),
    );
  }
  if (isJsonObject(given) && Object.keys(propertiesOf(schema) ?? {}).length > 0) {
    const why = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbiddenValue(`${path}.additionalProperties`, why));
  }
  if (schema['$ref'] !== undefined) {
    errors.push(forbiddenValue(`${path}.$ref`, '$ref is not supported'));
  }
  for (const name of ['dependencies', 'definitions', 'patternProperties']) {
    const set = schema[name];
    if (isJsonObject(set) && Object.keys(set).length > 0) {
      errors.push(forbiddenValue(`${path}.${name}`, `${name} is not supported`));
    }
  }
  if (Array.isArray(schema['items'])) {
    errors.push(forbiddenValue(`${path}.items`, 'items must be a schema object and not an array'));
  }
  const { pattern } = schema;
  if (typeof pattern === 'string' && pattern !== '' && patternOf(pattern) === null) {
    const why = `must be a valid regular expression, but isn't: error parsing regexp`;
    errors.push(invalidValue(`${path}.pattern`, pattern, why));
  }
}

function checkExtensions(schema: Schema, path: string, errors: FieldError[]): void {
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const why = 'must be true or undefined';
    errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, why));
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    if (schema['type'] !== 'object') {
      const why = 'must be object if x-kubernetes-embedded-resource is true';
      errors.push(invalidValue(`${path}.type`, schema['type'] ?? '', why));
    }
    if (propertiesOf(schema) === null && !keepsUnknown(schema)) {
      const why =
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
      errors.push(required(`${path}.properties`, why));
    }
  }
  const given = schema['default'];
  if (given !== undefined) {
    const found = validateBySchema(given, schema, `${path}.default`);
    errors.push(...found);
  }
}

function checkNode(schema: Schema, path: string, place: Place, depth: number, errors: FieldError[]): void {
  if (depth > maxDepth) {
    errors.push(forbiddenValue(path, 'the schema is nested too deeply'));
    return;
  }
  checkType(schema, path, place, errors);
  checkForbidden(schema, path, errors);
  checkLists(schema, path, errors);
  checkExtensions(schema, path, errors);
  const properties: JsonObject = propertiesOf(schema) ?? {};
  for (const name of Object.keys(properties)) {
    const inner = properties[name];
    if (!isJsonObject(inner) || (place === 'root' && name === 'metadata')) continue;
    checkNode(inner, `${path}.properties[${name}]`, 'member', depth + 1, errors);
  }
  const additional = schema['additionalProperties'];
  if (isJsonObject(additional)) {
    checkNode(additional, `${path}.additionalProperties`, 'member', depth + 1, errors);
  }
  const items = itemsOf(schema);
  if (items !== null) checkNode(items, `${path}.items`, 'item', depth + 1, errors);
}

/** @param path of the schema, `spec.versions[0].schema.openAPIV3Schema` */
export function validateSchema(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, path, 'root', 0, errors);
  // Types that are wrong would be told a second time by the rules that use them.
  if (errors.length === 0) errors.push(...validateRuleDefinitions(schema, path));
  return errors;
}
