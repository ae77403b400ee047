/** FlowSchemas and PriorityLevelConfigurations: stored and checked; what they say is not acted on. */

import type { FieldError } from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import {
  validateFlowSchemaSpec,
  validateFlowStatus,
  validatePriorityLevelSpec,
} from '../validation/flow-control.ts';

function validateFlowSchema(schema: ApiObject): FieldError[] {
  return validateFlowSchemaSpec(schema.metadata.name ?? '', schema.spec ?? {});
}

function validatePriorityLevel(level: ApiObject): FieldError[] {
  return validatePriorityLevelSpec(level.metadata.name ?? '', level.spec ?? {});
}

function strategyWith(validate: (object: ApiObject) => FieldError[]): Strategy {
  return {
    prepareForCreate(object) {
      object.status = {};
    },
    validateCreate: validate,
    validateUpdate: (object, _old, { subresource }) =>
      subresource === 'status' ? validateFlowStatus(object.status ?? {}) : validate(object),
  };
}

export const flowSchemaStrategy: Strategy = strategyWith(validateFlowSchema);

export const priorityLevelStrategy: Strategy = strategyWith(validatePriorityLevel);
