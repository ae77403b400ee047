/** Rules and conditions by which webhooks and policies say which requests they are about. */

import {
  duplicate,
  type FieldError,
  invalidValue,
  notSupported,
  required,
  tooMany,
} from '../api/field-errors.ts';
import type { JsonObject } from '../api/objects.ts';
import { qualifiedNameProblems } from '../meta/names.ts';
import { expressionProblem, type Scope } from '../policies/expressions.ts';
import { has, maybeObject, objectsOf, textOf, textsOf } from './members.ts';
import { problemsAt } from './pod-fields.ts';
import { validateSelectorObject } from './pod-label-selectors.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];
const conditionsMax = 64;

function wildcardAlone(field: string, given: readonly string[], what: string): FieldError[] {
  if (given.length < 2 || !given.includes('*')) return [];
  return [invalidValue(field, [...given], `if '*' is present, must not specify other ${what}`)];
}

function validateResources(field: string, resources: readonly string[]): FieldError[] {
  if (resources.length === 0) return [required(field)];
  const errors: FieldError[] = [];
  const ofAllSubresources = new Set<string>();
  const ofAllResources = new Set<string>();
  let hasPlain = false;
  resources.forEach((text, at) => {
    const place = `${field}[${at}]`;
    if (text === '') {
      errors.push(required(place));
      return;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      hasPlain = text !== '*';
      return;
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    if (ofAllSubresources.has(resource)) {
      errors.push(invalidValue(place, text, `if '${resource}/*' is present, must not specify ${text}`));
    }
    if (ofAllResources.has(subresource)) {
      errors.push(invalidValue(place, text, `if '*/${subresource}' is present, must not specify ${text}`));
    }
    if (subresource === '*') ofAllSubresources.add(resource);
    if (resource === '*') ofAllResources.add(subresource);
  });
  if (resources.length > 1 && resources.includes('*/*')) {
    const why = "if '*/*' is present, must not specify other resources";
    errors.push(invalidValue(field, [...resources], why));
  }
  if (resources.includes('*') && hasPlain) {
    const why = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalidValue(field, [...resources], why));
  }
  return errors;
}

/** One entry of `rules` or `resourceRules`. */
export function validateMatchRule(field: string, rule: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const given = textsOf(rule, 'operations');
  if (given.length === 0) errors.push(required(`${field}.operations`));
  errors.push(...wildcardAlone(`${field}.operations`, given, 'operations'));
  given.forEach((operation, at) => {
    if (!operations.includes(operation)) {
      errors.push(notSupported(`${field}.operations[${at}]`, operation, operations));
    }
  });
  for (const [member, what] of [
    ['apiGroups', 'API groups'],
    ['apiVersions', 'API versions'],
  ] as const) {
    const values = textsOf(rule, member);
    if (values.length === 0) errors.push(required(`${field}.${member}`));
    errors.push(...wildcardAlone(`${field}.${member}`, values, what));
    values.forEach((value, at) => {
      if (member === 'apiVersions' && value === '') errors.push(required(`${field}.${member}[${at}]`));
    });
  }
  errors.push(...validateResources(`${field}.resources`, textsOf(rule, 'resources')));
  const scope = textOf(rule, 'scope');
  if (has(rule, 'scope') && !scopes.includes(scope))
    errors.push(notSupported(`${field}.scope`, scope, scopes));
  return errors;
}

/** `matchConstraints` of a policy, `matchResources` of a binding. */
export function validateMatchResources(field: string, criteria: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const member of ['namespaceSelector', 'objectSelector']) {
    const selector = maybeObject(criteria, member);
    if (selector === null) errors.push(required(`${field}.${member}`));
    else errors.push(...validateSelectorObject(`${field}.${member}`, selector));
  }
  for (const member of ['resourceRules', 'excludeResourceRules']) {
    objectsOf(criteria, member).forEach((rule, at) => {
      const place = `${field}.${member}[${at}]`;
      errors.push(...validateMatchRule(place, rule));
      const seen = new Set<string>();
      textsOf(rule, 'resourceNames').forEach((name, index) => {
        if (seen.has(name)) errors.push(duplicate(`${place}.resourceNames[${index}]`, name));
        seen.add(name);
      });
    });
  }
  const policy = textOf(criteria, 'matchPolicy');
  const policies = ['Equivalent', 'Exact'];
  if (!has(criteria, 'matchPolicy')) errors.push(required(`${field}.matchPolicy`));
  else if (!policies.includes(policy)) errors.push(notSupported(`${field}.matchPolicy`, policy, policies));
  return errors;
}

/** @param owner has `matchConditions` */
export function validateMatchConditions(field: string, owner: JsonObject, scope: Scope): FieldError[] {
  const conditions = objectsOf(owner, 'matchConditions');
  const errors: FieldError[] = [];
  if (conditions.length > conditionsMax) errors.push(tooMany(field, conditions.length, conditionsMax));
  const names = new Set<string>();
  conditions.forEach((condition, at) => {
    const place = `${field}[${at}]`;
    const [name, expression] = [textOf(condition, 'name'), textOf(condition, 'expression')];
    const problem = expression.trim() === '' ? null : expressionProblem(expression, scope, ['bool']);
    if (expression.trim() === '') errors.push(required(`${place}.expression`));
    else if (problem !== null) errors.push(invalidValue(`${place}.expression`, expression, problem));
    if (name === '') errors.push(required(`${place}.name`));
    else errors.push(...problemsAt(`${place}.name`, name, qualifiedNameProblems(name)));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${place}.name`, name));
    names.add(name);
  });
  return errors;
}
