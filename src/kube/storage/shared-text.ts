/**
 * The JSON text of shared objects, those of the watch caches, made once however many ask: readers and watchers of an object
 * get the same bytes. An object that is shared never changes, so its text stays right; it goes with the object.
 */

import type { ApiObject } from '../api/objects.ts';
import { objectText } from './object-text.ts';

const texts = new WeakMap<ApiObject, string>();

/** @param object of a watch cache; of any other the text would be wrong when it changes */
export function sharedText(object: ApiObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = objectText(object);
    texts.set(object, text);
  }
  return text;
}
