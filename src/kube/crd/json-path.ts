/** The paths of printer columns, scales and selectable fields: `.spec.a`, `.status.conditions[?(@.type=="Ready")].status`, `.a[*].b`, `['a.b/c']`. */

import { memberOf } from '../api/json.ts';
import { isJsonObject, type Json } from '../api/objects.ts';

type Step =
  | { readonly type: 'member'; readonly name: string }
  | { readonly type: 'index'; readonly at: number }
  | { readonly type: 'all' }
  | { readonly type: 'filter'; readonly path: JsonPath; readonly operator: string; readonly value: Json };

export interface JsonPath {
  readonly steps: readonly Step[];
}

const memberPattern = /^\.?((?:[^.[\]\\'"\s()]|\\.)+)/;
const quotedPattern = /^\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/;
const indexPattern = /^\[\s*(-?\d+)\s*\]/;
const allPattern = /^(?:\[\s*\*\s*\]|\.\*)/;
const filterPattern =
  /^\[\?\(\s*@((?:[^=!<>'"\s]|\['[^']*'\])+)\s*(?:(==|!=|<=|>=|<|>)\s*('[^']*'|"[^"]*"|[^\s)]+)\s*)?\)\]/;

function literal(text: string): Json {
  if (/^['"]/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function nextStep(rest: string): { step: Step; length: number } | null {
  const all = allPattern.exec(rest);
  if (all !== null) return { step: { type: 'all' }, length: all[0].length };
  const index = indexPattern.exec(rest);
  if (index !== null) return { step: { type: 'index', at: Number(index[1]) }, length: index[0].length };
  const quoted = quotedPattern.exec(rest);
  if (quoted !== null) {
    const name = (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1');
    return { step: { type: 'member', name }, length: quoted[0].length };
  }
  const filter = filterPattern.exec(rest);
  if (filter !== null) {
    const path = parseJsonPath(filter[1]!);
    if (path === null) return null;
    const value = filter[3] === undefined ? null : literal(filter[3]);
    const operator = filter[2] ?? '';
    return { step: { type: 'filter', path, operator, value }, length: filter[0].length };
  }
  const member = memberPattern.exec(rest);
  if (member === null) return null;
  return {
    step: { type: 'member', name: member[1]!.replace(/\\(.)/g, '$1') },
    length: member[0].length,
  };
}

/** Null: it is none that is understood. @param text with or without the `$` at its beginning */
export function parseJsonPath(text: string): JsonPath | null {
  let rest = text.trim();
  if (rest.startsWith('{') && rest.endsWith('}')) rest = rest.slice(1, -1);
  if (rest.startsWith('$')) rest = rest.slice(1);
  const steps: Step[] = [];
  while (rest !== '' && rest !== '.') {
    const next = nextStep(rest);
    if (next === null) return null;
    steps.push(next.step);
    rest = rest.slice(next.length);
  }
  return { steps };
}

function matches(item: Json, { path, operator, value }: Extract<Step, { type: 'filter' }>): boolean {
  const found = findByPath(item, path)[0];
  if (operator === '') return found !== undefined;
  if (found === undefined) return false;
  if (operator === '==') return found === value;
  if (operator === '!=') return found !== value;
  const [left, right] = typeof found === 'number' ? [found, Number(value)] : [String(found), String(value)];
  if (operator === '<') return left < right;
  if (operator === '>') return left > right;
  return operator === '<=' ? left <= right : left >= right;
}

function take(values: readonly Json[], step: Step): Json[] {
  const found: Json[] = [];
  for (const value of values) {
    if (step.type === 'member') {
      const member = isJsonObject(value) ? memberOf(value, step.name) : undefined;
      if (member !== undefined) found.push(member);
    } else if (step.type === 'index') {
      const item = Array.isArray(value) ? value.at(step.at) : undefined;
      if (item !== undefined) found.push(item);
    } else {
      const inner = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
      for (const item of inner) if (step.type === 'all' || matches(item, step)) found.push(item);
    }
  }
  return found;
}

/** Every value that the path leads to. */
export function findByPath(value: Json, path: JsonPath): readonly Json[] {
  let values: Json[] = [value];
  for (const step of path.steps) values = take(values, step);
  return values;
}

/** The names of a path that is nothing but members, or null. */
export function plainNames(path: JsonPath): readonly string[] | null {
  const names: string[] = [];
  for (const step of path.steps) {
    if (step.type !== 'member') return null;
    names.push(step.name);
  }
  return names;
}
