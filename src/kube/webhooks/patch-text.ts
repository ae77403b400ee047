/**
 * Lays the JSON patch of a webhook on an object, and says which operation failed and why, in the words of the library of a
 * real server (evanphx/json-patch).
 */

import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { jsonPatch } from '../patch/json-patch.ts';

function parentOf(document: Json, pointer: string): Json | undefined {
  const steps = pointer.split('/').slice(1, -1);
  let value: Json | undefined = document;
  for (const step of steps) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) value = value[Number(name)];
    else value = isJsonObject(value) ? value[name] : undefined;
  }
  return value;
}

function failureText(document: Json, operation: Json): string {
  const { op = '', path = '', from = '' } = operation as { op?: string; path?: string; from?: string };
  const hasPlace = typeof parentOf(document, path) === 'object' && parentOf(document, path) !== null;
  switch (op) {
    case 'add':
      return hasPlace
        ? `error in add for path: '${path}': Unable to access invalid index: invalid index referenced`
        : `add operation does not apply: doc is missing path: "${path}": missing value`;
    case 'remove':
      return hasPlace
        ? `error in remove for path: '${path}': unable to remove nonexistent key: ${path.slice(path.lastIndexOf('/') + 1)}: missing value`
        : `remove operation does not apply: doc is missing path: "${path}": missing value`;
    case 'replace':
      return `replace operation does not apply: doc is missing ${hasPlace ? 'key' : 'path'}: ${path}: missing value`;
    case 'test':
      return `testing value ${path} failed: test failed`;
    case 'move':
    case 'copy':
      return `${op} operation does not apply: doc is missing from path: ${from}: missing value`;
    default:
      return `Unexpected kind: ${op}`;
  }
}

/** @throws Error that says which operation failed */
export function patched(object: JsonObject, operations: Json): Json {
  try {
    return jsonPatch(object, operations);
  } catch (error) {
    if (!Array.isArray(operations)) throw error;
    let document: Json = object;
    for (const operation of operations) {
      try {
        document = jsonPatch(document as JsonObject, [operation]);
      } catch {
        throw new Error(failureText(document, operation));
      }
    }
    throw error;
  }
}
