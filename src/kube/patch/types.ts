/** Patches that are functions of an object's JSON. None of them changes what it is given. */

import type { Json, JsonObject } from '../api/objects.ts';
import type { Definition } from '../schema/schema.ts';

/** RFC 7386. */
export type MergePatch = (target: Json | undefined, patch: Json) => Json;

/** RFC 6902. @throws StatusError 422 when an operation fails, 400 when the patch is no list, 413 beyond 10 000 operations */
export type JsonPatch = (target: JsonObject, operations: Json) => Json;

/** @throws StatusError 500 as of a real server: missing merge key, unknown directive */
export type StrategicMergePatch = (
  target: JsonObject,
  patch: JsonObject,
  definition: Definition,
) => JsonObject;

export interface Patches {
  readonly merge: MergePatch;
  /** Null: not served (415). */
  readonly json: JsonPatch | null;
  readonly strategic: StrategicMergePatch | null;
}
