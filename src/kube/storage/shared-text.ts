/**
 * The JSON of shared objects, those of the watch caches, as bytes made once however many ask: the writer, readers and watchers
 * of an object get the same. An object that is shared never changes, so its bytes stay right. Those that were asked for
 * lately are kept, so many bytes of them: the objects of a large cache would be as large again.
 */

import type { ApiObject } from '../api/objects.ts';
import { objectText } from './object-text.ts';

/** Bytes of one generation; the one before it is kept beside it. */
const generationBytesMax = 24 << 20;

let lines: Map<ApiObject, Buffer> = new Map();
let older: Map<ApiObject, Buffer> = new Map();
let bytes = 0;

/** The JSON with a line feed behind it. @param object shared: of any other the bytes would be wrong when it changes */
export function sharedLine(object: ApiObject): Buffer {
  const known = lines.get(object);
  if (known !== undefined) return known;
  const line = older.get(object) ?? Buffer.from(`${objectText(object)}\n`);
  if (bytes > generationBytesMax) {
    older = lines;
    lines = new Map();
    bytes = 0;
  }
  lines.set(object, line);
  bytes += line.length;
  return line;
}
