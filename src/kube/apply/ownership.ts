/**
 * What writes do to the owners of fields, on field sets and values alone (source: Updater of structured-merge-diff).
 *
 * An update takes what it changes from everybody else. An apply owns exactly what it says; what it said before and says no
 * more goes, unless somebody else owns it too; what it changes of others is a conflict or, forced, is theirs no more.
 */

import type { JsonObject } from '../api/objects.ts';
import { type Comparison, compareValues, fieldSetOf, withNamedMembers } from './compare.ts';
import type { Conflict } from './conflicts.ts';
import { difference, emptySet, type FieldSet, intersection, isEmptySet, union } from './field-set.ts';
import type { FieldType } from './field-types.ts';
import { type FieldFilter, trackedPart } from './ignored-fields.ts';
import { keyOf, type Manager, type ManagerName, type Managers, mapManagers } from './managers.ts';
import { mergeValues, removeFields } from './merge.ts';

/** What changed in fields that this endpoint writes. */
function compareTracked(
  type: FieldType,
  filter: FieldFilter,
  live: JsonObject,
  next: JsonObject,
): Comparison {
  const { added, modified, removed } = compareValues(type, trackedPart(live, true), trackedPart(next, true));
  return { added: filter(added), modified: filter(modified), removed: filter(removed) };
}

/**
 * The managers after an update by `name`. Values equal to the old ones are not claimed.
 * @param live an empty object when there was none
 */
export function afterUpdate(
  type: FieldType,
  filter: FieldFilter,
  live: JsonObject,
  next: JsonObject,
  managers: Managers,
  name: ManagerName,
  now: string,
): Map<string, Manager> {
  const { added, modified, removed } = compareTracked(type, filter, live, next);
  const changed = union(modified, added);
  const result = mapManagers(managers, ({ set }) => difference(difference(set, changed), removed));
  const taken = difference(changed, removed);
  if (isEmptySet(taken)) return result;
  const key = keyOf(name);
  const before = result.get(key)?.set ?? emptySet;
  result.set(key, { ...name, set: union(before, taken), time: now, entry: null });
  return result;
}

/**
 * `merged` without what the applier owned and neither it nor anybody else owns now. A container that still holds something
 * owned stays; so does what nobody ever owned.
 */
function prune(
  type: FieldType,
  merged: JsonObject,
  last: FieldSet,
  own: FieldSet,
  managers: Managers,
): JsonObject {
  // Nothing is let go by who says all that it said before.
  if (isEmptySet(difference(last, own))) return merged;
  const named = (set: FieldSet): FieldSet => withNamedMembers(type, set);
  const lastNamed = named(last);
  const mergedSet = named(fieldSetOf(type, merged));
  const setOf = (value: JsonObject): FieldSet => named(fieldSetOf(type, value));
  let pruned = (removeFields(type, merged, lastNamed) ?? {}) as JsonObject;
  let owned: FieldSet = emptySet;
  for (const { set } of managers.values()) owned = union(owned, set);
  const kept = union(setOf(pruned), named(owned));
  pruned = (removeFields(type, merged, difference(mergedSet, kept)) ?? {}) as JsonObject;
  // Of what went, only what the applier owned before may go.
  const gone = intersection(difference(mergedSet, setOf(pruned)), lastNamed);
  return (removeFields(type, merged, gone) ?? {}) as JsonObject;
}

export interface Applied {
  readonly object: JsonObject;
  readonly managers: Map<string, Manager>;
  /** Fields of others that the apply changes; when it is not forced and there are any, nothing of this may be stored. */
  readonly conflicts: readonly Conflict[];
}

/**
 * The object and its managers after `intent` is applied by `name`.
 * @param time of the manager's entry, when the object changes
 */
export function afterApply(
  type: FieldType,
  filter: FieldFilter,
  live: JsonObject,
  intent: JsonObject,
  managers: Managers,
  name: ManagerName,
): Applied {
  const key = keyOf(name);
  const before = managers.get(key);
  const own: Manager = {
    ...name,
    set: filter(fieldSetOf(type, trackedPart(intent))),
    time: before?.time ?? '',
    entry: null,
  };
  const all = new Map(managers).set(key, own);
  const merged = mergeValues(type, live, intent) as JsonObject;
  const object = prune(type, merged, before?.set ?? emptySet, own.set, all);
  const { added, modified, removed } = compareTracked(type, filter, live, object);
  const changed = union(modified, added);
  const conflicts: Conflict[] = [];
  const result = mapManagers(all, (manager) => {
    if (manager === own) return own.set;
    const set = intersection(manager.set, changed);
    if (!isEmptySet(set)) conflicts.push({ manager, set });
    return difference(difference(manager.set, changed), removed);
  });
  if (isEmptySet(own.set)) result.delete(key);
  return { object, managers: result, conflicts };
}
