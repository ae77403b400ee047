/**
 * A map in key order: a B+ tree over strings whose subtrees know their weight.
 *
 * Every entry weighs 0 or more. Sums over a range cost O(log n), and a walk that wants heavy entries only steps over
 * subtrees that weigh nothing: a million deleted keys between two living ones cost the reader a few nodes.
 *
 *     branch   [ total 5 | c0:3 | "k" | c1:2 ]          separators: least key that ever stood in the child to the right
 *                    /             \
 *     leaf     [a:1 b:0 e:2] -> [k:1 z:1]               leaves are linked in order
 *
 * A leaf whose entries all weigh 1 has no array of weights: in most maps that is every leaf.
 *
 * Invariant: keys ascend strictly within a leaf and along the chain; `total` of a node is the sum of its entries'
 * weights; every node but the root holds between `nodeMin` and `nodeMax` entries or children.
 *
 * Keys compare by UTF-16 unit, which for binary strings is byte order.
 */

import {
  type Branch,
  type Leaf,
  leanWeights,
  type Node,
  newLeaf,
  ownWeights,
  sizeOf,
  sumOf,
  totalOf,
  weightAt,
} from './ordered-map-nodes.ts';
import { lowerBound, upperBound } from './sorted-keys.ts';

const nodeMax = 64;
const nodeMin = 16;

/** The end for child `at`: none where all of it stands before `to`. */
function endWithin(separators: readonly string[], at: number, to: string | null): string | null {
  return to === null || (at < separators.length && separators[at]! <= to) ? null : to;
}

/** Values in the order of a walk, and the next of them. */
interface Ahead<V> {
  readonly values: readonly V[];
  at: number;
}

/** Makes those of the values weigh nothing that are in `[begin, end)` of a leaf. @returns the weight that went */
function lightenThose<V>(leaf: Leaf<V>, begin: number, end: number, only: Ahead<V>): number {
  let gone = 0;
  for (let at = begin; at < end && only.at < only.values.length; at++) {
    if (leaf.values[at] !== only.values[only.at]) continue;
    only.at++;
    gone += weightAt(leaf, at);
    ownWeights(leaf)[at] = 0;
  }
  return gone;
}

export class OrderedMap<V> {
  #root: Node<V> = newLeaf<V>([], [], null, null);
  #size = 0;
  /** Left behind by a split below: the separator of the new right sibling. */
  #splitKey = '';

  /** Number of entries, whatever they weigh. */
  get size(): number {
    return this.#size;
  }

  /** Sum of all weights. */
  get weight(): number {
    return this.#root.total;
  }

  /**
   * Builds a map from entries in ascending key order, in one pass.
   * @param weights null: each entry weighs 1
   * @throws Error when the keys do not ascend strictly
   */
  static fromSorted<V>(
    keys: readonly string[],
    values: readonly V[],
    weights: readonly number[] | null,
  ): OrderedMap<V> {
    const map = new OrderedMap<V>();
    if (keys.length === 0) return map;
    for (let i = 1; i < keys.length; i++) {
      if (!(keys[i - 1]! < keys[i]!)) throw new Error(`keys must ascend: position ${i} does not`);
    }
    let level: Node<V>[] = [];
    let firsts: string[] = [];
    const pieces = evenPieces(keys.length);
    for (let i = 0, at = 0; i < pieces.length; at += pieces[i]!, i++) {
      const end = at + pieces[i]!;
      const leaf = newLeaf(
        keys.slice(at, end),
        values.slice(at, end),
        weights === null ? null : leanWeights(weights.slice(at, end)),
        null,
      );
      const before = level[level.length - 1];
      if (before?.isLeaf) before.next = leaf;
      level.push(leaf);
      firsts.push(keys[at]!);
    }
    while (level.length > 1) {
      const parents: Node<V>[] = [];
      const parentFirsts: string[] = [];
      const groups = evenPieces(level.length);
      for (let i = 0, at = 0; i < groups.length; at += groups[i]!, i++) {
        const children = level.slice(at, at + groups[i]!);
        parents.push({
          isLeaf: false,
          separators: firsts.slice(at + 1, at + groups[i]!),
          children,
          total: totalOf(children),
        });
        parentFirsts.push(firsts[at]!);
      }
      level = parents;
      firsts = parentFirsts;
    }
    map.#root = level[0]!;
    map.#size = keys.length;
    return map;
  }

  get(key: string): V | undefined {
    const leaf = this.#leafOf(key);
    const at = lowerBound(leaf.keys, key);
    return at < leaf.keys.length && leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  /** Sets or replaces an entry, its weight included. Returns true when the key is new. */
  set(key: string, value: V, weight = 1): boolean {
    const before = this.#size;
    const right = this.#insert(this.#root, key, value, weight);
    if (right !== null) {
      const children = [this.#root, right];
      this.#root = { isLeaf: false, separators: [this.#splitKey], children, total: totalOf(children) };
    }
    return this.#size !== before;
  }

  /**
   * Changes the weight of an entry.
   * @throws Error when there is no such key
   */
  reweigh(key: string, weight: number): void {
    const leaf = this.#leafOf(key);
    const at = lowerBound(leaf.keys, key);
    if (leaf.keys[at] !== key) throw new Error('reweigh: no such key');
    const difference = weight - weightAt(leaf, at);
    if (difference === 0) return;
    ownWeights(leaf)[at] = weight;
    let node = this.#root;
    while (!node.isLeaf) {
      node.total += difference;
      node = node.children[upperBound(node.separators, key)]!;
    }
    node.total += difference;
  }

  /**
   * Makes the entries of `from` <= key < `to` weigh nothing, many at a time; `to` null is no bound.
   * @param only the values of those that are meant, in key order, no two entries alike; null: all of them
   * @throws Error when one of them is not there
   */
  lighten(from: string, to: string | null, only: readonly V[] | null = null): void {
    const ahead = only === null ? null : { values: only, at: 0 };
    if (to === null || to > from) this.#lighten(this.#root, from, to, ahead);
    if (ahead !== null && ahead.at < ahead.values.length) throw new Error('lighten: no such value');
  }

  /** Removes an entry. Returns false when there is none. */
  delete(key: string): boolean {
    const before = this.#size;
    this.#remove(this.#root, key);
    while (!this.#root.isLeaf && this.#root.children.length === 1) this.#root = this.#root.children[0]!;
    return this.#size !== before;
  }

  /** Sum of the weights of `from` <= key < `to`; `to` null is no bound. */
  weightBetween(from: string, to: string | null): number {
    if (to === null) return this.#root.total - this.#weightBelow(from);
    if (to <= from) return 0;
    return this.#weightBelow(to) - this.#weightBelow(from);
  }

  /**
   * Appends values of `from` <= key < `to` in key order to `out`, at most `limit`; `to` null is no bound.
   * @param heavyOnly steps over entries that weigh nothing
   */
  collect(from: string, to: string | null, limit: number, heavyOnly: boolean, out: V[]): void {
    if (limit <= 0) return;
    if (heavyOnly) {
      this.#collectHeavy(this.#root, from, to, out.length + limit, out);
      return;
    }
    let leaf: Leaf<V> | null = this.#leafOf(from);
    let at = lowerBound(leaf.keys, from);
    let room = limit;
    while (leaf !== null) {
      const end: number = to === null ? leaf.keys.length : lowerBound(leaf.keys, to);
      for (; at < end; at++) {
        if (room-- === 0) return;
        out.push(leaf.values[at]!);
      }
      if (end < leaf.keys.length) return;
      leaf = leaf.next;
      at = 0;
    }
  }

  /** All keys in order. */
  keys(): string[] {
    const keys: string[] = [];
    for (let leaf: Leaf<V> | null = this.#leafOf(''); leaf !== null; leaf = leaf.next) {
      for (let i = 0; i < leaf.keys.length; i++) keys.push(leaf.keys[i]!);
    }
    return keys;
  }

  /** Checks every invariant of the tree, for tests. @throws Error that names the broken one */
  verify(): void {
    const walk = (node: Node<V>, isRoot: boolean): number => {
      const size = sizeOf(node);
      if (size > nodeMax) throw new Error('a node is too full');
      if (!isRoot && size < nodeMin) throw new Error('a node is too empty');
      const total = node.isLeaf ? sumOf(node) : totalOf(node.children);
      if (node.isLeaf && (node.weights?.length ?? size) !== size) throw new Error('weights do not fit');
      if (total !== node.total) throw new Error('a total is wrong');
      if (node.isLeaf) return 1;
      if (node.separators.length !== node.children.length - 1) throw new Error('separators do not fit');
      const depths = new Set(node.children.map((child) => walk(child, false)));
      if (depths.size !== 1) throw new Error('leaves at different depths');
      return 1 + [...depths][0]!;
    };
    walk(this.#root, true);
    const keys = this.keys();
    if (keys.length !== this.#size) throw new Error('size is wrong');
    for (let i = 1; i < keys.length; i++)
      if (!(keys[i - 1]! < keys[i]!)) throw new Error('keys do not ascend');
  }

  #leafOf(key: string): Leaf<V> {
    let node = this.#root;
    while (!node.isLeaf) node = node.children[upperBound(node.separators, key)]!;
    return node;
  }

  #weightBelow(key: string): number {
    let below = 0;
    let node = this.#root;
    while (!node.isLeaf) {
      const at = upperBound(node.separators, key);
      for (let i = 0; i < at; i++) below += node.children[i]!.total;
      node = node.children[at]!;
    }
    const at = lowerBound(node.keys, key);
    if (node.weights === null) return below + at;
    for (let i = 0; i < at; i++) below += node.weights[i]!;
    return below;
  }

  /**
   * Returns true when the walk is over: `out` has `full` values or `to` is reached. Bounds are compared only where they
   * may lie: of a child that stands between them no key is looked at.
   */
  #collectHeavy(node: Node<V>, from: string, to: string | null, full: number, out: V[]): boolean {
    if (node.isLeaf) {
      const end = to === null ? node.keys.length : lowerBound(node.keys, to);
      for (let i = from === '' ? 0 : lowerBound(node.keys, from); i < end; i++) {
        if (node.weights !== null && node.weights[i] === 0) continue;
        out.push(node.values[i]!);
        if (out.length === full) return true;
      }
      return end < node.keys.length;
    }
    const { children, separators } = node;
    let low = from;
    for (let i = upperBound(separators, from); i < children.length; i++, low = '') {
      if (i > 0 && to !== null && separators[i - 1]! >= to) return true;
      const high = endWithin(separators, i, to);
      const child = children[i]!;
      if (child.total > 0 && this.#collectHeavy(child, low, high, full, out)) return true;
    }
    return false;
  }

  /** @returns the weight that went */
  #lighten(node: Node<V>, from: string, to: string | null, only: Ahead<V> | null): number {
    if (node.total === 0) return 0;
    let gone = 0;
    if (node.isLeaf) {
      const begin = from === '' ? 0 : lowerBound(node.keys, from);
      const end = to === null ? node.keys.length : lowerBound(node.keys, to);
      if (only === null) {
        for (let at = begin; at < end; at++) gone += weightAt(node, at);
        if (gone > 0) ownWeights(node).fill(0, begin, end);
      } else gone = lightenThose(node, begin, end, only);
    } else {
      const { children, separators } = node;
      const end = to === null ? children.length - 1 : upperBound(separators, to);
      let low = from;
      for (let at = upperBound(separators, from); at <= end; at++, low = '')
        gone += this.#lighten(children[at]!, low, endWithin(separators, at, to), only);
    }
    node.total -= gone;
    return gone;
  }

  /** Inserts below `node`; returns the right sibling if `node` had to be split. */
  #insert(node: Node<V>, key: string, value: V, weight: number): Node<V> | null {
    if (node.isLeaf) return this.#insertInLeaf(node, key, value, weight);
    const at = upperBound(node.separators, key);
    const child = node.children[at]!;
    const childBefore = child.total;
    const right = this.#insert(child, key, value, weight);
    node.total += child.total - childBefore;
    if (right === null) return null;
    node.total += right.total;
    node.separators.splice(at, 0, this.#splitKey);
    node.children.splice(at + 1, 0, right);
    return node.children.length > nodeMax ? this.#splitBranch(node) : null;
  }

  #insertInLeaf(leaf: Leaf<V>, key: string, value: V, weight: number): Leaf<V> | null {
    const { keys } = leaf;
    const at = lowerBound(keys, key);
    if (at < keys.length && keys[at] === key) {
      leaf.values[at] = value;
      const before = weightAt(leaf, at);
      if (weight !== before) {
        leaf.total += weight - before;
        ownWeights(leaf)[at] = weight;
      }
      return null;
    }
    this.#size++;
    leaf.total += weight;
    if (weight !== 1 || leaf.weights !== null) ownWeights(leaf).splice(at, 0, weight);
    if (at === keys.length) {
      keys.push(key);
      leaf.values.push(value);
    } else {
      keys.splice(at, 0, key);
      leaf.values.splice(at, 0, value);
    }
    if (keys.length <= nodeMax) return null;
    // Keys that only grow would leave every leaf half full: an append splits off little.
    const isAppend = at === keys.length - 1 && leaf.next === null;
    return this.#splitLeaf(leaf, isAppend ? nodeMax + 1 - nodeMin : (nodeMax + 1) >>> 1);
  }

  #splitLeaf(leaf: Leaf<V>, at: number): Leaf<V> {
    const weights = leaf.weights === null ? null : leanWeights(leaf.weights.splice(at));
    const right = newLeaf(leaf.keys.slice(at), leaf.values.slice(at), weights, leaf.next);
    // Cut by copying: an array that is made shorter keeps its room.
    leaf.keys = leaf.keys.slice(0, at);
    leaf.values = leaf.values.slice(0, at);
    if (leaf.weights !== null) leaf.weights = leanWeights(leaf.weights);
    leaf.next = right;
    leaf.total -= right.total;
    this.#splitKey = right.keys[0]!;
    return right;
  }

  #splitBranch(branch: Branch<V>): Branch<V> {
    const at = branch.children.length >>> 1;
    const children = branch.children.splice(at);
    const separators = branch.separators.splice(at);
    this.#splitKey = branch.separators.pop()!;
    const right: Branch<V> = { isLeaf: false, separators, children, total: totalOf(children) };
    branch.total -= right.total;
    return right;
  }

  #remove(node: Node<V>, key: string): void {
    if (node.isLeaf) {
      const at = lowerBound(node.keys, key);
      if (at === node.keys.length || node.keys[at] !== key) return;
      node.total -= weightAt(node, at);
      node.keys.splice(at, 1);
      node.values.splice(at, 1);
      node.weights?.splice(at, 1);
      this.#size--;
      return;
    }
    const at = upperBound(node.separators, key);
    const child = node.children[at]!;
    const before = child.total;
    this.#remove(child, key);
    node.total += child.total - before;
    if (sizeOf(child) < nodeMin) this.#refill(node, at);
  }

  /** Child `at` is too empty: joins it with a neighbour, and splits the two again when they are too much for one. */
  #refill(parent: Branch<V>, at: number): void {
    const leftAt = at > 0 ? at - 1 : at;
    const left = parent.children[leftAt]!;
    const right = parent.children[leftAt + 1]!;
    const separator = parent.separators[leftAt]!;
    if (left.isLeaf && right.isLeaf) {
      if (left.weights !== null || right.weights !== null) ownWeights(left).push(...ownWeights(right));
      left.keys.push(...right.keys);
      left.values.push(...right.values);
      left.next = right.next;
    } else if (!left.isLeaf && !right.isLeaf) {
      left.separators.push(separator, ...right.separators);
      left.children.push(...right.children);
    } else {
      throw new Error('neighbours of different height');
    }
    left.total += right.total;
    parent.separators.splice(leftAt, 1);
    parent.children.splice(leftAt + 1, 1);
    if (sizeOf(left) <= nodeMax) return;
    const split = left.isLeaf ? this.#splitLeaf(left, left.keys.length >>> 1) : this.#splitBranch(left);
    parent.separators.splice(leftAt, 0, this.#splitKey);
    parent.children.splice(leftAt + 1, 0, split);
  }
}

/** Cuts `count` things into pieces of at most `nodeMax`, as even as can be, so that none is below `nodeMin`. */
function evenPieces(count: number): number[] {
  const pieces = Math.ceil(count / nodeMax);
  const sizes: number[] = [];
  for (let i = 0; i < pieces; i++) {
    sizes.push(Math.floor((count * (i + 1)) / pieces) - Math.floor((count * i) / pieces));
  }
  return sizes;
}
