/**
 * Rules of schemas (`x-kubernetes-validations`): evaluated where they stand, from the whole object inwards. Rules that name
 * `oldSelf` bind on updates alone, where the old value can be told: members by name, items of maps by their keys; items of
 * other lists have no past. What a rule costs is not counted.
 */

import { type Environment, Optional, type ParseResult } from '@marcbachmann/cel-js';
import {
  duplicate,
  type FieldError,
  type FieldErrorReason,
  forbiddenValue,
  invalidValue,
  required,
} from '../api/field-errors.ts';
import { memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { language, rewritten } from './cel-library.ts';
import { celValue } from './cel-values.ts';
import { additionalOf, hasRules, isEmbedded, itemsOf, propertyOf, type Schema } from './structural.ts';
import { identityOf } from './validate.ts';

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
  readonly holds: ParseResult;
  readonly message: ParseResult | null;
  readonly usesOld: boolean;
}

/** No member by this name was there before, or nothing tells which. */
const noPast = undefined;
type Past = Json | typeof noPast;

const open: Environment = language.clone();
open.registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');

const compiled: WeakMap<Schema, readonly CompiledRule[]> = new WeakMap();

/** True if an expression names the variable, not a member of that name. */
export function names(expression: string, variable: string): boolean {
  return new RegExp(`(?<![\\w.])${variable}\\b`).test(
    expression.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, '""'),
  );
}

function parse(expression: string): ParseResult | null {
  try {
    return open.parse(rewritten(expression));
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
    const holds = parse(rule.rule ?? '');
    if (holds === null) return [];
    const message = rule.messageExpression === undefined ? null : parse(rule.messageExpression);
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

function ownMessage({ rule, message }: CompiledRule, variables: Readonly<Record<string, unknown>>): string {
  if (message !== null) {
    try {
      const text: unknown = message(variables);
      if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) return text.trim();
    } catch {
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
  if (/^(no such overload|found no matching overload)/.test(text)) {
    const why = `'no such overload': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`;
    return invalidValue(field, type, why);
  }
  return invalidValue(field, type, `${text} evaluating rule: ${shown}`);
}

function checkRules(value: Json, old: Past, schema: Schema, path: string, errors: FieldError[]): void {
  const rules = rulesOf(schema);
  if (rules.length === 0) return;
  const isWhole = path === '';
  const self = celValue(value, schema, isWhole);
  let before: unknown;
  for (const one of rules) {
    const { rule, holds, usesOld } = one;
    if (usesOld && old === noPast && rule.optionalOldSelf !== true) continue;
    if (usesOld && old !== noPast) before ??= celValue(old, schema, isWhole);
    const optional = before === undefined ? Optional.none() : Optional.of(before);
    const variables = { self, oldSelf: rule.optionalOldSelf === true ? optional : before };
    try {
      if (holds(variables) === true) continue;
      const field = (path + (rule.fieldPath ?? '')).replace(/^\./, '') || '<nil>';
      errors.push(refusal(field, value, ownMessage(one, variables), rule.reason));
    } catch (error) {
      errors.push(brokenRule(path || '<nil>', schema['type'] ?? '', rule, error));
    }
  }
}

function walkList(
  value: readonly Json[],
  old: Past,
  schema: Schema,
  path: string,
  errors: FieldError[],
): void {
  const items = itemsOf(schema);
  if (items === null) return;
  const past = new Map<string, Json>();
  if (schema['x-kubernetes-list-type'] === 'map' && Array.isArray(old)) {
    for (const item of old) past.set(JSON.stringify(identityOf(item, schema)), item);
  }
  value.forEach((item, at) => {
    const before = past.size === 0 ? noPast : past.get(JSON.stringify(identityOf(item, schema)));
    walk(item, before, items, `${path}[${at}]`, errors);
  });
}

function walk(value: Json, old: Past, schema: Schema, path: string, errors: FieldError[]): void {
  if (value === null || !hasRules(schema)) return;
  checkRules(value, old, schema, path, errors);
  if (Array.isArray(value)) walkList(value, old, schema, path, errors);
  if (!isJsonObject(value)) return;
  const additional = additionalOf(schema);
  const past = isJsonObject(old) ? old : {};
  for (const name of Object.keys(value)) {
    if ((path === '' || isEmbedded(schema)) && name === 'metadata') continue;
    const own = propertyOf(schema, name);
    const inner = own ?? additional;
    if (inner === null) continue;
    const place = own === null ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    walk(memberOf(value, name)!, memberOf(past, name), inner, place, errors);
  }
}

/** What the rules refuse. @param old null on create */
export function validateRules(value: JsonObject, old: JsonObject | null, schema: Schema): FieldError[] {
  const errors: FieldError[] = [];
  walk(value, old ?? noPast, schema, '', errors);
  return errors;
}
