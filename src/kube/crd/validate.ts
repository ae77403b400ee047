/**
 * Values against a structural schema, in the words of a real API server. What is wrong with a value does not
 * end the check: each member tells its own.
 */

import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../api/field-errors.ts';
import { isEqualJson, memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { Correlation } from './correlation.ts';
import { isKnownFormat, isOfFormat } from './formats.ts';
import {
  additionalOf,
  isEmbedded,
  isIntOrString,
  itemsOf,
  patternOf,
  propertiesOf,
  propertyOf,
  type Schema,
} from './structural.ts';

/** What stands where an error belongs to no field. */
export const noField = '<nil>';

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function numberOf(schema: Schema, name: string): number | null {
  const given = schema[name];
  return typeof given === 'number' ? given : null;
}

/** Formats of numbers; those of texts, and of other types, say nothing of them. */
const numberFormats: readonly Json[] = ['int32', 'int64', 'float', 'double'];

function checkType(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  const wanted = schema['type'];
  if (value === null && schema['nullable'] === true) return;
  const given = typeOf(value);
  if (isIntOrString(schema)) {
    if (given === 'integer' || given === 'string') return;
    errors.push(wrongType(path, 'integer,string', given));
  } else if (typeof wanted === 'string' && wanted !== '') {
    if (given === wanted || (given === 'integer' && wanted === 'number')) return;
    const format = formatOf(schema, wanted);
    if (format === null || given === 'string' || given === 'array' || given === 'null') {
      errors.push(wrongType(path, wanted, given));
    } else {
      // Where a format is asked for, the one that the value has is told.
      errors.push(wrongType(path, format, { integer: 'int64', number: 'float64' }[given as string] ?? ''));
    }
  }
}

/** The format that is looked at, of those that the type may have; null: none. */
function formatOf(schema: Schema, type: string): string | null {
  const { format } = schema;
  if (typeof format !== 'string') return null;
  if (type === 'string') return isKnownFormat(format) ? format : null;
  const places = { integer: [0, 2], number: [2, 4] }[type] ?? [0, 0];
  return numberFormats.slice(...places).includes(format) ? format : null;
}

function wrongType(path: string, wanted: string, given: string): FieldError {
  const where = path === '' ? 'body' : `${path} in body`;
  return typeInvalid(
    path === '' ? noField : path,
    given,
    `${where} must be of type ${wanted}: ${JSON.stringify(given)}`,
  );
}

/** Of the length and the pattern, the first that is wrong is told. */
function textProblem(value: string, schema: Schema, path: string): FieldError | null {
  const max = numberOf(schema, 'maxLength');
  const min = numberOf(schema, 'minLength');
  const { pattern } = schema;
  if (max !== null || min !== null) {
    const length = [...value].length;
    if (max !== null && length > max) return tooLong(path, max);
    if (min !== null && length < min) {
      return invalidValue(path, value, `${path} in body should be at least ${min} chars long`);
    }
  }
  if (typeof pattern === 'string' && pattern !== '' && patternOf(pattern)?.test(value) === false) {
    return invalidValue(path, value, `${path} in body should match '${pattern}'`);
  }
  return null;
}

function checkText(value: string, schema: Schema, path: string, errors: FieldError[]): void {
  const problem = textProblem(value, schema, path);
  if (problem !== null) errors.push(problem);
  const { format } = schema;
  if (typeof format === 'string' && !isOfFormat(format, value)) {
    const why = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
    errors.push(typeInvalid(path, value, why));
  }
}

function checkNumber(value: number, schema: Schema, path: string, errors: FieldError[]): void {
  checkRange(value, schema, path, errors);
  const factor = numberOf(schema, 'multipleOf');
  if (factor !== null && !isMultiple(value, factor)) {
    errors.push(invalidValue(path, value, `${path} in body should be a multiple of ${factor}`));
  }
  const max = numberOf(schema, 'maximum');
  const min = numberOf(schema, 'minimum');
  if (min !== null) {
    const isExclusive = schema['exclusiveMinimum'] === true;
    if (value < min || (isExclusive && value === min)) {
      const what = isExclusive ? 'greater than' : 'greater than or equal to';
      errors.push(invalidValue(path, value, `${path} in body should be ${what} ${min}`));
    }
  }
  if (max !== null) {
    const isExclusive = schema['exclusiveMaximum'] === true;
    if (value > max || (isExclusive && value === max)) {
      const what = isExclusive ? 'less than' : 'less than or equal to';
      errors.push(invalidValue(path, value, `${path} in body should be ${what} ${max}`));
    }
  }
}

function isMultiple(value: number, factor: number): boolean {
  const ratio = value / factor;
  return Math.abs(ratio - Math.round(ratio)) < 1e-9;
}

const maxFloat = 3.4028234663852886e38;

/** Numbers that their type and format cannot hold; it is told of no field, which stands in the text. */
function checkRange(value: number, schema: Schema, path: string, errors: FieldError[]): void {
  const { type } = schema;
  const format = typeof type === 'string' ? formatOf(schema, type) : null;
  const tell = (words: string): void => {
    errors.push(invalidValue(noField, '', `Checked value must be of type ${words} in ${path}`));
  };
  if (type === 'integer') {
    const limit = format === 'int32' ? 2 ** 31 : 2 ** 63;
    if (Number.isInteger(value) && value < limit && value >= -limit) return;
    tell(format === null ? 'integer (default format)' : `integer with format ${format}`);
  } else if (format === 'float' && Math.abs(value) > maxFloat) tell('number with format float');
}

function checkList(
  value: readonly Json[],
  schema: Schema,
  path: string,
  errors: FieldError[],
  past: Correlation | null,
): void {
  const items = itemsOf(schema);
  if (items !== null) {
    for (let at = 0; at < value.length; at++)
      check(value[at]!, items, `${path}[${at}]`, errors, past?.item(at) ?? null);
  }
  const min = numberOf(schema, 'minItems');
  const max = numberOf(schema, 'maxItems');
  if (min !== null && value.length < min) {
    errors.push(invalidValue(path, value.length, `${path} in body should have at least ${min} items`));
  }
  if (max !== null && value.length > max) errors.push(tooMany(path, value.length, max));
}

function checkEnum(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  const choices = schema['enum'];
  if (!Array.isArray(choices) || choices.length === 0) return;
  if (choices.some((choice) => isEqualJson(choice, value))) return;
  const texts = choices.map((choice) => (typeof choice === 'string' ? choice : JSON.stringify(choice)));
  errors.push(notSupported(path, value, texts));
}

function checkObject(
  value: JsonObject,
  schema: Schema,
  path: string,
  errors: FieldError[],
  past: Correlation | null,
): void {
  const names = Object.keys(value);
  const min = numberOf(schema, 'minProperties');
  const max = numberOf(schema, 'maxProperties');
  if (min !== null && names.length < min) {
    errors.push(invalidValue(path, names.length, `${path} in body should have at least ${min} properties`));
  }
  if (max !== null && names.length > max) errors.push(tooMany(path, names.length, max));
  checkMembers(value, schema, path, errors, past);
  const wanted = schema['required'];
  if (!Array.isArray(wanted)) return;
  for (const name of wanted) {
    if (typeof name === 'string' && memberOf(value, name) === undefined) {
      errors.push(required(path === '' ? name : `${path}.${name}`));
    }
  }
}

function checkMembers(
  value: JsonObject,
  schema: Schema,
  path: string,
  errors: FieldError[],
  past: Correlation | null,
): void {
  const prefix = path === '' ? '' : `${path}.`;
  const isWhole = path === '' || isEmbedded(schema);
  const properties = propertiesOf(schema);
  const additional = additionalOf(schema);
  if (properties === null && additional === null && !isWhole) return;
  for (const name of Object.keys(value)) {
    // Every kind's metadata is checked as such.
    if (isWhole && (name === 'metadata' || name === 'kind' || name === 'apiVersion')) continue;
    const inner = propertyOf(schema, name) ?? additional;
    if (inner !== null)
      check(memberOf(value, name)!, inner, prefix + name, errors, past?.member(name) ?? null);
  }
}

function attempts(value: Json, schemas: readonly Json[], path: string): FieldError[][] {
  return schemas.filter(isJsonObject).map((inner) => {
    const errors: FieldError[] = [];
    check(value, inner, path, errors);
    return errors;
  });
}

function fewest(tried: readonly FieldError[][]): FieldError[] {
  return tried.reduce((best, errors) => (errors.length < best.length ? errors : best), tried[0] ?? []);
}

function checkCombined(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  const { anyOf, oneOf, allOf, not } = schema;
  const name = JSON.stringify(path);
  if (Array.isArray(anyOf) && anyOf.length > 0 && !isIntOrString(schema)) {
    const tried = attempts(value, anyOf, path);
    if (tried.every((found) => found.length > 0)) {
      errors.push(
        invalidValue(noField, '', `${name} must validate at least one schema (anyOf)`),
        ...fewest(tried),
      );
    }
  }
  if (Array.isArray(oneOf) && oneOf.length > 0) {
    const tried = attempts(value, oneOf, path);
    const good = tried.filter((found) => found.length === 0).length;
    if (good !== 1) {
      const found = good === 0 ? 'Found none valid' : `Found ${good} valid alternatives`;
      const why = `${name} must validate one and only one schema (oneOf). ${found}`;
      errors.push(invalidValue(noField, '', why), ...(good === 0 ? fewest(tried) : []));
    }
  }
  if (Array.isArray(allOf) && allOf.length > 0) {
    const tried = attempts(value, allOf, path);
    if (tried.some((found) => found.length > 0)) {
      const rest = tried.every((found) => found.length > 0) ? '. None validated' : '';
      const why = `${name} must validate all the schemas (allOf)${rest}`;
      errors.push(...tried.flat(), invalidValue(noField, '', why));
    }
  }
  if (isJsonObject(not)) {
    const [tried = []] = attempts(value, [not], path);
    if (tried.length === 0) {
      errors.push(invalidValue(noField, '', `${name} must not validate the schema (not)`));
    }
  }
}

/** @param past of what `anyOf` and the like say nothing has one */
function check(
  value: Json,
  schema: Schema,
  path: string,
  errors: FieldError[],
  past: Correlation | null = null,
): void {
  const known = errors.length;
  checkValue(value, schema, path, errors, past);
  if (errors.length > known && past?.isUnchanged === true) errors.length = known;
}

function checkValue(
  value: Json,
  schema: Schema,
  path: string,
  errors: FieldError[],
  past: Correlation | null,
): void {
  checkType(value, schema, path, errors);
  if (value === null) {
    checkEnum(value, schema, path, errors);
    return;
  }
  if (schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf'] ?? schema['not']) {
    checkCombined(value, schema, path, errors);
  }
  if (typeof value === 'string') checkText(value, schema, path, errors);
  else if (typeof value === 'number') checkNumber(value, schema, path, errors);
  else if (Array.isArray(value)) checkList(value, schema, path, errors, past);
  checkEnum(value, schema, path, errors);
  if (isJsonObject(value)) checkObject(value, schema, path, errors, past);
}

/**
 * What is wrong with a value; empty: nothing.
 * @param path empty for a whole object @param old what it was; what is wrong with a part that is as it was is not told; undefined: nothing
 */
export function validateBySchema(value: Json, schema: Schema, path: string, old?: Json): FieldError[] {
  const errors: FieldError[] = [];
  check(value, schema, path, errors);
  if (errors.length === 0 || old === undefined) return errors;
  const left: FieldError[] = [];
  check(value, schema, path, left, new Correlation(value, old, schema));
  return left;
}

/** Items that stand twice in lists that are sets or maps. */
export function validateLists(value: Json, schema: Schema, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema) ?? {};
    const type = schema['x-kubernetes-list-type'];
    const seen = new Map<string, number>();
    value.forEach((item, at) => {
      const place = `${path}[${at}]`;
      if (type === 'set' || type === 'map') {
        const identity = type === 'set' ? item : identityOf(item, schema);
        const text = JSON.stringify(identity);
        const times = seen.get(text) ?? 0;
        // What stands there three times is told once.
        if (times === 1) errors.push(duplicate(place, identity));
        seen.set(text, times + 1);
      }
      validateLists(item, items, place, errors);
    });
  } else if (isJsonObject(value)) {
    const additional = additionalOf(schema);
    for (const name of Object.keys(value)) {
      const own = propertyOf(schema, name);
      const inner = own ?? additional;
      const given = memberOf(value, name)!;
      if (inner === null || typeof given !== 'object') continue;
      const place = own === null ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
      validateLists(given, inner, place, errors);
    }
  }
}

/** The keys of an item of a map, or the item. */
function identityOf(item: Json, schema: Schema): Json {
  const keys = schema['x-kubernetes-list-map-keys'];
  const identity: JsonObject = {};
  if (!isJsonObject(item) || !Array.isArray(keys)) return item;
  for (const key of keys) {
    if (typeof key !== 'string') continue;
    const given = memberOf(item, key);
    if (given !== undefined) identity[key] = given;
  }
  return identity;
}
