/**
 * Checks the types of ValidatingAdmissionPolicies and says in their status what it found, as the controller
 * `validatingadmissionpolicy-status` does: once for each generation.
 */

import { type ApiObject, asJson, type Json } from '../api/objects.ts';
import { typeWarnings } from '../policies/type-check.ts';
import type { ResourceType } from '../registry/types.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import type { GraphNode, ObjectGraph } from './object-graph.ts';
import { WorkQueue } from './work-queue.ts';

interface Policy extends ApiObject {
  status?: { readonly observedGeneration?: number };
}

function isSeen({ metadata, status }: Policy): boolean {
  return (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
}

export class PolicyChecker {
  readonly #parts: ServerParts;
  readonly #client: LocalClient;
  readonly #queue: WorkQueue;
  readonly #policies: ResourceType | null;

  constructor(parts: ServerParts, graph: ObjectGraph) {
    this.#parts = parts;
    const group = 'admissionregistration.k8s.io';
    this.#policies = parts.registry.find(group, 'v1', 'validatingadmissionpolicies');
    this.#client = new LocalClient(parts, 'validatingadmissionpolicy-status');
    this.#queue = new WorkQueue(parts.runtime, (name) => this.#check(name));
    graph.listen({
      changed: ({ resource, object }: GraphNode) => {
        const isNew = resource === this.#policies && !isSeen(object as Policy);
        if (isNew) this.#queue.add(object.metadata.name ?? '');
      },
      gone: () => {},
    });
  }

  async #check(name: string): Promise<void> {
    const policy = await this.#client.get(this.#policies!, '', name);
    if (policy === null || isSeen(policy as Policy)) return;
    const warnings = typeWarnings(policy, this.#parts.registry);
    const { generation = 0 } = policy.metadata;
    try {
      await this.#client.update(this.#policies!, '', name, 'status', (current) => {
        const { status } = asJson(current);
        const typeChecking: Json =
          warnings.length === 0 ? {} : { expressionWarnings: warnings.map((one) => ({ ...one })) };
        const next = { ...(status as object), observedGeneration: generation, typeChecking };
        return { ...current, status: next } as ApiObject;
      });
    } catch (error) {
      // It went meanwhile.
      if ((error as { code?: number }).code !== 404) throw error;
    }
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
