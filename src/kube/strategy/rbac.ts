/** Roles and bindings: complete rules, known subjects, and a role that never changes. */

import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { pathSegmentProblems } from '../meta/names.ts';
import type { Strategy } from '../registry/types.ts';
import { has, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { isSame, problemsAt, validateSubdomain } from '../validation/pod-fields.ts';
import { validateSelectorObject } from '../validation/pod-label-selectors.ts';

const rbac = 'rbac.authorization.k8s.io';

function validateRule(field: string, rule: JsonObject, isNamespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (textsOf(rule, 'verbs').length === 0) {
    errors.push(required(`${field}.verbs`, 'verbs must contain at least one value'));
  }
  const paths = [...textsOf(rule, 'nonResourceURLs')];
  const groups = textsOf(rule, 'apiGroups');
  const resources = textsOf(rule, 'resources');
  const names = textsOf(rule, 'resourceNames');
  if (paths.length > 0) {
    if (isNamespaced) {
      const why = 'namespaced rules cannot apply to non-resource URLs';
      errors.push(invalidValue(`${field}.nonResourceURLs`, paths, why));
    }
    if (groups.length + resources.length + names.length > 0) {
      const why = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalidValue(`${field}.nonResourceURLs`, paths, why));
    }
    return errors;
  }
  if (groups.length === 0) {
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (resources.length === 0) {
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  }
  return errors;
}

function validateRole(role: ApiObject, isNamespaced: boolean): FieldError[] {
  const json = asJson(role);
  const errors: FieldError[] = [];
  objectsOf(json, 'rules').forEach((rule, at) => {
    errors.push(...validateRule(`rules[${at}]`, rule, isNamespaced));
  });
  if (isNamespaced || !has(json, 'aggregationRule')) return errors;
  const selectors = objectsOf(objectOf(json, 'aggregationRule'), 'clusterRoleSelectors');
  const field = 'aggregationRule.clusterRoleSelectors';
  if (selectors.length === 0) {
    errors.push(required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  selectors.forEach((selector, at) => {
    errors.push(...validateSelectorObject(`${field}[${at}]`, selector));
  });
  return errors;
}

export const roleStrategy: Strategy = {
  validateCreate: (role, { resource }) => validateRole(role, resource.isNamespaced),
  validateUpdate: (role, _old, { resource }) => validateRole(role, resource.isNamespaced),
};

function validateSubject(field: string, subject: JsonObject, isNamespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(subject, 'name');
  const group = textOf(subject, 'apiGroup');
  if (name === '') errors.push(required(`${field}.name`));
  switch (textOf(subject, 'kind')) {
    case 'ServiceAccount':
      if (name !== '') errors.push(...validateSubdomain(`${field}.name`, name));
      if (group !== '') errors.push(notSupported(`${field}.apiGroup`, group, ['']));
      if (!isNamespaced && textOf(subject, 'namespace') === '') errors.push(required(`${field}.namespace`));
      break;
    case 'User':
    case 'Group':
      if (group !== rbac) errors.push(notSupported(`${field}.apiGroup`, group, [rbac]));
      break;
    default:
      errors.push(
        notSupported(`${field}.kind`, textOf(subject, 'kind'), ['Group', 'ServiceAccount', 'User']),
      );
  }
  return errors;
}

function validateBinding(binding: ApiObject, isNamespaced: boolean): FieldError[] {
  const json = asJson(binding);
  const role = objectOf(json, 'roleRef');
  const errors: FieldError[] = [];
  const group = textOf(role, 'apiGroup');
  if (group !== rbac) errors.push(notSupported('roleRef.apiGroup', group, [rbac]));
  const kinds = isNamespaced ? ['ClusterRole', 'Role'] : ['ClusterRole'];
  const kind = textOf(role, 'kind');
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds));
  const name = textOf(role, 'name');
  if (name === '') errors.push(required('roleRef.name'));
  else errors.push(...problemsAt('roleRef.name', name, pathSegmentProblems(name)));
  objectsOf(json, 'subjects').forEach((subject, at) => {
    errors.push(...validateSubject(`subjects[${at}]`, subject, isNamespaced));
  });
  return errors;
}

export const bindingStrategy: Strategy = {
  validateCreate: (binding, { resource }) => validateBinding(binding, resource.isNamespaced),
  validateUpdate(binding, old, { resource }) {
    const errors = validateBinding(binding, resource.isNamespaced);
    const role = objectOf(asJson(binding), 'roleRef');
    if (!isSame(role, objectOf(asJson(old), 'roleRef'))) {
      // The names of the server's own type, as a real one shows them.
      const shown = {
        APIGroup: textOf(role, 'apiGroup'),
        Kind: textOf(role, 'kind'),
        Name: textOf(role, 'name'),
      };
      errors.push(invalidValue('roleRef', shown, 'cannot change roleRef'));
    }
    return errors;
  },
};
