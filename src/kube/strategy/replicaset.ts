/** ReplicaSets. */

import type { Strategy } from '../registry/types.ts';
import { validateReplicaSet, validateReplicaStatus, validateSameSelector } from '../validation/apps.ts';
import { templateWarningsOf } from './pod-template-warnings.ts';

export const replicaSetStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = { replicas: 0 };
  },
  validateCreate: (object) => validateReplicaSet(object),
  validateUpdate(object, old, { subresource }) {
    if (subresource === 'status') return validateReplicaStatus(object);
    return [...validateReplicaSet(object), ...validateSameSelector(object, old)];
  },
  warnings: templateWarningsOf,
};
