/**
 * What calls of functions cost at most, as a real server estimates it before it takes a rule: k8s.io/apiserver's
 * pkg/cel/library/cost.go for what Kubernetes adds to CEL, cel-go's checker/cost.go and its extensions for the rest. A
 * different estimate takes a definition that a real server refuses, or the other way round.
 */

import {
  addSizes,
  costs,
  fixedSize,
  multiplySizes,
  perUnit,
  plus,
  type Size,
  spanOf,
  times,
} from './cel-estimate.ts';

/** A value that a function is called with. */
export interface Operand {
  readonly size: Size;
  /** As the language names it: `string`, `list`, `dyn`, … */
  readonly kind: string;
  /** Of a list: what its items are; else empty. */
  readonly itemKind: string;
  readonly itemSize: Size;
  /** Where it is a literal. */
  readonly literal: unknown;
}

export interface CallCost {
  /** Besides what the operands cost. */
  readonly cost: number;
  /** Of what it gives; null: as its type says. */
  readonly size: Size | null;
}

/** The longest pattern of a named format. */
const formatPatternBytes = 128;
const addressSize: Size = { min: 4, max: 16 };
/** What the authorizer is asked; so that a rule may ask twice. */
const authorizerCheckCost = 350_000;

const nominal: ReadonlySet<string> = new Set(
  (
    'serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength family ' +
    'isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast sign asInteger isInteger ' +
    'asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname getHost getPort ' +
    'getEscapedPath getQuery'
  ).split(' '),
);

const overText = (size: Size, factor: number = costs.textUnit): number => perUnit(size.max, factor);

function replaced(text: Size, old: Size, by: Size): Size {
  const bound = (size: number, oldSize: number, longer: boolean): readonly [number, number] => {
    if (oldSize === 0) return [plus(size, 1), size];
    return longer ? [Math.ceil(size / oldSize), 0] : [0, size];
  };
  const [most, keptMost] = bound(text.max, old.min, by.max > old.min);
  const [least, keptLeast] = bound(text.min, old.max, old.max > by.min);
  return addSizes(multiplySizes({ min: least, max: most }, by), { min: keptLeast, max: keptMost });
}

/** `isSorted`, `sum`, `indexOf`, …: once over all of it. */
function traversal(target: Operand): number {
  if (target.kind !== 'list') return overText(target.size);
  const isText = target.itemKind === 'string' || target.itemKind === 'bytes';
  return times(target.size.max, isText ? plus(1, overText(target.itemSize)) : 1);
}

function joined(list: Operand, between: Operand | undefined): Size {
  const size = multiplySizes(list.size, list.itemSize);
  if (between === undefined) return size;
  const gaps = { min: Math.max(list.size.min - 1, 0), max: Math.max(list.size.max - 1, 0) };
  return addSizes(size, multiplySizes(between.size, gaps));
}

function patternCost(text: Size, pattern: Size): number {
  return times(perUnit(plus(text.max, 1), costs.textUnit), perUnit(pattern.max, costs.patternUnit));
}

const addressesCost = overText(addSizes(addressSize, addressSize));

type Rule = (operands: readonly Operand[]) => CallCost;

const only = (cost: number): CallCost => ({ cost, size: null });
const textOnce: Rule = ([text]) => only(overText(text!.size));
const textKept: Rule = ([text]) => ({ cost: overText(text!.size), size: text!.size });
const overList: Rule = ([target]) => only(traversal(target!));
const found: Rule = ([text, pattern]) => ({
  cost: patternCost(text!.size, pattern!.size),
  size: { min: 0, max: text!.size.max },
});

function within(factor: number): Rule {
  return ([outer, inner]) => only(plus(times(times(outer!.size.max, inner!.size.max), factor), 1));
}

/** Every item with every other. */
function compared(list: Operand, by: Operand, kind: string): CallCost {
  const each = kind === 'string' || kind === 'bytes' ? 2 + costs.textUnit : 2;
  const cost = perUnit(times(by.size.max, by.size.max), each);
  return { cost: plus(cost, costs.list + 1), size: list.size };
}

const madeList = (size: Size, factor = 1): CallCost => ({
  cost: plus(perUnit(size.max, factor), costs.list + 1),
  size,
});

function literalOr(operand: Operand | undefined, otherwise: number): number {
  return typeof operand?.literal === 'bigint' ? Number(operand.literal) : otherwise;
}

/** By name; operands with what stands before the dot first. */
const byName: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['check', () => only(authorizerCheckCost)],
  ...['fieldSelector', 'labelSelector'].map((name): [string, Rule] => [
    name,
    ([, selector]) => {
      const requirements = perUnit(selector!.size.max, 0.5);
      return only(plus(plus(overText(selector!.size), times(requirements, 50)), costs.list));
    },
  ]),
  ...'isSorted sum max min indexOf lastIndexOf'.split(' ').map((name): [string, Rule] => [name, overList]),
  ...'url jsonpatch.escapeKey lowerAscii upperAscii substring trim'
    .split(' ')
    .map((name): [string, Rule] => [name, textKept]),
  ...'cidr isIP isCIDR ip quantity isQuantity semver isSemver format'
    .split(' ')
    .map((name): [string, Rule] => [name, textOnce]),
  ['startsWith', ([, part]) => only(overText(part!.size))],
  ['endsWith', ([, part]) => only(overText(part!.size))],
  [
    'replace',
    ([text, old, by]) => ({
      cost: overText(text!.size, 2 * costs.textUnit),
      size: replaced(text!.size, old!.size, by!.size),
    }),
  ],
  [
    'split',
    ([text, , times]) => ({
      cost: overText(text!.size, 2 * costs.textUnit),
      size: { min: 0, max: literalOr(times, text!.size.max) },
    }),
  ],
  [
    'join',
    ([list, between]) => {
      const size = joined(list!, between);
      return { cost: overText(size), size };
    },
  ],
  ['find', found],
  ['findAll', found],
  ['ip.isCanonical', ([text]) => only(overText(text!.size, 2 * costs.textUnit))],
  [
    'containsIP',
    ([, inner]) => only(plus(addressesCost, inner!.kind === 'string' ? overText(inner!.size) : 0)),
  ],
  [
    'containsCIDR',
    ([, inner]) => {
      const masked = plus(plus(addressesCost, overText(addressSize)), 1);
      return only(plus(masked, inner!.kind === 'string' ? overText(inner!.size) : 0));
    },
  ],
  ['validate', ([, text]) => only(perUnit(overText(text!.size), formatPatternBytes * costs.patternUnit))],
  ['contains', ([text, part]) => only(times(overText(text!.size), overText(part!.size)))],
  ['Matches', ([text, pattern]) => only(patternCost(text!.size, pattern!.size))],
  ['sets.contains', within(1)],
  ['sets.intersects', within(1)],
  ['sets.equivalent', within(2)],
  [
    'slice',
    ([list, from, to]) =>
      madeList(fixedSize(Math.max(literalOr(to, list!.size.max) - literalOr(from, 0), 0))),
  ],
  ['lists.range', ([count]) => madeList(fixedSize(literalOr(count, 2 ** 64)))],
  ['reverse', ([list]) => (list!.kind === 'list' ? madeList(list!.size) : only(1))],
  ['flatten', ([list, depth]) => madeList(list!.size, literalOr(depth, depth === undefined ? 1 : 2 ** 64))],
  ['distinct', ([list]) => compared(list!, list!, list!.itemKind)],
  ['sort', ([list]) => compared(list!, list!, list!.itemKind)],
  [
    'strings.quote',
    ([text]) => {
      const { min, max } = text!.size;
      return { cost: overText(text!.size), size: { min: plus(min, 2), max: plus(times(max, 2), 2) } };
    },
  ],
]);

/** @param name with what it is a function of, where that is a name alone: `sets.contains` */
export function callCost(name: string, operands: readonly Operand[]): CallCost {
  if (nominal.has(name)) return only(1);
  const [first] = operands;
  // Which function it is depends on what it is given.
  if (name === 'ip' && first?.kind !== 'string') return only(1);
  if (name === 'bytes' && first?.kind === 'string') {
    return { cost: overText(first.size), size: { min: first.size.min, max: times(first.size.max, 4) } };
  }
  if (name === 'string' && (first?.kind === 'bytes' || first?.kind === 'dyn')) {
    return {
      cost: Math.max(overText(first.size), 1),
      size: { min: Math.floor(first.size.min / 4), max: first.size.max },
    };
  }
  return byName.get(name)?.(operands) ?? only(1);
}

const opaque: ReadonlySet<string> = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
]);

/** `==`, `!=`, `<`, `in`, `+` and the like of two values. */
export function operatorCost(operator: string, left: Operand, right: Operand): CallCost {
  const ofText = (kind: string): boolean => kind === 'string' || kind === 'bytes';
  const isOpen = left.kind === 'dyn' || right.kind === 'dyn';
  const equal = perUnit(Math.min(left.size.max, right.size.max), costs.textUnit);
  switch (operator) {
    case '==':
      return only(left.kind === right.kind && opaque.has(left.kind) ? 1 : equal);
    case '!=':
      return only(equal);
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (isOpen) return only(Math.max(equal, 1));
      return only(ofText(left.kind) ? equal : 1);
    case 'in':
      return only(right.kind === 'map' ? 1 : Math.max(right.size.max, right.kind === 'dyn' ? 1 : 0));
    case '+': {
      const size = addSizes(left.size, right.size);
      if (left.kind === 'list') return { cost: 1, size };
      if (ofText(left.kind)) return { cost: overText(size), size };
      return isOpen ? { cost: Math.max(overText(size), 1), size: spanOf(size, fixedSize(1)) } : only(1);
    }
    default:
      return only(1);
  }
}
