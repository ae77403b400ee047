/**
 * `fieldsV1` of a manager as the text that is stored and shown. It is half of most objects, hardly ever looked into, and the
 * same for all objects that one client makes of one template: so it stays a text, and equal ones are one.
 */

import type { JsonObject } from './objects.ts';

/** Never changed; whoever stringifies an object that holds one gets the JSON it stands for. */
export class FieldsText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): JsonObject {
    return JSON.parse(this.text) as JsonObject;
  }
}

/** So many texts are known at a time; half of them are those that were asked for lately. */
const knownMax = 8192;
let known: Map<string, FieldsText> = new Map();
let older: Map<string, FieldsText> = new Map();

/** The one for a text, while it is known. */
export function fieldsText(text: string): FieldsText {
  let fields = known.get(text);
  if (fields !== undefined) return fields;
  fields = older.get(text) ?? new FieldsText(text);
  if (known.size >= knownMax / 2) {
    older = known;
    known = new Map();
  }
  known.set(fields.text, fields);
  return fields;
}
