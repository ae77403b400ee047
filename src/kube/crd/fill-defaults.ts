/** Fills in the defaults of a structural schema, and takes out nulls where null is no value. */

import { copyJson, memberOf, setMember } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { additionalOf, itemsOf, propertiesOf, type Schema } from './structural.ts';

/** @param value changed in place */
export function fillDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items !== null) for (const item of value) fillDefaults(item, items);
  } else if (isJsonObject(value)) fillObject(value, schema);
}

function fillObject(value: JsonObject, schema: Schema): void {
  const properties = propertiesOf(schema);
  const additional = additionalOf(schema);
  let isNew = false;
  for (const name of Object.keys(properties ?? {})) {
    const property = properties![name];
    if (!isJsonObject(property) || property['default'] === undefined) continue;
    const given = memberOf(value, name);
    if (given !== undefined && (given !== null || property['nullable'] === true)) continue;
    if (given === undefined) isNew = true;
    setMember(value, name, copyJson(property['default']));
  }
  for (const name of Object.keys(value)) {
    const own = properties === null ? undefined : memberOf(properties, name);
    const inner = isJsonObject(own) ? own : additional;
    if (inner === null) continue;
    const given = memberOf(value, name)!;
    if (given === null && inner['nullable'] !== true && isJsonObject(own)) delete value[name];
    else fillDefaults(given, inner);
  }
  if (isNew) sortMembers(value);
}

function sortMembers(value: JsonObject): void {
  const members = Object.keys(value)
    .sort()
    .map((name): readonly [string, Json] => [name, memberOf(value, name)!]);
  for (const [name] of members) delete value[name];
  for (const [name, member] of members) setMember(value, name, member);
}
