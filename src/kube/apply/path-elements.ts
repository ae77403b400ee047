/**
 * Elements of paths: how an item of a list is known, and how a path reads in a conflict. `k:{"containerPort":80,…}` for an
 * item of a keyed list, `v:"a"` for an item of a set, `f:name` for a member.
 */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import type { FieldType } from './field-types.ts';

/** Thrown for an item that has no identity, with the message's part after `element <n>: `. */
export class ElementError extends Error {}

/** The element of an item of a list that is not atomic. @throws ElementError */
export function elementOfItem(type: FieldType, item: Json): string {
  if (type.keys.length === 0) {
    if (isJsonObject(item)) {
      throw new ElementError("associative list without keys has an element that's a map type");
    }
    if (Array.isArray(item)) throw new ElementError('not supported: associative list with lists as elements');
    if (item === null) {
      throw new ElementError("associative list without keys has an element that's an explicit null");
    }
    return `v:${JSON.stringify(item)}`;
  }
  if (item === null) throw new ElementError('associative list with keys may not have a null element');
  if (!isJsonObject(item)) throw new ElementError('associative list with keys may not have non-map elements');
  let key = '';
  for (const name of type.keys) {
    const value = item[name] ?? type.keyDefaults[name];
    if (value === undefined) continue;
    key += `${key === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`;
  }
  if (key === '') {
    const keys = `[${type.keys.map((name) => JSON.stringify(name)).join(' ')}]`;
    throw new ElementError(
      `associative list with keys has an element that omits all key fields ${keys} (and doesn't have default values for any key fields)`,
    );
  }
  return `k:{${key}}`;
}

function valueText(value: Json): string {
  return JSON.stringify(value);
}

/** `.spec.containers[name="a"].image`, one element of it. */
export function elementText(element: string): string {
  const text = element.slice(2);
  if (element[0] === 'f') return `.${text}`;
  if (element[0] === 'v') return `[=${text}]`;
  if (element[0] === 'i') return `[${text}]`;
  const key = JSON.parse(text) as JsonObject;
  return `[${Object.entries(key)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(',')}]`;
}

export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

/** The items of a list by element, in order of first appearance; an element that several have names them all. */
export function itemsByElement(type: FieldType, list: readonly Json[]): Map<string, Json[]> {
  const items = new Map<string, Json[]>();
  for (const item of list) {
    const element = elementOfItem(type, item);
    const known = items.get(element);
    if (known === undefined) items.set(element, [item]);
    else known.push(item);
  }
  return items;
}
