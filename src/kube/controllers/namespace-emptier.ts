/**
 * Empties namespaces that are being deleted: everything in them is deleted, and when nothing is left the namespace loses
 * its finalizer and goes.
 */

import type { ApiObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import type { GraphNode, ObjectGraph } from './object-graph.ts';
import { WorkQueue } from './work-queue.ts';

const finalizer = 'kubernetes';

export class NamespaceEmptier {
  readonly #graph: ObjectGraph;
  readonly #client: LocalClient;
  readonly #queue: WorkQueue;
  readonly #namespaces: ResourceType;
  /** Namespaces that are being deleted. */
  readonly #ending = new Set<string>();

  constructor(parts: ServerParts, graph: ObjectGraph) {
    this.#graph = graph;
    this.#client = new LocalClient(parts, 'kube-controller-manager');
    this.#queue = new WorkQueue(parts.runtime, (name) => this.#empty(name));
    this.#namespaces = parts.registry.find('', 'v1', 'namespaces')!;
    graph.listen({
      changed: (node) => this.#look(node),
      gone: (node) => {
        const { namespace = '', name = '' } = node.object.metadata;
        if (this.#isNamespace(node)) this.#ending.delete(name);
        else if (this.#ending.has(namespace)) this.#queue.add(namespace);
      },
    });
  }

  #isNamespace({ resource }: GraphNode): boolean {
    return resource.storagePrefix === this.#namespaces.storagePrefix;
  }

  #look(node: GraphNode): void {
    const { namespace = '', name = '', deletionTimestamp } = node.object.metadata;
    if (this.#isNamespace(node)) {
      if (deletionTimestamp === undefined) return;
      this.#ending.add(name);
      this.#queue.add(name);
    } else if (this.#ending.has(namespace)) this.#queue.add(namespace);
  }

  async #empty(name: string): Promise<void> {
    const namespace = await this.#client.get(this.#namespaces, '', name);
    if (namespace === null || namespace.metadata.deletionTimestamp === undefined) return;
    let rest = 0;
    for (const { resource, object } of [...this.#graph.inNamespace(name)]) {
      rest++;
      const { deletionTimestamp, uid = '' } = object.metadata;
      if (deletionTimestamp !== undefined) continue;
      await this.#delete(resource, name, object.metadata.name ?? '', uid);
    }
    if (rest === 0) await this.#finish(name);
  }

  async #delete(resource: ResourceType, namespace: string, name: string, uid: string): Promise<void> {
    try {
      await this.#client.delete(resource, namespace, name, { uid, propagationPolicy: 'Background' });
    } catch (error) {
      const { code } = error as { code?: number };
      if (code !== 404 && code !== 409) throw error;
    }
  }

  async #finish(name: string): Promise<void> {
    const withoutFinalizer = (current: ApiObject): ApiObject => {
      const spec = (current.spec ?? {}) as { finalizers?: string[] };
      return {
        ...current,
        spec: { ...spec, finalizers: (spec.finalizers ?? []).filter((known) => known !== finalizer) },
      };
    };
    try {
      await this.#client.update(this.#namespaces, '', name, 'finalize', withoutFinalizer);
    } catch (error) {
      if ((error as { code?: number }).code !== 404) throw error;
    }
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
