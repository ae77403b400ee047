/**
 * Objects as bytes of the store: msgpack, members in the object's order, with an empty resourceVersion, whose
 * place the revision of the write takes when they are read. Equal objects give equal bytes, so "nothing changed" is a comparison of bytes.
 */

import { Packr } from 'msgpackr';
import type { ApiObject } from '../api/objects.ts';
import { orderedMeta } from '../meta/order.ts';
import type { StoredEntry } from '../store.ts';

const packr = new Packr({ useRecords: false, moreTypes: false });

export function encodeObject(object: ApiObject): Uint8Array {
  const bytes = packr.pack({ ...object, metadata: orderedMeta({ ...object.metadata, resourceVersion: '' }) });
  // The packer's buffer is shared: what is kept must be a copy of its own.
  return new Uint8Array(bytes);
}

/** @throws Error when the bytes are not an object as this file writes it */
export function decodeObject(value: Uint8Array, revision: number): ApiObject {
  const object = packr.unpack(value) as ApiObject;
  object.metadata.resourceVersion = String(revision);
  return object;
}

export function decodeEntry(entry: StoredEntry): ApiObject {
  return decodeObject(entry.value, entry.modRevision);
}
