/** Policies of admission and their bindings: what may stand in them. `policies/` evaluates them. */

import { duplicate, type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { labelProblems as labelProblems1035 } from '../crd/label-problems.ts';
import { qualifiedNameProblems, subdomainProblems } from '../meta/names.ts';
import { expressionProblem, type ResultType, type Scope, scopeOf } from '../policies/expressions.ts';
import type { Strategy } from '../registry/types.ts';
import { validateMatchConditions, validateMatchResources } from '../validation/match-rules.ts';
import { has, maybeObject, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { problemsAt } from '../validation/pod-fields.ts';
import { validateSelectorObject } from '../validation/pod-label-selectors.ts';

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const actions = ['Audit', 'Deny', 'Warn'];
const annotationsMax = 20;
const actionsText =
  'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';

function checkExpression(
  field: string,
  expression: string,
  scope: Scope,
  wanted: readonly ResultType[],
): FieldError[] {
  const problem = expressionProblem(expression, scope, wanted);
  return problem === null ? [] : [invalidValue(field, expression, problem)];
}

function hasLineBreak(text: string): boolean {
  return /[\n\r]/.test(text);
}

function validateParamKind(field: string, kind: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const [apiVersion, name] = [textOf(kind, 'apiVersion'), textOf(kind, 'kind')];
  if (apiVersion === '') errors.push(required(`${field}.apiVersion`));
  else if (apiVersion.split('/').length > 2) {
    const why = `unexpected GroupVersion string: ${apiVersion}`;
    errors.push(invalidValue(`${field}.apiVersion`, apiVersion, why));
  }
  if (name === '') errors.push(required(`${field}.kind`));
  else {
    for (const problem of labelProblems1035(name.toLowerCase())) {
      const why = `may have mixed case, but should otherwise match: ${problem}`;
      errors.push(invalidValue(`${field}.kind`, name, why));
    }
  }
  return errors;
}

function validateVariables(field: string, spec: JsonObject, scope: Scope): FieldError[] {
  const names = new Set<string>();
  return objectsOf(spec, 'variables').flatMap((variable, at) => {
    const place = `${field}[${at}]`;
    const errors: FieldError[] = [];
    const [name, expression] = [textOf(variable, 'name'), textOf(variable, 'expression')];
    if (name === '') errors.push(required(`${place}.name`, 'name is not specified'));
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      errors.push(invalidValue(`${place}.name`, name, 'name is not a valid CEL identifier'));
    }
    if (names.has(name)) errors.push(duplicate(`${place}.name`, name));
    names.add(name);
    if (expression.trim() === '') {
      errors.push(required(`${place}.expression`, 'expression is not specified'));
    } else errors.push(...checkExpression(`${place}.expression`, expression, scope, ['dyn']));
    return errors;
  });
}

function validateValidation(place: string, validation: JsonObject, spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const expression = textOf(validation, 'expression').trim();
  const message = textOf(validation, 'message');
  const messageExpression = textOf(validation, 'messageExpression');
  if (expression === '') errors.push(required(`${place}.expression`, 'expression is not specified'));
  else {
    const text = textOf(validation, 'expression');
    errors.push(...checkExpression(`${place}.expression`, text, scopeOf(spec, true), ['bool']));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(
      invalidValue(`${place}.messageExpression`, messageExpression, 'must be non-empty if specified'),
    );
  } else if (messageExpression !== '') {
    const field = `${place}.messageExpression`;
    errors.push(...checkExpression(field, messageExpression, scopeOf(spec, false), ['string']));
  }
  if (message !== '' && message.trim() === '') {
    errors.push(invalidValue(`${place}.message`, message, 'message must be non-empty if specified'));
  } else if (hasLineBreak(message.trim())) {
    errors.push(invalidValue(`${place}.message`, message, 'message must not contain line breaks'));
  } else if (hasLineBreak(expression) && message.trim() === '') {
    const why = 'message must be specified if expression contains line breaks';
    errors.push(required(`${place}.message`, why));
  }
  const reason = textOf(validation, 'reason');
  if (has(validation, 'reason') && !reasons.includes(reason)) {
    errors.push(notSupported(`${place}.reason`, reason, reasons));
  }
  return errors;
}

function validateAnnotations(field: string, owner: string, spec: JsonObject): FieldError[] {
  const given = objectsOf(spec, 'auditAnnotations');
  const errors: FieldError[] = [];
  const keys = new Set<string>();
  if (given.length > annotationsMax) {
    errors.push(invalidValue(field, owner, `must not have more than ${annotationsMax} auditAnnotations`));
  }
  given.forEach((annotation, at) => {
    const place = `${field}[${at}]`;
    const [key, expression] = [textOf(annotation, 'key'), textOf(annotation, 'valueExpression')];
    const whole = `${owner}/${key}`;
    if (key === '') errors.push(required(`${place}.key`));
    else errors.push(...problemsAt(`${place}.key`, key, qualifiedNameProblems(whole)));
    if (expression.trim() === '') {
      errors.push(required(`${place}.valueExpression`, 'valueExpression is not specified'));
    } else {
      const wanted: readonly ResultType[] = ['string', 'null_type'];
      const place2 = `${place}.valueExpression`;
      errors.push(...checkExpression(place2, expression, scopeOf(spec, true), wanted));
    }
    if (key !== '' && keys.has(key)) errors.push(duplicate(`${place}.key`, key));
    keys.add(key);
  });
  return errors;
}

/** What policies of both kinds have. */
function validateAny(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const policy = textOf(spec, 'failurePolicy');
  const policies = ['Fail', 'Ignore'];
  if (!has(spec, 'failurePolicy')) errors.push(required('spec.failurePolicy'));
  else if (!policies.includes(policy)) errors.push(notSupported('spec.failurePolicy', policy, policies));
  const paramKind = maybeObject(spec, 'paramKind');
  if (paramKind !== null) errors.push(...validateParamKind('spec.paramKind', paramKind));
  const constraints = maybeObject(spec, 'matchConstraints');
  if (constraints === null) errors.push(required('spec.matchConstraints'));
  else {
    errors.push(...validateMatchResources('spec.matchConstraints', constraints));
    if (objectsOf(constraints, 'resourceRules').length === 0) {
      errors.push(required('spec.matchConstraints.resourceRules'));
    }
  }
  const scope = scopeOf(spec, true);
  errors.push(...validateMatchConditions('spec.matchConditions', spec, scope));
  errors.push(...validateVariables('spec.variables', spec, scope));
  return errors;
}

function validatePolicy({ metadata, spec = {} }: ApiObject): FieldError[] {
  const errors = validateAny(spec);
  const validations = objectsOf(spec, 'validations');
  if (validations.length + objectsOf(spec, 'auditAnnotations').length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    errors.push(required('spec.validations', why), required('spec.auditAnnotations', why));
    return errors;
  }
  validations.forEach((validation, at) => {
    errors.push(...validateValidation(`spec.validations[${at}]`, validation, spec));
  });
  errors.push(...validateAnnotations('spec.auditAnnotations', metadata.name ?? '', spec));
  return errors;
}

const mutationMembers: Readonly<Record<string, readonly [string, ResultType]>> = {
  ApplyConfiguration: ['applyConfiguration', 'Object'],
  JSONPatch: ['jsonPatch', 'list<JSONPatch>'],
};

function validateMutation(place: string, mutation: JsonObject, scope: Scope): FieldError[] {
  const type = textOf(mutation, 'patchType');
  if (type === '') return [required(`${place}.patchType`)];
  const known = mutationMembers[type];
  if (known === undefined) return [notSupported(`${place}.patchType`, type, Object.keys(mutationMembers))];
  const [member, wanted] = known;
  const given = maybeObject(mutation, member);
  if (given === null) {
    return [required(`${place}.${member}`, `must be specified when patchType is ${type}`)];
  }
  const expression = textOf(given, 'expression');
  const field = `${place}.${member}.expression`;
  if (expression.trim() === '') return [required(field, 'expression is not specified')];
  return checkExpression(field, expression, scope, [wanted]);
}

function validateMutatingPolicy({ spec = {} }: ApiObject): FieldError[] {
  const errors = validateAny(spec);
  const policy = textOf(spec, 'reinvocationPolicy');
  const policies = ['IfNeeded', 'Never'];
  if (policy === '') errors.push(required('spec.reinvocationPolicy'));
  else if (!policies.includes(policy)) {
    errors.push(notSupported('spec.reinvocationPolicy', policy, policies));
  }
  const mutations = objectsOf(spec, 'mutations');
  if (mutations.length === 0) {
    errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  }
  mutations.forEach((mutation, at) => {
    errors.push(...validateMutation(`spec.mutations[${at}]`, mutation, scopeOf(spec, true)));
  });
  return errors;
}

function validateParamRef(field: string, ref: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(ref, 'name');
  const selector = maybeObject(ref, 'selector');
  if (name !== '') {
    for (const problem of subdomainProblems(name)) errors.push(invalidValue(`${field}.name`, name, problem));
    if (selector !== null) {
      const why = 'name and selector are mutually exclusive';
      errors.push({ reason: 'FieldValueForbidden', field: `${field}.name`, message: `Forbidden: ${why}` });
    }
  }
  if (selector !== null) {
    errors.push(...validateSelectorObject(`${field}.selector`, selector));
    if (name !== '') {
      const why = 'name and selector are mutually exclusive';
      errors.push({
        reason: 'FieldValueForbidden',
        field: `${field}.selector`,
        message: `Forbidden: ${why}`,
      });
    }
  }
  if (name === '' && selector === null) {
    errors.push(required(field, 'one of name or selector must be specified'));
  }
  const action = textOf(ref, 'parameterNotFoundAction');
  const choices = ['Allow', 'Deny'];
  if (action === '') errors.push(required(`${field}.parameterNotFoundAction`));
  else if (!choices.includes(action)) {
    errors.push(notSupported(`${field}.parameterNotFoundAction`, action, choices));
  }
  return errors;
}

function validateActions(field: string, given: readonly string[]): FieldError[] {
  if (given.length === 0) return [required(field)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  given.forEach((action, at) => {
    if (!actions.includes(action)) errors.push(notSupported(`${field}[${at}]`, action, actions));
    if (seen.has(action)) errors.push(duplicate(`${field}[${at}]`, action));
    seen.add(action);
  });
  if (seen.has('Deny') && seen.has('Warn')) errors.push(invalidValue(field, [...given], actionsText));
  return errors;
}

function validateMutatingBinding({ spec = {} }: ApiObject): FieldError[] {
  const errors: FieldError[] = [];
  const name = textOf(spec, 'policyName');
  if (name === '') errors.push(required('spec.policyName'));
  else
    for (const problem of subdomainProblems(name))
      errors.push(invalidValue('spec.policyName', name, problem));
  const ref = maybeObject(spec, 'paramRef');
  if (ref !== null) errors.push(...validateParamRef('spec.paramRef', ref));
  const matched = maybeObject(spec, 'matchResources');
  if (matched !== null) errors.push(...validateMatchResources('spec.matchResources', matched));
  return errors;
}

function validateBinding(binding: ApiObject): FieldError[] {
  const actions = textsOf(binding.spec ?? {}, 'validationActions');
  return [...validateMutatingBinding(binding), ...validateActions('spec.validationActions', actions)];
}

export const policyStrategy: Strategy = {
  validateCreate: validatePolicy,
  validateUpdate: (policy, _old, { subresource }) => (subresource === 'status' ? [] : validatePolicy(policy)),
};

export const policyBindingStrategy: Strategy = {
  validateCreate: validateBinding,
  validateUpdate: validateBinding,
};

export const mutatingPolicyStrategy: Strategy = {
  validateCreate: validateMutatingPolicy,
  validateUpdate: validateMutatingPolicy,
};

export const mutatingBindingStrategy: Strategy = {
  validateCreate: validateMutatingBinding,
  validateUpdate: validateMutatingBinding,
};
