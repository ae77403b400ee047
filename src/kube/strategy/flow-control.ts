/** FlowSchemas and PriorityLevelConfigurations: stored and checked; what they say is not acted on. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { has, numberOf, objectOf, objectsOf, textOf } from '../validation/members.ts';

const precedenceMax = 10_000;

function validateFlowSchema(schema: ApiObject): FieldError[] {
  const spec = schema.spec ?? {};
  const errors: FieldError[] = [];
  const precedence = numberOf(spec, 'matchingPrecedence') ?? 0;
  if (precedence < 1 || precedence > precedenceMax) {
    const why = 'must be a value between 1 and 10000';
    errors.push(invalidValue('spec.matchingPrecedence', precedence, why));
  } else if (precedence === 1 && schema.metadata.name !== 'exempt') {
    const why = "only the schema named 'exempt' may have matchingPrecedence 1";
    errors.push(invalidValue('spec.matchingPrecedence', precedence, why));
  }
  if (textOf(objectOf(spec, 'priorityLevelConfiguration'), 'name') === '') {
    const why = 'must reference a priority level';
    errors.push(required('spec.priorityLevelConfiguration.name', why));
  }
  const method = textOf(objectOf(spec, 'distinguisherMethod'), 'type');
  if (has(spec, 'distinguisherMethod') && method !== 'ByNamespace' && method !== 'ByUser') {
    const choices = ['ByNamespace', 'ByUser'];
    errors.push(notSupported('spec.distinguisherMethod', method, choices));
  }
  objectsOf(spec, 'rules').forEach((rule, at) => {
    const field = `spec.rules[${at}]`;
    if (objectsOf(rule, 'subjects').length === 0) {
      errors.push(required(`${field}.subjects`, 'subjects must contain at least one value'));
    }
    if (objectsOf(rule, 'resourceRules').length + objectsOf(rule, 'nonResourceRules').length === 0) {
      const why = 'at least one of resourceRules and nonResourceRules has to be non-empty';
      errors.push(required(field, why));
    }
  });
  return errors;
}

function validatePriorityLevel(level: ApiObject): FieldError[] {
  const spec = level.spec ?? {};
  const type = textOf(spec, 'type');
  const errors: FieldError[] = [];
  if (type !== 'Exempt' && type !== 'Limited') {
    errors.push(notSupported('spec.type', type, ['Exempt', 'Limited']));
  }
  if (type === 'Limited' && !has(spec, 'limited')) {
    errors.push(required('spec.limited', 'must not be empty when type is Limited'));
  }
  const limited = objectOf(spec, 'limited');
  const shares = numberOf(limited, 'nominalConcurrencyShares');
  if (shares !== undefined && shares < 0) {
    const field = 'spec.limited.nominalConcurrencyShares';
    errors.push(invalidValue(field, shares, 'must be a non-negative integer'));
  }
  return errors;
}

export const flowSchemaStrategy: Strategy = {
  prepareForCreate(schema) {
    schema.status = {};
  },
  validateCreate: validateFlowSchema,
  validateUpdate: validateFlowSchema,
};

export const priorityLevelStrategy: Strategy = {
  prepareForCreate(level) {
    level.status = {};
  },
  validateCreate: validatePriorityLevel,
  validateUpdate: validatePriorityLevel,
};
