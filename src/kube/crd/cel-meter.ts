/**
 * What the evaluation of an expression really costs (cel-go, interpreter/runtimecost.go), and where it ends: a rule is stopped
 * when it has cost too much, however cheap its schema made it look. Each node of an expression counts when it has been
 * evaluated: names and members one, functions by the size of what they were given.
 *
 * The language swallows errors where another part may decide (`a || b`, `exists`), so the one that ends an evaluation is
 * thrown at each further step, and asked for at the end. Evaluations do not overlap: what goes on after an answer of the
 * authorizer counts for nobody.
 */

import { Optional, type ParseResult } from '@marcbachmann/cel-js';
import { callCost, type Operand, operatorCost } from './cel-call-costs.ts';
import { type CheckedNode, functionOf, isMacro } from './cel-cost.ts';
import { costs, fixedSize } from './cel-estimate.ts';

/** Of one evaluation (k8s.io/apiserver, pkg/apis/cel). */
export const callCostMax = 1_000_000;
/** Of all rules of an object, or all expressions of a policy for a binding. */
export const objectCostMax = 10_000_000;
/** Of the match conditions of a webhook or a policy. */
export const conditionsCostMax = 2_500_000;

/** What may still be spent. */
export interface Budget {
  left: number;
}

/** One evaluation cost more than it may. */
export class CallCostError extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** All of them together cost more than they may. */
export class BudgetError extends Error {
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

class Meter {
  spent = 0;

  spend(cost: number): void {
    this.spent += cost;
    if (this.spent > callCostMax) throw new CallCostError();
  }
}

let meter: Meter | null = null;

function spend(cost: number): void {
  if (meter !== null) meter.spend(cost);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array || Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  if (value instanceof Optional) return value.hasValue() ? sizeOf(value.value()) : 1;
  const isPlain =
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.keys(value).length : 1;
}

function kindOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
    case 'number':
    case 'boolean':
      return 'int';
  }
  if (Array.isArray(value)) return 'list';
  if (value instanceof Uint8Array) return 'bytes';
  if (value === null || value instanceof Date) return 'int';
  if (value instanceof Map || Object.getPrototypeOf(value) === Object.prototype) return 'map';
  // Addresses, quantities and versions are as good as each other.
  return 'kubernetes.Quantity';
}

function operandOf(value: unknown): Operand {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  return {
    size: fixedSize(sizeOf(value)),
    kind: kindOf(value),
    itemKind: Array.isArray(value) ? kindOf(first ?? 0) : '',
    itemSize: fixedSize(sizeOf(first)),
    literal: value,
  };
}

function isScalar(value: unknown): boolean {
  return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean';
}

type Evaluate = (evaluator: unknown, node: unknown, scope: unknown) => unknown;

/** A node as the language runs it. */
interface RunNode extends CheckedNode {
  evaluate: Evaluate;
  handle?: (...given: unknown[]) => unknown;
  readonly meta: {
    readonly alternate?: RunNode;
    readonly macro?: { readonly evaluate: Evaluate };
    readonly evaluate: Evaluate;
  };
}

const metered: WeakSet<object> = new WeakSet();
const charged: WeakMap<object, number> = new WeakMap();

/** Lets a node cost so much more each time that it is evaluated. */
function charge(node: RunNode, cost: number): void {
  if (cost === 0) return;
  const total = (charged.get(node) ?? 0) + cost;
  charged.set(node, total);
  const { alternate, macro, evaluate } = node.meta;
  // Not what stands in `node.evaluate`: a node replaces that when it is first evaluated.
  node.evaluate = (evaluator, given, scope) => {
    spend(total);
    if (alternate !== undefined) return alternate.evaluate(evaluator, alternate, scope);
    return macro === undefined ? evaluate(evaluator, given, scope) : macro.evaluate(evaluator, macro, scope);
  };
}

function chargeOperator(node: RunNode): void {
  const { handle, op } = node;
  if (handle === undefined) return;
  node.handle = (left, right, given, evaluator) => {
    const isSimple = op !== 'in' && isScalar(left) && isScalar(right);
    spend(isSimple ? 1 : operatorCost(op, operandOf(left), operandOf(right)).cost);
    return handle(left, right, given, evaluator);
  };
}

function chargeCall(node: RunNode): void {
  const { handle } = node;
  if (handle === undefined) return;
  const { name, isNamed } = functionOf(node);
  node.handle = (values, first, second) => {
    // Of what is still asked of the authorizer nothing is known but that it is asked.
    const given = Array.isArray(values) ? (values as readonly unknown[]).slice(isNamed ? 1 : 0) : [];
    const isAsked = name === 'check' || given.length === 0;
    spend(isAsked ? callCost(name, []).cost : callCost(name, given.map(operandOf)).cost);
    return handle(values, first, second);
  };
}

/** What each turn of a loop costs besides its body. */
const turnCosts: Readonly<Record<string, number>> = { all: 3, exists: 4 };

function meterLoop(node: RunNode, name: string): void {
  const { iterable, init, step } = node.args as Record<'iterable' | 'init' | 'step', RunNode>;
  for (const inner of [iterable, init, step]) meterNode(inner);
  charge(step, turnCosts[name] ?? 0);
  // What comes of the loop has a name as well.
  charge(node, 1);
}

const ownCosts: Readonly<Record<string, number>> = {
  id: 1,
  '.': 1,
  '.?': 1,
  '[]': 1,
  '[?]': 1,
  list: costs.list,
  map: costs.map,
  '!_': 1,
  '-_': 1,
  accuPush: costs.list + 2,
  accuInc: 2,
  accuValue: 1,
};
const operators: ReadonlySet<string> = new Set('== != < <= > >= in + - * / %'.split(' '));

function innerNodes({ op, args }: RunNode): readonly RunNode[] {
  if (op === 'value' || op === 'id' || op === 'accuValue' || op === 'accuInc') return [];
  if (op === 'map') return (args as RunNode[][]).flat();
  if (op === 'call') return (args as [string, RunNode[]])[1];
  if (op === 'rcall') {
    const [, receiver, given] = args as [string, RunNode, RunNode[]];
    return [receiver, ...given];
  }
  if (op === '.' || op === '.?') return [(args as [RunNode])[0]];
  return Array.isArray(args) ? (args as RunNode[]) : [args as RunNode];
}

function meterMacro(node: RunNode): void {
  const { name } = functionOf(node);
  const { alternate } = node.meta;
  if (alternate !== undefined && alternate.op === 'comprehension') {
    metered.add(alternate);
    meterLoop(alternate, name);
    return;
  }
  if (name !== 'has') {
    const inner = innerNodes(node);
    for (const one of inner) meterNode(one);
    // Loops over two variables, whose body is the last.
    if (inner.length > 3) charge(inner[inner.length - 1]!, turnCosts[name] ?? 0);
    return;
  }
  // The path is read by the macro itself, but for where it begins.
  let depth = -1;
  let [inner] = innerNodes(node);
  for (; inner !== undefined && (inner.op === '.' || inner.op === '.?'); depth++) [inner] = innerNodes(inner);
  charge(node, Math.max(depth, 0));
  if (inner !== undefined) meterNode(inner);
}

function meterNode(node: RunNode): void {
  if (metered.has(node)) return;
  metered.add(node);
  if (isMacro(node) && node.op !== 'id') {
    meterMacro(node);
    return;
  }
  for (const inner of innerNodes(node)) meterNode(inner);
  charge(node, ownCosts[node.op] ?? 0);
  if (operators.has(node.op)) chargeOperator(node);
  else if (node.op === 'call' || node.op === 'rcall') chargeCall(node);
}

/** Runs an expression that was parsed, and tells what it costs. */
export class MeteredExpression {
  readonly #run: ParseResult;

  constructor(run: ParseResult) {
    this.#run = run;
    // How it is run is settled when it is checked.
    if (run.check().valid) meterNode(run.ast as unknown as RunNode);
  }

  /**
   * @returns what the expression gives: a promise where it asks the authorizer
   * @throws BudgetError, CallCostError, and what the language throws
   */
  evaluate(variables: object, budget: Budget): unknown {
    const own = new Meter();
    meter = own;
    let result: unknown;
    let problem: unknown = null;
    try {
      result = this.#run(variables as Record<string, unknown>);
    } catch (error) {
      problem = error;
    } finally {
      meter = null;
    }
    if (own.spent > budget.left) {
      budget.left = -1;
      throw new BudgetError();
    }
    budget.left -= own.spent;
    if (own.spent > callCostMax) throw new CallCostError();
    if (problem !== null) throw problem;
    return result;
  }
}
