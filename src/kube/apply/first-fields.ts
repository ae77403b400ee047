/**
 * What the creator of an object owns, kept by how the object looks: what is made of one template has one set of fields, and
 * to write that template as a text is far cheaper than to make the set of it.
 *
 * Invariant: which fields an object has follows from the text that stands for it. It is its JSON without what is never
 * tracked; of labels and annotations only the names are in it, since their values own nothing.
 */

import type { FieldsText } from '../api/fields-text.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { templateId } from '../storage/template-specs.ts';
import { isUntrackedMeta, trackedPart } from './ignored-fields.ts';

/** Longer ones are hardly of a template. */
const textLettersMax = 8192;
/** So many texts are known at a time; half of them are those that were asked for lately. */
const knownMax = 512;

let known: Map<string, FieldsText> = new Map();
let older: Map<string, FieldsText> = new Map();

function namesOf(map: Json | undefined): Json | undefined {
  return isJsonObject(map) ? Object.keys(map) : map;
}

const plainMembers: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'spec']);

function isEmptyObject(value: Json | undefined): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}

/**
 * The text of an object that has a spec of many and says nothing else but labels and annotations: the number of that spec, and the names
 * with their lengths, so that two of them are not one with a line feed in it. Null: there is more. No other text begins so.
 */
function shortText(resource: ResourceType, object: JsonObject, spec: JsonObject): string | null {
  const template = templateId(spec);
  const { metadata } = object;
  if (template === null || !isJsonObject(metadata)) return null;
  for (const name in object) {
    if (!plainMembers.has(name) && !(name === 'status' && isEmptyObject(object[name]))) return null;
  }
  let text = `\n${template} ${resource.definition}${object['status'] === undefined ? '' : ' status'}`;
  for (const name in metadata) {
    if (isUntrackedMeta(name)) continue;
    const map = metadata[name];
    if ((name !== 'labels' && name !== 'annotations') || !isJsonObject(map)) return null;
    text += `\n${name}`;
    for (const key in map) text += `\n${key.length} ${key}`;
  }
  return text.length > textLettersMax ? null : text;
}

/** The text that stands for an object; null: sets of such objects are not kept. */
export function shapeText(resource: ResourceType, object: JsonObject): string | null {
  // Values of all kinds are what objects without a spec are made of.
  if (resource.custom !== null || !isJsonObject(object['spec'])) return null;
  const short = shortText(resource, object, object['spec']);
  if (short !== null) return short;
  const tracked = trackedPart(object, true);
  const { labels, annotations, ...metadata } = tracked['metadata'] as JsonObject;
  const names = [namesOf(labels) ?? 0, namesOf(annotations) ?? 0];
  const text = `${resource.definition}${JSON.stringify(names)}${JSON.stringify({ ...tracked, metadata })}`;
  return text.length > textLettersMax ? null : text;
}

export function fieldsOfShape(text: string): FieldsText | undefined {
  const fields = known.get(text);
  if (fields !== undefined) return fields;
  const before = older.get(text);
  if (before !== undefined) keepFieldsOfShape(text, before);
  return before;
}

export function keepFieldsOfShape(text: string, fields: FieldsText): void {
  if (known.size >= knownMax / 2) {
    older = known;
    known = new Map();
  }
  known.set(text, fields);
}
