/**
 * Writes that are not on disk yet, in memory: the newest value of each key, null for a deletion.
 *
 * Point reads go through the map. Ordered reads need the keys sorted, which is done when somebody asks: the new keys are
 * sorted and merged into the old order from the back, so that keys that mostly grow (revisions) cost next to nothing.
 */

export class Overlay {
  readonly #newest = new Map<string, Uint8Array | null>();
  #sorted: string[] = [];
  /** Keys of the map that `#sorted` does not have yet. */
  #added: string[] = [];

  get size(): number {
    return this.#newest.size;
  }

  set(key: string, value: Uint8Array | null): void {
    const before = this.#newest.size;
    this.#newest.set(key, value);
    if (this.#newest.size !== before) this.#added.push(key);
  }

  /** The newest value, null for a deletion, undefined when this overlay says nothing about the key. */
  get(key: string): Uint8Array | null | undefined {
    return this.#newest.get(key);
  }

  /** Entries in the order of their first write. */
  entries(): IterableIterator<[string, Uint8Array | null]> {
    return this.#newest.entries();
  }

  /** All keys in order; valid until the next `set`. */
  sortedKeys(): readonly string[] {
    if (this.#added.length > 0) this.#mergeAdded();
    return this.#sorted;
  }

  #mergeAdded(): void {
    const added = this.#added;
    const sorted = this.#sorted;
    added.sort(byteOrder);
    let from = sorted.length - 1;
    let take = added.length - 1;
    let to = sorted.length + added.length - 1;
    for (let i = 0; i < added.length; i++) sorted.push('');
    while (take >= 0) {
      if (from >= 0 && sorted[from]! > added[take]!) sorted[to--] = sorted[from--]!;
      else sorted[to--] = added[take--]!;
    }
    this.#added = [];
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
  const newerKeys = newer.sortedKeys();
  const olderKeys = older.sortedKeys();
  const slice: OverlayEntry[] = [];
  let a = lowerBound(newerKeys, from);
  let b = lowerBound(olderKeys, from);
  let room = limit;
  while (room > 0) {
    const newerKey = newerKeys[a];
    const olderKey = olderKeys[b];
    if (newerKey === undefined && olderKey === undefined) break;
    const takeNewer = olderKey === undefined || (newerKey !== undefined && newerKey <= olderKey);
    const key = takeNewer ? newerKey! : olderKey;
    if (to !== null && key >= to) break;
    if (takeNewer) a++;
    if (key === olderKey) b++;
    const value = (takeNewer ? newer.get(key) : older.get(key)) ?? null;
    slice.push({ key, value });
    if (value !== null) room--;
  }
  return slice;
}
