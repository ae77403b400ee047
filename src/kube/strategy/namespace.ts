/**
 * Namespaces: the label with their own name is forced on every write; one that is deleted stays Terminating until its
 * content is gone and somebody has emptied `spec.finalizers` through /finalize (reference §2.10).
 */

import type { ApiObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';

const nameLabel = 'kubernetes.io/metadata.name';

function label(object: ApiObject): void {
  const { name = '', labels = {} } = object.metadata;
  object.metadata.labels = { ...labels, [nameLabel]: name };
}

export const namespaceStrategy: Strategy = {
  prepareForCreate(object) {
    label(object);
    object.spec = { finalizers: ['kubernetes'] };
    object.status = { phase: 'Active' };
  },
  prepareForUpdate(object, old, { subresource }) {
    label(object);
    if (subresource === '' && old.spec !== undefined) object.spec = { ...object.spec, ...old.spec };
  },
  prepareForDelete(object) {
    object.status = { ...object.status, phase: 'Terminating' };
  },
  mayBeRemoved(object) {
    const finalizers = (object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? [];
    return finalizers.length === 0;
  },
};
