/**
 * The union of intervals of keys, and whether it covers another one. Frozen once made.
 *
 * Intervals that overlap or touch become one, so a request is covered by the union exactly if one merged interval holds
 * all of it: [a, c) and [c, e) permit [b, d) together, although neither does alone.
 *
 *     range_end empty     one key            [key, key + '\0')
 *     range_end '\0'      from key on        [key, ∞)
 *     range_end <= key    no key at all; as in etcd it is still asked for `key` itself
 *     key empty           no key of etcd's: permits nothing and is not covered
 */

import { upperBound } from '../util/sorted-keys.ts';

/** The range_end that stands for no end. */
const openEnd = '\0';

interface Interval {
  readonly from: string;
  /** Exclusive; null is no end. */
  readonly to: string | null;
}

function intervalOf(key: string, rangeEnd: string): Interval {
  if (rangeEnd === '') return { from: key, to: `${key}\0` };
  return { from: key, to: rangeEnd === openEnd ? null : rangeEnd };
}

/** True when a permission for it would permit anything: what may be granted. */
export function isGrantable(key: string, rangeEnd: string): boolean {
  return key !== '' && (rangeEnd === '' || rangeEnd === openEnd || key < rangeEnd);
}

export class KeyUnion {
  /** Disjoint, not even touching, ascending. */
  readonly #starts: string[] = [];
  /** null is no end; only the last can be. */
  readonly #ends: (string | null)[] = [];

  /** @param ranges key and range_end as binary strings, in any order. */
  constructor(ranges: Iterable<{ readonly key: string; readonly rangeEnd: string }>) {
    const intervals: Interval[] = [];
    for (const { key, rangeEnd } of ranges) {
      if (isGrantable(key, rangeEnd)) intervals.push(intervalOf(key, rangeEnd));
    }
    intervals.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
    for (const { from, to } of intervals) {
      const last = this.#starts.length - 1;
      const end = this.#ends[last];
      if (end === undefined || (end !== null && end < from)) {
        this.#starts.push(from);
        this.#ends.push(to);
      } else if (end !== null && (to === null || to > end)) this.#ends[last] = to;
    }
  }

  /** The number of intervals after merging. */
  get size(): number {
    return this.#starts.length;
  }

  /** True when every key of the range is in the union; both as binary strings. */
  covers(key: string, rangeEnd: string): boolean {
    const at = upperBound(this.#starts, key) - 1;
    if (at < 0) return false;
    const end = this.#ends[at]!;
    if (end === null) return true;
    if (key >= end || rangeEnd === openEnd) return false;
    return rangeEnd === '' || rangeEnd <= end;
  }
}
