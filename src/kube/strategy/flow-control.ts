/** FlowSchemas and PriorityLevelConfigurations: stored and checked; what they say is not acted on. */

import { type FieldError, invalidValue } from '../api/field-errors.ts';
import { isEqualJson } from '../api/json.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { flowObjects } from '../bootstrap/flow-control.ts';
import type { Strategy } from '../registry/types.ts';
import {
  validateFlowSchemaSpec,
  validateFlowStatus,
  validatePriorityLevelSpec,
} from '../validation/flow-control.ts';

/** Objects without which requests would have nowhere to go. */
const mandatory: ReadonlySet<string> = new Set(['exempt', 'catch-all']);

/** What is said of a mandatory object that is not as it has to be. @param except a member of the spec that is anybody's */
function validateMandatory(object: ApiObject, except: string | null): FieldError[] {
  const { kind, metadata, spec = {} } = object;
  const name = metadata.name ?? '';
  if (!mandatory.has(name)) return [];
  const fixed = flowObjects().find((one) => one.kind === kind && one.metadata.name === name)?.spec ?? {};
  const compared = ({ ...members }: JsonObject): JsonObject => {
    if (except !== null) delete members[except];
    return members;
  };
  if (isEqualJson(compared(spec), compared(fixed))) return [];
  const but = except === null ? '' : ` except the 'spec.${except}' field`;
  return [invalidValue('spec', spec, `spec of '${name}'${but} must equal the fixed value`)];
}

function validateFlowSchema(schema: ApiObject): FieldError[] {
  const { metadata, spec = {} } = schema;
  return [...validateFlowSchemaSpec(metadata.name ?? '', spec), ...validateMandatory(schema, null)];
}

function validatePriorityLevel(level: ApiObject): FieldError[] {
  const { metadata, spec = {} } = level;
  const { name = '' } = metadata;
  const except = name === 'exempt' ? 'exempt' : null;
  return [...validatePriorityLevelSpec(name, spec), ...validateMandatory(level, except)];
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
