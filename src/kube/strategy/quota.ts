/** ResourceQuotas and LimitRanges. What they do to others is in `admission/`. */

import { duplicate, type FieldError, forbiddenValue, invalidValue, required } from '../api/field-errors.ts';
import type { ApiObject, Json, JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { mapOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { validateImmutable, validateLabelName } from '../validation/pod-fields.ts';
import { validateAmount, validateLimitName, validateQuotaName } from '../validation/resources.ts';

const scopes: ReadonlySet<string> = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
]);

function validateAmounts(field: string, amounts: Record<string, string>): FieldError[] {
  return Object.entries(amounts).flatMap(([name, amount]) => [
    ...validateQuotaName(`${field}[${name}]`, name),
    ...validateAmount(`${field}[${name}]`, name, amount),
  ]);
}

/** Those that have no values. */
const bareScopes: ReadonlySet<string> = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'CrossNamespacePodAffinity',
]);

/** Of Kubernetes' own: others may be counted within any scope. */
const standardNames: ReadonlySet<string> = new Set(
  (
    'cpu memory ephemeral-storage requests.cpu requests.memory requests.storage requests.ephemeral-storage limits.cpu ' +
    'limits.memory limits.ephemeral-storage pods resourcequotas services replicationcontrollers secrets ' +
    'persistentvolumeclaims configmaps services.nodeports services.loadbalancers'
  ).split(' '),
);
const ofPods = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const ofClaims = ['persistentvolumeclaims', 'requests.storage'];

/** The standard names that a scope is about. */
function namesOf(scope: string): readonly string[] {
  if (scope === 'BestEffort') return ['pods'];
  return scope === 'VolumeAttributesClass' ? ofClaims : ofPods;
}

function isStandard(name: string): boolean {
  return standardNames.has(name) || /^(requests\.)?hugepages-/.test(name);
}

/** What a scope cannot be applied to, an error for each. @param shown the scopes, or the selector */
function inapplicable(field: string, shown: Json, scope: string, spec: JsonObject): FieldError[] {
  if (!scopes.has(scope)) return [];
  const names = Object.keys(mapOf(spec, 'hard')).filter(isStandard);
  const wrong = names.filter((name) => !namesOf(scope).includes(name));
  return wrong.map(() => invalidValue(field, shown, 'unsupported scope applied to resource'));
}

function validateScopes(spec: JsonObject): FieldError[] {
  const given = [...textsOf(spec, 'scopes')];
  const errors = given.flatMap((scope) =>
    scopes.has(scope)
      ? inapplicable('spec.scopes', given, scope, spec)
      : [invalidValue('spec.scopes', given, 'unsupported scope')],
  );
  const conflicts =
    (given.includes('Terminating') && given.includes('NotTerminating')) ||
    (given.includes('BestEffort') && given.includes('NotBestEffort'));
  return conflicts ? [...errors, invalidValue('spec.scopes', given, 'conflicting scopes')] : errors;
}

function validateQuota(quota: ApiObject): FieldError[] {
  const spec = quota.spec ?? {};
  const errors = [...validateAmounts('spec.hard', mapOf(spec, 'hard')), ...validateScopes(spec)];
  objectsOf(objectOf(spec, 'scopeSelector'), 'matchExpressions').forEach((term) => {
    const field = 'spec.scopeSelector.matchExpressions';
    const scope = textOf(term, 'scopeName');
    if (!scopes.has(scope)) errors.push(invalidValue(`${field}.scopeName`, scope, 'unsupported scope'));
    errors.push(...inapplicable(field, objectOf(spec, 'scopeSelector'), scope, spec));
    const operator = textOf(term, 'operator');
    if (bareScopes.has(scope) && operator !== 'Exists') {
      const why =
        "must be 'Exist' only operator when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.push(invalidValue(`${field}.operator`, operator, why));
    }
    const values = textsOf(term, 'values');
    if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
      const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      errors.push(required(`${field}.values`, why));
    }
    if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
      const why = "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector";
      errors.push(invalidValue(`${field}.values`, [...values], why));
    }
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
      errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
    }
  });
  return errors;
}

export const quotaStrategy: Strategy = {
  prepareForCreate(quota) {
    quota.status = {};
  },
  validateCreate: validateQuota,
  validateUpdate(quota, old, { subresource }) {
    if (subresource === 'status') {
      const status = quota.status ?? {};
      return [
        ...validateAmounts('status.hard', mapOf(status, 'hard')),
        ...validateAmounts('status.used', mapOf(status, 'used')),
      ];
    }
    return [
      ...validateQuota(quota),
      ...validateImmutable('spec.scopes', quota.spec?.['scopes'], old.spec?.['scopes']),
    ];
  },
};

type Bounds = Record<string, string>;

/** An error where the first is above the second. */
function ordered(
  field: string,
  name: string,
  low: string | undefined,
  high: string | undefined,
  texts: readonly [string, string],
  shown: string | undefined,
): FieldError[] {
  if (low === undefined || high === undefined || compareQuantities(low, high) <= 0) return [];
  const [isLowFirst, other] = texts;
  const why = `${isLowFirst} ${other}`;
  return [invalidValue(`${field}[${name}]`, shown ?? low, why)];
}

function validateBounds(field: string, limit: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const bounds = (member: string): Bounds => mapOf(limit, member);
  const min = bounds('min');
  const max = bounds('max');
  const usual = bounds('default');
  const request = bounds('defaultRequest');
  const ratio = bounds('maxLimitRequestRatio');
  const names = new Set([min, max, usual, request, ratio].flatMap((of) => Object.keys(of)));
  for (const name of [...names].sort()) {
    const below = (
      member: string,
      low: string | undefined,
      lowText: string,
      high: string | undefined,
      highText: string,
      shown: string | undefined,
    ): void => {
      const texts = [`${lowText}`, highText] as const;
      errors.push(...ordered(`${field}.${member}`, name, low, high, texts, shown));
    };
    const [lo, hi, us, re] = [min[name], max[name], usual[name], request[name]];
    below('min', lo, `min value ${lo} is greater than`, hi, `max value ${hi}`, lo);
    below('defaultRequest', lo, `min value ${lo} is greater than`, re, `default request value ${re}`, re);
    below('defaultRequest', re, `default request value ${re} is greater than`, hi, `max value ${hi}`, re);
    below(
      'defaultRequest',
      re,
      `default request value ${re} is greater than`,
      us,
      `default limit value ${us}`,
      re,
    );
    below('default', lo, `min value ${lo} is greater than`, us, `default value ${us}`, lo);
    below('default', us, `default value ${us} is greater than`, hi, `max value ${hi}`, hi);
    const most = ratio[name];
    if (most !== undefined && compareQuantities(most, '1') < 0) {
      errors.push(
        invalidValue(`${field}.maxLimitRequestRatio[${name}]`, most, `ratio ${most} is less than 1`),
      );
    }
  }
  return errors;
}

function validateLimit(field: string, limit: JsonObject): FieldError[] {
  const type = textOf(limit, 'type');
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(`${field}.type`));
  else if (!['Pod', 'Container', 'PersistentVolumeClaim'].includes(type)) {
    errors.push(...validateLabelName(`${field}.type`, type));
    if (!type.includes('/')) {
      const why = 'must be a standard limit type or fully qualified';
      errors.push(invalidValue(`${field}.type`, type, why));
    }
  }
  for (const member of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio']) {
    for (const name of Object.keys(mapOf(limit, member))) {
      errors.push(...validateLimitName(`${field}.${member}[${name}]`, name, type));
    }
  }
  if (type === 'Pod') {
    for (const member of ['default', 'defaultRequest']) {
      if (Object.keys(mapOf(limit, member)).length > 0) {
        errors.push(forbiddenValue(`${field}.${member}`, "may not be specified when `type` is 'Pod'"));
      }
    }
  }
  if (type === 'PersistentVolumeClaim') {
    if (mapOf(limit, 'min')['storage'] === undefined && mapOf(limit, 'max')['storage'] === undefined) {
      const why = 'either minimum or maximum storage value is required, but neither was provided';
      errors.push(required('spec.limits', why));
    }
  }
  return [...errors, ...validateBounds(field, limit)];
}

function validateRange(range: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const types = new Set<string>();
  objectsOf(range.spec ?? {}, 'limits').forEach((limit, at) => {
    const field = `spec.limits[${at}]`;
    errors.push(...validateLimit(field, limit));
    const type = textOf(limit, 'type');
    if (types.has(type)) errors.push(duplicate(`${field}.type`, type));
    types.add(type);
  });
  return errors;
}

export const limitRangeStrategy: Strategy = {
  /** One without a name gets one that nobody has. */
  prepareForCreate({ metadata }) {
    if ((metadata.name ?? '') === '') metadata.name = metadata.uid!;
  },
  validateCreate: validateRange,
  validateUpdate: validateRange,
};
