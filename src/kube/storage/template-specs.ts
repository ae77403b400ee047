/**
 * Specs that were made once for all pods of a template, with their defaults, before admission sees them. Pods hold them from
 * then on, so nobody writes into one: who changes the spec of a pod either takes a copy (`ownSpec`), or says what the change depends
 * on, and it is made once for each spec that it is made of (`changeSpec`).
 *
 * Invariant: what is in here depends on the text of the spec and on what was named with each change, on nothing else of a pod, its
 * namespace or its sender. A spec is known to be shared for as long as anybody holds it. (Counter-example: to forget it
 * with those that are no more asked for would let a plugin that has waited meanwhile write into the spec of other pods.)
 */

import { copyJson } from '../api/json.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { sharedPart } from './shared-objects.ts';
import { sharedSpec } from './shared-specs.ts';

export type SpecHolder = Pick<ApiObject, 'spec'>;

/** So many changes of one spec are known; more begin anew. */
const changesMax = 16;

/** What is known of a spec. */
interface Template {
  /** Stands for the text of the spec where other texts are compared. */
  readonly id: number;
  /** What was made of it, by what the change depended on. */
  readonly changed: Map<string, JsonObject>;
}

const templates: WeakMap<JsonObject, Template> = new WeakMap();
let made = 0;

/** @param spec nobody changes it any more @returns the spec that all pods of its text have */
export function templateSpec(spec: JsonObject): JsonObject {
  const known = sharedPart(sharedSpec(spec));
  if (!templates.has(known)) templates.set(known, { id: ++made, changed: new Map() });
  return known;
}

/** A number that no other spec has while this one is held; null: the spec belongs to its object alone, or is not known to be shared. */
export function templateId(spec: JsonObject | undefined): number | null {
  return spec === undefined ? null : (templates.get(spec)?.id ?? null);
}

/** Sees to it that the spec of an object may be written into. */
export function ownSpec(object: ApiObject): void {
  if (object.spec !== undefined && templates.has(object.spec)) object.spec = copyJson(object.spec);
}

/**
 * Changes the spec of an object: in place, or, of a shared one, once for all objects that have it.
 * @param cause all that the change depends on besides the spec, and whose change it is
 * @param change writes into the object's spec, or gives the object another one; it does nothing else
 */
export function changeSpec(object: SpecHolder, cause: string, change: (holder: SpecHolder) => void): void {
  const template = object.spec === undefined ? undefined : templates.get(object.spec);
  if (template === undefined) {
    change(object);
    return;
  }
  const { changed } = template;
  let spec = changed.get(cause);
  if (spec === undefined) {
    const holder: SpecHolder = { spec: copyJson(object.spec!) };
    change(holder);
    spec = templateSpec(holder.spec!);
    if (changed.size >= changesMax) changed.clear();
    changed.set(cause, spec);
  }
  object.spec = spec;
}
