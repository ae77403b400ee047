/** Four ways to keep keys in order with a number for each, behind one face, and keys as Kubernetes has them. */

import sortedBtree from 'sorted-btree';
import { SimRandom } from '../src/sim/sim-random.ts';
import { OrderedMap } from '../src/util/ordered-map.ts';
import { lowerBound } from '../src/util/sorted-keys.ts';

export interface OrderedStore {
  set(key: string, value: number): void;
  get(key: string): number | undefined;
  delete(key: string): void;
  /** Appends to `out` the values of the first `limit` keys from `from` on. */
  range(from: string, limit: number, out: number[]): void;
  /** Number of keys with `from` <= key < `to`. */
  count(from: string, to: string): number;
}

export interface Structure {
  readonly name: string;
  readonly make: () => OrderedStore;
  /** Of how many changes at random among a million keys it is asked; more would take minutes. */
  readonly changes: number;
  /** Of how many that are each followed by a read. */
  readonly changesThenRead: number;
}

/** Behind every key. */
const END = '\uffff';

class Ours implements OrderedStore {
  readonly #map = new OrderedMap<number>();

  set(key: string, value: number): void {
    this.#map.set(key, value);
  }

  get(key: string): number | undefined {
    return this.#map.get(key);
  }

  delete(key: string): void {
    this.#map.delete(key);
  }

  range(from: string, limit: number, out: number[]): void {
    this.#map.collect(from, null, limit, false, out);
  }

  count(from: string, to: string): number {
    return this.#map.weightBetween(from, to);
  }
}

class SortedArray implements OrderedStore {
  readonly #keys: string[] = [];
  readonly #values: number[] = [];

  set(key: string, value: number): void {
    const keys = this.#keys;
    const at = keys.length > 0 && keys[keys.length - 1]! < key ? keys.length : lowerBound(keys, key);
    if (at === keys.length) {
      keys.push(key);
      this.#values.push(value);
    } else if (keys[at] === key) this.#values[at] = value;
    else {
      keys.splice(at, 0, key);
      this.#values.splice(at, 0, value);
    }
  }

  get(key: string): number | undefined {
    const at = lowerBound(this.#keys, key);
    return this.#keys[at] === key ? this.#values[at] : undefined;
  }

  delete(key: string): void {
    const at = lowerBound(this.#keys, key);
    if (this.#keys[at] !== key) return;
    this.#keys.splice(at, 1);
    this.#values.splice(at, 1);
  }

  range(from: string, limit: number, out: number[]): void {
    const begin = lowerBound(this.#keys, from);
    const end = Math.min(this.#keys.length, begin + limit);
    for (let at = begin; at < end; at++) out.push(this.#values[at]!);
  }

  count(from: string, to: string): number {
    return lowerBound(this.#keys, to) - lowerBound(this.#keys, from);
  }
}

class SortedOnDemand implements OrderedStore {
  readonly #map = new Map<string, number>();
  /** Null: a key has come or gone since they were put in order. */
  #keys: string[] | null = null;

  set(key: string, value: number): void {
    const before = this.#map.size;
    this.#map.set(key, value);
    if (this.#map.size !== before) this.#keys = null;
  }

  get(key: string): number | undefined {
    return this.#map.get(key);
  }

  delete(key: string): void {
    if (this.#map.delete(key)) this.#keys = null;
  }

  range(from: string, limit: number, out: number[]): void {
    const keys = this.#ordered();
    const begin = lowerBound(keys, from);
    const end = Math.min(keys.length, begin + limit);
    for (let at = begin; at < end; at++) out.push(this.#map.get(keys[at]!)!);
  }

  count(from: string, to: string): number {
    const keys = this.#ordered();
    return lowerBound(keys, to) - lowerBound(keys, from);
  }

  #ordered(): string[] {
    this.#keys ??= [...this.#map.keys()].sort();
    return this.#keys;
  }
}

class SortedBtree implements OrderedStore {
  readonly #tree = new sortedBtree.default<string, number>(undefined, (a, b) => (a < b ? -1 : a > b ? 1 : 0));

  set(key: string, value: number): void {
    this.#tree.set(key, value);
  }

  get(key: string): number | undefined {
    return this.#tree.get(key);
  }

  delete(key: string): void {
    this.#tree.delete(key);
  }

  range(from: string, limit: number, out: number[]): void {
    const end = out.length + limit;
    this.#tree.forRange(from, END, false, (_key, value) => (out.push(value) === end ? STOP : undefined));
  }

  count(from: string, to: string): number {
    return this.#tree.forRange(from, to, false);
  }
}

const STOP = { break: true };

export const structures: readonly Structure[] = [
  { name: 'ours', make: () => new Ours(), changes: 100_000, changesThenRead: 20_000 },
  { name: 'sorted-btree', make: () => new SortedBtree(), changes: 100_000, changesThenRead: 20_000 },
  { name: 'sorted array', make: () => new SortedArray(), changes: 1_000, changesThenRead: 1_000 },
  { name: 'Map, sorted', make: () => new SortedOnDemand(), changes: 100_000, changesThenRead: 3 },
];

const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** So many characters as Kubernetes draws them for names. */
function drawn(random: SimRandom, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += letters[random.below(letters.length)]!;
  return text;
}

/**
 * `/registry/pods/<namespace>/<name>`, all different, in order; names as those of a deployment's pods. Leaves no garbage
 * behind that would pass for memory of what is measured.
 */
export function podKeys(count: number, seed: number): string[] {
  const random = new SimRandom(seed, 'keys');
  const keys: string[] = [];
  let [namespace, replicaSet] = ['', ''];
  for (let at = 0; at < count; at++) {
    if (at % PODS_PER_NAMESPACE === 0) {
      namespace = `team-${drawn(random, 4)}-${random.pick(['prod', 'staging', 'ci'])}`;
    }
    if (at % PODS_PER_SET === 0) {
      replicaSet = `${random.pick(['web', 'worker', 'api-gateway', 'cache'])}-${drawn(random, 10)}`;
    }
    const pod = `${drawn(random, 4)}${letters[at % PODS_PER_SET]!}`;
    keys.push(copied(`/registry/pods/${namespace}/${replicaSet}-${pod}`));
  }
  return keys.sort();
}

const PODS_PER_NAMESPACE = 500;
const PODS_PER_SET = 10;

/** The same text as another string, in one piece, as it comes out of a request. */
export function copied(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
