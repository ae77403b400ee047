/**
 * Expressions of admission in CEL: match conditions of webhooks, and everything of policies. They see the request, the object
 * before and after, the namespace, parameters and variables as values without types, and may ask the authorizer, which takes
 * its time: what evaluates may be a promise.
 *
 * What evaluations cost is counted: one may cost so much, and all of a policy for one binding together.
 */

import type { Environment } from '@marcbachmann/cel-js';
import { FieldsText } from '../api/fields-text.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { language, rewritten } from '../crd/cel-library.ts';
import { type Budget, BudgetError, MeteredExpression } from '../crd/cel-meter.ts';
import { type Problem, undefinedPresence } from '../crd/cel-presence.ts';
import { RuleTypes } from '../crd/cel-values.ts';
import { compileText } from '../crd/rule-definitions.ts';
import { errorText } from '../crd/rules.ts';
import type { Schema } from '../crd/structural.ts';
import { type AuthorizerValue, registerAuthorizer } from './authorizer.ts';
import { registerLiterals, withoutLiterals } from './literals.ts';
import { namespaceSchema, requestSchema } from './object-types.ts';

/** What an expression may see, `null` where there is none. */
export interface Variables {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: unknown;
  readonly namespaceObject: unknown;
  readonly params: unknown;
  /** By name; one that could not be evaluated says so to who reads it. */
  readonly variables: object;
  readonly authorizer: AuthorizerValue | null;
}

/** Which of the optional variables there are. */
export interface Scope {
  readonly hasParams: boolean;
  readonly hasAuthorizer: boolean;
  /** Webhooks have neither. */
  readonly isPolicy: boolean;
}

/** @param spec of a policy */
export function scopeOf(spec: JsonObject, hasAuthorizer: boolean): Scope {
  return { hasParams: isJsonObject(spec['paramKind']), hasAuthorizer, isPolicy: true };
}

const base: Environment = language.clone();
registerAuthorizer(base);
registerLiterals(base);

const environments: Map<string, Environment> = new Map();

function environmentOf({ hasParams, hasAuthorizer, isPolicy }: Scope): Environment {
  const key = `${hasParams} ${hasAuthorizer} ${isPolicy}`;
  let environment = environments.get(key);
  if (environment === undefined) {
    environment = base.clone();
    for (const name of ['object', 'oldObject', 'request']) environment.registerVariable(name, 'dyn');
    if (hasParams) environment.registerVariable('params', 'dyn');
    if (isPolicy) environment.registerVariable('variables', 'map<string, dyn>');
    if (isPolicy) environment.registerVariable('namespaceObject', 'dyn');
    if (hasAuthorizer) environment.registerVariable('authorizer', 'kubernetes.authorization.Authorizer');
    environments.set(key, environment);
  }
  return environment;
}

/** As it is checked: what is known of the request and the namespace counts. */
const checked: Map<string, Environment> = new Map();

function checkedEnvironmentOf(scope: Scope): Environment {
  const key = JSON.stringify(scope);
  let environment = checked.get(key);
  if (environment === undefined) {
    environment = base.clone();
    const types = new RuleTypes(environment, true);
    for (const name of ['object', 'oldObject']) environment.registerVariable(name, 'dyn');
    environment.registerVariable('request', types.typeOf(requestSchema, false)!);
    environment.registerVariable('namespaceObject', types.typeOf(namespaceSchema, false)!);
    if (scope.hasParams) environment.registerVariable('params', 'dyn');
    if (scope.isPolicy) environment.registerVariable('variables', 'map<string, dyn>');
    if (scope.hasAuthorizer) {
      environment.registerVariable('authorizer', 'kubernetes.authorization.Authorizer');
    }
    checked.set(key, environment);
  }
  return environment;
}

/** What is known of the objects that an expression sees; null: nothing. */
export interface ObjectSchemas {
  readonly object: Schema;
  readonly params: Schema | null;
  /** Types by name. */
  readonly variables: Map<string, string>;
}

/** The type of an expression, or why it has none. @param spec of a policy */
export function typeOfExpression(
  expression: string,
  spec: JsonObject,
  { object, params, variables }: ObjectSchemas,
): { readonly type: string | null; readonly problem: string | null } {
  const environment = base.clone();
  const types = new RuleTypes(environment, true);
  const type = types.typeOf(object, false) ?? 'dyn';
  environment
    .registerVariable('object', type)
    .registerVariable('oldObject', type)
    .registerVariable('request', types.typeOf(requestSchema, false)!)
    .registerVariable('namespaceObject', types.typeOf(namespaceSchema, false)!)
    .registerVariable('authorizer', 'kubernetes.authorization.Authorizer')
    .registerType('keelson.Variables', { fields: Object.fromEntries(variables) })
    .registerVariable('variables', 'keelson.Variables');
  if (isJsonObject(spec['paramKind'])) {
    const known = params === null ? null : types.typeOf(params, false);
    environment.registerVariable('params', known ?? 'dyn');
  }
  const text = taken(expression);
  const result = environment.check(text);
  const plain = withoutLiterals(expression);
  const absent = result.valid ? undefinedPresence(environment, plain) : null;
  if (result.valid && absent === null) return { type: result.type ?? 'dyn', problem: null };
  const problem =
    absent === null ? compileText(text, result.error as unknown as Problem) : compileText(plain, absent);
  return { type: null, problem: problem.replace(/^compilation failed: /, '') };
}

/** What an expression may give; a real server's words for them. */
export type ResultType = 'bool' | 'string' | 'null_type' | 'dyn' | 'Object' | 'list<JSONPatch>';

/** An expression as the language takes it. */
function taken(expression: string): string {
  return rewritten(withoutLiterals(expression));
}

/** Why an expression is refused; null: it is not. */
export function expressionProblem(
  expression: string,
  scope: Scope,
  wanted: readonly ResultType[],
): string | null {
  const text = taken(expression);
  const environment = checkedEnvironmentOf(scope);
  const result = environment.check(text);
  if (!result.valid) return compileText(text, result.error as unknown as Problem);
  const plain = withoutLiterals(expression);
  const absent = undefinedPresence(environment, plain);
  if (absent !== null) return compileText(plain, absent);
  const type = result.type ?? 'dyn';
  if (wanted.includes('dyn') || wanted.includes(type as ResultType)) return null;
  if (type === 'dyn' && (wanted.length > 1 || wanted[0] === 'Object')) return null;
  // Lists of which nothing is known may hold anything.
  if (wanted[0] === 'list<JSONPatch>' && (type === 'list' || type === 'dyn')) return null;
  return wanted.length === 1
    ? `must evaluate to ${wanted[0]} but got ${type}`
    : `must evaluate to one of [${wanted.join(' ')}] but got ${type}`;
}

export class Expression {
  readonly text: string;
  readonly #run: MeteredExpression | null;
  readonly #problem: string | null;

  constructor(text: string, scope: Scope, wanted: readonly ResultType[]) {
    this.text = text;
    this.#problem = expressionProblem(text, scope, wanted);
    this.#run =
      this.#problem === null ? new MeteredExpression(environmentOf(scope).parse(taken(text))) : null;
  }

  /** @throws BudgetError when it costs more than is left; Error in the words of a real server */
  async evaluate(variables: Variables, budget: Budget): Promise<unknown> {
    if (this.#run === null) throw new Error(`compilation error: ${this.#problem ?? ''}`);
    try {
      return await this.#run.evaluate(variables, budget);
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      throw new Error(`expression '${this.text}' resulted in error: ${errorText(error)}`);
    }
  }
}

/** A JSON value as expressions see it: whole numbers are integers. */
export function celJson(value: Json | undefined): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (value === undefined || value === null || typeof value !== 'object') return value ?? null;
  if (Array.isArray(value)) return value.map(celJson);
  const plain = value instanceof FieldsText ? value.toJSON() : value;
  const seen = new Map<string, unknown>();
  for (const name of Object.keys(plain)) seen.set(name, celJson(plain[name]));
  return seen;
}
