/** The metrics of a HorizontalPodAutoscaler: exactly one source each, whose target has an amount. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { labelProblems, pathSegmentProblems } from '../meta/names.ts';
import { parseQuantity } from '../schema/quantity.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf } from './members.ts';
import { problemsAt } from './pod-fields.ts';

/** The member of each type, in the order in which they are looked at: of several only the first is checked. */
const sources: Readonly<Record<string, string>> = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};
const sourceTypes = Object.keys(sources).sort();
const targetTypes = ['AverageValue', 'Utilization', 'Value'];

/** Kind and name of what an autoscaler is about. */
export function validateReference(field: string, reference: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of ['kind', 'name']) {
    const value = textOf(reference, member);
    if (value === '') errors.push(required(`${field}.${member}`));
    else errors.push(...problemsAt(`${field}.${member}`, value, pathSegmentProblems(value)));
  }
  return errors;
}

function validateTarget(field: string, target: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const type = textOf(target, 'type');
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric target type'));
  if (!targetTypes.includes(type)) {
    errors.push(invalidValue(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const member of ['value', 'averageValue']) {
    const amount = textOf(target, member);
    if (amount !== '' && parseQuantity(amount).nanos <= 0n) {
      errors.push(invalidValue(`${field}.${member}`, amount, 'must be positive'));
    }
  }
  const percent = numberOf(target, 'averageUtilization');
  if (percent !== undefined && percent < 1) {
    errors.push(invalidValue(`${field}.averageUtilization`, percent, 'must be greater than 0'));
  }
  return errors;
}

function validateIdentifier(field: string, source: JsonObject): FieldError[] {
  const name = textOf(objectOf(source, 'metric'), 'name');
  const place = `${field}.metric.name`;
  if (name === '') return [required(place, 'must specify a metric name')];
  return problemsAt(place, name, pathSegmentProblems(name));
}

function validateResource(field: string, source: JsonObject, isOfContainer: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const target = objectOf(source, 'target');
  if (textOf(source, 'name') === '') errors.push(required(`${field}.name`, 'must specify a resource name'));
  if (isOfContainer) {
    const container = textOf(source, 'container');
    if (container === '') errors.push(required(`${field}.container`, 'must specify a container'));
    else errors.push(...problemsAt(`${field}.container`, container, labelProblems(container)));
  }
  errors.push(...validateTarget(`${field}.target`, target));
  const hasPercent = has(target, 'averageUtilization');
  const hasValue = has(target, 'averageValue');
  if (!hasPercent && !hasValue) {
    const why = 'must set either a target raw value or a target utilization';
    errors.push(required(`${field}.target.averageUtilization`, why));
  }
  if (hasPercent && hasValue) {
    const why = 'may not set both a target raw value and a target utilization';
    errors.push(forbiddenValue(`${field}.target.averageValue`, why));
  }
  return errors;
}

/** A source that names its metric: of pods, of an object, or from elsewhere. */
function validateNamed(field: string, member: string, source: JsonObject): FieldError[] {
  const target = objectOf(source, 'target');
  const errors: FieldError[] = [];
  if (member === 'object') {
    errors.push(...validateReference(`${field}.describedObject`, objectOf(source, 'describedObject')));
  }
  errors.push(...validateIdentifier(field, source), ...validateTarget(`${field}.target`, target));
  const hasValue = has(target, 'value');
  const hasAverage = has(target, 'averageValue');
  const average = `${field}.target.averageValue`;
  if (member === 'pods') {
    if (!hasAverage) errors.push(required(average, 'must specify a positive target averageValue'));
    return errors;
  }
  const isExternal = member === 'external';
  if (!hasValue && !hasAverage) {
    const why = isExternal
      ? 'must set either a target value for metric or a per-pod target'
      : 'must set either a target value or averageValue';
    errors.push(required(average, why));
  }
  if (isExternal && hasValue && hasAverage) {
    const why = 'may not set both a target value for metric and a per-pod target';
    errors.push(forbiddenValue(`${field}.target.value`, why));
  }
  return errors;
}

function validateSource(field: string, member: string, source: JsonObject): FieldError[] {
  if (member === 'resource') return validateResource(field, source, false);
  if (member === 'containerResource') return validateResource(field, source, true);
  return validateNamed(field, member, source);
}

function validateMetric(field: string, metric: JsonObject): FieldError[] {
  const type = textOf(metric, 'type');
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric source type'));
  const expected = sources[type];
  if (expected === undefined) errors.push(notSupported(`${field}.type`, type, sourceTypes));
  const present = Object.values(sources).filter((member) => has(metric, member));
  const first = present[0];
  if (first !== undefined) {
    errors.push(...validateSource(`${field}.${first}`, first, maybeObject(metric, first) ?? {}));
  }
  if (expected === undefined) errors.push(notSupported(`${field}.type`, type, sourceTypes));
  else if (!present.includes(expected)) {
    const why = 'must populate information for the given metric source';
    errors.push(required(`${field}.${expected}`, why));
  }
  if (present.length === 1) return errors;
  for (const other of present) {
    if (other === expected) continue;
    errors.push(forbiddenValue(`${field}.${other}`, 'must populate the given metric source only'));
  }
  return errors;
}

export function validateMetrics(spec: JsonObject): FieldError[] {
  return objectsOf(spec, 'metrics').flatMap((metric, at) => validateMetric(`spec.metrics[${at}]`, metric));
}
