/** Nodes of an `OrderedMap`, and what they weigh. */

export interface Leaf<V> {
  readonly isLeaf: true;
  keys: string[];
  values: V[];
  /** Null: each entry weighs 1. */
  weights: number[] | null;
  total: number;
  next: Leaf<V> | null;
}

export interface Branch<V> {
  readonly isLeaf: false;
  /** `separators[i]` stands between `children[i]` and `children[i + 1]`. */
  separators: string[];
  children: Node<V>[];
  total: number;
}

export type Node<V> = Leaf<V> | Branch<V>;

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += numbers[i]!;
  return total;
}

export function totalOf<V>(children: readonly Node<V>[]): number {
  let total = 0;
  for (let i = 0; i < children.length; i++) total += children[i]!.total;
  return total;
}

export function newLeaf<V>(
  keys: string[],
  values: V[],
  weights: number[] | null,
  next: Leaf<V> | null,
): Leaf<V> {
  return { isLeaf: true, keys, values, weights, total: weights === null ? keys.length : sum(weights), next };
}

export function sumOf<V>(leaf: Leaf<V>): number {
  return leaf.weights === null ? leaf.keys.length : sum(leaf.weights);
}

export function weightAt<V>(leaf: Leaf<V>, at: number): number {
  return leaf.weights === null ? 1 : leaf.weights[at]!;
}

/** The weights of a leaf, to be changed. */
export function ownWeights<V>(leaf: Leaf<V>): number[] {
  leaf.weights ??= new Array<number>(leaf.keys.length).fill(1);
  return leaf.weights;
}

/** The same weights, or null when all are 1. */
export function leanWeights(weights: number[]): number[] | null {
  for (let i = 0; i < weights.length; i++) if (weights[i] !== 1) return weights;
  return null;
}

export function sizeOf<V>(node: Node<V>): number {
  return node.isLeaf ? node.keys.length : node.children.length;
}
