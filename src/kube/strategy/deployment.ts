/** Deployments: a selector for ever, a template that moves; its status belongs to its controller. */

import type { Strategy } from '../registry/types.ts';
import { validateDeployment, validateDeploymentStatus, validateSameSelector } from '../validation/apps.ts';
import { templateWarningsOf } from './pod-template-warnings.ts';

export const deploymentStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = {};
  },
  validateCreate: (object) => validateDeployment(object),
  validateUpdate(object, old, { subresource }) {
    if (subresource === 'status') return validateDeploymentStatus(object, old);
    return [...validateDeployment(object), ...validateSameSelector(object, old)];
  },
  warnings: templateWarningsOf,
};
