/**
 * Objects by which users configure admission, as they are now: one watch of them, read when the first request asks. While there is
 * none, asking is a comparison of numbers.
 *
 * What was written through this server counts for the very next request; what another server wrote, as soon as its event comes.
 */

import type { ApiObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import type { ResourceStorage, Storages } from '../storage/resource-storage.ts';

export class Configured<T> {
  readonly #storage: ResourceStorage | null;
  readonly #prefix: string;
  readonly #read: (object: ApiObject) => T;
  /** By name. */
  readonly #known: Map<string, T> = new Map();
  #sorted: readonly T[] | null = null;
  #isWatching = false;

  /** @param resource null: it is not served @param read makes something of an object that requests use */
  constructor(storages: Storages, resource: ResourceType | null, read: (object: ApiObject) => T) {
    this.#storage = resource === null ? null : storages.of(resource);
    this.#prefix = `${resource?.storagePrefix ?? ''}/`;
    this.#read = read;
  }

  /** False: there is none. */
  get mayHave(): boolean {
    if (this.#storage === null) return false;
    return !this.#isWatching || this.#known.size > 0 || !this.#storage.isSettled;
  }

  /** All of them by name. */
  async all(): Promise<readonly T[]> {
    const storage = this.#storage;
    if (storage === null || !this.mayHave) return [];
    if (!storage.isSettled) await storage.settled();
    if (!this.#isWatching) this.#watch(storage);
    this.#sorted ??= [...this.#known]
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([, value]) => value);
    return this.#sorted;
  }

  #watch(storage: ResourceStorage): void {
    this.#known.clear();
    this.#sorted = null;
    this.#isWatching = true;
    storage.cache.watch({
      prefix: this.#prefix,
      afterRevision: null,
      matches: () => true,
      sink: {
        event: (type, object) => this.#changed(type === 'DELETED', object),
        progress: () => {},
        lost: () => {
          this.#isWatching = false;
        },
      },
    });
  }

  #changed(isGone: boolean, object: ApiObject): void {
    const { name = '' } = object.metadata;
    this.#sorted = null;
    if (isGone) this.#known.delete(name);
    else this.#known.set(name, this.#read(object));
  }
}
