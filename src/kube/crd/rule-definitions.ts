/**
 * What a definition may say in `x-kubernetes-validations`. Each rule is checked against the types of the schema it stands in,
 * so that a misspelt member is refused with the definition and not with the first object. What a rule may cost at most is
 * estimated by the largest objects that the schema allows, and refused where that is too much.
 */

import type { Environment, ParseResult } from '@marcbachmann/cel-js';
import { type FieldError, invalidValue, notSupported, required } from '../api/field-errors.ts';
import { isJsonObject, type Json } from '../api/objects.ts';
import { type CheckedNode, CostEstimate } from './cel-cost.ts';
import { rewritten } from './cel-library.ts';
import { type Problem, placeOf, undefinedPresence } from './cel-presence.ts';
import { itemsMax, type SizedType, sizedTypeOf } from './cel-sizes.ts';
import { RuleTypes } from './cel-values.ts';
import { parseJsonPath, plainNames } from './json-path.ts';
import { costOfAll, RuleBudget } from './rule-budget.ts';
import { names, type Rule } from './rules.ts';
import { additionalOf, hasRules, itemsOf, propertiesOf, propertyOf, type Schema } from './structural.ts';

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

/** In the words of a real server's compiler, where they are known. */
function wording({ summary }: Problem): string {
  const field = /^No such key: (.*)$/.exec(summary);
  if (field !== null) return `undefined field '${field[1]}'`;
  const variable = /^Unknown variable: (.*)$/.exec(summary);
  if (variable !== null) return `undeclared reference to '${variable[1]}' (in container '')`;
  const operator = /^no such overload: (.+) (\S+) (.+)$/.exec(summary);
  if (operator !== null) {
    return `found no matching overload for '_${operator[2]}_' applied to '(${operator[1]}, ${operator[3]})'`;
  }
  return summary.replace('.Matches(', '.matches(');
}

export function compileText(expression: string, problem: Problem): string {
  const place = Math.min(placeOf(problem), expression.length);
  const lines = expression.slice(0, place).split('\n');
  const column = lines[lines.length - 1]!.length;
  const source = expression.split('\n')[lines.length - 1]!.replaceAll('.Matches(', '.matches(');
  return `compilation failed: ERROR: <input>:${lines.length}:${column + 1}: ${wording(problem)}\n | ${source}\n | ${'.'.repeat(column)}^`;
}

/** What is wrong with an expression, or what it costs. */
interface Compiled {
  /** Null: nothing is wrong. */
  readonly problem: string | null;
  readonly cost: number;
}

function compile(
  language: Environment,
  expression: string,
  wanted: 'bool' | 'string',
  self: SizedType | null,
): Compiled {
  const text = rewritten(expression);
  let parsed: ParseResult;
  let type: string;
  try {
    parsed = language.parse(text);
    const result = parsed.check();
    if (!result.valid) return { problem: compileText(text, result.error as unknown as Problem), cost: 0 };
    const undefinedMember = undefinedPresence(language, expression);
    if (undefinedMember !== null) return { problem: compileText(expression, undefinedMember), cost: 0 };
    type = result.type ?? 'dyn';
  } catch (error) {
    return { problem: compileText(text, error as Problem), cost: 0 };
  }
  if (type !== wanted && type !== 'dyn') {
    const problem =
      wanted === 'bool'
        ? 'cel expression must evaluate to a bool'
        : 'messageExpression must evaluate to a string';
    return { problem, cost: 0 };
  }
  if (self === null) return { problem: null, cost: 0 };
  return { problem: null, cost: new CostEstimate(self).cost(parsed.ast as unknown as CheckedNode) };
}

/** As a real server shows a rule: with all its members. */
function shownRule(rule: Rule): Json {
  const {
    rule: text = '',
    message = '',
    messageExpression = '',
    reason,
    fieldPath = '',
    optionalOldSelf,
  } = rule;
  return {
    Rule: text,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason ?? null,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf ?? null,
  };
}

function hasLineBreak(text: string): boolean {
  return /[\n\r]/.test(text);
}

function checkWords(schema: Schema, rule: Rule, place: string, errors: FieldError[]): void {
  const { rule: text = '', message = '', messageExpression = '', reason, fieldPath = '' } = rule;
  if (text.trim() === '') errors.push(required(`${place}.rule`, 'rule is not specified'));
  else if (message !== '' && message.trim() === '') {
    errors.push(invalidValue(`${place}.message`, message, 'must be non-empty if specified'));
  } else if (hasLineBreak(message.trim())) {
    errors.push(invalidValue(`${place}.message`, message, 'must not contain line breaks'));
  } else if (hasLineBreak(text.trim()) && message.trim() === '') {
    errors.push(required(`${place}.message`, 'message must be specified if rule contains line breaks'));
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(`${place}.messageExpression`, 'messageExpression must be non-empty if specified'));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(`${place}.reason`, reason, reasons));
  }
  if (fieldPath === '') return;
  if (fieldPath.trim() === '') {
    errors.push(invalidValue(`${place}.fieldPath`, fieldPath, 'must be non-empty if specified'));
  }
  if (hasLineBreak(fieldPath)) {
    errors.push(invalidValue(`${place}.fieldPath`, fieldPath, 'must not contain line breaks'));
  }
  if (!leadsSomewhere(schema, fieldPath)) {
    errors.push(invalidValue(`${place}.fieldPath`, fieldPath, 'must be a valid path'));
  }
}

/** What the rules of one schema say besides their expressions. */
export function checkRuleWords(schema: Schema, path: string, errors: FieldError[]): void {
  const rules = schema['x-kubernetes-validations'];
  if (!Array.isArray(rules)) return;
  rules.forEach((given, at) => {
    if (!isJsonObject(given)) return;
    checkWords(schema, given as Rule, `${path}.x-kubernetes-validations[${at}]`, errors);
  });
}

function leadsSomewhere(schema: Schema, fieldPath: string): boolean {
  if (!/^[.[]/.test(fieldPath)) return false;
  const path = parseJsonPath(fieldPath);
  const steps = path === null ? null : plainNames(path);
  if (steps === null) return !/^[.[]/.test(fieldPath) ? false : fieldPath.includes('[');
  let inner: Schema | null = schema;
  for (const step of steps) {
    if (inner === null) return false;
    inner = propertyOf(inner, step) ?? additionalOf(inner);
  }
  return inner !== null;
}

interface Node {
  readonly schema: Schema;
  readonly path: string;
  readonly isRoot: boolean;
  /** The path to the list whose items have no past; null: there is none above. */
  readonly unknownPast: string | null;
  /** How often it may be in an object; null: as often as it fits. */
  readonly timesMax: number | null;
}

function checkRule(
  node: Node,
  rule: Rule,
  place: string,
  types: RuleTypes,
  budget: RuleBudget,
): FieldError[] {
  const errors: FieldError[] = [];
  const { schema, isRoot, timesMax } = node;
  const { rule: text = '', messageExpression = '', optionalOldSelf } = rule;
  const type = types.typeOf(schema, isRoot);
  if (type === null) return errors;
  const usesOld = names(text, 'oldSelf');
  const language = types.environment.clone();
  language.registerVariable('self', type);
  language.registerVariable('oldSelf', optionalOldSelf === true ? `optional<${type}>` : type);
  const sized = sizedTypeOf(schema, isRoot);
  const shown = shownRule(rule);
  const { problem, cost } = compile(language, text, 'bool', sized);
  budget.spend(`${place}.rule`, 'estimated rule cost', costOfAll(cost, timesMax, sized), errors);
  if (problem !== null) errors.push(invalidValue(`${place}.rule`, shown, problem));
  if (messageExpression.trim() !== '' && problem === null) {
    const message = compile(language, messageExpression, 'string', sized);
    const field = `${place}.messageExpression`;
    const { problem: wrong } = message;
    if (wrong === null) budget.spend(field, 'estimated messageExpression cost', message.cost, errors);
    else {
      const words = wrong.startsWith('compilation failed') ? `messageExpression ${wrong}` : wrong;
      errors.push(invalidValue(field, shown, words));
    }
  }
  if (usesOld && node.unknownPast !== null) {
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${node.unknownPast}`;
    errors.push(invalidValue(`${place}.rule`, text, why));
  }
  if (!usesOld && optionalOldSelf !== undefined) {
    const why = 'may not be set if oldSelf is not used in rule';
    errors.push(invalidValue(`${place}.optionalOldSelf`, optionalOldSelf, why));
  }
  return errors;
}

function checkNode(node: Node, budget: RuleBudget, errors: FieldError[]): void {
  const { schema, path } = node;
  if (!hasRules(schema)) return;
  const rules = schema['x-kubernetes-validations'];
  if (Array.isArray(rules) && rules.length > 0) {
    const types = new RuleTypes();
    rules.filter(isJsonObject).forEach((given, at) => {
      const place = `${path}.x-kubernetes-validations[${at}]`;
      errors.push(...checkRule(node, given as Rule, place, types, budget));
    });
  }
  const within = itemsMax(schema);
  const timesMax = node.timesMax === null || within === null ? null : node.timesMax * within;
  const inner = { ...node, isRoot: false, timesMax };
  const properties = propertiesOf(schema) ?? {};
  for (const [name, one] of Object.entries(properties)) {
    if (!isJsonObject(one)) continue;
    checkNode({ ...inner, schema: one, path: `${path}.properties[${name}]` }, budget, errors);
  }
  const additional = additionalOf(schema);
  if (additional !== null) {
    checkNode({ ...inner, schema: additional, path: `${path}.additionalProperties` }, budget, errors);
  }
  const items = itemsOf(schema);
  if (items === null) return;
  const unknownPast = node.unknownPast ?? (schema['x-kubernetes-list-type'] === 'map' ? null : path);
  checkNode({ ...inner, schema: items, path: `${path}.items`, unknownPast }, budget, errors);
}

/**
 * What is wrong with the rules of a schema.
 * @param path of the schema, `spec.versions[0].schema.openAPIV3Schema`
 * @param isUnchanged it was taken before: what single rules cost is not asked again
 */
export function validateRuleDefinitions(schema: Schema, path: string, isUnchanged = false): FieldError[] {
  const errors: FieldError[] = [];
  const budget = new RuleBudget(isUnchanged);
  checkNode({ schema, path, isRoot: true, unknownPast: null, timesMax: 1 }, budget, errors);
  errors.push(...budget.problems(path));
  return errors;
}
