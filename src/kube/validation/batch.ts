/** Jobs and CronJobs. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject } from '../api/objects.ts';
import { labelProblems, qualifiedNameProblems } from '../meta/names.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './batch-policies.ts';
import { isTimeZone, scheduleProblem } from './batch-schedule.ts';
import type { CronJobSpec, JobSpec } from './batch-types.ts';
import {
  isSame,
  problemsAt,
  shown,
  validateChoice,
  validateImmutable,
  validateNotNegative,
} from './pod-fields.ts';
import { selects, validateLabelSelector } from './pod-label-selectors.ts';
import { validatePodTemplate } from './pod-spec.ts';
import type { Affinity, Container, PodSpec, PodTemplate } from './pod-types.ts';

export const legacyUidLabel: string = 'controller-uid';
export const legacyNameLabel: string = 'job-name';
export const uidLabel: string = 'batch.kubernetes.io/controller-uid';
export const nameLabel: string = 'batch.kubernetes.io/job-name';

const indexedParallelismMax = 100_000;
const failedIndexesMax = 100_000;
/** Beyond so many completions, other limits hold. */
const completionsMany = 100_000;
const parallelismOfMany = 10_000;
const failedIndexesOfMany = 10_000;
const managedByMax = 63;

const counters = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

function validateIndexed(field: string, spec: JobSpec): FieldError[] {
  const { completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const atMost = (member: string, value: number | undefined, max: number, when: string): void => {
    if (value === undefined || value <= max) return;
    errors.push(invalidValue(`${field}.${member}`, value, `must be less than or equal to ${max}${when}`));
  };
  if (completions === undefined) {
    errors.push(required(`${field}.completions`, 'when completion mode is Indexed'));
  }
  atMost('parallelism', parallelism, indexedParallelismMax, ' when completion mode is Indexed');
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    const why = 'must be less than or equal to completions';
    errors.push(invalidValue(`${field}.maxFailedIndexes`, maxFailedIndexes, why));
  }
  atMost('maxFailedIndexes', maxFailedIndexes, failedIndexesMax, '');
  if ((completions ?? 0) > completionsMany && backoffLimitPerIndex !== undefined) {
    if (maxFailedIndexes === undefined) {
      const why = `must be specified when completions is above ${completionsMany}`;
      errors.push(required(`${field}.maxFailedIndexes`, why));
    }
    const when = ` when completions are above ${completionsMany} and used with backoff limit per index`;
    atMost('parallelism', parallelism, parallelismOfMany, when);
    atMost('maxFailedIndexes', maxFailedIndexes, failedIndexesOfMany, when);
  }
  return errors;
}

function validateModes(field: string, spec: JobSpec): FieldError[] {
  const { completionMode, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  const modes = ['NonIndexed', 'Indexed'];
  if (completionMode !== undefined && !modes.includes(completionMode)) {
    errors.push(notSupported(`${field}.completionMode`, completionMode, modes));
  }
  if (completionMode === 'Indexed') errors.push(...validateIndexed(field, spec));
  if (completionMode !== undefined && completionMode !== 'NonIndexed') return errors;
  for (const [member, value] of Object.entries({ backoffLimitPerIndex, maxFailedIndexes })) {
    if (value === undefined) continue;
    errors.push(invalidValue(`${field}.${member}`, value, 'requires indexed completion mode'));
  }
  return errors;
}

function validateReplacement(field: string, spec: JobSpec): FieldError[] {
  const policy = spec.podReplacementPolicy;
  const supported = spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  if (policy === undefined || supported.includes(policy)) return [];
  return [notSupported(field, policy, supported)];
}

/** Pods of a Job end. */
function validateRestartPolicy(field: string, spec: JobSpec): FieldError[] {
  const { restartPolicy = '' } = spec.template?.spec ?? {};
  if (restartPolicy === '' || restartPolicy === 'Always') {
    return [required(field, 'valid values: "OnFailure", "Never"')];
  }
  if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never') {
    return [notSupported(field, restartPolicy, ['OnFailure', 'Never'])];
  }
  if (spec.podFailurePolicy === undefined || restartPolicy === 'Never') return [];
  return [invalidValue(field, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified')];
}

function validateManager(field: string, manager: string): FieldError[] {
  const errors: FieldError[] = [];
  const slash = manager.indexOf('/');
  if (slash <= 0 || slash === manager.length - 1) {
    errors.push(invalidValue(field, manager, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  } else errors.push(...problemsAt(field, manager, qualifiedNameProblems(manager)));
  if (manager.length > managedByMax) {
    const message = `Too long: may not be more than ${managedByMax} bytes`;
    errors.push({ reason: 'FieldValueTooLong', field, message });
  }
  return errors;
}

/** What holds for Jobs and for the templates of CronJobs. */
function validateJobParts(field: string, spec: JobSpec): FieldError[] {
  const errors = counters.flatMap((name) => validateNotNegative(`${field}.${name}`, spec[name]));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) errors.push(...validateManager(`${field}.managedBy`, spec.managedBy));
  errors.push(...validateModes(field, spec));
  if (spec.podFailurePolicy !== undefined) {
    errors.push(...validateFailurePolicy(`${field}.podFailurePolicy`, spec));
  }
  if (spec.successPolicy !== undefined) {
    const path = `${field}.successPolicy`;
    if (spec.completionMode === 'Indexed') errors.push(...validateSuccessPolicy(path, spec));
    else errors.push(invalidValue(path, shown(spec.successPolicy), 'requires indexed completion mode'));
  }
  return [
    ...errors,
    ...validateReplacement(`${field}.podReplacementPolicy`, spec),
    ...validatePodTemplate(`${field}.template`, spec.template ?? {}),
    ...validateRestartPolicy(`${field}.template.spec.restartPolicy`, spec),
  ];
}

/** The labels by which a Job finds its pods, where it was not told to leave them alone. */
function validateGenerated(object: ApiObject, spec: JobSpec): FieldError[] {
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { uid = '', name = '' } = object.metadata;
  const expected = { [uidLabel]: uid, [legacyUidLabel]: uid, [nameLabel]: name, [legacyNameLabel]: name };
  const labels = spec.template?.metadata?.labels ?? {};
  const errors: FieldError[] = [];
  for (const [label, value] of Object.entries(expected)) {
    const field = `spec.template.metadata.labels[${label}]`;
    const why = `must be '${value}'`;
    if (labels[label] === undefined) errors.push(required(field, why));
    else if (labels[label] !== value) errors.push(invalidValue(field, shown(labels), why));
  }
  if (selects(spec.selector, expected) === false) {
    errors.push(invalidValue('spec.selector', shown(spec.selector), '`selector` not auto-generated'));
  }
  return errors;
}

function validateJobSpec(spec: JobSpec): FieldError[] {
  const errors = validateJobParts('spec', spec);
  if (spec.selector === undefined) errors.push(required('spec.selector'));
  else errors.push(...validateLabelSelector('spec.selector', spec.selector));
  const labels = spec.template?.metadata?.labels;
  if (selects(spec.selector, labels) === false) {
    const why = '`selector` does not match template `labels`';
    errors.push(invalidValue('spec.template.metadata.labels', shown(labels), why));
  }
  return errors;
}

export function validateJob(object: ApiObject): FieldError[] {
  const spec = (object.spec ?? {}) as JobSpec;
  const errors = [...validateGenerated(object, spec), ...validateJobSpec(spec)];
  const { completions = 0, completionMode } = spec;
  if (completionMode !== 'Indexed' || completions === 0) return errors;
  const { name = '' } = object.metadata;
  const last = `${name}-${completions - 1}`;
  if (labelProblems(last).length > 0) {
    const why = `will not able to create pod with invalid DNS label: ${last}`;
    errors.push(invalidValue('metadata.name', name, why));
  }
  return errors;
}

function validateCompletions(spec: JobSpec, old: JobSpec): FieldError[] {
  const field = 'spec.completions';
  if (spec.completionMode !== 'Indexed') return validateImmutable(field, spec.completions, old.completions);
  if (spec.completions === old.completions || spec.completions === undefined) return [];
  if (spec.completions === spec.parallelism) return [];
  return [invalidValue(field, spec.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** Where pods go may still change while a Job has not begun. */
function withSchedulingOf(old: PodTemplate, template: PodTemplate): PodTemplate {
  const copy: Record<string, unknown> = { ...old.spec };
  const take = (...members: (keyof PodSpec)[]): void => {
    for (const member of members) {
      if (template.spec?.[member] === undefined) delete copy[member];
      else copy[member] = template.spec[member];
    }
  };
  take('nodeSelector', 'tolerations', 'schedulingGates');
  const { nodeAffinity: _old, ...others } = (old.spec?.affinity ?? {}) as Affinity;
  const nodeAffinity = template.spec?.affinity?.nodeAffinity;
  const affinity = nodeAffinity === undefined ? others : { nodeAffinity, ...others };
  const isEmpty = Object.keys(affinity).length === 0;
  if (isEmpty && template.spec?.affinity === undefined) delete copy['affinity'];
  else copy['affinity'] = affinity;
  return { ...old, metadata: template.metadata ?? {}, spec: copy as PodSpec };
}

/** So may what its containers ask for. */
function withResourcesOf(old: PodSpec, spec: PodSpec): PodSpec {
  const merge = (list: readonly Container[] | undefined, given: readonly Container[] = []): unknown =>
    list?.map((container, at) => {
      const other = given[at];
      if (other === undefined || other.name !== container.name) return container;
      return { ...container, resources: other.resources ?? {} };
    });
  const copy: Record<string, unknown> = { ...old };
  for (const member of ['containers', 'initContainers'] as const) {
    if (old[member] !== undefined) copy[member] = merge(old[member], spec[member]);
  }
  return copy as PodSpec;
}

/** Members by name, so that those which were taken over stand where the others do. */
function byName(spec: PodSpec | undefined): unknown {
  return Object.fromEntries(Object.entries(spec ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function validateTemplateUpdate(object: ApiObject, old: ApiObject): FieldError[] {
  const { template = {} } = (object.spec ?? {}) as JobSpec;
  const { template: before = {}, suspend } = (old.spec ?? {}) as JobSpec;
  if (isSame(template, before)) return [];
  const hasBegun = old.status?.['startTime'] !== undefined;
  if (suspend !== true) return validateImmutable('spec.template', template, before);
  const allowed = hasBegun ? before : withSchedulingOf(before, template);
  const allowedSpec = withResourcesOf(allowed.spec ?? {}, template.spec ?? {});
  if (
    isSame(byName(template.spec), byName(allowedSpec)) &&
    (!hasBegun || isSame(template.metadata, before.metadata))
  ) {
    return [];
  }
  return [invalidValue('spec.template.spec', shown(template.spec), 'field is immutable')];
}

export function validateJobUpdate(object: ApiObject, old: ApiObject): FieldError[] {
  const spec = (object.spec ?? {}) as JobSpec;
  const before = (old.spec ?? {}) as JobSpec;
  const immutable = [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const;
  return [
    ...validateJobSpec(spec),
    ...validateCompletions(spec, before),
    ...validateImmutable('spec.selector', spec.selector, before.selector),
    ...validateTemplateUpdate(object, old),
    ...immutable.flatMap((name) => validateImmutable(`spec.${name}`, spec[name], before[name])),
  ];
}

function validateZone(field: string, zone: string): FieldError[] {
  if (zone === '') {
    return [
      { reason: 'FieldValueTooShort', field, message: 'Too short: must be at least 1 characters long' },
    ];
  }
  const unknown = invalidValue(field, zone, `unknown time zone ${zone}`);
  const isPath = zone
    .split('/')
    .every(
      (part) =>
        part !== '.' && part !== '..' && !part.startsWith('-') && /^[A-Za-z.\-_0-9+]{1,14}$/.test(part),
    );
  if (!isPath) return [unknown];
  if (zone.toLowerCase() === 'local') {
    const why = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    return [invalidValue(field, zone, why)];
  }
  return isTimeZone(zone) ? [] : [unknown];
}

function validateSchedule(schedule: string, spec: CronJobSpec, old: CronJobSpec | null): FieldError[] {
  const field = 'spec.schedule';
  if (schedule === '') return [required(field)];
  const errors: FieldError[] = [];
  const problem = scheduleProblem(schedule);
  if (problem !== '') errors.push(invalidValue(field, schedule, problem));
  if (!schedule.includes('TZ')) return errors;
  if (old === null || !(old.schedule ?? '').includes('TZ')) {
    const why = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    errors.push(invalidValue(field, schedule, why));
  } else if (spec.timeZone !== undefined) {
    errors.push(
      invalidValue(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'),
    );
  }
  return errors;
}

/** @param old null: it is new */
export function validateCronJob(object: ApiObject, old: ApiObject | null): FieldError[] {
  const spec = (object.spec ?? {}) as CronJobSpec;
  const before = old === null ? null : ((old.spec ?? {}) as CronJobSpec);
  const errors = validateSchedule(spec.schedule ?? '', spec, before);
  errors.push(...validateNotNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds));
  if (spec.timeZone !== undefined && spec.timeZone !== before?.timeZone) {
    errors.push(...validateZone('spec.timeZone', spec.timeZone));
  }
  errors.push(
    ...validateChoice('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
  );
  const job = spec.jobTemplate?.spec ?? {};
  const field = 'spec.jobTemplate.spec';
  errors.push(...validateJobParts(field, job));
  if (job.selector !== undefined) {
    errors.push(invalidValue(`${field}.selector`, shown(job.selector), '`selector` will be auto-generated'));
  }
  if (job.manualSelector === true) {
    errors.push(notSupported(`${field}.manualSelector`, true, ['nil', 'false']));
  }
  return [
    ...errors,
    ...validateNotNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...validateNotNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ];
}
