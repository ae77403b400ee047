/** ReplicationControllers. Unlike that of a ReplicaSet, the selector may change. */

import type { Strategy } from '../registry/types.ts';
import { validateReplicaStatus, validateReplicationController } from '../validation/apps.ts';
import { templateWarningsOf } from './pod-template-warnings.ts';

export const replicationControllerStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = { replicas: 0 };
  },
  validateCreate: (object) => validateReplicationController(object),
  validateUpdate(object, _old, { subresource }) {
    return subresource === 'status' ? validateReplicaStatus(object) : validateReplicationController(object);
  },
  warnings: templateWarningsOf,
};
