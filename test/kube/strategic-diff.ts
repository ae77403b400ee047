/**
 * The patch that takes one object to another, as kubectl computes it: deletions of list items by `$patch`, of scalars by
 * `$deleteFromPrimitiveList`, `$setElementOrder` for every merged list that changes, `$retainKeys` where a type asks for it.
 */

import { isEqualJson } from '../../src/kube/api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/kube/api/objects.ts';
import { type Definition, definitionOf, type Field } from '../../src/kube/schema/schema.ts';

function structOf(field: Field | undefined): Definition | null {
  if (field === undefined || field.definition === '' || field.shape === 'map') return null;
  const definition = definitionOf(field.definition);
  return definition.form === null ? definition : null;
}

export function strategicDiff(
  before: JsonObject,
  after: JsonObject,
  definition: Definition | null,
  retainsKeys = false,
): JsonObject {
  const patch: JsonObject = {};
  for (const name of Object.keys(before)) if (after[name] === undefined) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const old = before[name];
    if (isEqualJson(old, value)) continue;
    const field = definition?.fields.get(name);
    if (isJsonObject(old) && isJsonObject(value)) {
      const retains = field?.patchStrategies.includes('retainKeys') ?? false;
      patch[name] = strategicDiff(old, value, structOf(field), retains);
    } else if (Array.isArray(old) && Array.isArray(value) && field?.patchStrategies.includes('merge')) {
      diffLists(patch, field, old, value);
    } else patch[name] = value;
  }
  if (retainsKeys && Object.keys(patch).length > 0) patch['$retainKeys'] = Object.keys(after).sort();
  return patch;
}

function diffLists(patch: JsonObject, field: Field, before: Json[], after: Json[]): void {
  const { name, mergeKey } = field;
  if (before.length === 0) {
    patch[name] = after;
    return;
  }
  const changes: Json[] = [];
  if (mergeKey === '') {
    changes.push(...after.filter((item) => !before.includes(item)));
    const gone = before.filter((item) => !after.includes(item));
    if (gone.length > 0) patch[`$deleteFromPrimitiveList/${name}`] = gone;
    patch[`$setElementOrder/${name}`] = after;
  } else {
    const find = (list: Json[], item: Json): JsonObject | undefined =>
      list.find((other) => (other as JsonObject)[mergeKey] === (item as JsonObject)[mergeKey]) as JsonObject;
    const retains = field.patchStrategies.includes('retainKeys');
    for (const item of after as JsonObject[]) {
      const old = find(before, item);
      if (old === undefined) changes.push(item);
      else {
        const change = strategicDiff(old, item, structOf(field), retains);
        if (Object.keys(change).length > 0) changes.push({ ...change, [mergeKey]: item[mergeKey]! });
      }
    }
    for (const item of before as JsonObject[]) {
      if (find(after, item) === undefined) changes.push({ $patch: 'delete', [mergeKey]: item[mergeKey]! });
    }
    patch[`$setElementOrder/${name}`] = after.map((item) => ({
      [mergeKey]: (item as JsonObject)[mergeKey]!,
    }));
  }
  if (changes.length > 0) patch[name] = changes;
}
