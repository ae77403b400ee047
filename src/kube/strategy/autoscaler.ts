/** HorizontalPodAutoscalers (reference §4.4). One of v1 is checked as the v2 that it is stored as. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { pathSegmentProblems } from '../meta/names.ts';
import { hpaFromV1 } from '../registry/convert-autoscaling.ts';
import type { Strategy } from '../registry/types.ts';
import { parseQuantity } from '../schema/quantity.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf } from '../validation/members.ts';
import { problemsAt } from '../validation/pod-fields.ts';

const windowMax = 3600;
const periodMax = 1800;
const positive = 'must be greater than zero';

const sources: Readonly<Record<string, string>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  External: 'external',
  ContainerResource: 'containerResource',
};

function validateTargetReference(spec: JsonObject): FieldError[] {
  const target = objectOf(spec, 'scaleTargetRef');
  const field = 'spec.scaleTargetRef';
  const errors: FieldError[] = [];
  for (const member of ['kind', 'name']) {
    const value = textOf(target, member);
    if (value === '') errors.push(required(`${field}.${member}`));
    else errors.push(...problemsAt(`${field}.${member}`, value, pathSegmentProblems(value)));
  }
  const version = textOf(target, 'apiVersion');
  const isPlain = textOf(target, 'kind') === 'ReplicationController' && version === 'v1';
  if (!version.includes('/') && !isPlain) {
    errors.push(invalidValue(`${field}.apiVersion`, version, 'apiVersion must specify API group'));
  }
  return errors;
}

function validateMetricTarget(field: string, target: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(target, 'type');
  const types = ['AverageValue', 'Utilization', 'Value'];
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric target type'));
  else if (!types.includes(type)) {
    errors.push(invalidValue(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  const percent = numberOf(target, 'averageUtilization');
  if (percent !== undefined && percent < 1) {
    errors.push(invalidValue(`${field}.averageUtilization`, percent, 'must be greater than 0'));
  }
  for (const member of ['value', 'averageValue']) {
    const amount = textOf(target, member);
    if (amount !== '' && parseQuantity(amount).nanos <= 0n) {
      errors.push(invalidValue(`${field}.${member}`, amount, 'must be positive'));
    }
  }
  return errors;
}

function validateResourceMetric(field: string, source: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const target = objectOf(source, 'target');
  if (textOf(source, 'name') === '') errors.push(required(`${field}.name`, 'must specify a resource name'));
  errors.push(...validateMetricTarget(`${field}.target`, target));
  const hasPercent = has(target, 'averageUtilization');
  const hasValue = has(target, 'averageValue');
  if (!hasPercent && !hasValue) {
    const why = 'must set either a target raw value or a target utilization';
    errors.push(required(`${field}.target.averageUtilization`, why));
  }
  if (hasPercent && hasValue) {
    const why = 'may not set both a target raw value and a target utilization';
    errors.push({
      reason: 'FieldValueForbidden',
      field: `${field}.target.averageValue`,
      message: `Forbidden: ${why}`,
    });
  }
  return errors;
}

function validateMetric(field: string, metric: JsonObject): FieldError[] {
  const type = textOf(metric, 'type');
  if (type === '') return [required(`${field}.type`, 'must specify a metric source type')];
  const member = sources[type];
  if (member === undefined) {
    return [notSupported(`${field}.type`, type, Object.keys(sources).sort())];
  }
  const errors: FieldError[] = [];
  for (const other of Object.values(sources)) {
    if (other !== member && has(metric, other)) {
      const why = 'must populate the given metric source only';
      errors.push({
        reason: 'FieldValueForbidden',
        field: `${field}.${other}`,
        message: `Forbidden: ${why}`,
      });
    }
  }
  const source = maybeObject(metric, member);
  if (source === null) {
    const why = 'must populate information for the given metric source';
    return [...errors, required(`${field}.${member}`, why)];
  }
  const path = `${field}.${member}`;
  if (type === 'Resource') return [...errors, ...validateResourceMetric(path, source)];
  if (type === 'ContainerResource') {
    if (textOf(source, 'container') === '') {
      errors.push(required(`${path}.container`, 'must specify a container'));
    }
    return [...errors, ...validateResourceMetric(path, source)];
  }
  if (textOf(objectOf(source, 'metric'), 'name') === '') {
    errors.push(required(`${path}.metric.name`, 'must specify a metric name'));
  }
  const target = objectOf(source, 'target');
  errors.push(...validateMetricTarget(`${path}.target`, target));
  if (type === 'Pods' && !has(target, 'averageValue')) {
    errors.push(required(`${path}.target.averageValue`, 'must specify a positive target averageValue'));
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
  if (select !== '' && !selects.includes(select)) {
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
  objectsOf(spec, 'metrics').forEach((metric, at) => {
    errors.push(...validateMetric(`spec.metrics[${at}]`, metric));
  });
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
