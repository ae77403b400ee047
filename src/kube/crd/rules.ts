/**
 * Rules of schemas (`x-kubernetes-validations`): evaluated where they stand, from the whole object inwards. Rules that name
 * `oldSelf` bind on updates alone, where the old value can be told: members by name, items of maps by their keys; items of
 * other lists have no past. What a rule costs is not counted.
 */

import { type Environment, Optional, type ParseResult } from '@marcbachmann/cel-js';
import type { FieldError, FieldErrorReason } from '../api/field-errors.ts';
import { memberOf } from '../api/json.ts';
import { isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { language, rewriteHas } from './cel-library.ts';
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
    return open.parse(rewriteHas(expression));
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

const words: Readonly<Record<string, string>> = {
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required value',
};

/** Values of rules are not quoted. */
function refusal(field: string, detail: string, reason: string = 'FieldValueInvalid'): FieldError {
  const known = reasons.has(reason) ? reason : 'FieldValueInvalid';
  return {
    reason: known as FieldErrorReason,
    field,
    message: `${words[known] ?? 'Invalid value'}: ${detail}`,
  };
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

function errorText(error: unknown): string {
  const { summary, message } = error as { summary?: string; message: string };
  const text = summary ?? message.split('\n')[0]!;
  return text.replace(/^No such key: index/, 'index').replace(/^No such key/, 'no such key');
}

function brokenRule(field: string, rule: Rule, error: unknown): FieldError {
  const text = errorText(error);
  const shown = (rule.message ?? '') === '' ? (rule.rule ?? '').trim() : rule.message!.trim();
  if (/^(no such overload|found no matching overload)/.test(text)) {
    const why = `'no such overload': call arguments did not match a supported operator, function or macro signature for rule: ${shown}`;
    return refusal(field, why);
  }
  return refusal(field, `${text} evaluating rule: ${shown}`);
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
    const field = (path + (rule.fieldPath ?? '')).replace(/^\./, '') || '<nil>';
    try {
      if (holds(variables) !== true) errors.push(refusal(field, ownMessage(one, variables), rule.reason));
    } catch (error) {
      errors.push(brokenRule(field, rule, error));
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
