/** PodTemplates and ControllerRevisions: what pods were, or may be, made of. */

import { type ApiObject, asJson } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { validateControllerRevision, validateControllerRevisionUpdate } from '../validation/apps.ts';
import { validatePodTemplate } from '../validation/pod-spec.ts';
import type { PodTemplate } from '../validation/pod-types.ts';
import { templateWarnings } from '../validation/pod-warnings.ts';

function templateOf(object: ApiObject): PodTemplate {
  return (asJson(object)['template'] ?? {}) as PodTemplate;
}

export const podTemplateStrategy: Strategy = {
  validateCreate: (object) => validatePodTemplate('template', templateOf(object)),
  validateUpdate: (object) => validatePodTemplate('template', templateOf(object)),
  warnings: (object) => templateWarnings('template', templateOf(object)),
};

export const controllerRevisionStrategy: Strategy = {
  validateCreate: (object) => validateControllerRevision(object),
  validateUpdate: (object, old) => validateControllerRevisionUpdate(object, old),
};
