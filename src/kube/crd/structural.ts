/**
 * Structural schemas, read as they stand in a definition: nothing is compiled ahead, so a schema of hundreds of kilobytes costs
 * nothing until an object comes that has its members. What is worked out of a schema is kept beside it in weak maps.
 */

import { memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { goRegex } from './go-regex.ts';

export type Schema = JsonObject;

/** Says nothing of a value. */
export const anySchema: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

/** The schema of a member by `properties`, or null. */
export function propertyOf(schema: Schema, name: string): Schema | null {
  const properties = schema['properties'];
  if (!isJsonObject(properties)) return null;
  const property = memberOf(properties, name);
  return isJsonObject(property) ? property : null;
}

export function propertiesOf(schema: Schema): JsonObject | null {
  const properties = schema['properties'];
  return isJsonObject(properties) ? properties : null;
}

/** The schema of the items of a list, or null. */
export function itemsOf(schema: Schema): Schema | null {
  return isJsonObject(schema['items']) ? schema['items'] : null;
}

/** The schema of members that have none of their own, or null. */
export function additionalOf(schema: Schema): Schema | null {
  return isJsonObject(schema['additionalProperties']) ? schema['additionalProperties'] : null;
}

export function keepsUnknown(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}

export function isEmbedded(schema: Schema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

export function isIntOrString(schema: Schema): boolean {
  return schema['x-kubernetes-int-or-string'] === true;
}

/** The pattern as ECMAScript reads it, or null where it cannot. */
export function patternOf(text: string): RegExp | null {
  return goRegex(text);
}

const ruled: WeakMap<Schema, boolean> = new WeakMap();

/** True if the schema or something in it has `x-kubernetes-validations`. */
export function hasRules(schema: Schema): boolean {
  let known = ruled.get(schema);
  if (known !== undefined) return known;
  const rules = schema['x-kubernetes-validations'];
  const within = [additionalOf(schema), itemsOf(schema), ...Object.values(propertiesOf(schema) ?? {})];
  known =
    (Array.isArray(rules) && rules.length > 0) ||
    within.some((inner: Json) => isJsonObject(inner) && hasRules(inner));
  ruled.set(schema, known);
  return known;
}
