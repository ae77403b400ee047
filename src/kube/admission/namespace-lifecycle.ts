/**
 * Nothing is created in a namespace that does not exist or is being deleted; three namespaces are never deleted.
 *
 * Namespaces come from the cache, which may not know yet that one is being deleted: for a while after its deletion was asked
 * for here, the store is asked.
 */

import type { Clock } from '../../util/runtime.ts';
import type { ApiObject } from '../api/objects.ts';
import { forbidden, notFound } from '../api/status.ts';
import type { ResourceType } from '../registry/types.ts';
import type { Lookup } from './lookup.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const kept: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);
/** By then every cache knows. */
const freshMs = 30_000;
const freshMax = 1024;

function isNamespace({ resource }: AdmissionAttributes): boolean {
  return resource.group === '' && resource.plural === 'namespaces';
}

class NamespaceLifecycle implements AdmissionPlugin {
  readonly name: string = 'NamespaceLifecycle';
  readonly #lookup: Lookup;
  readonly #namespaces: ResourceType;
  readonly #clock: Clock;
  /** Names whose deletion was asked for, and when, monotonic. */
  readonly #deleted: Map<string, number> = new Map();

  constructor(lookup: Lookup, namespaces: ResourceType, clock: Clock) {
    this.#lookup = lookup;
    this.#namespaces = namespaces;
    this.#clock = clock;
  }

  mutate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { operation, resource, namespace, name } = attributes;
    if (operation === 'delete' && isNamespace(attributes)) {
      if (kept.has(name)) throw forbidden(resource, name, 'this namespace may not be deleted');
      this.#remember(name);
    }
    if (operation !== 'create' || !resource.isNamespaced) return undefined;
    const known = this.#deleted.has(namespace)
      ? undefined
      : this.#lookup.known(this.#namespaces, '', namespace);
    if (known === undefined) return this.#find(namespace).then((found) => this.#check(attributes, found));
    this.#check(attributes, known);
    return undefined;
  }

  /** @throws StatusError 403, 404 */
  #check({ resource, namespace, object }: AdmissionAttributes, found: ApiObject | null): void {
    if (found === null) throw notFound(this.#namespaces, namespace);
    if (found.metadata.deletionTimestamp == null) return;
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
    throw forbidden(resource, object?.metadata.name ?? '', why, [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ]);
  }

  #remember(name: string): void {
    if (this.#deleted.size >= freshMax) this.#deleted.clear();
    this.#deleted.set(name, this.#clock.now());
  }

  #find(name: string): Promise<ApiObject | null> {
    const deletedAt = this.#deleted.get(name);
    if (deletedAt === undefined) return this.#lookup.find(this.#namespaces, '', name);
    if (this.#clock.now() - deletedAt > freshMs) this.#deleted.delete(name);
    return this.#lookup.storages.of(this.#namespaces).get('', name);
  }
}

export function namespaceLifecycle(lookup: Lookup, namespaces: ResourceType, clock: Clock): AdmissionPlugin {
  return new NamespaceLifecycle(lookup, namespaces, clock);
}
