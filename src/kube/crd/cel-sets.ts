/** Functions on lists that CEL's own extensions give to rules: `sets.*`, `lists.range`, `first`, `last`, `flatten(depth)`. */

import { type Environment, Optional } from '@marcbachmann/cel-js';

/** `sets` and `lists` are names that functions hang on. */
class Sets {}
class Lists {}

type IsSame = (left: unknown, right: unknown) => boolean;

function flattened(list: readonly unknown[], depth: bigint): unknown[] {
  if (depth < 0n) throw new Error('level must be non-negative');
  return list.flat(Number(depth)) as unknown[];
}

function range(count: bigint): bigint[] {
  return Array.from({ length: Number(count < 0n ? 0n : count) }, (_none, at) => BigInt(at));
}

function optional(list: readonly unknown[], at: number): unknown {
  const item = list.at(at);
  return item === undefined ? Optional.none() : Optional.of(item);
}

export function registerSets(language: Environment, isSame: IsSame): void {
  const has = (list: readonly unknown[], item: unknown): boolean => list.some((one) => isSame(one, item));
  const contains = (_sets: Sets, list: readonly unknown[], some: readonly unknown[]): boolean =>
    some.every((item) => has(list, item));
  language
    .registerType('kubernetes.Sets', Sets)
    .registerType('kubernetes.Lists', Lists)
    .registerConstant('sets', 'kubernetes.Sets', new Sets())
    .registerConstant('lists', 'kubernetes.Lists', new Lists())
    .registerFunction('kubernetes.Sets.contains(list<dyn>, list<dyn>): bool', contains)
    .registerFunction(
      'kubernetes.Sets.equivalent(list<dyn>, list<dyn>): bool',
      (sets: Sets, a: readonly unknown[], b: readonly unknown[]) =>
        contains(sets, a, b) && contains(sets, b, a),
    )
    .registerFunction(
      'kubernetes.Sets.intersects(list<dyn>, list<dyn>): bool',
      (_sets: Sets, a: readonly unknown[], b: readonly unknown[]) => a.some((item) => has(b, item)),
    )
    .registerFunction('kubernetes.Lists.range(int): list<int>', (_lists: Lists, count: bigint) =>
      range(count),
    )
    .registerFunction('list.flatten(int): list<dyn>', flattened)
    .registerFunction('list.first(): optional<dyn>', (list: readonly unknown[]) => optional(list, 0))
    .registerFunction('list.last(): optional<dyn>', (list: readonly unknown[]) => optional(list, -1));
}
