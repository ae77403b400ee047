/**
 * What a version of a definition may say besides its schema: subresources, printer columns, selectable fields, a warning.
 * What all versions say alike is told of once, and not of a version, as a real server does.
 */

import { duplicate, type FieldError, invalidValue, required } from '../api/field-errors.ts';
import { isEqualJson } from '../api/json.ts';
import { isJsonObject, type JsonObject } from '../api/objects.ts';
import { objectOf, objectsOf, textOf } from '../validation/members.ts';
import { parseJsonPath, plainNames } from './json-path.ts';
import { additionalOf, propertyOf, type Schema } from './structural.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const warningBytesMax = 256;

function checkPath(field: string, path: string, isNeeded: boolean, errors: FieldError[]): boolean {
  if (path === '') {
    if (isNeeded) errors.push(required(field));
    return false;
  }
  if (path.startsWith('.')) return true;
  errors.push(invalidValue(field, path, 'must be a simple json path starting with .'));
  return false;
}

function checkColumns(version: JsonObject, place: string, errors: FieldError[]): void {
  objectsOf(version, 'additionalPrinterColumns').forEach((column, at) => {
    const field = `${place}.additionalPrinterColumns[${at}]`;
    const [name, type, format] = [textOf(column, 'name'), textOf(column, 'type'), textOf(column, 'format')];
    if (name === '') errors.push(required(`${field}.name`));
    const types = `must be one of ${columnTypes.join(',')}`;
    if (type === '') errors.push(required(`${field}.type`, types));
    else if (!columnTypes.includes(type)) errors.push(invalidValue(`${field}.type`, type, types));
    if (format !== '' && !columnFormats.includes(format)) {
      errors.push(invalidValue(`${field}.format`, format, `must be one of ${columnFormats.join(',')}`));
    }
    checkPath(`${field}.JSONPath`, textOf(column, 'jsonPath'), true, errors);
  });
}

const scalePaths: readonly (readonly [string, readonly string[], string])[] = [
  ['specReplicasPath', ['.spec.'], '.spec'],
  ['statusReplicasPath', ['.status.'], '.status'],
  ['labelSelectorPath', ['.spec.', '.status.'], 'either .spec or .status'],
];

function checkScale(version: JsonObject, place: string, errors: FieldError[]): void {
  const subresources = objectOf(version, 'subresources');
  if (subresources['scale'] === undefined) return;
  const scale = objectOf(subresources, 'scale');
  for (const [member, prefixes, where] of scalePaths) {
    const path = textOf(scale, member);
    const field = `${place}.subresources.scale.${member}`;
    if (!checkPath(field, path, member !== 'labelSelectorPath', errors)) continue;
    if (prefixes.some((prefix) => path.startsWith(prefix))) continue;
    errors.push(invalidValue(field, path, `should be a json path under ${where}`));
  }
}

/** The schema that a path leads to; null: none. */
function schemaAt(schema: Schema, path: string): Schema | null {
  const parsed = parseJsonPath(path);
  const names = parsed === null ? null : plainNames(parsed);
  let inner: Schema | null = names === null ? null : schema;
  for (const name of names ?? []) {
    if (inner === null) return null;
    inner = propertyOf(inner, name) ?? additionalOf(inner);
  }
  return inner;
}

function checkSelectable(version: JsonObject, place: string, errors: FieldError[]): void {
  const schema = objectOf(version, 'schema')['openAPIV3Schema'];
  if (!isJsonObject(schema)) return;
  const seen = new Set<string>();
  objectsOf(version, 'selectableFields').forEach((selectable, at) => {
    const field = `${place}.selectableFields[${at}].jsonPath`;
    const path = textOf(selectable, 'jsonPath');
    if (path === '') {
      errors.push(required(field));
      return;
    }
    const found = path.startsWith('.') ? schemaAt(schema, path) : null;
    if (found === null) {
      const why = /^[.[]/.test(path) ? 'does not refer to a valid field' : `expected [ or . but got: ${path}`;
      errors.push(invalidValue(field, path, `is an invalid path: ${why}`));
      return;
    }
    if (path.startsWith('.metadata')) {
      errors.push(invalidValue(field, path, 'must not point to fields in metadata'));
    }
    if (!['string', 'boolean', 'integer'].includes(String(found['type']))) {
      const why =
        'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(invalidValue(field, path, why));
    }
    if (seen.has(path)) errors.push(duplicate(field, path));
    seen.add(path);
  });
}

function checkWarning(version: JsonObject, place: string, errors: FieldError[]): void {
  const warning = version['deprecationWarning'];
  if (typeof warning !== 'string') return;
  const field = `${place}.deprecationWarning`;
  const tell = (why: string): void => {
    errors.push(invalidValue(field, warning, why));
  };
  if (version['deprecated'] !== true) {
    tell('can only be set for deprecated versions');
    return;
  }
  if (Buffer.byteLength(warning) > warningBytesMax) tell(`must be <= ${warningBytesMax} characters long`);
  if (warning === '') tell('must not be an empty string');
  const at = warning.search(/[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/u);
  if (at < 0) return;
  const place0 = Buffer.byteLength(warning.slice(0, at));
  tell(`must only contain printable UTF-8 characters; non-printable character found at index ${place0}`);
}

const checks: readonly (readonly [string, typeof checkColumns])[] = [
  ['subresources', checkScale],
  ['additionalPrinterColumns', checkColumns],
  ['selectableFields', checkSelectable],
];

export function checkVersionMembers(versions: readonly JsonObject[], errors: FieldError[]): void {
  versions.forEach((version, at) => {
    checkWarning(version, `spec.versions[${at}]`, errors);
  });
  const [first] = versions;
  if (first === undefined) return;
  for (const [member, check] of checks) {
    const isShared =
      first[member] !== undefined && versions.every((version) => isEqualJson(version[member], first[member]));
    if (isShared) check(first, 'spec', errors);
    else {
      versions.forEach((version, at) => {
        check(version, `spec.versions[${at}]`, errors);
      });
    }
  }
}
