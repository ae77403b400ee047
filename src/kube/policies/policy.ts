/** Policies of admission and their bindings as requests need them: made once, when they are seen. */

import { RequestMatcher } from '../admission/rules.ts';
import type { ApiObject, JsonObject } from '../api/objects.ts';
import { type Budget, BudgetError } from '../crd/cel-meter.ts';
import { maybeObject, objectOf, objectsOf, textOf, textsOf } from '../validation/members.ts';
import { MatchConditions } from './conditions.ts';
import { Expression, type Scope, scopeOf, type Variables } from './expressions.ts';

export interface ParamKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface Variable {
  readonly name: string;
  readonly expression: Expression;
}

interface Validation {
  readonly expression: Expression;
  /** Null: its message is fixed. */
  readonly messageExpression: Expression | null;
  readonly message: string;
  /** Empty: 'Invalid'. */
  readonly reason: string;
}

interface Annotation {
  readonly key: string;
  readonly expression: Expression;
}

/** What policies of both kinds have. */
interface AnyPolicy {
  readonly name: string;
  readonly matcher: RequestMatcher;
  readonly conditions: MatchConditions;
  readonly variables: readonly Variable[];
  /** What cannot be evaluated refuses nothing. */
  readonly failsOpen: boolean;
  /** Null: it has no parameters. */
  readonly paramKind: ParamKind | null;
}

export interface Mutation {
  /** It gives a JSON patch, and not an object to be laid over. */
  readonly isPatch: boolean;
  readonly expression: Expression;
}

export interface MutatingPolicy extends AnyPolicy {
  readonly mutations: readonly Mutation[];
  /** Once more when the object was changed after it. */
  readonly isReinvoked: boolean;
}

export interface Policy extends AnyPolicy {
  readonly validations: readonly Validation[];
  readonly annotations: readonly Annotation[];
}

export interface Binding {
  readonly name: string;
  readonly policyName: string;
  /** Null: whatever the policy matches. */
  readonly matcher: RequestMatcher | null;
  /** `Deny`, `Warn`, `Audit`. */
  readonly actions: readonly string[];
  readonly paramRef: JsonObject | null;
}

function matcherOf(criteria: JsonObject): RequestMatcher {
  const [rules, excluded] = [
    objectsOf(criteria, 'resourceRules'),
    objectsOf(criteria, 'excludeResourceRules'),
  ];
  return new RequestMatcher(criteria, rules, excluded, true);
}

function paramKindOf(spec: JsonObject): ParamKind | null {
  const given = maybeObject(spec, 'paramKind');
  if (given === null) return null;
  const [first = '', second] = textOf(given, 'apiVersion').split('/');
  const kind = textOf(given, 'kind');
  return second === undefined ? { group: '', version: first, kind } : { group: first, version: second, kind };
}

function anyPolicyOf({ metadata, spec = {} }: ApiObject, scope: Scope): AnyPolicy {
  return {
    name: metadata.name ?? '',
    matcher: matcherOf(objectOf(spec, 'matchConstraints')),
    conditions: new MatchConditions(spec, scope),
    variables: objectsOf(spec, 'variables').map((one) => ({
      name: textOf(one, 'name'),
      expression: new Expression(textOf(one, 'expression'), scope, ['dyn']),
    })),
    failsOpen: textOf(spec, 'failurePolicy') === 'Ignore',
    paramKind: paramKindOf(spec),
  };
}

export function mutatingPolicyOf(object: ApiObject): MutatingPolicy {
  const spec = object.spec ?? {};
  const scope = scopeOf(spec, true);
  return {
    ...anyPolicyOf(object, scope),
    mutations: objectsOf(spec, 'mutations').map((one) => {
      const isPatch = textOf(one, 'patchType') === 'JSONPatch';
      const text = textOf(objectOf(one, isPatch ? 'jsonPatch' : 'applyConfiguration'), 'expression');
      return { isPatch, expression: new Expression(text, scope, [isPatch ? 'list<JSONPatch>' : 'Object']) };
    }),
    isReinvoked: textOf(spec, 'reinvocationPolicy') === 'IfNeeded',
  };
}

export function policyOf(object: ApiObject): Policy {
  const spec = object.spec ?? {};
  const scope = scopeOf(spec, true);
  return {
    ...anyPolicyOf(object, scope),
    validations: objectsOf(spec, 'validations').map((one) => {
      const text = textOf(one, 'messageExpression');
      return {
        expression: new Expression(textOf(one, 'expression'), scope, ['bool']),
        messageExpression: text === '' ? null : new Expression(text, scopeOf(spec, false), ['string']),
        message: textOf(one, 'message'),
        reason: textOf(one, 'reason'),
      };
    }),
    annotations: objectsOf(spec, 'auditAnnotations').map((one) => ({
      key: textOf(one, 'key'),
      expression: new Expression(textOf(one, 'valueExpression'), scope, ['string', 'null_type']),
    })),
  };
}

export function bindingOf(object: ApiObject): Binding {
  const spec = object.spec ?? {};
  const matched = maybeObject(spec, 'matchResources');
  return {
    name: object.metadata.name ?? '',
    policyName: textOf(spec, 'policyName'),
    matcher: matched === null ? null : matcherOf(matched),
    actions: textsOf(spec, 'validationActions'),
    paramRef: maybeObject(spec, 'paramRef'),
  };
}

/**
 * The variables of a policy in their order: each sees those before it. What fails tells who reads it.
 * @throws BudgetError when they cost more than is left
 */
export async function withVariables(
  variables: Variables,
  wanted: readonly Variable[],
  budget: Budget,
): Promise<Variables> {
  const values = {};
  const seen: Variables = { ...variables, variables: values };
  for (const { name, expression } of wanted) {
    let property: PropertyDescriptor;
    try {
      property = { value: await expression.evaluate(seen, budget), enumerable: true };
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      const text = `composited variable ${JSON.stringify(name)} fails to evaluate: ${(error as Error).message}`;
      property = {
        get: () => {
          throw new Error(text);
        },
        enumerable: true,
      };
    }
    Object.defineProperty(values, name, property);
  }
  return seen;
}
