/**
 * Label selectors as text: requirements joined by commas, all of which must hold. `!=` and `notin` also
 * hold for objects without the key.
 */

import { badRequest } from '../api/status.ts';
import { labelValueProblems, qualifiedNameProblems } from './names.ts';

export type Operator = 'exists' | '!' | 'in' | 'notin' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>>;

export interface LabelSelector {
  readonly requirements: readonly Requirement[];
  matches(labels: Labels | undefined): boolean;
}

function holds(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'notin':
      return value === undefined || !requirement.values.includes(value);
    case 'gt':
      return value !== undefined && /^-?\d+$/.test(value) && BigInt(value) > BigInt(requirement.values[0]!);
    case 'lt':
      return value !== undefined && /^-?\d+$/.test(value) && BigInt(value) < BigInt(requirement.values[0]!);
  }
}

export function selectorOf(requirements: readonly Requirement[]): LabelSelector {
  return {
    requirements,
    matches(labels: Labels = {}): boolean {
      return requirements.every((requirement) => holds(requirement, labels));
    },
  };
}

const everythingSelector: LabelSelector = selectorOf([]);

const tokenRegex = /\s*(!=|==|=|!|<|>|\(|\)|,|[^\s!=<>(),]+)/y;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  tokenRegex.lastIndex = 0;
  while (tokenRegex.lastIndex < text.length) {
    const match = tokenRegex.exec(text);
    if (match === null) break;
    tokens.push(match[1]!);
  }
  return tokens;
}

const symbols: ReadonlySet<string> = new Set(['!=', '==', '=', '!', '<', '>', '(', ')', ',']);

class SelectorParser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    if (this.#tokens.length === 0) return requirements;
    for (;;) {
      const first = this.#peek();
      if (first !== '!' && symbols.has(first)) {
        throw badRequest(`found '${first}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const next = this.#peek();
      if (next === '') return requirements;
      if (next !== ',') throw this.#error(`found '${next}', expected: ',' or 'end of string'`);
      this.#at++;
      if (this.#peek() === '') throw this.#error(`found '', expected: identifier after ','`);
    }
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #error(problem: string): Error {
    return badRequest(`unable to parse requirement: ${problem}`);
  }

  #key(expected: string): string {
    const token = this.#peek();
    if (token === '' || symbols.has(token)) throw this.#error(`found '${token}', expected: ${expected}`);
    const problems = qualifiedNameProblems(token);
    if (problems.length > 0)
      throw this.#error(`<nil>: Invalid value: ${JSON.stringify(token)}: ${problems[0]}`);
    this.#at++;
    return token;
  }

  #requirement(): Requirement {
    if (this.#peek() === '!') {
      this.#at++;
      return { key: this.#key('identifier'), operator: '!', values: [] };
    }
    const key = this.#key("!, identifier, or 'end of string'");
    const operator = this.#peek();
    if (operator === '' || operator === ',') return { key, operator: 'exists', values: [] };
    this.#at++;
    switch (operator) {
      case '=':
      case '==':
        return { key, operator: 'in', values: [this.#value(key)] };
      case '!=':
        return { key, operator: 'notin', values: [this.#value(key)] };
      case 'in':
      case 'notin':
        return { key, operator, values: this.#values(key) };
      case '>':
      case '<':
        return { key, operator: operator === '>' ? 'gt' : 'lt', values: [this.#integer(key)] };
      default:
        throw this.#error(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  #checked(key: string, value: string): string {
    const problems = labelValueProblems(value);
    if (problems.length === 0) return value;
    throw this.#error(`values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${problems[0]}`);
  }

  #value(key: string): string {
    const token = this.#peek();
    if (token === '' || token === ',') return '';
    if (symbols.has(token)) throw this.#error(`found '${token}', expected: identifier`);
    this.#at++;
    return this.#checked(key, token);
  }

  #integer(key: string): string {
    const value = this.#value(key);
    if (/^-?\d+$/.test(value)) return value;
    throw this.#error(
      `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }

  #values(key: string): string[] {
    if (this.#peek() !== '(') throw this.#error(`found '${this.#peek()}', expected: '('`);
    this.#at++;
    const begin = this.#peek();
    if (begin === '' || (symbols.has(begin) && begin !== ',' && begin !== ')')) {
      throw this.#error(`found '${begin}', expected: ',', ')' or identifier`);
    }
    if (begin === ')') {
      this.#at++;
      return [''];
    }
    const values: string[] = [];
    for (;;) {
      values.push(this.#value(key));
      const next = this.#peek();
      if (next === ')') {
        this.#at++;
        return values;
      }
      if (next !== ',') throw this.#error(`found '${next}', expected: ',' or ')'`);
      this.#at++;
      if (this.#peek() === ')') {
        this.#at++;
        return [...values, ''];
      }
    }
  }
}

/** @throws StatusError 400 */
export function parseLabelSelector(text: string): LabelSelector {
  return text.trim() === '' ? everythingSelector : selectorOf(new SelectorParser(text).parse());
}
