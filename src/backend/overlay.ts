/**
 * Writes that are not on disk yet, in memory: the newest value of each key, null for a deletion.
 *
 *     runs      per table: keys that came in ascending order, each behind the last; two arrays, nothing else
 *     others    all other keys; where both say something about a key, this is newer
 *
 * Nearly all writes are records, whose keys are revisions and ascend: for them a write is two pushes, a point read a
 * binary search, and the order is there. The others go through a map; ordered reads need their keys sorted, which is
 * done when somebody asks: the new keys are sorted and merged into the old order from the back.
 */

/** Keys are binary strings that begin with their table. */
const tables = 256;

/** Ascending keys of one table. */
class Run {
  readonly keys: string[] = [];
  readonly values: (Uint8Array | null)[] = [];
  last = '';
}

export class Overlay {
  readonly #runs: (Run | null)[] = new Array<Run | null>(tables).fill(null);
  readonly #others = new Map<string, Uint8Array | null>();
  #sortedOthers: string[] = [];
  /** Keys of `#others` that `#sortedOthers` does not have yet. */
  #addedOthers: string[] = [];

  set(key: string, value: Uint8Array | null): void {
    const table = key.charCodeAt(0);
    let run = this.#runs[table];
    if (run === null || run === undefined) {
      run = new Run();
      this.#runs[table] = run;
    }
    if (key > run.last) {
      run.keys.push(key);
      run.values.push(value);
      run.last = key;
      return;
    }
    const before = this.#others.size;
    this.#others.set(key, value);
    if (this.#others.size !== before) this.#addedOthers.push(key);
  }

  /** The newest value, null for a deletion, undefined when this overlay says nothing about the key. */
  get(key: string): Uint8Array | null | undefined {
    if (this.#others.size > 0) {
      const value = this.#others.get(key);
      if (value !== undefined) return value;
    }
    const run = this.#runs[key.charCodeAt(0)];
    if (run === null || run === undefined || key > run.last) return undefined;
    const at = lowerBound(run.keys, key);
    return run.keys[at] === key ? run.values[at] : undefined;
  }

  /** Goes over everything that was written; valid until the next `set`. */
  writes(): OverlayWrites {
    return new OverlayWrites(
      this.#runs.filter((run) => run !== null),
      this.#others,
    );
  }

  /** Goes over the keys from `from` on, in order; valid until the next `set`. */
  walk(from: string): OverlayWalk {
    if (this.#addedOthers.length > 0) this.#mergeAdded();
    return new OverlayWalk(this.#runs, this.#sortedOthers, from);
  }

  #mergeAdded(): void {
    const added = this.#addedOthers;
    const sorted = this.#sortedOthers;
    added.sort(byteOrder);
    let from = sorted.length - 1;
    let take = added.length - 1;
    let to = sorted.length + added.length - 1;
    for (let i = 0; i < added.length; i++) sorted.push('');
    while (take >= 0) {
      if (from >= 0 && sorted[from]! > added[take]!) sorted[to--] = sorted[from--]!;
      else sorted[to--] = added[take--]!;
    }
    this.#addedOthers = [];
  }
}

/** Goes over all writes, in an order in which the last one of a key is the newest. */
export class OverlayWrites {
  readonly #runs: readonly Run[];
  readonly #others: Iterator<[string, Uint8Array | null]>;
  #run = 0;
  #at = 0;
  key = '';
  value: Uint8Array | null = null;

  constructor(runs: readonly Run[], others: ReadonlyMap<string, Uint8Array | null>) {
    this.#runs = runs;
    this.#others = others.entries();
  }

  /** Moves to the next write, which is in `key` and `value`; false behind the last. */
  next(): boolean {
    for (; this.#run < this.#runs.length; this.#run++, this.#at = 0) {
      const { keys, values } = this.#runs[this.#run]!;
      if (this.#at === keys.length) continue;
      this.key = keys[this.#at]!;
      this.value = values[this.#at]!;
      this.#at++;
      return true;
    }
    const { done, value } = this.#others.next();
    if (done === true) return false;
    this.key = value[0];
    this.value = value[1];
    return true;
  }
}

/** Keys of an overlay in order, none twice. */
export class OverlayWalk {
  readonly #runs: readonly (Run | null)[];
  readonly #others: readonly string[];
  #table: number;
  #at = 0;
  #other: number;
  /** The key at hand; undefined behind the last. */
  key: string | undefined;

  constructor(runs: readonly (Run | null)[], others: readonly string[], from: string) {
    this.#runs = runs;
    this.#others = others;
    this.#table = from === '' ? 0 : from.charCodeAt(0);
    this.#other = lowerBound(others, from);
    const run = runs[this.#table];
    if (run !== null && run !== undefined) this.#at = lowerBound(run.keys, from);
    this.key = this.#least();
  }

  next(): void {
    const { key } = this;
    if (this.#runKey() === key) this.#at++;
    if (this.#others[this.#other] === key) this.#other++;
    this.key = this.#least();
  }

  #runKey(): string | undefined {
    for (; this.#table < tables; this.#table++, this.#at = 0) {
      const run = this.#runs[this.#table];
      if (run !== null && run !== undefined && this.#at < run.keys.length) return run.keys[this.#at];
    }
    return undefined;
  }

  #least(): string | undefined {
    const inRun = this.#runKey();
    const other = this.#others[this.#other];
    if (inRun === undefined) return other;
    return other === undefined || inRun < other ? inRun : other;
  }
}

function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** First position in ascending `keys` whose key is >= `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface OverlayEntry {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/**
 * What two overlays say about `from` <= key < `to`, in order, the newer one deciding. Ends after `limit` entries that are
 * not deletions: a reader that wants `limit` entries can never see beyond.
 */
export function mergedSlice(
  newer: Overlay,
  older: Overlay,
  from: string,
  to: string | null,
  limit: number,
): OverlayEntry[] {
  const a = newer.walk(from);
  const b = older.walk(from);
  const slice: OverlayEntry[] = [];
  let room = limit;
  while (room > 0) {
    const { key: newerKey } = a;
    const { key: olderKey } = b;
    const takeNewer = olderKey === undefined || (newerKey !== undefined && newerKey <= olderKey);
    const key = takeNewer ? newerKey : olderKey;
    if (key === undefined || (to !== null && key >= to)) break;
    if (takeNewer) a.next();
    if (key === olderKey) b.next();
    const value = (takeNewer ? newer.get(key) : older.get(key)) ?? null;
    slice.push({ key, value });
    if (value !== null) room--;
  }
  return slice;
}
