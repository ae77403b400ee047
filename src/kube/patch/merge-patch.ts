/** JSON Merge Patch (RFC 7386): objects merged, null deletes, anything else replaces. */

import { memberOf, setMember } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';

/** The target with the patch merged into it; neither is changed. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const name of Object.keys(patch)) {
    const value = patch[name]!;
    if (value === null) delete result[name];
    else setMember(result, name, mergePatch(memberOf(result, name), value));
  }
  return result;
}
