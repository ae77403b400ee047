/**
 * Members in the order in which a type declares them: what answers show, and what makes equal objects equal bytes. Code that
 * fills in members need not care for their place: it ends with this.
 */

import type { Json, JsonObject } from '../api/objects.ts';
import { isJsonObject } from '../api/objects.ts';
import { type Definition, definitionOf, type Field } from './schema.ts';

interface Place {
  readonly at: number;
  readonly field: Field;
  /** Null: a scalar, or a type whose JSON is no object of fields. */
  readonly definition: Definition | null;
}

const places: WeakMap<Definition, ReadonlyMap<string, Place>> = new WeakMap();

function placesOf(definition: Definition): ReadonlyMap<string, Place> {
  let known = places.get(definition);
  if (known === undefined) {
    const made = new Map<string, Place>();
    for (const field of definition.fields.values()) {
      const inner = field.scalar === null ? definitionOf(field.definition) : null;
      made.set(field.name, {
        at: made.size,
        field,
        definition: inner === null || inner.form !== null ? null : inner,
      });
    }
    places.set(definition, made);
    known = made;
  }
  return known;
}

function orderedValue(place: Place, value: Json): Json {
  const { definition, field } = place;
  if (definition === null) return value;
  if (field.shape === 'single') return isJsonObject(value) ? inDeclaredOrder(definition, value) : value;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item = value[i]!;
      if (!isJsonObject(item)) continue;
      const ordered = inDeclaredOrder(definition, item);
      if (ordered !== item) value[i] = ordered;
    }
    return value;
  }
  if (isJsonObject(value)) {
    for (const key in value) {
      const item = value[key]!;
      if (!isJsonObject(item)) continue;
      const ordered = inDeclaredOrder(definition, item);
      if (ordered !== item) value[key] = ordered;
    }
  }
  return value;
}

/**
 * The object with its members, and theirs, in order: itself when its own were in order, else a copy. What it contains is put
 * in order in place; members the definition does not know come last.
 */
export function inDeclaredOrder(definition: Definition, object: JsonObject): JsonObject {
  const known = placesOf(definition);
  let last = -1;
  let isOrdered = true;
  for (const name in object) {
    const place = known.get(name);
    if (place === undefined) {
      last = known.size;
      continue;
    }
    if (place.at < last) isOrdered = false;
    last = place.at;
    const value = object[name]!;
    const ordered = orderedValue(place, value);
    if (ordered !== value) object[name] = ordered;
  }
  return isOrdered ? object : arranged(known, object);
}

function arranged(known: ReadonlyMap<string, Place>, object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const name of inPlaces(known, object)) {
    if (object[name] !== undefined) result[name] = object[name];
  }
  return result;
}

/**
 * The names of an object's members by the places they are given, the others last. They are few and nearly in order: each goes
 * back to where it belongs.
 */
export function inPlaces(known: ReadonlyMap<string, { readonly at: number }>, object: JsonObject): string[] {
  const names: string[] = [];
  const places: number[] = [];
  for (const name in object) {
    const place = known.get(name)?.at ?? known.size;
    let at = names.length;
    for (; at > 0 && places[at - 1]! > place; at--) {
      names[at] = names[at - 1]!;
      places[at] = places[at - 1]!;
    }
    names[at] = name;
    places[at] = place;
  }
  return names;
}

/** As `inDeclaredOrder`, for the members of the object alone: what is in them is in order. */
export function membersInOrder(definition: Definition, object: JsonObject): JsonObject {
  const known = placesOf(definition);
  let last = -1;
  for (const name in object) {
    const at = known.get(name)?.at ?? known.size;
    if (at < last) return arranged(known, object);
    last = at;
  }
  return object;
}
