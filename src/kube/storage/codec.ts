/**
 * Objects as bytes of the store: msgpack, members in the object's order, with an empty resourceVersion, whose
 * place the revision of the write takes when they are read. Equal objects give equal bytes, so "nothing changed" is a comparison of bytes.
 */

import { Packr } from 'msgpackr';
import { FieldsText, fieldsText } from '../api/fields-text.ts';
import type { ApiObject, ManagedFieldsEntry, ObjectMeta } from '../api/objects.ts';
import { orderedMeta } from '../meta/order.ts';
import type { StoredEntry } from '../store.ts';
import { knownSpec, type SharedSpec } from './shared-specs.ts';

const packr = new Packr({ useRecords: false, moreTypes: false });

/** A buffer of the packer up to this size stands behind what it packed. */
const sharedBytesMax = 64 << 10;

/** What managers own is stored as the text it is kept as. */
function storedEntry(entry: ManagedFieldsEntry): object {
  const { fieldsV1 } = entry;
  return fieldsV1 instanceof FieldsText ? { ...entry, fieldsV1: fieldsV1.text } : entry;
}

/** A map of up to 65,535 members: its code, and how many there are in two bytes. */
const mapHeadBytes = 3;

/** The entries of a map with these members. */
function entriesOf(members: object): Uint8Array {
  return packr.pack(members).subarray(mapHeadBytes);
}

/** The bytes of an object whose spec others have as well: those before and behind it are made, and its own are known. */
function joined(object: ApiObject, metadata: ObjectMeta, known: SharedSpec): Uint8Array {
  const before: Record<string, unknown> = {};
  const behind: Record<string, unknown> = {};
  let target = before;
  let count = 0;
  for (const name in object) {
    count++;
    if (name === 'spec') target = behind;
    else target[name] = name === 'metadata' ? metadata : object[name as keyof ApiObject];
  }
  known.bytes ??= new Uint8Array(entriesOf({ spec: known.spec }));
  const parts = [packr.pack(before), known.bytes, entriesOf(behind)];
  const bytes = Buffer.concat(parts);
  bytes.writeUInt16BE(count, 1);
  return bytes;
}

export function encodeObject(object: ApiObject): Uint8Array {
  const metadata = orderedMeta({ ...object.metadata, resourceVersion: '' });
  const managers = metadata.managedFields;
  if (managers !== undefined) metadata.managedFields = managers.map(storedEntry);
  const known = object.spec === undefined ? null : knownSpec(object.spec);
  if (known !== null) return joined(object, metadata, known);
  const bytes = packr.pack({ ...object, metadata });
  // A piece of the packer's buffer, which it does not write again; of a large one a copy, so that the rest can go.
  return bytes.buffer.byteLength > sharedBytesMax ? new Uint8Array(bytes) : bytes;
}

/** @throws Error when the bytes are not an object as this file writes it */
export function decodeObject(value: Uint8Array, revision: number): ApiObject {
  const object = packr.unpack(value) as ApiObject;
  object.metadata.resourceVersion = String(revision);
  for (const entry of object.metadata.managedFields ?? []) {
    const stored: unknown = entry.fieldsV1;
    if (typeof stored === 'string') entry.fieldsV1 = fieldsText(stored);
  }
  return object;
}

export function decodeEntry(entry: StoredEntry): ApiObject {
  return decodeObject(entry.value, entry.modRevision);
}
