/**
 * Objects of one storage prefix in one version: guarded writes, reads, lists of one revision in pages, and the watch cache. It knows keys
 * and bytes, and nothing of what an object means.
 *
 * Keys: `<prefix>/<namespace>/<name>`, or `<prefix>/<name>` for kinds of the cluster.
 */

import type { ApiObject } from '../api/objects.ts';
import { orderedMeta } from '../meta/order.ts';
import { type Conversion, conversionOf } from '../registry/conversion.ts';
import type { ResourceType } from '../registry/types.ts';
import type { KubeStore, ListResult, StoredEntry } from '../store.ts';
import { decodeEntry, encodeObject } from './codec.ts';
import { WatchCache } from './watch-cache.ts';

/** `current` is null when nothing is there any more. */
export type WriteOutcome =
  | { readonly written: true; readonly object: ApiObject }
  | { readonly written: false; readonly current: ApiObject | null };

export class ResourceStorage {
  readonly cache: WatchCache;
  readonly #store: KubeStore;
  readonly #prefix: string;
  readonly #conversion: Conversion | null;
  /** Revision of the newest write that went through here. */
  #written = 0;

  /** @param conversion null: objects are stored as they are served */
  constructor(store: KubeStore, prefix: string, conversion: Conversion | null) {
    this.#store = store;
    this.#prefix = prefix;
    this.#conversion = conversion;
    this.cache = new WatchCache(store, `${prefix}/`, conversion);
  }

  /** Resolves when the cache has every write that was made through this storage before the call. */
  async settled(): Promise<void> {
    await this.cache.start();
    if (this.#written > this.cache.revision) await this.cache.reach(this.#written);
  }

  /** The object that an entry of `list` holds. */
  decode(entry: StoredEntry): ApiObject {
    const object = decodeEntry(entry);
    return this.#conversion === null ? object : this.#conversion.fromStorage(object);
  }

  /**
   * The object of an entry: the shared one of the cache where that has the same state, else one that is decoded.
   * Nobody may change it.
   */
  sharedOf(entry: StoredEntry): ApiObject {
    const known = this.cache.get(entry.key);
    return known !== undefined && revisionOf(known) === entry.modRevision ? known : this.decode(entry);
  }

  /** As `get`, for those who only read: nobody may change what it gives. */
  async read(namespace: string, name: string): Promise<ApiObject | null> {
    const { entry } = await this.#store.get(this.keyOf(namespace, name));
    return entry === null ? null : this.sharedOf(entry);
  }

  /** @param namespace empty: of the cluster, or all namespaces */
  prefixOf(namespace: string): string {
    return namespace === '' ? `${this.#prefix}/` : `${this.#prefix}/${namespace}/`;
  }

  keyOf(namespace: string, name: string): string {
    return this.prefixOf(namespace) + name;
  }

  /** What stands there now, linearizable; null: nothing. */
  async get(namespace: string, name: string): Promise<ApiObject | null> {
    const { entry } = await this.#store.get(this.keyOf(namespace, name));
    return entry === null ? null : this.decode(entry);
  }

  /** Entries of one revision; see `ListOptions` of the store. `startKey` is relative to the prefix of the namespace. */
  list(namespace: string, startKey: string, limit: number, revision: number): Promise<ListResult> {
    const prefix = this.prefixOf(namespace);
    return this.#store.list(prefix, { startKey: prefix + startKey, limit, revision });
  }

  async create(object: ApiObject, ttlSeconds: number): Promise<WriteOutcome> {
    const { namespace = '', name = '' } = object.metadata;
    const bytes = this.#encode(object);
    const result = await this.#store.create(this.keyOf(namespace, name), bytes, { ttlSeconds });
    if (!result.written) return { written: false, current: result.current && this.decode(result.current) };
    return { written: true, object: this.#noted(object, result.revision) };
  }

  /** Replaces the state at `current`'s resourceVersion. */
  async update(object: ApiObject, current: ApiObject): Promise<WriteOutcome> {
    const { namespace = '', name = '' } = current.metadata;
    const expected = revisionOf(current);
    const result = await this.#store.update(this.keyOf(namespace, name), this.#encode(object), expected);
    if (!result.written) return { written: false, current: result.current && this.decode(result.current) };
    return { written: true, object: this.#noted(object, result.revision) };
  }

  /** Deletes the state at `current`'s resourceVersion. The object of the outcome has the revision of the deletion. */
  async delete(current: ApiObject): Promise<WriteOutcome> {
    const { namespace = '', name = '' } = current.metadata;
    const result = await this.#store.delete(this.keyOf(namespace, name), revisionOf(current));
    if (!result.written) return { written: false, current: result.current && this.decode(result.current) };
    return { written: true, object: this.#noted(current, result.revision) };
  }

  #noted(object: ApiObject, revision: number): ApiObject {
    if (revision > this.#written) this.#written = revision;
    return withRevision(object, revision);
  }

  #encode(object: ApiObject): Uint8Array {
    return encodeObject(this.#conversion === null ? object : this.#conversion.toStorage(object));
  }
}

export function revisionOf(object: ApiObject): number {
  return Number(object.metadata.resourceVersion);
}

function withRevision(object: ApiObject, revision: number): ApiObject {
  object.metadata = orderedMeta({ ...object.metadata, resourceVersion: String(revision) });
  return object;
}

/** The storages of all kinds, made when first asked for; each version of a kind that is converted has one of its own. */
export class Storages {
  readonly #store: KubeStore;
  readonly #byKey: Map<string, ResourceStorage> = new Map();

  constructor(store: KubeStore) {
    this.#store = store;
  }

  get store(): KubeStore {
    return this.#store;
  }

  of(resource: ResourceType): ResourceStorage {
    const conversion = conversionOf(resource);
    const key =
      conversion === null ? resource.storagePrefix : `${resource.storagePrefix} ${resource.version}`;
    let storage = this.#byKey.get(key);
    if (storage === undefined) {
      storage = new ResourceStorage(this.#store, resource.storagePrefix, conversion);
      this.#byKey.set(key, storage);
    }
    return storage;
  }

  /** Null: nobody has asked for it yet. */
  cacheOf(resource: ResourceType): WatchCache | null {
    return this.#byKey.get(resource.storagePrefix)?.cache ?? null;
  }

  /** For bookmarks. */
  *caches(): IterableIterator<WatchCache> {
    for (const storage of this.#byKey.values()) yield storage.cache;
  }

  close(): void {
    for (const cache of this.caches()) cache.close();
    this.#byKey.clear();
  }
}
