/**
 * The two ways in which server-side apply changes an object: what is applied is laid over it (`mergeValues`), and what a
 * manager applies no more is taken away (`removeFields`).
 *
 * Source: Merge and RemoveItems of structured-merge-diff's typed values.
 */

import { memberOf, setMember } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { formOfValue, isOneValue, memberType } from './compare.ts';
import { belowElement, type FieldSet, hasElement, isEmptySet } from './field-set.ts';
import type { FieldType } from './field-types.ts';
import { elementOfItem, itemsByElement } from './path-elements.ts';

/** Neither argument is changed; the result shares what stays as it was. @throws ElementError */
export function mergeValues(type: FieldType, live: Json | undefined, applied: Json | undefined): Json {
  if (applied === undefined) return live!;
  const form = formOfValue(type, applied ?? live ?? null);
  if (isOneValue(type, form)) return applied;
  if (form === 'map') {
    if (isJsonObject(applied)) return mergeMaps(type, isJsonObject(live) ? live : {}, applied);
    return isJsonObject(live) && Object.keys(live).length > 0 ? live : applied;
  }
  const list = Array.isArray(live) ? live : [];
  const changes = Array.isArray(applied) ? applied : [];
  return list.length === 0 && changes.length === 0 ? applied : mergeLists(type, list, changes);
}

function mergeMaps(type: FieldType, live: JsonObject, applied: JsonObject): JsonObject {
  const result = { ...live };
  for (const name of Object.keys(applied)) {
    const member = memberType(type, name);
    const value = applied[name]!;
    setMember(result, name, member === null ? value : mergeValues(member, memberOf(live, name), value));
  }
  return result;
}

/**
 * The order of the result: items that both have stand in the order in which they are applied; items of the live list alone
 * keep their place before those they stood before; new ones stand behind what they are applied behind.
 */
function mergeLists(type: FieldType, live: readonly Json[], applied: readonly Json[]): Json[] {
  const item = type.element!;
  const liveItems = itemsByElement(type, live);
  const appliedItems = itemsByElement(type, applied);
  const liveOrder = live.map((value) => elementOfItem(type, value));
  const appliedOrder = [...appliedItems.keys()];
  const shared = appliedOrder.filter((element) => liveItems.has(element));
  const merged = new Set<string>();
  const result: Json[] = [];
  const take = (element: string): void => {
    merged.add(element);
    const own = liveItems.get(element);
    // An element that several live items have is replaced by what is applied.
    const base = own?.length === 1 ? own[0] : undefined;
    result.push(mergeValues(item, base, appliedItems.get(element)![0]));
    if (shared[0] === element) shared.shift();
  };
  let l = 0;
  let a = 0;
  while (l < liveOrder.length || a < appliedOrder.length) {
    const element = liveOrder[l];
    if (element !== undefined && a < appliedOrder.length) {
      if (element === appliedOrder[a]) {
        take(element);
        l++;
        a++;
        continue;
      }
      // A shared item, but not the one whose turn it is: it comes where it is applied.
      if (appliedItems.has(element) && shared.length > 0 && shared[0] !== element) {
        l++;
        continue;
      }
    }
    if (element !== undefined) {
      if (!appliedItems.has(element)) {
        result.push(live[l++]!);
        continue;
      }
      if (merged.has(element)) {
        l++;
        continue;
      }
    }
    if (a < appliedOrder.length) take(appliedOrder[a++]!);
  }
  return result;
}

/**
 * The value without the members of a set. A container that loses all it has becomes null, as nothing that is shown.
 * @param gone paths below the value
 */
export function removeFields(type: FieldType, value: Json, gone: FieldSet): Json {
  if (isEmptySet(gone) || value === null) return value;
  const form = formOfValue(type, value);
  if (isOneValue(type, form)) return value;
  if (form === 'map' && isJsonObject(value)) return removeFromMap(type, value, gone);
  return form === 'list' && Array.isArray(value) ? removeFromList(type, value, gone) : value;
}

function removeFromMap(type: FieldType, value: JsonObject, gone: FieldSet): Json {
  const result: JsonObject = {};
  let count = 0;
  for (const name of Object.keys(value)) {
    const element = `f:${name}`;
    if (hasElement(gone, element)) continue;
    const member = memberType(type, name);
    const below = belowElement(gone, element);
    setMember(result, name, member === null ? value[name]! : removeFields(member, value[name]!, below));
    count++;
  }
  return count === 0 && Object.keys(value).length > 0 ? null : result;
}

function removeFromList(type: FieldType, value: readonly Json[], gone: FieldSet): Json {
  const result: Json[] = [];
  for (const item of value) {
    const element = elementOfItem(type, item);
    if (hasElement(gone, element)) continue;
    const rest = removeFields(type.element!, item, belowElement(gone, element));
    // An item of which nothing is left is no item.
    if (rest !== null) result.push(rest);
  }
  return result.length === 0 && value.length > 0 ? null : result;
}
