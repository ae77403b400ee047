/**
 * The JSON of shared objects, those of the watch caches, made once however many ask: the writer, readers and watchers of an
 * object get the same. An object that is shared never changes, so its text stays right. Those that were asked for lately
 * are kept, so much of them: the texts of a large cache would be as large again.
 *
 * Texts, and no buffers: for every 64 MiB of those that come and go V8 looks through the whole heap.
 */

import type { ApiObject } from '../api/objects.ts';
import { objectText } from './object-text.ts';

/** Letters of one generation; the one before it is kept beside it. */
const generationMax = 24 << 20;

let lines: Map<ApiObject, string> = new Map();
let older: Map<ApiObject, string> = new Map();
let letters = 0;

/** The JSON with a line feed behind it. @param object shared: of any other the text would be wrong when it changes */
export function sharedLine(object: ApiObject): string {
  const known = lines.get(object);
  if (known !== undefined) return known;
  const line = older.get(object) ?? `${objectText(object)}\n`;
  if (letters > generationMax) {
    older = lines;
    lines = new Map();
    letters = 0;
  }
  lines.set(object, line);
  letters += line.length;
  return line;
}
