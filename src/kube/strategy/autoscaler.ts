/** HorizontalPodAutoscalers. One of v1 is checked as the v2 that it is stored as. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { hpaFromV1 } from '../registry/convert-autoscaling.ts';
import type { Strategy } from '../registry/types.ts';
import { validateMetrics, validateReference } from '../validation/autoscaling-metrics.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf } from '../validation/members.ts';

const windowMax = 3600;
const periodMax = 1800;
const positive = 'must be greater than zero';

function validateTargetReference(spec: JsonObject): FieldError[] {
  const target = objectOf(spec, 'scaleTargetRef');
  const field = 'spec.scaleTargetRef';
  const errors = validateReference(field, target);
  const version = textOf(target, 'apiVersion');
  const isPlain = textOf(target, 'kind') === 'ReplicationController' && version === 'v1';
  const slashes = version.split('/').length - 1;
  if (slashes > 1) {
    const why = `unexpected GroupVersion string: ${version}`;
    errors.push(invalidValue(`${field}.apiVersion`, version, why));
  } else if (slashes === 0 && !isPlain) {
    errors.push(invalidValue(`${field}.apiVersion`, version, 'apiVersion must specify API group'));
  }
  return errors;
}

function validateRules(field: string, rules: JsonObject | null): FieldError[] {
  if (rules === null) return [];
  const errors: FieldError[] = [];
  const seconds = numberOf(rules, 'stabilizationWindowSeconds');
  if (seconds !== undefined && (seconds < 0 || seconds > windowMax)) {
    const why =
      seconds < 0 ? 'must be greater than or equal to zero' : `must be less than or equal to ${windowMax}`;
    errors.push(invalidValue(`${field}.stabilizationWindowSeconds`, seconds, why));
  }
  const select = textOf(rules, 'selectPolicy');
  const selects = ['Disabled', 'Max', 'Min'];
  if (has(rules, 'selectPolicy') && !selects.includes(select)) {
    errors.push(notSupported(`${field}.selectPolicy`, select, selects));
  }
  const policies = objectsOf(rules, 'policies');
  if (policies.length === 0) errors.push(required(`${field}.policies`, 'must specify at least one Policy'));
  policies.forEach((policy, at) => {
    const path = `${field}.policies[${at}]`;
    const type = textOf(policy, 'type');
    if (type !== 'Pods' && type !== 'Percent') {
      errors.push(notSupported(`${path}.type`, type, ['Percent', 'Pods']));
    }
    const value = numberOf(policy, 'value') ?? 0;
    if (value <= 0) errors.push(invalidValue(`${path}.value`, value, positive));
    const period = numberOf(policy, 'periodSeconds') ?? 0;
    if (period <= 0) errors.push(invalidValue(`${path}.periodSeconds`, period, positive));
    else if (period > periodMax) {
      errors.push(
        invalidValue(`${path}.periodSeconds`, period, `must be less than or equal to ${periodMax}`),
      );
    }
  });
  return errors;
}

function validateSpec(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const min = numberOf(spec, 'minReplicas');
  const max = numberOf(spec, 'maxReplicas') ?? 0;
  if (min !== undefined && min < 1) {
    errors.push(invalidValue('spec.minReplicas', min, 'must be greater than or equal to 1'));
  }
  if (max < 1) errors.push(required('spec.maxReplicas', 'must be set and greater than 0'));
  if (min !== undefined && max < min) {
    errors.push(invalidValue('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  }
  errors.push(...validateTargetReference(spec));
  errors.push(...validateMetrics(spec));
  const behavior = objectOf(spec, 'behavior');
  errors.push(...validateRules('spec.behavior.scaleUp', maybeObject(behavior, 'scaleUp')));
  errors.push(...validateRules('spec.behavior.scaleDown', maybeObject(behavior, 'scaleDown')));
  return errors;
}

function validateAutoscaler(object: ApiObject, version: string): FieldError[] {
  const stored = version === 'v1' ? hpaFromV1(object) : object;
  return validateSpec(stored.spec ?? {});
}

export const autoscalerStrategy: Strategy = {
  prepareForCreate(object, { resource }) {
    object.status =
      resource.version === 'v1'
        ? { currentReplicas: 0, desiredReplicas: 0 }
        : { desiredReplicas: 0, currentMetrics: null };
  },
  validateCreate: (object, { resource }) => validateAutoscaler(object, resource.version),
  validateUpdate: (object, _old, { resource, subresource }) =>
    subresource === '' ? validateAutoscaler(object, resource.version) : [],
};
