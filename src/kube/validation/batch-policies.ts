/** Policies of Jobs: which failures count, and when some successes are enough. */

import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../api/field-errors.ts';
import { qualifiedNameProblems } from '../meta/names.ts';
import { parseIndexes } from './batch-indexes.ts';
import type { FailureRule, JobSpec, SuccessRule } from './batch-types.ts';
import { problemsAt, validateNotNegative } from './pod-fields.ts';

const rulesMax = 20;
const valuesMax = 255;
const patternsMax = 20;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

/** Choices as the texts about missing ones list them. */
function listed(choices: readonly string[]): string {
  return `valid values: [${choices.map((choice) => JSON.stringify(choice)).join(' ')}]`;
}

/** An error about several members at once shows no value. */
function withoutValue(field: string, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${why}` };
}

function validateExitCodes(
  field: string,
  rule: NonNullable<FailureRule['onExitCodes']>,
  names: ReadonlySet<string>,
): FieldError[] {
  const { containerName, operator = '', values = [] } = rule;
  const errors: FieldError[] = [];
  const operators = ['In', 'NotIn'];
  if (operator === '') errors.push(required(`${field}.operator`, listed(operators)));
  else if (!operators.includes(operator)) errors.push(notSupported(`${field}.operator`, operator, operators));
  if (containerName !== undefined && !names.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalidValue(`${field}.containerName`, containerName, why));
  }
  const path = `${field}.values`;
  if (values.length === 0) errors.push(invalidValue(path, [], 'at least one value is required'));
  else if (values.length > valuesMax) errors.push(tooMany(path, values.length, valuesMax));
  const seen = new Set<number>();
  values.forEach((value, at) => {
    if (operator === 'In' && value === 0) {
      errors.push(invalidValue(`${path}[${at}]`, value, 'must not be 0 for the In operator'));
    }
    if (seen.has(value)) errors.push(duplicate(`${path}[${at}]`, value));
    seen.add(value);
  });
  if (values.some((value, at) => at > 0 && values[at - 1]! > value)) {
    errors.push(invalidValue(path, [...values], 'must be ordered'));
  }
  return errors;
}

function validatePatterns(
  field: string,
  patterns: NonNullable<FailureRule['onPodConditions']>,
): FieldError[] {
  const errors = patterns.length > patternsMax ? [tooMany(field, patterns.length, patternsMax)] : [];
  const statuses = ['False', 'True', 'Unknown'];
  patterns.forEach(({ type = '', status = '' }, at) => {
    const path = `${field}[${at}]`;
    errors.push(...problemsAt(`${path}.type`, type, qualifiedNameProblems(type)));
    if (status === '') errors.push(required(`${path}.status`, listed(statuses)));
    else if (!statuses.includes(status)) errors.push(notSupported(`${path}.status`, status, statuses));
  });
  return errors;
}

function validateRule(
  field: string,
  rule: FailureRule,
  spec: JobSpec,
  names: ReadonlySet<string>,
): FieldError[] {
  const { action = '', onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = [];
  if (action === '') errors.push(required(`${field}.action`, listed(actions)));
  else if (action === 'FailIndex') {
    if (spec.backoffLimitPerIndex === undefined) {
      const why = 'requires the backoffLimitPerIndex to be set';
      errors.push(invalidValue(`${field}.action`, action, why));
    }
  } else if (!actions.includes(action)) errors.push(notSupported(`${field}.action`, action, actions));
  if (onExitCodes !== undefined)
    errors.push(...validateExitCodes(`${field}.onExitCodes`, onExitCodes, names));
  errors.push(...validatePatterns(`${field}.onPodConditions`, onPodConditions));
  const hasConditions = onPodConditions.length > 0;
  if (onExitCodes !== undefined && hasConditions) {
    errors.push(withoutValue(field, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  } else if (onExitCodes === undefined && !hasConditions) {
    errors.push(withoutValue(field, 'specifying one of OnExitCodes and OnPodConditions is required'));
  }
  return errors;
}

export function validateFailurePolicy(field: string, spec: JobSpec): FieldError[] {
  const { rules = [] } = spec.podFailurePolicy ?? {};
  const errors = rules.length > rulesMax ? [tooMany(`${field}.rules`, rules.length, rulesMax)] : [];
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name = '' }) => name));
  rules.forEach((rule, at) => {
    errors.push(...validateRule(`${field}.rules[${at}]`, rule, spec, names));
  });
  return errors;
}

function validateSuccessRule(field: string, rule: SuccessRule, completions: number): FieldError[] {
  const { succeededIndexes, succeededCount } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [required(field, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const errors: FieldError[] = [];
  const indexes = parseIndexes(succeededIndexes ?? '', completions);
  if (indexes.problem !== undefined) {
    const why = `error parsing succeededIndexes: ${indexes.problem}`;
    errors.push(invalidValue(`${field}.succeededIndexes`, succeededIndexes, why));
  }
  if (succeededCount === undefined) return errors;
  const path = `${field}.succeededCount`;
  errors.push(...validateNotNegative(path, succeededCount));
  if (succeededCount > completions) {
    const why = `must be less than or equal to ${completions} (the number of specified completions)`;
    errors.push(invalidValue(path, succeededCount, why));
  }
  const named = indexes.count ?? 0;
  if (succeededIndexes !== undefined && succeededCount > named) {
    const why = `must be less than or equal to ${named} (the number of indexes in the specified succeededIndexes field)`;
    errors.push(invalidValue(path, succeededCount, why));
  }
  return errors;
}

export function validateSuccessPolicy(field: string, spec: JobSpec): FieldError[] {
  const { rules = [] } = spec.successPolicy ?? {};
  const path = `${field}.rules`;
  const errors: FieldError[] = [];
  if (rules.length === 0) {
    errors.push(required(path, 'at least one rules must be specified when the successPolicy is specified'));
  }
  if (rules.length > rulesMax) errors.push(tooMany(path, rules.length, rulesMax));
  rules.forEach((rule, at) => {
    errors.push(...validateSuccessRule(`${path}[${at}]`, rule, spec.completions ?? 0));
  });
  return errors;
}
