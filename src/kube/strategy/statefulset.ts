/** StatefulSets. */

import type { Strategy } from '../registry/types.ts';
import {
  validateStatefulSet,
  validateStatefulSetStatus,
  validateStatefulSetUpdate,
} from '../validation/apps-stateful-set.ts';
import type { PodTemplate } from '../validation/pod-types.ts';
import { templateWarnings } from '../validation/pod-warnings.ts';

export const statefulSetStrategy: Strategy = {
  prepareForCreate(object) {
    object.status = { replicas: 0, availableReplicas: 0 };
  },
  validateCreate: (object) => validateStatefulSet(object),
  validateUpdate(object, old, { subresource }) {
    return subresource === 'status'
      ? validateStatefulSetStatus(object, old)
      : validateStatefulSetUpdate(object, old);
  },
  warnings(object, old, { subresource }) {
    if (subresource === 'status') return [];
    if (old !== null && old.metadata.generation === object.metadata.generation) return [];
    const warnings = templateWarnings('spec.template', object.spec?.['template'] as PodTemplate | undefined);
    const limit = object.spec?.['revisionHistoryLimit'];
    if (typeof limit === 'number' && limit < 0) {
      warnings.push(
        'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
      );
    }
    return warnings;
  },
};
