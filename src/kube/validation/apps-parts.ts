/** What the kinds that keep pods running check alike: selectors, templates, rolling updates, counters. */

import {
  type FieldError,
  forbiddenValue,
  invalidValue,
  notSupported,
  required,
} from '../api/field-errors.ts';
import { isSame, notNegativeText, shown, validateNotNegative } from './pod-fields.ts';
import { isEmptySelector, selects, validateLabelSelector } from './pod-label-selectors.ts';
import { validatePodTemplate } from './pod-spec.ts';
import type { LabelSelectorSpec, PodTemplate } from './pod-types.ts';

export interface WorkloadSpec {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly selector?: LabelSelectorSpec;
  readonly template?: PodTemplate;
}

/** A selector has to be there, and to select something. @param kind as the message names it */
export function validateSelector(selector: LabelSelectorSpec | undefined, kind: string): FieldError[] {
  const field = 'spec.selector';
  if (selector === undefined) return [required(field)];
  const errors = validateLabelSelector(field, selector);
  if (isEmptySelector(selector)) {
    errors.push(invalidValue(field, shown(selector), `empty selector is invalid for ${kind}`));
  }
  return errors;
}

/** @param why for a selector that is not well formed */
export function validateSelected(
  selector: LabelSelectorSpec | undefined,
  template: PodTemplate,
  why: string,
): FieldError[] {
  const labels = template.metadata?.labels;
  // An absent selector selects nothing; an empty one is refused elsewhere.
  if (selector !== undefined && isEmptySelector(selector)) return [];
  const isSelected = selects(selector, labels);
  if (isSelected === null) return [invalidValue('spec.selector', shown(selector), why)];
  return isSelected ? [] : [mismatch(labels)];
}

export function mismatch(labels: Record<string, string> | undefined): FieldError {
  const why = '`selector` does not match template `labels`';
  return invalidValue('spec.template.metadata.labels', shown(labels), why);
}

/** Pods of these kinds run until somebody ends them. @param kind as the message names it */
export function validateLastingTemplate(template: PodTemplate, kind: string): FieldError[] {
  const errors = validatePodTemplate('spec.template', template);
  const { restartPolicy, activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') {
    errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy ?? '', ['Always']));
  }
  if (activeDeadlineSeconds !== undefined) {
    const why = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbiddenValue('spec.template.spec.activeDeadlineSeconds', why));
  }
  return errors;
}

const percentRegex = /^[0-9]+%$/;
const percentText =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

export type IntOrPercent = number | string;

/** The number in front of the percent sign, or the number itself; a text that is no percentage counts as zero. */
export function amountOf(value: IntOrPercent | undefined): number {
  if (typeof value === 'number') return value;
  return value !== undefined && percentRegex.test(value) ? Number(value.slice(0, -1)) : 0;
}

export function validateIntOrPercent(field: string, value: IntOrPercent | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'string') {
    return percentRegex.test(value) ? [] : [invalidValue(field, value, percentText)];
  }
  return value < 0 ? [invalidValue(field, value, notNegativeText)] : [];
}

export function validateAtMostAll(field: string, value: IntOrPercent | undefined): FieldError[] {
  if (typeof value !== 'string' || amountOf(value) <= 100) return [];
  return [invalidValue(field, value, 'must not be greater than 100%')];
}

type Counters = Record<string, unknown>;

/** Counters are not negative, and parts are not more than the whole. @param parts names, and of what they are parts */
export function validateCounters(
  status: object | undefined,
  names: readonly string[],
  parts: readonly (readonly [string, string, string])[],
): FieldError[] {
  const counters = (status ?? {}) as Counters;
  const count = (name: string): number => Number(counters[name] ?? 0);
  return [
    ...names.flatMap((name) => validateNotNegative(`status.${name}`, count(name))),
    ...parts.flatMap(([part, whole, text]) =>
      count(part) > count(whole)
        ? [invalidValue(`status.${part}`, count(part), `cannot be greater than ${text}`)]
        : [],
    ),
  ];
}

/** Hashes that have collided are not used again. */
export function validateCollisions(status: object | undefined, old: object | undefined): FieldError[] {
  const now = Number(((status ?? {}) as Counters)['collisionCount'] ?? 0);
  const before = Number(((old ?? {}) as Counters)['collisionCount'] ?? 0);
  return now < before ? [invalidValue('status.collisionCount', now, 'cannot be decremented')] : [];
}

export function hasNewTemplate(spec: WorkloadSpec, old: WorkloadSpec): boolean {
  return !isSame(spec.template, old.template);
}
