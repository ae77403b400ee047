/**
 * What an expression costs at most, before it ever runs (cel-go, checker/cost.go): each name and member costs one, functions by
 * the size of what they go over, loops as often as their range is long. Sizes come from the schema, found by the path from a
 * variable to the value; what is calculated has a size of its own. Where a real server loses a path (the items of a list that was
 * made by the expression), it is lost here as well: such items are taken for the variable itself.
 */

import { type CallCost, callCost, type Operand, operatorCost } from './cel-call-costs.ts';
import { costs, fixedSize, plus, type Size, spanOf, times, unknownSize } from './cel-estimate.ts';
import type { SizedType } from './cel-sizes.ts';

/** Types as the language's checker leaves them at each node. */
interface CheckedType {
  readonly kind: string;
  readonly name: string;
  readonly valueType?: CheckedType;
}

/** A node of a checked expression, as the language has it. */
export interface CheckedNode {
  readonly op: string;
  readonly args: unknown;
  readonly checkedType?: CheckedType;
  readonly meta: { readonly alternate?: CheckedNode; readonly macro?: unknown };
}

type Path = readonly string[];

interface Local {
  readonly path: Path;
  readonly size: Size | null;
  /** Of its items. */
  readonly itemSize: Size | null;
}

/** What a loop costs: of its beginning, of each turn besides the bodies, and of its result. */
interface Loop {
  readonly begin: number;
  readonly turn: (bodies: readonly number[]) => number;
  readonly end: number;
  /** It makes a list or map as long as its range. */
  readonly isLong: boolean;
}

const sum = (bodies: readonly number[]): number => bodies.reduce(plus, 0);
const making = (cost: number): Loop => ({
  begin: costs.list,
  turn: (bodies) => plus(cost, sum(bodies)),
  end: 1,
  isLong: true,
});
const table = (cost: number): Loop => ({ ...making(cost), begin: costs.map });

/** By name. */
function loopOf(name: string): Loop | null {
  switch (name) {
    case 'all':
      return { begin: 0, turn: (inner) => plus(3, sum(inner)), end: 1, isLong: false };
    case 'exists':
      return { begin: 0, turn: (inner) => plus(4, sum(inner)), end: 1, isLong: false };
    case 'exists_one':
    case 'existsOne':
      return { begin: 0, turn: (inner) => plus(2, sum(inner)), end: 2, isLong: false };
    case 'map':
    case 'transformList':
      // The list so far, a list of one, and both as one.
      return making(12);
    case 'filter':
      return making(13);
    case 'transformMap':
      return table(3);
    case 'transformMapEntry':
      return table(2);
    default:
      return null;
  }
}

/** `all`, `has` and the like, and names that stand for values. */
export function isMacro({ meta }: CheckedNode): boolean {
  return meta.alternate !== undefined || meta.macro !== undefined;
}

/** The function that is called; @returns isNamed: it hangs on a name (`sets.contains`), which is no value */
export function functionOf({ op, args }: CheckedNode): { readonly name: string; readonly isNamed: boolean } {
  const [name, receiver] = args as [string, CheckedNode];
  const isNamed = op === 'rcall' && receiver.op === 'id' && receiver.meta.alternate !== undefined;
  return { name: isNamed ? `${receiver.args as string}.${name}` : name, isNamed };
}

const textOfNode = (node: CheckedNode): string => node.args as string;

export class CostEstimate {
  readonly #root: SizedType;
  readonly #locals = new Map<string, Local[]>();
  readonly #paths = new Map<CheckedNode, Path>();
  readonly #sizes = new Map<CheckedNode, Size>();
  readonly #itemSizes = new Map<CheckedNode, Size>();

  /** @param root of `self` and `oldSelf` */
  constructor(root: SizedType) {
    this.#root = root;
  }

  /** Of an expression that was checked. @returns 2^64 where it has no bound */
  cost(node: CheckedNode): number {
    switch (node.op) {
      case 'value':
        return 0;
      case 'id':
        return this.#ofName(node);
      case '.':
        return this.#ofMember(node);
      case 'list':
        return this.#ofList(node);
      case 'map':
        return this.#ofMap(node);
      case 'call':
      case 'rcall':
        return this.#ofCall(node);
      default:
        return this.#ofOperator(node);
    }
  }

  #ofName(node: CheckedNode): number {
    const name = textOfNode(node);
    this.#paths.set(node, this.#local(name)?.path ?? [name]);
    return 1;
  }

  #ofMember(node: CheckedNode): number {
    const [target, name] = node.args as [CheckedNode, string];
    const cost = this.cost(target);
    this.#paths.set(node, [...this.#path(target), name]);
    const kind = target.checkedType?.kind;
    return kind === 'dyn' || kind === 'optional' ? cost : plus(cost, 1);
  }

  #ofList(node: CheckedNode): number {
    let cost = costs.list;
    const items = node.args as readonly CheckedNode[];
    let size: Size = items.length === 0 ? fixedSize(0) : { min: 2 ** 64, max: 0 };
    for (const item of items) {
      cost = plus(cost, this.cost(item));
      size = spanOf(size, this.#sizeOrUnknown(item));
    }
    this.#itemSizes.set(node, size);
    return cost;
  }

  #ofMap(node: CheckedNode): number {
    let cost = costs.map;
    let size: Size = { min: 2 ** 64, max: 0 };
    for (const [key, value] of node.args as readonly (readonly [CheckedNode, CheckedNode])[]) {
      cost = plus(cost, plus(this.cost(key), this.cost(value)));
      size = spanOf(size, this.#sizeOrUnknown(value));
    }
    this.#itemSizes.set(node, size);
    return cost;
  }

  #ofOperator(node: CheckedNode): number {
    if (node.op === '-_' || node.op === '!_') return plus(1, this.cost(node.args as CheckedNode));
    const [left, right, third] = node.args as [CheckedNode, CheckedNode, CheckedNode?];
    if (node.op === '.?') return plus(1, this.cost(left));
    const [first, second] = [this.cost(left), this.cost(right)];
    switch (node.op) {
      case '&&':
      case '||':
        return plus(first, second);
      case '?:': {
        const cost = plus(first, Math.max(second, this.cost(third!)));
        this.#sizes.set(node, spanOf(this.#sizeOrUnknown(right), this.#sizeOrUnknown(third!)));
        this.#joinItems(node, right, third!);
        return cost;
      }
      case '[]': {
        const step = left.checkedType?.kind === 'list' ? '@items' : '@values';
        this.#paths.set(node, [...this.#path(left), step]);
        const size = this.#itemSize(left);
        if (size !== null) this.#sizes.set(node, size);
        return plus(1, plus(first, second));
      }
      case '+':
        this.#joinItems(node, left, right);
    }
    return this.#called(
      node,
      operatorCost(node.op, this.#operand(left), this.#operand(right)),
      first,
      second,
    );
  }

  #joinItems(node: CheckedNode, left: CheckedNode, right: CheckedNode): void {
    const [first, second] = [this.#itemSize(left), this.#itemSize(right)];
    if (first !== null && second !== null) this.#itemSizes.set(node, spanOf(first, second));
  }

  #called(node: CheckedNode, { cost, size }: CallCost, ...operands: readonly number[]): number {
    if (size !== null) this.#sizes.set(node, size);
    return plus(cost, sum(operands));
  }

  #ofCall(node: CheckedNode): number {
    const isMember = node.op === 'rcall';
    const [name, receiver, given] = isMember
      ? (node.args as [string, CheckedNode, readonly CheckedNode[]])
      : [(node.args as [string])[0], null, (node.args as [string, readonly CheckedNode[]])[1]];
    if (isMacro(node)) {
      return this.#ofMacro(node, name, receiver, given);
    }
    // A presence test costs nothing but what it looks into.
    if (name === 'keelsonHas') return this.cost(given[0]!);
    if (name === 'dyn') {
      const cost = plus(1, this.cost(given[0]!));
      this.#copySizes(node, given[0]!);
      return cost;
    }
    const { name: full, isNamed } = functionOf(node);
    const values = receiver === null || isNamed ? given : [receiver, ...given];
    const inner = values.map((value) => this.cost(value));
    return this.#called(
      node,
      callCost(
        full,
        values.map((value) => this.#operand(value)),
      ),
      ...inner,
    );
  }

  #ofMacro(
    node: CheckedNode,
    name: string,
    receiver: CheckedNode | null,
    given: readonly CheckedNode[],
  ): number {
    if (name === 'has') return this.cost((given[0]!.args as [CheckedNode])[0]);
    if (name === 'bind') {
      const [variable, value, body] = given as [CheckedNode, CheckedNode, CheckedNode];
      // The list of nothing that a real server loops over.
      const begin = plus(costs.list, this.cost(value));
      const local = { path: this.#path(value), size: this.#size(value), itemSize: this.#itemSize(value) };
      const cost = this.#with([[variable, local]], () => plus(begin, this.cost(body)));
      this.#copySizes(node, body);
      return cost;
    }
    const isLoop = receiver !== null && given.length > 1 && given[0]!.op === 'id';
    if (isLoop && name === 'sortBy') return this.#ofSort(receiver, given[0]!, given[1]!);
    if (isLoop && name.startsWith('opt')) return this.#ofOptional(name, receiver, given[0]!, given[1]!);
    if (isLoop) return this.#ofLoop(node, name, receiver, given);
    // `or`, `orValue`, …: functions in all but how the language has them.
    return plus(1, sum((receiver === null ? given : [receiver, ...given]).map((one) => this.cost(one))));
  }

  /** A list of keys is made, and the list sorted by it. */
  #ofSort(range: CheckedNode, variable: CheckedNode, key: CheckedNode): number {
    const before = this.cost(range);
    const local = { path: [...this.#path(range), '@items'], size: this.#itemSize(range), itemSize: null };
    const { max } = this.#sizeOrUnknown(range);
    const each = this.#with([[variable, local]], () => plus(costs.list + 2, this.cost(key)));
    const keys = plus(times(max, each), costs.list + 2);
    const compared = callCost('sort', [{ ...this.#operand(range), itemKind: kindOf(key.checkedType) }]).cost;
    return sum([before, costs.list + 1, keys, compared]);
  }

  /** It is kept by a name, asked whether it has a value, and that is given a name for the body. */
  #ofOptional(name: string, target: CheckedNode, variable: CheckedNode, body: CheckedNode): number {
    const before = plus(this.cost(target), costs.list);
    const local = { path: [], size: null, itemSize: null };
    const inner = this.#with([[variable, local]], () => this.cost(body));
    return sum([before, 2, costs.list, 2, inner, name === 'optMap' ? 1 : 0]);
  }

  #ofLoop(node: CheckedNode, name: string, range: CheckedNode, given: readonly CheckedNode[]): number {
    const hasTwo = given[1]?.op === 'id' && given.length > 2 && !(name === 'map' && given.length === 3);
    const bodies = given.slice(hasTwo ? 2 : 1);
    const loop = loopOf(name);
    const before = this.cost(range);
    const isList = range.checkedType?.kind === 'list';
    const path = this.#path(range);
    const inner = (step: string): Local => ({
      path: [...path, step],
      size: isList ? this.#itemSize(range) : null,
      itemSize: null,
    });
    const values = inner(isList ? '@items' : '@values');
    const locals: (readonly [CheckedNode, Local])[] = hasTwo
      ? [
          [given[0]!, inner(isList ? '@indices' : '@keys')],
          [given[1]!, values],
        ]
      : [[given[0]!, isList ? values : inner('@keys')]];
    const size = this.#sizeOrUnknown(range);
    let last: Size = unknownSize;
    const costsOfBodies = this.#with(locals, () => {
      const made = bodies.map((body) => this.cost(body));
      last = this.#sizeOrUnknown(name === 'filter' ? given[0]! : bodies[bodies.length - 1]!);
      return made;
    });
    // What may be absent, and keys to sort by, are looked at for each.
    const { begin, turn, end, isLong } = loop ?? { begin: 0, turn: sum, end: 1, isLong: false };
    if (isLong) {
      this.#sizes.set(node, size);
      this.#itemSizes.set(node, { min: 0, max: last.max });
    }
    return plus(plus(before, plus(begin, end)), times(size.max, turn(costsOfBodies)));
  }

  #with<T>(locals: readonly (readonly [CheckedNode, Local])[], run: () => T): T {
    for (const [variable, local] of locals) {
      const name = textOfNode(variable);
      this.#locals.set(name, [...(this.#locals.get(name) ?? []), local]);
    }
    const result = run();
    for (const [variable] of locals) this.#locals.get(textOfNode(variable))!.pop();
    return result;
  }

  #local(name: string): Local | null {
    return this.#locals.get(name)?.at(-1) ?? null;
  }

  #path(node: CheckedNode): Path {
    const local = node.op === 'id' ? this.#local(textOfNode(node)) : null;
    return local?.path ?? this.#paths.get(node) ?? [];
  }

  /** Of what stands at a path, by the schema. */
  #schemaSize(path: Path): Size | null {
    if (path.length === 0) return null;
    let type: SizedType | null | undefined = this.#root;
    for (const step of path.slice(1)) {
      if (type === null || type === undefined) return null;
      if (step === '@items' || step === '@values') type = type.items;
      else if (step === '@keys') type = type.keys;
      else type = type.fields?.get(step);
    }
    return type === null || type === undefined ? null : { min: 0, max: type.sizeMax };
  }

  #size(node: CheckedNode): Size | null {
    const known = this.#sizes.get(node) ?? literalSize(node) ?? this.#schemaSize(this.#path(node));
    if (known !== null) return known;
    if (isScalar(node.checkedType)) return fixedSize(1);
    return node.op === 'id' ? (this.#local(textOfNode(node))?.size ?? null) : null;
  }

  #sizeOrUnknown(node: CheckedNode): Size {
    return this.#size(node) ?? unknownSize;
  }

  #itemSize(node: CheckedNode): Size | null {
    const local = node.op === 'id' ? this.#local(textOfNode(node)) : null;
    return this.#itemSizes.get(node) ?? local?.itemSize ?? null;
  }

  #copySizes(to: CheckedNode, from: CheckedNode): void {
    const [size, items] = [this.#size(from), this.#itemSize(from)];
    if (size !== null) this.#sizes.set(to, size);
    if (items !== null) this.#itemSizes.set(to, items);
  }

  #operand(node: CheckedNode): Operand {
    const type = node.checkedType;
    const path = this.#path(node);
    return {
      size: this.#sizeOrUnknown(node),
      kind: kindOf(type),
      itemKind: type?.kind === 'list' ? kindOf(type.valueType) : '',
      itemSize: (path.length === 0 ? null : this.#schemaSize([...path, '@items'])) ?? unknownSize,
      literal: node.op === 'value' ? node.args : null,
    };
  }
}

function kindOf(type: CheckedType | undefined): string {
  if (type === undefined) return 'dyn';
  return ['list', 'map', 'dyn', 'optional'].includes(type.kind) ? type.kind : type.name;
}

function literalSize(node: CheckedNode): Size | null {
  const { op, args } = node;
  if (op === 'list' || op === 'map') return fixedSize((args as readonly unknown[]).length);
  if (op !== 'value') return null;
  if (typeof args === 'string') return fixedSize([...args].length);
  return fixedSize(args instanceof Uint8Array ? args.length : 1);
}

const scalars: ReadonlySet<string> = new Set([
  'bool',
  'double',
  'int',
  'uint',
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
]);

function isScalar(type: CheckedType | undefined): boolean {
  if (type === undefined) return false;
  return type.kind === 'optional' ? isScalar(type.valueType) : scalars.has(type.name);
}
