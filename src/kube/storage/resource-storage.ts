/**
 * Objects of one storage prefix in one version: guarded writes, reads, lists of one revision in pages, and the watch cache. It knows keys
 * and bytes, and nothing of what an object means.
 *
 * Keys: `<prefix>/<namespace>/<name>`, or `<prefix>/<name>` for kinds of the cluster.
 */

import { type ApiObject, groupVersionText, type JsonObject } from '../api/objects.ts';
import { type Conversion, conversionOf, readingOf } from '../registry/conversion.ts';
import type { ResourceType } from '../registry/types.ts';
import type { KubeStore, ListResult, StoredEntry, WriteResult } from '../store.ts';
import type { ConversionWebhook } from '../webhooks/types.ts';
import { decodeEntry, encodeObject } from './codec.ts';
import { ConvertedStore } from './converted-store.ts';
import { OwnWrite } from './own-writes.ts';
import { shared } from './shared-objects.ts';
import { WatchCache } from './watch-cache.ts';

/** Both objects are shared: nobody may change them. `current` is null when nothing is there any more. */
export type WriteOutcome =
  | { readonly written: true; readonly object: ApiObject }
  | { readonly written: false; readonly current: ApiObject | null };

export class ResourceStorage {
  readonly cache: WatchCache;
  readonly #store: KubeStore;
  readonly #prefix: string;
  readonly #conversion: Conversion | null;
  /** What is written comes back from the store byte by byte. */
  readonly #isVerbatim: boolean;
  /** Revision of the newest write that went through here. */
  #written = 0;

  /**
   * @param conversion null: objects are stored as they are served
   * @param isVerbatim false: the store gives others bytes than it was given
   */
  constructor(store: KubeStore, prefix: string, conversion: Conversion | null, isVerbatim: boolean = true) {
    this.#store = store;
    this.#prefix = prefix;
    this.#conversion = conversion;
    this.#isVerbatim = isVerbatim && conversion === null;
    this.cache = new WatchCache(store, `${prefix}/`, conversion);
  }

  /**
   * Resolves when the cache has every write that was made through this storage before the call.
   * @returns undefined: it has
   */
  settled(): Promise<void> | undefined {
    return this.cache.isLive && this.#written <= this.cache.revision ? undefined : this.#settle();
  }

  async #settle(): Promise<void> {
    await this.cache.start();
    if (this.#written > this.cache.revision) await this.cache.reach(this.#written);
  }

  /** True when `settled` would have nothing to wait for. */
  get isSettled(): boolean {
    return this.cache.isLive && this.#written <= this.cache.revision;
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
    return known !== undefined && revisionOf(known) === entry.modRevision
      ? known
      : shared(this.decode(entry));
  }

  /**
   * As `get`, for those who only read: nobody may change what it gives. Of an object that the cache has, the store is asked
   * for no more than whether it is still the newest.
   */
  async read(namespace: string, name: string): Promise<ApiObject | null> {
    const key = this.keyOf(namespace, name);
    const known = this.cache.isLive ? this.cache.get(key) : undefined;
    if (known !== undefined && (await this.#store.isCurrent(key, revisionOf(known)))) return known;
    const { entry } = await this.#store.get(key);
    return entry === null ? null : this.sharedOf(entry);
  }

  /**
   * What the cache has, for a write that begins with it: its guard finds out whether that is still so. Null: the cache knows
   * of nothing, which says nothing.
   */
  known(namespace: string, name: string): ApiObject | null {
    return this.cache.isLive ? (this.cache.get(this.keyOf(namespace, name)) ?? null) : null;
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

  /** @param object nobody changes it any more */
  create(object: ApiObject, ttlSeconds: number): Promise<WriteOutcome> {
    const { namespace = '', name = '' } = object.metadata;
    const key = this.keyOf(namespace, name);
    const bytes = this.#encode(object);
    const write = new OwnWrite(bytes, object);
    return this.#write(key, write, this.#store.create(key, bytes, { ttlSeconds }));
  }

  /** Replaces the state at `current`'s resourceVersion. @param object nobody changes it any more */
  update(object: ApiObject, current: ApiObject): Promise<WriteOutcome> {
    const { namespace = '', name = '' } = current.metadata;
    const key = this.keyOf(namespace, name);
    const bytes = this.#encode(object);
    const write = new OwnWrite(bytes, object);
    return this.#write(key, write, this.#store.update(key, bytes, revisionOf(current)));
  }

  /** Deletes the state at `current`'s resourceVersion. The object of the outcome has the revision of the deletion. */
  delete(current: ApiObject): Promise<WriteOutcome> {
    const { namespace = '', name = '' } = current.metadata;
    const key = this.keyOf(namespace, name);
    const write = new OwnWrite(null, current);
    return this.#write(key, write, this.#store.delete(key, revisionOf(current)));
  }

  /** The store tells of a change at the earliest in a later turn than the one in which it was asked for. */
  async #write(key: string, write: OwnWrite, pending: Promise<WriteResult>): Promise<WriteOutcome> {
    const { own, isLive } = this.cache;
    const isTold = isLive && this.#isVerbatim;
    if (isTold) own.add(key, write);
    let isWritten = false;
    try {
      const result = await pending;
      isWritten = result.written;
      if (!result.written)
        return { written: false, current: result.current && this.sharedOf(result.current) };
      if (result.revision > this.#written) this.#written = result.revision;
      return { written: true, object: write.at(result.revision) };
    } finally {
      if (isTold && !isWritten) own.remove(key, write);
    }
  }

  #encode(object: ApiObject): Uint8Array {
    return encodeObject(this.#conversion === null ? object : this.#conversion.toStorage(object));
  }
}

export function revisionOf(object: ApiObject): number {
  return Number(object.metadata.resourceVersion);
}

/** Asks the webhook of a definition. */
export type AskConversion = (
  webhook: ConversionWebhook,
  objects: readonly JsonObject[],
  apiVersion: string,
) => Promise<readonly JsonObject[]>;

/** A version of a custom resource that a webhook converts, as its definition has it now. */
interface Converted {
  readonly storage: ResourceStorage;
  webhook: ConversionWebhook;
  stored: string;
}

/** Of a version that is converted. */
function keyOf({ storagePrefix, version }: ResourceType): string {
  return `${storagePrefix} ${version}`;
}

function webhookKeyOf(resource: ResourceType): string {
  return `${keyOf(resource)} by webhook`;
}

/** The storages of all kinds, made when first asked for; each version of a kind that is converted has one of its own. */
export class Storages {
  readonly #store: KubeStore;
  readonly #ask: AskConversion;
  readonly #byKey: Map<string, ResourceStorage> = new Map();
  readonly #converted: Map<string, Converted> = new Map();

  /** @param ask converts custom resources whose definition has a webhook; without it there are none */
  constructor(
    store: KubeStore,
    ask: AskConversion = () => Promise.reject(new Error('nobody converts custom resources here')),
  ) {
    this.#store = store;
    this.#ask = ask;
  }

  get store(): KubeStore {
    return this.#store;
  }

  of(resource: ResourceType): ResourceStorage {
    const webhook = resource.custom?.conversion;
    if (webhook !== undefined) return this.#convertedBy(webhook, resource);
    const conversion = conversionOf(resource);
    const key = conversion === null ? resource.storagePrefix : keyOf(resource);
    let storage = this.#byKey.get(key);
    if (storage === undefined) {
      storage = new ResourceStorage(this.#store, resource.storagePrefix, conversion);
      this.#byKey.set(key, storage);
    }
    return storage;
  }

  #convertedBy(webhook: ConversionWebhook, resource: ResourceType): ResourceStorage {
    const { group, version, storageVersion, storagePrefix } = resource;
    const key = webhookKeyOf(resource);
    const stored = groupVersionText(group, storageVersion);
    let known = this.#converted.get(key);
    if (known === undefined) {
      const ask = this.#ask;
      const made: Omit<Converted, 'storage'> = { webhook, stored };
      const store = new ConvertedStore(this.#store, {
        served: groupVersionText(group, version),
        get stored() {
          return made.stored;
        },
        convert: (objects, apiVersion) => ask(made.webhook, objects, apiVersion),
      });
      const reading = readingOf(resource.custom!);
      known = Object.assign(made, { storage: new ResourceStorage(store, storagePrefix, reading, false) });
      this.#converted.set(key, known);
      this.#byKey.set(key, known.storage);
    }
    known.webhook = webhook;
    known.stored = stored;
    return known.storage;
  }

  /**
   * Versions of a custom resource have another schema than before: what is stored is read anew by it. Watches end, as on a real
   * server, and whoever has one begins again.
   */
  renew(resources: readonly ResourceType[]): void {
    for (const resource of resources) {
      for (const key of [keyOf(resource), webhookKeyOf(resource)]) {
        this.#byKey.get(key)?.cache.close();
        this.#byKey.delete(key);
        this.#converted.delete(key);
      }
    }
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
    this.#converted.clear();
  }
}
