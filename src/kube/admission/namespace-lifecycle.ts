/**
 * Nothing is created in a namespace that does not exist or is being deleted; three namespaces are never deleted
 * (reference §2.2, "Namespace checks").
 */

import type { ApiObject } from '../api/objects.ts';
import { forbidden, notFound } from '../api/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const namespaces = { group: '', plural: 'namespaces' };
const kept: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Reads a namespace; null: there is none. */
export type ReadNamespace = (name: string) => Promise<ApiObject | null>;

function checkDelete({ resource, name }: AdmissionAttributes): void {
  if (resource.group === '' && resource.plural === 'namespaces' && kept.has(name)) {
    throw forbidden(resource, name, 'this namespace may not be deleted');
  }
}

export function namespaceLifecycle(read: ReadNamespace): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    async mutate(attributes) {
      const { operation, resource, namespace, object } = attributes;
      if (operation === 'delete') checkDelete(attributes);
      if (operation !== 'create' || !resource.isNamespaced) return;
      const found = await read(namespace);
      if (found === null) throw notFound(namespaces, namespace);
      if (found.metadata.deletionTimestamp == null) return;
      const name = object?.metadata.name ?? '';
      throw forbidden(
        resource,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      );
    },
  };
}
