/**
 * Ends objects whose owners are gone, and does what a delete with a propagation policy left to be done:
 *
 *     background   the owner goes at once; dependents go when no owner of theirs is left
 *     foreground   the owner waits with the finalizer `foregroundDeletion` until dependents that block it are gone
 *     orphan       the owner waits with the finalizer `orphan` until no dependent names it any more
 *
 * An owner is absent when its name holds nothing, or something with another uid: both are looked up, not guessed.
 */

import type { ApiObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import { type GraphNode, type ObjectGraph, type OwnerReference, ownersOf } from './object-graph.ts';
import { WorkQueue } from './work-queue.ts';

const foregroundFinalizer = 'foregroundDeletion';
const orphanFinalizer = 'orphan';

export class GarbageCollector {
  readonly #parts: ServerParts;
  readonly #graph: ObjectGraph;
  readonly #client: LocalClient;
  readonly #queue: WorkQueue;

  constructor(parts: ServerParts, graph: ObjectGraph) {
    this.#parts = parts;
    this.#graph = graph;
    this.#client = new LocalClient(parts, 'kube-controller-manager');
    this.#queue = new WorkQueue(parts.runtime, (uid) => this.#settle(uid));
    graph.listen({
      changed: (node) => this.#look(node),
      gone: (node) => {
        const { uid = '' } = node.object.metadata;
        for (const dependent of graph.dependentsOf(uid)) this.#queue.add(dependent.object.metadata.uid ?? '');
        for (const owner of ownersOf(node.object)) this.#queue.add(owner.uid);
      },
    });
  }

  #look({ object }: GraphNode): void {
    const { uid = '', deletionTimestamp } = object.metadata;
    const owners = ownersOf(object);
    if (deletionTimestamp !== undefined || owners.length > 0) this.#queue.add(uid);
    // A dependent that let go of its owner may be what the owner waited for.
    for (const owner of owners) if (this.#isWaiting(owner.uid)) this.#queue.add(owner.uid);
  }

  #isWaiting(uid: string): boolean {
    return this.#graph.get(uid)?.object.metadata.deletionTimestamp !== undefined;
  }

  async #settle(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (node === undefined) return;
    const { deletionTimestamp, finalizers = [] } = node.object.metadata;
    if (deletionTimestamp !== undefined) {
      if (finalizers.includes(orphanFinalizer)) await this.#orphan(node);
      else if (finalizers.includes(foregroundFinalizer)) await this.#endDependents(node);
      return;
    }
    await this.#endIfUnowned(node);
  }

  async #endIfUnowned(node: GraphNode): Promise<void> {
    const owners = ownersOf(node.object);
    if (owners.length === 0) return;
    const absent: OwnerReference[] = [];
    for (const owner of owners) if (await this.#isAbsent(owner, node)) absent.push(owner);
    if (absent.length === 0) return;
    if (absent.length === owners.length) await this.#delete(node, 'Background');
    else await this.#letGo(node, new Set(absent.map(({ uid }) => uid)));
  }

  async #isAbsent(owner: OwnerReference, { object }: GraphNode): Promise<boolean> {
    if (this.#graph.get(owner.uid) !== undefined) return false;
    const resource = this.#resourceOf(owner);
    // A kind that is not served (any more) says nothing about its objects.
    if (resource === null) return false;
    const namespace = resource.isNamespaced ? (object.metadata.namespace ?? '') : '';
    const found = await this.#client.get(resource, namespace, owner.name);
    return found === null || found.metadata.uid !== owner.uid;
  }

  #resourceOf({ apiVersion, kind }: OwnerReference): ResourceType | null {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    return this.#parts.registry.findKind(group, apiVersion.slice(slash + 1), kind);
  }

  /** Foreground: dependents go first, in the foreground too; those that do not block are not waited for. */
  async #endDependents(owner: GraphNode): Promise<void> {
    const { uid = '' } = owner.object.metadata;
    let isBlocked = false;
    for (const dependent of this.#graph.dependentsOf(uid)) {
      const reference = ownersOf(dependent.object).find((known) => known.uid === uid);
      if (reference?.blockOwnerDeletion === true) isBlocked = true;
      if (dependent.object.metadata.deletionTimestamp === undefined)
        await this.#delete(dependent, 'Foreground');
    }
    if (!isBlocked) await this.#removeFinalizer(owner, foregroundFinalizer);
  }

  async #orphan(owner: GraphNode): Promise<void> {
    const { uid = '' } = owner.object.metadata;
    for (const dependent of this.#graph.dependentsOf(uid)) await this.#letGo(dependent, new Set([uid]));
    await this.#removeFinalizer(owner, orphanFinalizer);
  }

  #delete(node: GraphNode, propagationPolicy: string): Promise<void> {
    const { namespace = '', name = '', uid = '' } = node.object.metadata;
    return this.#unlessGone(this.#client.delete(node.resource, namespace, name, { uid, propagationPolicy }));
  }

  /** Removes references to owners. */
  #letGo(node: GraphNode, owners: ReadonlySet<string>): Promise<void> {
    return this.#update(node, (object) => {
      const rest = ownersOf(object).filter(({ uid }) => !owners.has(uid));
      if (rest.length === 0) delete object.metadata.ownerReferences;
      else Object.assign(object.metadata, { ownerReferences: rest });
      return object;
    });
  }

  #removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    return this.#update(node, (object) => {
      const rest = (object.metadata.finalizers ?? []).filter((known) => known !== finalizer);
      if (rest.length === 0) delete object.metadata.finalizers;
      else object.metadata.finalizers = rest;
      return object;
    });
  }

  #update({ resource, object }: GraphNode, change: (current: ApiObject) => ApiObject): Promise<void> {
    const { namespace = '', name = '', uid } = object.metadata;
    const ofSameLife = (current: ApiObject): ApiObject =>
      current.metadata.uid === uid ? change(current) : current;
    return this.#unlessGone(this.#client.update(resource, namespace, name, '', ofSameLife));
  }

  /** What is gone, or somebody else's by now, needs nothing more. */
  async #unlessGone(write: Promise<unknown>): Promise<void> {
    try {
      await write;
    } catch (error) {
      const { code } = error as { code?: number };
      if (code !== 404 && code !== 409) throw error;
    }
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
