/** The JSON of an object as `JSON.stringify` makes it, put together with the texts that its managers are kept as. */

import { FieldsText } from '../api/fields-text.ts';
import {
  type ApiObject,
  asJson,
  isJsonObject,
  type Json,
  type ManagedFieldsEntry,
  type ObjectMeta,
} from '../api/objects.ts';
import { knownSpec } from './shared-specs.ts';

/** Printable, and nothing in it that JSON writes in another way. */
const plainText = /^[ !#-[\]-~]*$/;

/** A call of JSON.stringify costs several times what it takes to look at a short text. */
function quoted(text: string): string {
  return plainText.test(text) ? `"${text}"` : JSON.stringify(text);
}

function entryText(entry: ManagedFieldsEntry): string {
  const { fieldsV1 } = entry;
  if (!(fieldsV1 instanceof FieldsText)) return JSON.stringify(entry);
  let text = '';
  for (const name in entry) {
    const value = entry[name as keyof ManagedFieldsEntry];
    if (value === undefined) continue;
    const known = value === fieldsV1 ? fieldsV1.text : null;
    text += `${text === '' ? '{' : ','}"${name}":${known ?? (typeof value === 'string' ? quoted(value) : JSON.stringify(value))}`;
  }
  return `${text}}`;
}

function metaText(meta: ObjectMeta): string {
  const { managedFields, ...others } = meta;
  if (managedFields === undefined || managedFields.length === 0) return JSON.stringify(meta);
  const text = JSON.stringify(others);
  // They come last in metadata, wherever that was put in order.
  return `${text.slice(0, -1)}${text === '{}' ? '' : ','}"managedFields":[${managedFields.map(entryText).join(',')}]}`;
}

function memberText(object: ApiObject, name: string, value: Json): string {
  if (name === 'metadata') return metaText(object.metadata);
  if (typeof value === 'string') return quoted(value);
  const known = name === 'spec' && isJsonObject(value) ? knownSpec(value) : null;
  return known === null ? JSON.stringify(value) : known.text;
}

/** The text of an object whose metadata is in order. */
export function objectText(object: ApiObject): string {
  let text = '';
  const members = asJson(object);
  for (const name in members) {
    const value = members[name];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}${quoted(name)}:${memberText(object, name, value)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}
