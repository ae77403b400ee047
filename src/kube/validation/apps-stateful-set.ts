/** StatefulSets: their pods have names, claims and an order, so that little of them may change. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import {
  amountOf,
  type IntOrPercent,
  validateAtMostAll,
  validateCollisions,
  validateCounters,
  validateIntOrPercent,
  validateLastingTemplate,
  validateSelected,
  validateSelector,
  type WorkloadSpec,
} from './apps-parts.ts';
import { isSame, shown, validateDnsLabel, validateNotNegative } from './pod-fields.ts';
import type { PodTemplate } from './pod-types.ts';
import { validateClaimSpec } from './pod-volumes.ts';

interface StatefulSetSpec extends WorkloadSpec {
  readonly volumeClaimTemplates?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly spec?: unknown;
  }[];
  readonly serviceName?: string;
  readonly podManagementPolicy?: string;
  readonly updateStrategy?: {
    readonly type?: string;
    readonly rollingUpdate?: { readonly partition?: number; readonly maxUnavailable?: IntOrPercent };
  };
  readonly persistentVolumeClaimRetentionPolicy?: {
    readonly whenDeleted?: string;
    readonly whenScaled?: string;
  };
  readonly ordinals?: { readonly start?: number };
}

/** What may change; everything else is the set's identity. */
const mutable: ReadonlySet<string> = new Set([
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
]);
const immutableText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

function validateUpdateStrategy(strategy: NonNullable<StatefulSetSpec['updateStrategy']>): FieldError[] {
  const field = 'spec.updateStrategy';
  const { type = '', rollingUpdate } = strategy;
  if (type === '') return [required(field)];
  if (type === 'OnDelete') {
    if (rollingUpdate === undefined) return [];
    const why = "only allowed for updateStrategy 'RollingUpdate'";
    return [invalidValue(`${field}.rollingUpdate`, shown(rollingUpdate), why)];
  }
  if (type !== 'RollingUpdate') {
    return [invalidValue(field, shown(strategy), "must be 'RollingUpdate' or 'OnDelete'")];
  }
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  const path = `${field}.rollingUpdate`;
  const errors = validateNotNegative(`${path}.partition`, partition);
  if (maxUnavailable === undefined) return errors;
  errors.push(...validateIntOrPercent(`${path}.maxUnavailable`, maxUnavailable));
  if (amountOf(maxUnavailable) === 0) {
    errors.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'cannot be 0'));
  }
  return [...errors, ...validateAtMostAll(`${path}.maxUnavailable`, maxUnavailable)];
}

function validateRetention(
  policy: NonNullable<StatefulSetSpec['persistentVolumeClaimRetentionPolicy']>,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of ['whenDeleted', 'whenScaled'] as const) {
    const value = policy[member] ?? '';
    if (value === 'Retain' || value === 'Delete') continue;
    const field = `spec.persistentVolumeClaimRetentionPolicy.${member}`;
    errors.push(notSupported(field, value, ['Retain', 'Delete']));
  }
  return errors;
}

/** The template as its pods will be: with the claims as volumes, and the names the set gives them. */
function effectiveTemplate(spec: StatefulSetSpec): PodTemplate {
  const { template = {}, volumeClaimTemplates = [] } = spec;
  const { hostname: _hostname, subdomain: _subdomain, ...podSpec } = template.spec ?? {};
  const names = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '');
  if (names.length === 0) return { ...template, spec: podSpec };
  const claims: JsonObject[] = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = (podSpec.volumes ?? []).filter(({ name }) => !names.includes(String(name)));
  return { ...template, spec: { ...podSpec, volumes: [...claims, ...others] } };
}

function validateSpec(spec: StatefulSetSpec, isNew: boolean): FieldError[] {
  const { podManagementPolicy = '', serviceName = '', selector } = spec;
  const errors: FieldError[] = [];
  if (podManagementPolicy === '') errors.push(required('spec.podManagementPolicy'));
  else if (podManagementPolicy !== 'OrderedReady' && podManagementPolicy !== 'Parallel') {
    const why = "must be 'OrderedReady' or 'Parallel'";
    errors.push(invalidValue('spec.podManagementPolicy', podManagementPolicy, why));
  }
  errors.push(...validateUpdateStrategy(spec.updateStrategy ?? {}));
  errors.push(...validateRetention(spec.persistentVolumeClaimRetentionPolicy ?? {}));
  if (isNew) {
    (spec.volumeClaimTemplates ?? []).forEach((claim, at) => {
      errors.push(...validateClaimSpec(`spec.volumeClaimTemplates[${at}].spec`, claim.spec));
    });
  }
  errors.push(
    ...validateNotNegative('spec.replicas', spec.replicas),
    ...validateNotNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateNotNegative('spec.ordinals.start', spec.ordinals?.start),
  );
  if (isNew && serviceName !== '') errors.push(...validateDnsLabel('spec.serviceName', serviceName));
  const template = effectiveTemplate(spec);
  const selected = validateSelected(selector, template, '');
  errors.push(...validateSelector(selector, 'statefulset'), ...selected);
  if (selected.some(({ field }) => field === 'spec.selector')) return errors;
  return [...errors, ...validateLastingTemplate(template, 'StatefulSet')];
}

export function validateStatefulSet(object: ApiObject): FieldError[] {
  return validateSpec((object.spec ?? {}) as StatefulSetSpec, true);
}

function identity(spec: JsonObject | undefined): unknown {
  return Object.fromEntries(Object.entries(spec ?? {}).filter(([name]) => !mutable.has(name)));
}

export function validateStatefulSetUpdate(object: ApiObject, old: ApiObject): FieldError[] {
  const errors = validateSpec((object.spec ?? {}) as StatefulSetSpec, false);
  if (!isSame(identity(object.spec), identity(old.spec))) errors.push(forbiddenValue('spec', immutableText));
  return errors;
}

export function validateStatefulSetStatus(object: ApiObject, old: ApiObject): FieldError[] {
  const names = [
    'replicas',
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
    'observedGeneration',
    'collisionCount',
  ];
  const whole = 'status.replicas';
  return [
    ...validateCounters(object.status, names, [
      ['readyReplicas', 'replicas', whole],
      ['currentReplicas', 'replicas', whole],
      ['updatedReplicas', 'replicas', whole],
      ['availableReplicas', 'replicas', whole],
      ['availableReplicas', 'readyReplicas', 'status.readyReplicas'],
    ]),
    ...validateCollisions(object.status, old.status),
  ];
}
