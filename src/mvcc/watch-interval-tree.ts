/**
 * Which ranges hold a key: a balanced (AVL) search tree of ranges, ordered by start and then by end, in which every node
 * knows how far its subtree reaches. A question costs O(log n) and a little for every range that answers it.
 *
 *                 [f, k) reach ∞
 *                /              \
 *        [a, z) reach z      [m, ∞) reach ∞         what holds "x"? A subtree that reaches no further than x, or starts
 *                                                   behind it, is not entered.
 *
 * Invariant: heights of siblings differ by one at most; `reach` is the greatest end in the subtree.
 */

interface Node<V> {
  from: string;
  /** null is no end. */
  to: string | null;
  value: V;
  left: Node<V> | null;
  right: Node<V> | null;
  height: number;
  reach: string | null;
}

function order(from: string, to: string | null, node: Node<unknown>): number {
  if (from !== node.from) return from < node.from ? -1 : 1;
  if (to === node.to) return 0;
  if (to === null) return 1;
  return node.to === null || to < node.to ? -1 : 1;
}

function heightOf(node: Node<unknown> | null): number {
  return node === null ? 0 : node.height;
}

function farther(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null;
  return a < b ? b : a;
}

function refresh(node: Node<unknown>): void {
  const { left, right } = node;
  node.height = Math.max(heightOf(left), heightOf(right)) + 1;
  let reach = node.to;
  if (left !== null) reach = farther(reach, left.reach);
  if (right !== null) reach = farther(reach, right.reach);
  node.reach = reach;
}

function liftLeft<V>(node: Node<V>): Node<V> {
  const top = node.left!;
  node.left = top.right;
  top.right = node;
  refresh(node);
  refresh(top);
  return top;
}

function liftRight<V>(node: Node<V>): Node<V> {
  const top = node.right!;
  node.right = top.left;
  top.left = node;
  refresh(node);
  refresh(top);
  return top;
}

function balanced<V>(node: Node<V>): Node<V> {
  const lean = heightOf(node.left) - heightOf(node.right);
  if (lean > 1) {
    const left = node.left!;
    if (heightOf(left.left) < heightOf(left.right)) node.left = liftRight(left);
    return liftLeft(node);
  }
  if (lean < -1) {
    const right = node.right!;
    if (heightOf(right.right) < heightOf(right.left)) node.right = liftLeft(right);
    return liftRight(node);
  }
  refresh(node);
  return node;
}

export class IntervalTree<V> {
  #root: Node<V> | null = null;
  #size = 0;
  /** Nodes that `collect` has looked at since the beginning. */
  visited = 0;

  get size(): number {
    return this.#size;
  }

  /** The value of exactly this range. */
  get(from: string, to: string | null): V | undefined {
    let node = this.#root;
    while (node !== null) {
      const side = order(from, to, node);
      if (side === 0) return node.value;
      node = side < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** @param to exclusive; null is no end. An empty range is nothing to look for and must not be set. */
  set(from: string, to: string | null, value: V): void {
    if (to !== null && to <= from) throw new Error('the range is empty');
    this.#root = this.#insert(this.#root, from, to, value);
  }

  delete(from: string, to: string | null): void {
    this.#root = this.#remove(this.#root, from, to);
  }

  /** Appends the values of all ranges that hold `key`. */
  collect(key: string, out: V[]): void {
    this.#collect(this.#root, key, out);
  }

  #collect(node: Node<V> | null, key: string, out: V[]): void {
    if (node === null || (node.reach !== null && node.reach <= key)) return;
    this.visited++;
    this.#collect(node.left, key, out);
    if (node.from > key) return;
    if (node.to === null || key < node.to) out.push(node.value);
    this.#collect(node.right, key, out);
  }

  #insert(node: Node<V> | null, from: string, to: string | null, value: V): Node<V> {
    if (node === null) {
      this.#size++;
      return { from, to, value, left: null, right: null, height: 1, reach: to };
    }
    const side = order(from, to, node);
    if (side === 0) node.value = value;
    else if (side < 0) node.left = this.#insert(node.left, from, to, value);
    else node.right = this.#insert(node.right, from, to, value);
    return balanced(node);
  }

  #remove(node: Node<V> | null, from: string, to: string | null): Node<V> | null {
    if (node === null) return null;
    const side = order(from, to, node);
    if (side < 0) {
      node.left = this.#remove(node.left, from, to);
    } else if (side > 0) {
      node.right = this.#remove(node.right, from, to);
    } else {
      if (node.left === null || node.right === null) {
        this.#size--;
        return node.left ?? node.right;
      }
      let next = node.right;
      while (next.left !== null) next = next.left;
      node.from = next.from;
      node.to = next.to;
      node.value = next.value;
      node.right = this.#remove(node.right, next.from, next.to);
    }
    return balanced(node);
  }

  /** Checks the invariant. @throws Error when it does not hold */
  verify(): void {
    const check = (node: Node<V> | null): number => {
      if (node === null) return 0;
      const { height, reach } = node;
      const lean = check(node.left) - check(node.right);
      refresh(node);
      if (Math.abs(lean) > 1 || node.height !== height || node.reach !== reach) {
        throw new Error(`the node of ${JSON.stringify(node.from)} is wrong`);
      }
      return height;
    };
    check(this.#root);
  }
}
