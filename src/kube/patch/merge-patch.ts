/** JSON Merge Patch (RFC 7386): objects merged, null deletes, anything else replaces. */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';

/** The target with the patch merged into it; neither is changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [member, value] of Object.entries(patch)) {
    if (value === null) delete result[member];
    else result[member] = mergePatch(result[member], value);
  }
  return result;
}
