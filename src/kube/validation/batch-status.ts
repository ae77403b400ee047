/** What a status may say of a Job: counters go up, and what has ended stays ended. */

import { type FieldError, invalidValue, required } from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import { parseIndexes } from './batch-indexes.ts';
import type { JobSpec, JobStatus } from './batch-types.ts';
import { isSame, shown, validateNotNegative } from './pod-fields.ts';

function is(status: JobStatus, type: string): boolean {
  return (status.conditions ?? []).some(
    (condition) => condition.type === type && condition.status === 'True',
  );
}

/** About conditions as a whole: no value is shown. */
function aboutConditions(why: string): FieldError {
  return { reason: 'FieldValueInvalid', field: 'status.conditions', message: `Invalid value: ${why}` };
}

function validateConditions(status: JobStatus, old: JobStatus): FieldError[] {
  const errors: FieldError[] = [];
  const both: readonly (readonly [string, string, string])[] = [
    ['Complete', 'Failed', 'cannot set Complete=True and Failed=true conditions'],
    ['Complete', 'FailureTarget', 'cannot set Complete=True and FailureTarget=true conditions'],
    ['SuccessCriteriaMet', 'Failed', 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [
      'SuccessCriteriaMet',
      'FailureTarget',
      'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
  ];
  for (const [one, other, why] of both)
    if (is(status, one) && is(status, other)) errors.push(aboutConditions(why));
  if (is(status, 'Failed') && !is(status, 'FailureTarget') && !is(old, 'Failed')) {
    errors.push(aboutConditions('cannot set Failed=True condition without the FailureTarget=true condition'));
  }
  if (is(status, 'Complete') && !is(status, 'SuccessCriteriaMet') && !is(old, 'Complete')) {
    const why = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    errors.push(aboutConditions(why));
  }
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (is(old, type) && !is(status, type)) {
      errors.push(aboutConditions(`cannot disable the terminal ${type}=True condition`));
    }
  }
  if (is(old, 'SuccessCriteriaMet') && !is(status, 'SuccessCriteriaMet')) {
    errors.push(aboutConditions('cannot disable the SuccessCriteriaMet=True condition'));
  }
  return errors;
}

function validateTimes(status: JobStatus, old: JobStatus, isSuspended: boolean): FieldError[] {
  const { startTime, completionTime } = status;
  const errors: FieldError[] = [];
  const field = 'status.completionTime';
  const isComplete = is(status, 'Complete');
  if (completionTime !== undefined && !isComplete) {
    const why = 'cannot set completionTime when there is no Complete=True condition';
    errors.push(invalidValue(field, completionTime, why));
  }
  if (completionTime === undefined && isComplete) {
    errors.push(required(field, 'completionTime is required for Complete jobs'));
  }
  if (startTime !== undefined && completionTime !== undefined && completionTime < startTime) {
    errors.push(invalidValue(field, completionTime, 'must be equal to or after `startTime`'));
  }
  if (startTime === undefined && (isComplete || is(status, 'Failed'))) {
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  }
  if (
    completionTime !== undefined &&
    old.completionTime !== undefined &&
    completionTime !== old.completionTime
  ) {
    errors.push(invalidValue(field, completionTime, 'field is immutable'));
  }
  if (old.startTime !== undefined && old.startTime !== startTime && !isSuspended) {
    const why = 'field is immutable for unsuspended job once set';
    errors.push(invalidValue('status.startTime', shown(startTime), why));
  }
  return errors;
}

function validateCounts(status: JobStatus, old: JobStatus): FieldError[] {
  const { active = 0, ready = 0, terminating = 0, uncountedTerminatedPods } = status;
  const errors = (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((name) =>
    validateNotNegative(`status.${name}`, status[name]),
  );
  if (is(status, 'Complete') || is(status, 'Failed')) {
    if (active > 0)
      errors.push(invalidValue('status.active', active, 'active>0 is invalid for finished job'));
    const { succeeded = [], failed = [] } = uncountedTerminatedPods ?? {};
    if (succeeded.length + failed.length > 0) {
      const why = 'must be empty for finished job';
      errors.push(invalidValue('status.uncountedTerminatedPods', shown(uncountedTerminatedPods), why));
    }
    if (terminating > 0) {
      const why = 'terminating>0 is invalid for finished job';
      errors.push(invalidValue('status.terminating', terminating, why));
    }
  }
  if (ready > active)
    errors.push(invalidValue('status.ready', ready, 'cannot set more ready pods than active'));
  for (const name of ['failed', 'succeeded'] as const) {
    const now = status[name] ?? 0;
    if (now >= (old[name] ?? 0)) continue;
    errors.push(invalidValue(`status.${name}`, now, `cannot decrease the ${name} counter`));
  }
  return errors;
}

function validateIndexLists(status: JobStatus, spec: JobSpec): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status;
  const errors: FieldError[] = [];
  const check = (name: string, text: string): void => {
    const { problem } = parseIndexes(text, spec.completions ?? 0);
    if (spec.completions === undefined || problem === undefined) return;
    errors.push(invalidValue(`status.${name}`, text, `error parsing ${name}: ${problem}`));
  };
  check('completedIndexes', completedIndexes);
  if (spec.backoffLimitPerIndex !== undefined && failedIndexes !== undefined)
    check('failedIndexes', failedIndexes);
  if (completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalidValue('status.completedIndexes', completedIndexes, why));
  }
  if (failedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    const why = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalidValue('status.failedIndexes', failedIndexes, why));
  }
  return errors;
}

export function validateJobStatus(object: ApiObject, old: ApiObject): FieldError[] {
  const status = (object.status ?? {}) as JobStatus;
  const before = (old.status ?? {}) as JobStatus;
  if (isSame(status, before)) return [];
  const spec = (object.spec ?? {}) as JobSpec;
  return [
    ...validateCounts(status, before),
    ...validateConditions(status, before),
    ...validateTimes(status, before, spec.suspend === true),
    ...validateIndexLists(status, spec),
  ];
}
