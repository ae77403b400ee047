/** PodDisruptionBudgets, PriorityClasses, RuntimeClasses, Leases. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { type ApiObject, asJson, type Json, type JsonObject } from '../api/objects.ts';
import { validateLabels } from '../meta/validate-meta.ts';
import type { Strategy } from '../registry/types.ts';
import { has, mapOf, maybeObject, numberOf, objectOf, objectsOf, textOf } from '../validation/members.ts';
import { notNegativeText, validateDnsLabel, validateImmutable } from '../validation/pod-fields.ts';
import { validateSelectorObject } from '../validation/pod-label-selectors.ts';
import { validateTolerations } from '../validation/pod-scheduling.ts';
import { validateAmount } from '../validation/resources.ts';

const percentText =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

function validateShare(field: string, value: Json | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') {
    return value < 0 ? [invalidValue(field, value, notNegativeText)] : [];
  }
  const text = String(value);
  if (!/^[0-9]+%$/.test(text)) return [invalidValue(field, value, percentText)];
  return Number(text.slice(0, -1)) > 100 ? [invalidValue(field, value, 'must not be greater than 100%')] : [];
}

function validateBudget(budget: ApiObject): FieldError[] {
  const spec = budget.spec ?? {};
  const errors: FieldError[] = [];
  if (has(spec, 'minAvailable') && has(spec, 'maxUnavailable')) {
    const shown: JsonObject = {
      MinAvailable: spec['minAvailable']!,
      Selector: spec['selector'] ?? null,
      MaxUnavailable: spec['maxUnavailable']!,
      UnhealthyPodEvictionPolicy: spec['unhealthyPodEvictionPolicy'] ?? null,
    };
    errors.push(invalidValue('spec', shown, 'minAvailable and maxUnavailable cannot be both set'));
  }
  errors.push(...validateShare('spec.minAvailable', spec['minAvailable']));
  errors.push(...validateShare('spec.maxUnavailable', spec['maxUnavailable']));
  errors.push(...validateSelectorObject('spec.selector', maybeObject(spec, 'selector')));
  const policy = textOf(spec, 'unhealthyPodEvictionPolicy');
  const policies = ['AlwaysAllow', 'IfHealthyBudget'];
  if (policy !== '' && !policies.includes(policy)) {
    errors.push(notSupported('spec.unhealthyPodEvictionPolicy', policy, policies));
  }
  return errors;
}

export const budgetStrategy: Strategy = {
  prepareForCreate(budget) {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validateCreate: validateBudget,
  validateUpdate: (budget, _old, { subresource }) => (subresource === '' ? validateBudget(budget) : []),
};

/** The largest priority of users. */
const userPriorityMax = 1_000_000_000;
const systemPrefix = 'system-';

/** The classes of the system and their priorities. */
const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

const preemptionPolicies = ['Never', 'PreemptLowerPriority'];

function validatePriorityClass(object: ApiObject): FieldError[] {
  const json = asJson(object);
  const name = object.metadata.name ?? '';
  const value = numberOf(json, 'value') ?? 0;
  const errors: FieldError[] = [];
  if (name.startsWith(systemPrefix)) {
    if (systemPriorities[name] !== value) {
      const why = `priority class names with '${systemPrefix}' prefix are reserved for system use only. error: ${name} is not a known system priority class`;
      errors.push(forbiddenValue('metadata.name', why));
    }
  } else if (value > userPriorityMax) {
    const why = `maximum allowed value of a user defined priority is ${userPriorityMax}`;
    errors.push(forbiddenValue('value', why));
  }
  const policy = textOf(json, 'preemptionPolicy');
  if (policy === '') errors.push(required('preemptionPolicy'));
  else if (!preemptionPolicies.includes(policy)) {
    errors.push(notSupported('preemptionPolicy', policy, preemptionPolicies));
  }
  return errors;
}

export const priorityClassStrategy: Strategy = {
  validateCreate: validatePriorityClass,
  validateUpdate(object, old) {
    const [json, before] = [asJson(object), asJson(old)];
    const errors: FieldError[] = [];
    if (json['value'] !== before['value']) {
      errors.push(forbiddenValue('value', 'may not be changed in an update.'));
    }
    errors.push(
      ...validateImmutable('preemptionPolicy', json['preemptionPolicy'], before['preemptionPolicy']),
    );
    return errors;
  },
};

function validateRuntimeClass(object: ApiObject): FieldError[] {
  const json = asJson(object);
  const handler = textOf(json, 'handler');
  const errors = handler === '' ? [required('handler')] : validateDnsLabel('handler', handler);
  for (const [name, amount] of Object.entries(mapOf(objectOf(json, 'overhead'), 'podFixed'))) {
    errors.push(...validateAmount(`overhead.limits[${name}]`, name, amount));
  }
  return [...errors, ...validateScheduling('scheduling', objectOf(json, 'scheduling'))];
}

function validateScheduling(field: string, scheduling: JsonObject): FieldError[] {
  const tolerations = objectsOf(scheduling, 'tolerations');
  const errors = validateLabels(`${field}.nodeSelector`, mapOf(scheduling, 'nodeSelector'));
  // A real server says tolerations twice.
  errors.push(...validateTolerations(`${field}.tolerations.tolerations`, tolerations));
  const seen = new Set<string>();
  tolerations.forEach((toleration, at) => {
    const key = ['key', 'operator', 'value', 'effect'].map((name) => textOf(toleration, name)).join('\0');
    if (seen.has(key)) errors.push(duplicate(`${field}.tolerations[${at}]`, toleration));
    seen.add(key);
  });
  return errors;
}

export const runtimeClassStrategy: Strategy = {
  validateCreate: validateRuntimeClass,
  validateUpdate: (object, old) => [
    ...validateRuntimeClass(object),
    ...validateImmutable('handler', asJson(object)['handler'], asJson(old)['handler']),
  ],
};

function validateLease(lease: ApiObject): FieldError[] {
  const spec = lease.spec ?? {};
  const errors: FieldError[] = [];
  const seconds = numberOf(spec, 'leaseDurationSeconds');
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  }
  const transitions = numberOf(spec, 'leaseTransitions');
  if (transitions !== undefined && transitions < 0) {
    errors.push(invalidValue('spec.leaseTransitions', transitions, notNegativeText));
  }
  return errors;
}

export const leaseStrategy: Strategy = {
  validateCreate: validateLease,
  validateUpdate: validateLease,
};
