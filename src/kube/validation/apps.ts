/** Deployments, ReplicaSets, DaemonSets, ReplicationControllers, ControllerRevisions. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { type ApiObject, asJson, isJsonObject } from '../api/objects.ts';
import {
  amountOf,
  type IntOrPercent,
  mismatch,
  validateAtMostAll,
  validateCollisions,
  validateCounters,
  validateIntOrPercent,
  validateLastingTemplate,
  validateSelected,
  validateSelector,
  type WorkloadSpec,
} from './apps-parts.ts';
import { shown, validateImmutable, validateNotNegative } from './pod-fields.ts';
import { isEmptySelector, selects, validateLabelSelector } from './pod-label-selectors.ts';
import type { PodTemplate } from './pod-types.ts';

interface RollingUpdate {
  readonly maxUnavailable?: IntOrPercent;
  readonly maxSurge?: IntOrPercent;
}

interface UpdateStrategy {
  readonly type?: string;
  readonly rollingUpdate?: RollingUpdate;
}

interface DeploymentSpec extends WorkloadSpec {
  readonly strategy?: UpdateStrategy;
  readonly progressDeadlineSeconds?: number;
}

interface DaemonSetSpec extends WorkloadSpec {
  readonly updateStrategy?: UpdateStrategy;
}

interface ControllerSpec {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly selector?: Record<string, string>;
  readonly template?: PodTemplate;
}

/** Of a ReplicaSet, and of a Deployment, whose template is that of its ReplicaSets. */
function validateReplicaTemplate(spec: WorkloadSpec): FieldError[] {
  const { selector, template = {} } = spec;
  const errors = validateSelected(selector, template, 'invalid label selector');
  if (errors.some(({ field }) => field === 'spec.selector')) return errors;
  return [...errors, ...validateLastingTemplate(template, 'ReplicaSet')];
}

function validateDeploymentStrategy(strategy: UpdateStrategy): FieldError[] {
  const field = 'spec.strategy';
  const { type = '', rollingUpdate } = strategy;
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return [];
    const why = "may not be specified when strategy `type` is 'Recreate'";
    return [forbiddenValue(`${field}.rollingUpdate`, why)];
  }
  if (type !== 'RollingUpdate') {
    return [notSupported(field, shown(strategy), ['Recreate', 'RollingUpdate'])];
  }
  const path = `${field}.rollingUpdate`;
  if (rollingUpdate === undefined) return [required(path, 'this should be defaulted and never be nil')];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(`${path}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${path}.maxSurge`, maxSurge),
  ];
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    const why = 'may not be 0 when `maxSurge` is 0';
    errors.push(invalidValue(`${path}.maxUnavailable`, shown(maxUnavailable), why));
  }
  return [...errors, ...validateAtMostAll(`${path}.maxUnavailable`, maxUnavailable)];
}

export function validateDeployment(object: ApiObject): FieldError[] {
  const spec = (object.spec ?? {}) as DeploymentSpec;
  const { minReadySeconds = 0, progressDeadlineSeconds } = spec;
  const errors = [
    ...validateNotNegative('spec.replicas', spec.replicas),
    ...validateSelector(spec.selector, 'deployment'),
    ...validateReplicaTemplate(spec),
    ...validateDeploymentStrategy(spec.strategy ?? {}),
    ...validateNotNegative('spec.minReadySeconds', minReadySeconds),
    ...validateNotNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...validateNotNegative('spec.progressDeadlineSeconds', progressDeadlineSeconds),
  ];
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds) {
    const why = 'must be greater than minReadySeconds';
    errors.push(invalidValue('spec.progressDeadlineSeconds', progressDeadlineSeconds, why));
  }
  return errors;
}

export function validateReplicaSet(object: ApiObject): FieldError[] {
  const spec = (object.spec ?? {}) as WorkloadSpec;
  return [
    ...validateNotNegative('spec.replicas', spec.replicas),
    ...validateNotNegative('spec.minReadySeconds', spec.minReadySeconds),
    // A real server says deployment here, too.
    ...validateSelector(spec.selector, 'deployment'),
    ...validateReplicaTemplate(spec),
  ];
}

/** Also for DaemonSets. */
export function validateSameSelector(object: ApiObject, old: ApiObject): FieldError[] {
  return validateImmutable('spec.selector', object.spec?.['selector'], old.spec?.['selector']);
}

const whole = 'status.replicas';

export function validateDeploymentStatus(object: ApiObject, old: ApiObject): FieldError[] {
  const names = [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ];
  return [
    ...validateCounters(object.status, names, [
      ['updatedReplicas', 'replicas', whole],
      ['readyReplicas', 'replicas', whole],
      ['availableReplicas', 'replicas', whole],
      ['availableReplicas', 'readyReplicas', 'readyReplicas'],
    ]),
    ...validateCollisions(object.status, old.status),
  ];
}

export function validateReplicaStatus(object: ApiObject): FieldError[] {
  const names = [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
    'terminatingReplicas',
  ];
  return validateCounters(object.status, names, [
    ['fullyLabeledReplicas', 'replicas', whole],
    ['readyReplicas', 'replicas', whole],
    ['availableReplicas', 'replicas', whole],
    ['availableReplicas', 'readyReplicas', 'readyReplicas'],
  ]);
}

function validateDaemonStrategy(strategy: UpdateStrategy): FieldError[] {
  const field = 'spec.updateStrategy';
  const { type = '', rollingUpdate } = strategy;
  if (type === 'OnDelete') return [];
  if (type !== 'RollingUpdate') return [notSupported(field, shown(strategy), ['RollingUpdate', 'OnDelete'])];
  const path = `${field}.rollingUpdate`;
  if (rollingUpdate === undefined) return [required(path)];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  const errors = [
    ...validateIntOrPercent(`${path}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${path}.maxSurge`, maxSurge),
    ...validateAtMostAll(`${path}.maxUnavailable`, maxUnavailable),
    ...validateAtMostAll(`${path}.maxSurge`, maxSurge),
  ];
  const hasUnavailable = amountOf(maxUnavailable) !== 0;
  const hasSurge = amountOf(maxSurge) !== 0;
  if (hasUnavailable && hasSurge) {
    const why = 'may not be set when maxUnavailable is non-zero';
    errors.push(invalidValue(`${path}.maxSurge`, shown(maxSurge), why));
  } else if (!hasUnavailable && !hasSurge) {
    errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
  return errors;
}

export function validateDaemonSet(object: ApiObject): FieldError[] {
  const spec = (object.spec ?? {}) as DaemonSetSpec;
  const { selector, template = {} } = spec;
  const errors = validateLabelSelector('spec.selector', selector);
  if (selects(selector, template.metadata?.labels) === false)
    errors.push(mismatch(template.metadata?.labels));
  if (selector !== undefined && isEmptySelector(selector)) {
    const why = 'empty selector is invalid for daemonset';
    errors.push(invalidValue('spec.selector', shown(selector), why));
  }
  return [
    ...errors,
    ...validateLastingTemplate(template, 'DaemonSet'),
    ...validateNotNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateDaemonStrategy(spec.updateStrategy ?? {}),
    ...validateNotNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
}

export function validateDaemonSetStatus(object: ApiObject, old: ApiObject): FieldError[] {
  const names = [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ];
  return [...validateCounters(object.status, names, []), ...validateCollisions(object.status, old.status)];
}

export function validateReplicationController(object: ApiObject): FieldError[] {
  const { replicas, minReadySeconds, selector = {}, template } = (object.spec ?? {}) as ControllerSpec;
  const errors = validateNotNegative('spec.minReadySeconds', minReadySeconds);
  if (Object.keys(selector).length === 0) errors.push(required('spec.selector'));
  errors.push(...validateNotNegative('spec.replicas', replicas));
  if (template === undefined) return [...errors, required('spec.template')];
  const { labels = {} } = template.metadata ?? {};
  if (Object.entries(selector).some(([key, value]) => labels[key] !== value)) {
    errors.push(mismatch(template.metadata?.labels));
  }
  return [...errors, ...validateLastingTemplate(template, 'ReplicationController')];
}

export function validateControllerRevision(object: ApiObject): FieldError[] {
  const { data, revision } = asJson(object);
  const errors = validateNotNegative('revision', typeof revision === 'number' ? revision : 0);
  if (data === undefined || data === null) errors.push(required('data', 'data is mandatory'));
  else if (!isJsonObject(data)) errors.push(required('data', 'data must be a valid JSON object'));
  return errors;
}

export function validateControllerRevisionUpdate(object: ApiObject, old: ApiObject): FieldError[] {
  const { data, revision } = asJson(object);
  return [
    ...validateNotNegative('revision', typeof revision === 'number' ? revision : 0),
    ...validateImmutable('data', data, asJson(old)['data']),
  ];
}
