/** Where a pod may run: tolerations, affinity, spreading, gates. */

import {
  duplicate,
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import {
  labelProblems,
  labelValueProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from '../meta/names.ts';
import { positiveText, problemsAt, validateLabelName } from './pod-fields.ts';
import { validateLabelSelector } from './pod-label-selectors.ts';
import type {
  Affinity,
  LabelSelectorSpec,
  NodeTerm,
  PodTerm,
  SelectorExpression,
  SpreadConstraint,
  Toleration,
} from './pod-types.ts';

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function validateToleration(field: string, toleration: Toleration): FieldError[] {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  const errors = key === '' ? [] : validateLabelName(`${field}.key`, key);
  if (key === '' && operator !== 'Exists') {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalidValue(`${field}.operator`, operator, why));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalidValue(`${field}.effect`, effect, why));
  }
  if (operator === '' || operator === 'Equal') {
    const problems = labelValueProblems(value);
    if (problems.length > 0) errors.push(invalidValue(`${field}.operator`, value, problems.join(';')));
  } else if (operator === 'Exists') {
    const why = "value must be empty when `operator` is 'Exists'";
    if (value !== '') errors.push(invalidValue(`${field}.operator`, value, why));
  } else errors.push(notSupported(`${field}.operator`, operator, ['Equal', 'Exists']));
  if (effect !== '' && !taintEffects.includes(effect)) {
    errors.push(notSupported(`${field}.effect`, effect, taintEffects));
  }
  return errors;
}

export function validateTolerations(field: string, tolerations: readonly Toleration[]): FieldError[] {
  return tolerations.flatMap((toleration, at) => validateToleration(`${field}[${at}]`, toleration));
}

/** Whether what a topology is keyed by is a label. */
function validateTopologyKey(field: string, key: string): FieldError[] {
  const errors = key === '' ? [required(field, 'can not be empty')] : [];
  return [...errors, ...validateLabelName(field, key)];
}

function validateMinDomains(
  field: string,
  minDomains: number | undefined,
  whenUnsatisfiable: string,
): FieldError[] {
  if (minDomains === undefined) return [];
  const errors: FieldError[] = [];
  if (minDomains <= 0) errors.push(invalidValue(field, minDomains, positiveText));
  if (whenUnsatisfiable !== 'DoNotSchedule') {
    const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
    errors.push(invalidValue(field, minDomains, why));
  }
  return errors;
}

/** Keys whose values are those of the pod itself; they need a selector to stand beside. */
function validateMatchLabelKeys(
  field: string,
  keys: readonly string[] | undefined,
  selector: LabelSelectorSpec | undefined,
): FieldError[] {
  if (keys === undefined || keys.length === 0) return [];
  if (selector === undefined) {
    return [forbiddenValue(field, 'must not be specified when labelSelector is not set')];
  }
  return keys.flatMap((key, at) => validateLabelName(`${field}[${at}]`, key));
}

function validateConstraint(field: string, constraint: SpreadConstraint): FieldError[] {
  const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '' } = constraint;
  const actions = ['DoNotSchedule', 'ScheduleAnyway'];
  const errors = maxSkew > 0 ? [] : [invalidValue(`${field}.maxSkew`, maxSkew, positiveText)];
  errors.push(...validateTopologyKey(`${field}.topologyKey`, topologyKey));
  if (!actions.includes(whenUnsatisfiable)) {
    errors.push(notSupported(`${field}.whenUnsatisfiable`, whenUnsatisfiable, actions));
  }
  errors.push(...validateMinDomains(`${field}.minDomains`, constraint.minDomains, whenUnsatisfiable));
  for (const member of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
    const policy = constraint[member];
    if (policy === undefined || policy === 'Honor' || policy === 'Ignore') continue;
    errors.push(notSupported(`${field}.${member}`, policy, ['Honor', 'Ignore']));
  }
  return [
    ...errors,
    ...validateMatchLabelKeys(`${field}.matchLabelKeys`, constraint.matchLabelKeys, constraint.labelSelector),
    ...validateLabelSelector(`${field}.labelSelector`, constraint.labelSelector),
  ];
}

export function validateSpread(field: string, constraints: readonly SpreadConstraint[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  constraints.forEach((constraint, at) => {
    const path = `${field}[${at}]`;
    const pair = `{${constraint.topologyKey ?? ''}, ${constraint.whenUnsatisfiable ?? ''}}`;
    errors.push(...validateConstraint(path, constraint));
    if (seen.has(pair)) errors.push(duplicate(`${path}.{topologyKey, whenUnsatisfiable}`, pair));
    seen.add(pair);
  });
  return errors;
}

/** @param isHard a preferred term may name values that no label can have */
function validateNodeExpression(
  field: string,
  expression: SelectorExpression,
  isHard: boolean,
): FieldError[] {
  const { key = '', operator = '', values = [] } = expression;
  const errors: FieldError[] = [];
  const path = `${field}.values`;
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(path, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push(forbiddenValue(path, why));
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      errors.push(required(path, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    }
  } else errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
  errors.push(...validateLabelName(`${field}.key`, key));
  if (!isHard) return errors;
  values.forEach((value, at) => {
    errors.push(...problemsAt(`${path}[${at}]`, value, labelValueProblems(value)));
  });
  return errors;
}

function validateNodeField(field: string, expression: SelectorExpression): FieldError[] {
  const { key = '', operator = '', values = [] } = expression;
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${field}.values`, why));
  }
  if (key !== 'metadata.name') {
    errors.push(invalidValue(`${field}.key`, key, 'not a valid field selector key'));
    return errors;
  }
  values.forEach((value, at) => {
    errors.push(...problemsAt(`${field}.values[${at}]`, value, subdomainProblems(value)));
  });
  return errors;
}

function validateNodeTerm(field: string, term: NodeTerm, isHard: boolean): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((expression, at) =>
      validateNodeExpression(`${field}.matchExpressions[${at}]`, expression, isHard),
    ),
    ...(term.matchFields ?? []).flatMap((expression, at) =>
      validateNodeField(`${field}.matchFields[${at}]`, expression),
    ),
  ];
}

function validateWeight(field: string, weight: number): FieldError[] {
  return weight >= 1 && weight <= 100 ? [] : [invalidValue(field, weight, 'must be in the range 1-100')];
}

/** Which nodes will do. */
export function validateNodeSelector(
  field: string,
  selector: { readonly nodeSelectorTerms?: readonly NodeTerm[] },
): FieldError[] {
  const path = `${field}.nodeSelectorTerms`;
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(path, 'must have at least one node selector term')];
  return terms.flatMap((term, at) => validateNodeTerm(`${path}[${at}]`, term, true));
}

function validateNodeAffinity(field: string, affinity: NonNullable<Affinity['nodeAffinity']>): FieldError[] {
  const errors: FieldError[] = [];
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (hard !== undefined) {
    const path = `${field}.requiredDuringSchedulingIgnoredDuringExecution`;
    errors.push(...validateNodeSelector(path, hard));
  }
  (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach((term, at) => {
    const path = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${at}]`;
    errors.push(...validateWeight(`${path}.weight`, term.weight ?? 0));
    errors.push(...validateNodeTerm(`${path}.preference`, term.preference ?? {}, false));
  });
  return errors;
}

function validatePodTerm(field: string, term: PodTerm): FieldError[] {
  return [
    ...validateLabelSelector(`${field}.labelSelector`, term.labelSelector),
    ...validateLabelSelector(`${field}.namespaceSelector`, term.namespaceSelector),
    ...(term.namespaces ?? []).flatMap((name) => problemsAt(`${field}.namespace`, name, labelProblems(name))),
    ...validateMatchLabelKeys(`${field}.matchLabelKeys`, term.matchLabelKeys, term.labelSelector),
    ...validateMatchLabelKeys(`${field}.mismatchLabelKeys`, term.mismatchLabelKeys, term.labelSelector),
    ...validateTopologyKey(`${field}.topologyKey`, term.topologyKey ?? ''),
  ];
}

function validatePodAffinity(field: string, affinity: NonNullable<Affinity['podAffinity']>): FieldError[] {
  const hard = `${field}.requiredDuringSchedulingIgnoredDuringExecution`;
  const soft = `${field}.preferredDuringSchedulingIgnoredDuringExecution`;
  return [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, at) =>
      validatePodTerm(`${hard}[${at}]`, term),
    ),
    ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, at) => [
      ...validateWeight(`${soft}[${at}].weight`, term.weight ?? 0),
      ...validatePodTerm(`${soft}[${at}].podAffinityTerm`, term.podAffinityTerm ?? {}),
    ]),
  ];
}

export function validateAffinity(field: string, affinity: Affinity | undefined): FieldError[] {
  if (affinity === undefined) return [];
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  return [
    ...(nodeAffinity === undefined ? [] : validateNodeAffinity(`${field}.nodeAffinity`, nodeAffinity)),
    ...(podAffinity === undefined ? [] : validatePodAffinity(`${field}.podAffinity`, podAffinity)),
    ...(podAntiAffinity === undefined
      ? []
      : validatePodAffinity(`${field}.podAntiAffinity`, podAntiAffinity)),
  ];
}

export function validateGates(field: string, gates: readonly { readonly name?: string }[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  gates.forEach(({ name = '' }, at) => {
    errors.push(...problemsAt(`${field}[${at}]`, name, qualifiedNameProblems(name)));
    if (seen.has(name)) errors.push(duplicate(`${field}[${at}]`, name));
    seen.add(name);
  });
  return errors;
}
