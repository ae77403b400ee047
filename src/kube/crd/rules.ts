/**
 * Rules of schemas (`x-kubernetes-validations`): evaluated where they stand, from the whole object inwards. Rules that name
 * `oldSelf` bind on updates alone, where the old value can be told: members by name, items of maps by their keys; items of
 * other lists have no past. What all rules of an object cost together is bounded: where they cost too much, no more are asked.
 */

import { type Environment, Optional } from '@marcbachmann/cel-js';
import {
  duplicate,
  type FieldError,
  type FieldErrorReason,
  fieldErrorText,
  forbiddenValue,
  invalidValue,
  required,
} from '../api/field-errors.ts';
import { memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { language, rewritten } from './cel-library.ts';
import { type Budget, BudgetError, CallCostError, MeteredExpression, objectCostMax } from './cel-meter.ts';
import { celValue } from './cel-values.ts';
import { ItemsBefore, Trail } from './correlation.ts';
import { additionalOf, hasRules, isEmbedded, itemsOf, propertyOf, type Schema } from './structural.ts';

export interface Rule {
  readonly rule?: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

interface CompiledRule {
  readonly rule: Rule;
  readonly holds: MeteredExpression;
  readonly message: MeteredExpression | null;
  readonly usesOld: boolean;
}

/** No member by this name was there before, or nothing tells which. */
const noPast = undefined;
type Past = Json | typeof noPast;

const open: Environment = language.clone();
open.registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');
/** Where `oldSelf` is an optional value. What that has is unknown, not that it is one: its functions are found by its type. */
const openToNone: Environment = language.clone();
openToNone.registerVariable('self', 'dyn').registerVariable('oldSelf', 'optional<dyn>');

const compiled: WeakMap<Schema, readonly CompiledRule[]> = new WeakMap();

/** True if an expression names the variable, not a member of that name. */
export function names(expression: string, variable: string): boolean {
  return new RegExp(`(?<![\\w.])${variable}\\b`).test(
    expression.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, '""'),
  );
}

function parse(expression: string, { optionalOldSelf }: Rule): MeteredExpression | null {
  try {
    const environment = optionalOldSelf === true ? openToNone : open;
    return new MeteredExpression(environment.parse(rewritten(expression)));
  } catch {
    return null;
  }
}

/** What does not parse was refused with the definition, or stood before rules were looked at. */
function rulesOf(schema: Schema): readonly CompiledRule[] {
  let known = compiled.get(schema);
  if (known !== undefined) return known;
  const given = schema['x-kubernetes-validations'];
  known = (Array.isArray(given) ? given : []).flatMap((one): CompiledRule[] => {
    const rule = one as Rule;
    const holds = parse(rule.rule ?? '', rule);
    if (holds === null) return [];
    const message = rule.messageExpression === undefined ? null : parse(rule.messageExpression, rule);
    return [{ rule, holds, message, usesOld: names(rule.rule ?? '', 'oldSelf') }];
  });
  compiled.set(schema, known);
  return known;
}

const reasons: ReadonlySet<string> = new Set([
  'FieldValueInvalid',
  'FieldValueForbidden',
  'FieldValueRequired',
  'FieldValueDuplicate',
]);

/** A value that breaks a rule is shown, but for objects and lists. */
function refusal(
  field: string,
  value: Json,
  detail: string,
  reason: string = 'FieldValueInvalid',
): FieldError {
  switch (reasons.has(reason) ? (reason as FieldErrorReason) : 'FieldValueInvalid') {
    case 'FieldValueForbidden':
      return forbiddenValue(field, detail);
    case 'FieldValueRequired':
      return required(field, detail);
    case 'FieldValueDuplicate':
      return isScalar(value)
        ? duplicate(field, value)
        : bare('FieldValueDuplicate', field, 'Duplicate value');
    default:
      return isScalar(value)
        ? invalidValue(field, value, detail)
        : bare('FieldValueInvalid', field, `Invalid value: ${detail}`);
  }
}

function isScalar(value: Json): boolean {
  return value === null || typeof value !== 'object';
}

function bare(reason: FieldErrorReason, field: string, message: string): FieldError {
  return { reason, field, message };
}

/** @throws BudgetError when the message costs more than is left */
function ownMessage({ rule, message }: CompiledRule, variables: object, budget: Budget): string {
  if (message !== null) {
    try {
      const text: unknown = message.evaluate(variables, budget);
      if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) return text.trim();
    } catch (error) {
      if (error instanceof BudgetError || error instanceof CallCostError) throw error;
      // The message that is fixed does then.
    }
  }
  const { message: fixed = '' } = rule;
  return fixed === '' ? `failed rule: ${(rule.rule ?? '').trim()}` : fixed.trim();
}

export function errorText(error: unknown): string {
  const { summary, message } = error as { summary?: string; message: string };
  const text = summary ?? message.split('\n')[0]!;
  return text.replace(/^No such key: index/, 'index').replace(/^No such key/, 'no such key');
}

/** What a rule that cannot be evaluated is told as: the type of the value, at the value. */
function brokenRule(field: string, type: Json, rule: Rule, error: unknown): FieldError {
  const text = errorText(error);
  const shown = (rule.message ?? '') === '' ? (rule.rule ?? '').trim() : rule.message!.trim();
  if (error instanceof CallCostError) {
    const why = `'${text}': no further validation rules will be run due to call cost exceeds limit for rule: ${shown}`;
    return invalidValue(field, type, why);
  }
  if (/^(no such overload|found no matching overload)/.test(text)) {
    const why = `'no such overload': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`;
    return invalidValue(field, type, why);
  }
  return invalidValue(field, type, `${text} evaluating rule: ${shown}`);
}

/** One walk through an object. */
interface Walk {
  readonly budget: Budget;
  readonly errors: FieldError[];
  /** What is told of values that are as they were. */
  readonly warnings: string[];
}

/** What rules are asked of. */
interface Place {
  readonly value: Json;
  readonly type: Json;
  readonly path: string;
  readonly trail: Trail;
  /** What messages see: an old value as it is, where the rule has it as an optional one (as upstream). */
  readonly shown: object;
}

/** Why the message of a rule that does not hold ends the walk. */
function messageProblem(error: unknown, rule: Rule): string {
  if (error instanceof BudgetError) {
    return 'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run';
  }
  const shown = JSON.stringify(rule.messageExpression ?? '');
  return `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${shown}`;
}

/** Looks at one rule. @throws BudgetError, CallCostError when the walk is at its end */
function checkRule(one: CompiledRule, variables: object, place: Place, walk: Walk): void {
  const { value, type, path, trail, shown } = place;
  const { rule, holds, usesOld } = one;
  if (holds.evaluate(variables, walk.budget) === true) return;
  const field = (path + (rule.fieldPath ?? '')).replace(/^\./, '') || '<nil>';
  const tell = (error: FieldError): void => {
    if (!usesOld && trail.isUnchanged) walk.warnings.push(fieldErrorText(error));
    else walk.errors.push(error);
  };
  try {
    tell(refusal(field, value, ownMessage(one, shown, walk.budget), rule.reason));
  } catch (error) {
    walk.budget.left = -1;
    tell(invalidValue(field, type, messageProblem(error, rule)));
  }
}

function checkRules(value: Json, old: Past, schema: Schema, path: string, trail: Trail, walk: Walk): void {
  const rules = rulesOf(schema);
  if (rules.length === 0) return;
  const { budget, errors } = walk;
  const type = schema['type'] ?? '';
  const isWhole = path === '';
  const self = celValue(value, schema, isWhole);
  let before: unknown;
  for (const one of rules) {
    const { rule, usesOld } = one;
    if (usesOld && old === noPast && rule.optionalOldSelf !== true) continue;
    if (usesOld && old !== noPast) before ??= celValue(old, schema, isWhole);
    const optional = before === undefined ? Optional.none() : Optional.of(before);
    const variables = { self, oldSelf: rule.optionalOldSelf === true ? optional : before };
    try {
      checkRule(one, variables, { value, type, path, trail, shown: { self, oldSelf: before } }, walk);
    } catch (error) {
      const field = path || '<nil>';
      if (error instanceof BudgetError) errors.push(invalidValue(field, type, error.message));
      else errors.push(brokenRule(field, type, rule, error));
      if (error instanceof CallCostError) budget.left = -1;
    }
    if (budget.left < 0) return;
  }
}

function walkList(
  value: readonly Json[],
  old: Past,
  schema: Schema,
  path: string,
  trail: Trail,
  walk: Walk,
): void {
  const items = itemsOf(schema);
  if (items === null) return;
  const before = new ItemsBefore(old, schema);
  value.forEach((item, at) => {
    visit(item, before.of(item), items, `${path}[${at}]`, trail.item(at), walk);
  });
}

function visit(value: Json, old: Past, schema: Schema, path: string, trail: Trail, walk: Walk): void {
  if (value === null || walk.budget.left < 0 || !hasRules(schema)) return;
  checkRules(value, old ?? noPast, schema, path, trail, walk);
  if (Array.isArray(value)) walkList(value, old, schema, path, trail, walk);
  if (!isJsonObject(value)) return;
  const additional = additionalOf(schema);
  const past = isJsonObject(old) ? old : {};
  for (const name of Object.keys(value)) {
    if ((path === '' || isEmbedded(schema)) && name === 'metadata') continue;
    const own = propertyOf(schema, name);
    const inner = own ?? additional;
    if (inner === null) continue;
    const place = own === null ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    visit(memberOf(value, name)!, memberOf(past, name), inner, place, trail.member(name), walk);
  }
}

/**
 * What the rules refuse.
 * @param old null on create @param warnings takes what they would refuse of values that are as they were
 */
export function validateRules(
  value: JsonObject,
  old: JsonObject | null,
  schema: Schema,
  warnings: string[] = [],
): FieldError[] {
  const errors: FieldError[] = [];
  const trail = Trail.from(value, old, schema);
  visit(value, old ?? noPast, schema, '', trail, { budget: { left: objectCostMax }, errors, warnings });
  return errors;
}
