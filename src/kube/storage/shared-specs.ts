/**
 * Specs of which many objects have the same: what is made of one template differs in its metadata alone. Such objects hold one
 * and the same spec, which is validated once, and whose JSON and stored bytes are made once, however many objects and
 * writes there are.
 *
 * Invariant: an object gets the spec of another only if both have the very same text, and so the same members in the same
 * order. Nobody changes a spec that is in here. Those that were asked for lately are known, no more.
 */

import type { JsonObject } from '../api/objects.ts';

/** Longer ones are hardly of a template. */
const textLettersMax = 16_384;
/** Specs of one generation; the one before it is known beside it. */
const generationMax = 256;

export interface SharedSpec {
  readonly spec: JsonObject;
  /** Its JSON. */
  readonly text: string;
  /** As it is stored; null: nobody has asked yet. */
  bytes: Uint8Array | null;
}

interface Generation {
  readonly byText: Map<string, SharedSpec>;
  readonly bySpec: Map<JsonObject, SharedSpec>;
}

function nothing(): Generation {
  return { byText: new Map(), bySpec: new Map() };
}

let recent: Generation = nothing();
let older: Generation = nothing();

function remember(shared: SharedSpec): SharedSpec {
  if (recent.byText.size >= generationMax) {
    older = recent;
    recent = nothing();
  }
  recent.byText.set(shared.text, shared);
  recent.bySpec.set(shared.spec, shared);
  return shared;
}

/** @param spec nobody changes it any more @returns the spec that all objects with this text have */
export function sharedSpec(spec: JsonObject): JsonObject {
  if (knownSpec(spec) !== null) return spec;
  const text = JSON.stringify(spec);
  if (text.length > textLettersMax) return spec;
  const known = recent.byText.get(text);
  if (known !== undefined) return known.spec;
  const before = older.byText.get(text);
  return remember(before ?? { spec, text, bytes: null }).spec;
}

/** Null: it is not known to be shared. */
export function knownSpec(spec: JsonObject): SharedSpec | null {
  const known = recent.bySpec.get(spec);
  if (known !== undefined) return known;
  const before = older.bySpec.get(spec);
  return before === undefined ? null : remember(before);
}
