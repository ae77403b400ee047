/** Configurations of admission webhooks: what may stand in them. `webhooks/` calls them. */

import { duplicate, type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { subdomainProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { validateMatchConditions, validateMatchRule } from '../validation/match-rules.ts';
import { has, maybeObject, numberOf, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { problemsAt } from '../validation/pod-fields.ts';
import { validateSelectorObject } from '../validation/pod-label-selectors.ts';
import { validateReviewVersions, validateWebhookClient } from '../validation/webhook-clients.ts';

const timeoutMax = 30;

function validateName(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  const problems = subdomainProblems(name);
  if (problems.length > 0) return problemsAt(field, name, problems);
  if (name.split('.').length >= 3) return [];
  return [invalidValue(field, name, 'should be a domain with at least three segments separated by dots')];
}

function validateWebhook(field: string, webhook: JsonObject): FieldError[] {
  const errors = validateName(`${field}.name`, textOf(webhook, 'name'));
  objectsOf(webhook, 'rules').forEach((rule, at) => {
    errors.push(...validateMatchRule(`${field}.rules[${at}]`, rule));
  });
  const choose = (member: string, choices: readonly string[]): void => {
    const value = textOf(webhook, member);
    if (has(webhook, member) && !choices.includes(value)) {
      errors.push(notSupported(`${field}.${member}`, value, choices));
    }
  };
  choose('failurePolicy', ['Fail', 'Ignore']);
  choose('matchPolicy', ['Equivalent', 'Exact']);
  if (!has(webhook, 'sideEffects')) {
    errors.push(required(`${field}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  } else choose('sideEffects', ['None', 'NoneOnDryRun']);
  const seconds = numberOf(webhook, 'timeoutSeconds');
  if (seconds !== undefined && (seconds < 1 || seconds > timeoutMax)) {
    const why = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalidValue(`${field}.timeoutSeconds`, seconds, why));
  }
  for (const member of ['namespaceSelector', 'objectSelector']) {
    errors.push(...validateSelectorObject(`${field}.${member}`, maybeObject(webhook, member)));
  }
  choose('reinvocationPolicy', ['IfNeeded', 'Never']);
  const scope = { hasParams: false, hasAuthorizer: true, isPolicy: false };
  return [
    ...errors,
    ...validateWebhookClient(`${field}.clientConfig`, objectOf(webhook, 'clientConfig')),
    ...validateMatchConditions(`${field}.matchConditions`, webhook, scope),
    ...validateReviewVersions(
      `${field}.admissionReviewVersions`,
      textsOf(webhook, 'admissionReviewVersions'),
      'must specify one of v1, v1beta1',
    ),
  ];
}

function validateConfiguration(configuration: ApiObject): FieldError[] {
  const names = new Set<string>();
  return objectsOf(asJson(configuration), 'webhooks').flatMap((webhook, at) => {
    const field = `webhooks[${at}]`;
    const errors = validateWebhook(field, webhook);
    const name = textOf(webhook, 'name');
    if (name !== '' && names.has(name)) errors.push(duplicate(`${field}.name`, name));
    names.add(name);
    return errors;
  });
}

export const webhooksStrategy: Strategy = {
  validateCreate: validateConfiguration,
  validateUpdate: validateConfiguration,
};
