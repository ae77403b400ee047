/**
 * What plugins read: objects of the watch caches first, which cost the store nothing, and the store itself for what is not in
 * them. A cache has all that this server wrote; what another server wrote comes by the way of one event. Who cannot bear that
 * reads the store.
 *
 * Objects it gives are shared and never changed.
 */

import type { ApiObject } from '../api/objects.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';
import type { Storages } from '../storage/resource-storage.ts';

const none: readonly ApiObject[] = [];

export class Lookup {
  readonly #registry: Registry;
  readonly storages: Storages;

  constructor(registry: Registry, storages: Storages) {
    this.#registry = registry;
    this.storages = storages;
  }

  /** Null: this server does not serve it. */
  resource(group: string, version: string, plural: string): ResourceType | null {
    return this.#registry.find(group, version, plural);
  }

  /** The resource of `plural` or `plural.group`, in its preferred version; null: there is none. */
  named(text: string): ResourceType | null {
    const at = text.indexOf('.');
    const plural = at < 0 ? text : text.slice(0, at);
    const group = this.#registry.group(at < 0 ? '' : text.slice(at + 1));
    for (const { resources } of group?.versions ?? []) {
      const found = resources.find((resource) => resource.plural === plural);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** The resource of a kind; null: this server does not serve it. */
  kind(group: string, version: string, kind: string): ResourceType | null {
    return this.#registry.findKind(group, version, kind);
  }

  /** The same objects in other groups and versions. */
  equivalents(resource: ResourceType, subresource: string): readonly ResourceType[] {
    const found: ResourceType[] = [];
    for (const other of this.#registry.resources()) {
      if (other === resource || other.storagePrefix !== resource.storagePrefix) continue;
      if (other.group === resource.group && other.version === resource.version) continue;
      if (subresource !== '' && !other.subresources.some(({ name }) => name === subresource)) continue;
      found.push(other);
    }
    return found;
  }

  /** One object; null: there is none. @param namespace empty for kinds of the cluster */
  async find(resource: ResourceType, namespace: string, name: string): Promise<ApiObject | null> {
    const storage = this.storages.of(resource);
    const pending = storage.settled();
    if (pending !== undefined) await pending;
    return storage.cache.get(storage.keyOf(namespace, name)) ?? (await storage.get(namespace, name));
  }

  /** All objects of a namespace, or of the cluster, that the cache knows. */
  async list(resource: ResourceType, namespace: string): Promise<readonly ApiObject[]> {
    const storage = this.storages.of(resource);
    const pending = storage.settled();
    if (pending !== undefined) await pending;
    return storage.cache.size === 0 ? none : storage.cache.list(storage.prefixOf(namespace));
  }

  /** What `find` gives, where nothing has to be waited for; undefined: `find` has to be asked. */
  known(resource: ResourceType, namespace: string, name: string): ApiObject | undefined {
    const storage = this.storages.of(resource);
    return storage.isSettled ? storage.cache.get(storage.keyOf(namespace, name)) : undefined;
  }

  /** What `list` gives, where nothing has to be waited for; undefined: `list` has to be asked. */
  knownList(resource: ResourceType, namespace: string): readonly ApiObject[] | undefined {
    const storage = this.storages.of(resource);
    if (!storage.isSettled) return undefined;
    return storage.cache.size === 0 ? none : storage.cache.list(storage.prefixOf(namespace));
  }

  /** All objects of a namespace as they stand in the store. */
  async listNow(resource: ResourceType, namespace: string): Promise<readonly ApiObject[]> {
    const storage = this.storages.of(resource);
    const { entries } = await storage.list(namespace, '', 0, 0);
    return entries.map((entry) => storage.decode(entry));
  }
}
