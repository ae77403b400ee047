/** Label selectors as objects have them: whether they are well formed, and what they select. */

import { type FieldError, forbiddenValue, invalidValue, required } from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { type Labels, type Operator, type Requirement, selectorOf } from '../meta/label-selector.ts';
import { labelValueProblems } from '../meta/names.ts';
import { validateLabels } from '../meta/validate-meta.ts';
import { problemsAt, validateLabelName } from './pod-fields.ts';
import type { LabelSelectorSpec, SelectorExpression } from './pod-types.ts';

const operators: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

function validateExpression(field: string, expression: SelectorExpression): FieldError[] {
  const { key = '', operator = '', values = [] } = expression;
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      errors.push(forbiddenValue(`${field}.values`, why));
    }
  } else errors.push(invalidValue(`${field}.operator`, operator, 'not a valid selector operator'));
  errors.push(...validateLabelName(`${field}.key`, key));
  values.forEach((value, at) => {
    errors.push(...problemsAt(`${field}.values[${at}]`, value, labelValueProblems(value)));
  });
  return errors;
}

/** @param selector undefined: none, which is fine */
export function validateLabelSelector(field: string, selector: LabelSelectorSpec | undefined): FieldError[] {
  if (selector === undefined) return [];
  const errors = validateLabels(`${field}.matchLabels`, selector.matchLabels ?? {});
  (selector.matchExpressions ?? []).forEach((expression, at) => {
    errors.push(...validateExpression(`${field}.matchExpressions[${at}]`, expression));
  });
  return errors;
}

/** As above, of what was decoded. @param selector null: none */
export function validateSelectorObject(field: string, selector: JsonObject | null): FieldError[] {
  return selector === null ? [] : validateLabelSelector(field, selector as LabelSelectorSpec);
}

export function isEmptySelector({ matchLabels = {}, matchExpressions = [] }: LabelSelectorSpec): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

/** The requirements of a selector; null when it is not well formed. */
function requirementsOf({
  matchLabels = {},
  matchExpressions = [],
}: LabelSelectorSpec): Requirement[] | null {
  const requirements: Requirement[] = Object.entries(matchLabels).map(([key, value]) => {
    return { key, operator: 'in', values: [value] };
  });
  for (const expression of matchExpressions) {
    if (validateExpression('', expression).length > 0) return null;
    const operator = operators[expression.operator!]!;
    requirements.push({ key: expression.key!, operator, values: expression.values ?? [] });
  }
  for (const [key, value] of Object.entries(matchLabels)) {
    if (validateLabels('', { [key]: value }).length > 0) return null;
  }
  return requirements;
}

/** @returns null: the selector is not well formed. An absent one selects nothing, an empty one everything. */
export function selects(selector: LabelSelectorSpec | undefined, labels: Labels | undefined): boolean | null {
  if (selector === undefined) return false;
  const requirements = requirementsOf(selector);
  return requirements === null ? null : selectorOf(requirements).matches(labels);
}
