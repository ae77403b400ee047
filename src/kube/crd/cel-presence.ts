/**
 * `has(e.f)` of a member that the type of `e` does not have: the language takes it, and it is never true; the compiler of a real server
 * refuses it, as it refuses `e.f`. So each is checked once more as a list of that member, which has a type if the member has.
 */

import type { Environment } from '@marcbachmann/cel-js';
import { closing, rewritten } from './cel-library.ts';

/** A problem of the language, as far as it is looked at. */
export interface Problem {
  readonly summary: string;
  readonly range?: { readonly start: number };
  readonly node?: { readonly op?: string; readonly args?: unknown };
}

const call = 'has(';
const [opening, ending] = ['([', '].size() >= 0)'];

/** Where the compiler points: at the dot of a member, at the operator between two values. */
export function placeOf({ range, node }: Problem): number {
  const first: unknown = Array.isArray(node?.args) ? (node.args as unknown[])[0] : undefined;
  const inner = (first as { range?: { end: number } } | undefined)?.range;
  if (inner === undefined || node?.op === 'call') return range?.start ?? 0;
  return node?.op === '.' ? inner.end : inner.end + 1;
}

/** The problem of a member that is not there; null: there is none, or another one. */
function missing(language: Environment, expression: string): Problem | null {
  const { valid, error } = language.check(rewritten(expression));
  const problem = error as unknown as Problem | undefined;
  return !valid && problem !== undefined && problem.summary.startsWith('No such key: ') ? problem : null;
}

/**
 * The first presence test of a member that nothing can have; null: there is none.
 * @param language with the variables of the expression @param expression is in order otherwise
 */
export function undefinedPresence(language: Environment, expression: string): Problem | null {
  for (const { index } of expression.matchAll(/\bhas\(/g)) {
    const begin = index + call.length;
    const end = closing(expression, begin - 1);
    if (end < 0) continue;
    const inside = expression.slice(begin, end);
    const instead = (text: string): string =>
      expression.slice(0, index) + opening + text + ending + expression.slice(end + 1);
    const problem = missing(language, instead(inside));
    if (problem === null) continue;
    const operand = missing(language, instead(inside.slice(0, inside.lastIndexOf('.'))));
    // The test itself stands where its parenthesis opens.
    const start = operand === null ? begin - 1 : placeOf(operand) + call.length - opening.length;
    return { summary: (operand ?? problem).summary, range: { start } };
  }
  return null;
}
