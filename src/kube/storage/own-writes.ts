/**
 * Writes of this process that the watch of the store has not told yet. The object of such a write need not be decoded from its
 * bytes when they come back: it is the one that was encoded, and who reads, watches or answers has one object and one text.
 *
 * Invariant: an object stands for a change only if the change has the very bytes that were made of the object.
 */

import type { ApiObject } from '../api/objects.ts';
import { orderedMeta } from '../meta/order.ts';
import { shared } from './shared-objects.ts';

/** One write on its way; `bytes` is null for a deletion. */
export class OwnWrite {
  readonly bytes: Uint8Array | null;
  readonly #object: ApiObject;
  #revision = 0;
  #written: ApiObject | null = null;

  /** @param object nobody else's, but for a deletion */
  constructor(bytes: Uint8Array | null, object: ApiObject) {
    this.bytes = bytes;
    this.#object = object;
  }

  /** The object as it is at the revision of the write: the same one for all who ask. */
  at(revision: number): ApiObject {
    if (this.#written === null || this.#revision !== revision) {
      const metadata = orderedMeta({ ...this.#object.metadata, resourceVersion: String(revision) });
      this.#written = shared({ ...this.#object, metadata });
      this.#revision = revision;
    }
    return this.#written;
  }
}

function isSameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Those of one watch cache. Of two writes of one key at once the later one is known. */
export class OwnWrites {
  readonly #byKey: Map<string, OwnWrite> = new Map();

  add(key: string, write: OwnWrite): void {
    this.#byKey.set(key, write);
  }

  /** The write did not take place, or nobody knows. */
  remove(key: string, write: OwnWrite): void {
    if (this.#byKey.get(key) === write) this.#byKey.delete(key);
  }

  /** The object of a change that one of them made; null: it is somebody else's. */
  take(key: string, value: Uint8Array | null, revision: number): ApiObject | null {
    const write = this.#byKey.get(key);
    if (write === undefined || !isSameBytes(write.bytes, value)) return null;
    this.#byKey.delete(key);
    return write.at(revision);
  }

  clear(): void {
    this.#byKey.clear();
  }
}
