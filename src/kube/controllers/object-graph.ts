/**
 * Every object there is, who owns whom, and what changed: the view that the loops share. Fed by the watch caches of all
 * kinds; kinds that come later join when they come.
 */

import type { ApiObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import type { ServerParts } from '../rest/parts.ts';

export interface GraphNode {
  readonly resource: ResourceType;
  readonly object: ApiObject;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly blockOwnerDeletion?: boolean;
}

export interface GraphListener {
  /** An object came or changed. */
  changed(node: GraphNode): void;
  /** An object went. */
  gone(node: GraphNode): void;
}

/** A kind whose watch was lost is looked at again after this. */
const restartMs = 1000;

export function ownersOf(object: ApiObject): readonly OwnerReference[] {
  return (object.metadata.ownerReferences as readonly OwnerReference[] | undefined) ?? [];
}

export class ObjectGraph {
  readonly #parts: ServerParts;
  readonly #nodes = new Map<string, GraphNode>();
  /** By the owner's uid: the uids of those it owns. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #watched = new Map<string, () => void>();
  readonly #listeners: GraphListener[] = [];
  #stopListening: () => void = () => {};
  #isClosed = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** Resolves when everything that exists is known. */
  async start(): Promise<void> {
    await this.#watchAll();
    this.#stopListening = this.#parts.registry.onChange(() => void this.#watchAll());
  }

  listen(listener: GraphListener): void {
    this.#listeners.push(listener);
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** Those that name `uid` among their owners. */
  dependentsOf(uid: string): GraphNode[] {
    const uids = this.#dependents.get(uid) ?? [];
    return [...uids].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  /** All objects of a namespace. */
  *inNamespace(namespace: string): Generator<GraphNode> {
    for (const node of this.#nodes.values()) if (node.object.metadata.namespace === namespace) yield node;
  }

  nodes(): Iterable<GraphNode> {
    return this.#nodes.values();
  }

  async #watchAll(): Promise<void> {
    const starting: Promise<void>[] = [];
    const served = new Set<string>();
    for (const resource of this.#parts.registry.resources()) {
      const { storagePrefix } = resource;
      const isObject = resource.verbs.includes('watch');
      if (!isObject || served.has(storagePrefix)) continue;
      served.add(storagePrefix);
      if (!this.#watched.has(storagePrefix)) starting.push(this.#watch(resource));
    }
    await Promise.all(starting);
  }

  async #watch(resource: ResourceType): Promise<void> {
    const { storagePrefix } = resource;
    const { cache } = this.#parts.storages.of(resource);
    this.#watched.set(storagePrefix, () => {});
    const again = (): void => {
      this.#watched.delete(storagePrefix);
      if (this.#isClosed) return;
      this.#parts.runtime.clock.setTimer(restartMs, () => {
        if (!this.#isClosed) void this.#watch(resource);
      });
    };
    try {
      await cache.start();
    } catch {
      again();
      return;
    }
    if (this.#isClosed) return;
    const stop = cache.watch({
      prefix: `${storagePrefix}/`,
      afterRevision: null,
      matches: () => true,
      sink: {
        event: (type, object) => this.#take(type === 'DELETED', { resource, object }),
        progress: () => {},
        lost: again,
      },
    });
    this.#watched.set(storagePrefix, stop ?? (() => {}));
  }

  #take(isGone: boolean, node: GraphNode): void {
    const { uid = '' } = node.object.metadata;
    const before = this.#nodes.get(uid);
    if (before !== undefined) for (const owner of ownersOf(before.object)) this.#unlink(owner.uid, uid);
    if (isGone) this.#nodes.delete(uid);
    else {
      this.#nodes.set(uid, node);
      for (const owner of ownersOf(node.object)) this.#link(owner.uid, uid);
    }
    for (const listener of this.#listeners) {
      if (isGone) listener.gone(node);
      else listener.changed(node);
    }
  }

  #link(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    if (dependents === undefined) this.#dependents.set(owner, new Set([dependent]));
    else dependents.add(dependent);
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(dependent);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    for (const stop of this.#watched.values()) stop();
    this.#watched.clear();
  }
}
