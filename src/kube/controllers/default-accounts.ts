/** Sees to it that every namespace has the service account `default`. */

import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import type { GraphNode, ObjectGraph } from './object-graph.ts';
import { WorkQueue } from './work-queue.ts';

const accountName = 'default';

export class DefaultAccounts {
  readonly #parts: ServerParts;
  readonly #client: LocalClient;
  readonly #queue: WorkQueue;

  constructor(parts: ServerParts, graph: ObjectGraph) {
    this.#parts = parts;
    this.#client = new LocalClient(parts, 'kube-controller-manager');
    this.#queue = new WorkQueue(parts.runtime, (namespace) => this.#ensure(namespace));
    graph.listen({
      changed: ({ resource, object }: GraphNode) => {
        const { name = '', deletionTimestamp } = object.metadata;
        if (resource.kind === 'Namespace' && deletionTimestamp === undefined) this.#queue.add(name);
      },
      gone: ({ resource, object }: GraphNode) => {
        const { name = '', namespace = '' } = object.metadata;
        if (resource.kind === 'ServiceAccount' && name === accountName) this.#queue.add(namespace);
      },
    });
  }

  async #ensure(namespace: string): Promise<void> {
    const { registry } = this.#parts;
    const accounts = registry.find('', 'v1', 'serviceaccounts')!;
    const place = await this.#client.get(registry.find('', 'v1', 'namespaces')!, '', namespace);
    if (place === null || place.metadata.deletionTimestamp !== undefined) return;
    if ((await this.#client.get(accounts, namespace, accountName)) !== null) return;
    try {
      await this.#client.create(accounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: accountName, namespace },
      });
    } catch (error) {
      // Somebody made it, or the namespace is going.
      const { code } = error as { code?: number };
      if (code !== 409 && code !== 403) throw error;
    }
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
