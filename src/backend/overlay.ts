/**
 * Writes that are not on disk yet, in memory: the newest value of each key, null for a deletion.
 *
 *     runs      per table: keys that came in ascending order, each behind the last (`overlay-runs.ts`)
 *     others    all other keys; where both say something about a key, this is newer
 *
 * Nearly all writes are records, whose keys are revisions and ascend: for them a write is an append, a point read a
 * binary search, and the order is there. The others go through a map; ordered reads need their keys sorted, which is
 * done when somebody asks: the new keys are sorted and merged into the old order from the back.
 */

import { lowerBound } from '../util/sorted-keys.ts';
import type { BackendEntry, Room } from './backend.ts';
import { entriesOf, PackedRun, PlainRun, type Run, type RunWalk } from './overlay-runs.ts';
import { isBehind, noPacking, type Packing, type ReadyPack } from './pack.ts';

/** Keys are binary strings that begin with their table. */
const tables = 256;

export class Overlay {
  readonly #packing: Packing;
  readonly #runs: (Run | null)[] = new Array<Run | null>(tables).fill(null);
  readonly #others = new Map<string, Uint8Array | null>();
  /** The last key that a run could not hold. */
  #lastRefused = '';
  #sortedOthers: string[] = [];
  /** Keys of `#others` that `#sortedOthers` does not have yet. */
  #addedOthers: string[] = [];

  constructor(packing: Packing = noPacking) {
    this.#packing = packing;
  }

  set(key: string, value: Uint8Array | null): void {
    const table = key.charCodeAt(0);
    const run = this.#runs[table] ?? this.#makeRun(table);
    if (key > run.last && !(key <= this.#lastRefused && this.#others.has(key))) {
      if (run.append(key, value)) return;
      if (key > this.#lastRefused) this.#lastRefused = key;
    }
    const before = this.#others.size;
    this.#others.set(key, value);
    if (this.#others.size !== before) this.#addedOthers.push(key);
  }

  /**
   * The same as `set` for a small value that its writer puts in place: sets where.
   * @returns false when it has to be `set`
   */
  reserve(key: Buffer, keyBytes: number, valueBytes: number, room: Room): boolean {
    const table = key[0]!;
    const run = this.#runs[table] ?? this.#makeRun(table);
    if (this.#lastRefused !== '' && !isBehind(key, keyBytes, this.#lastRefused)) return false;
    return run.reserve(key, keyBytes, valueBytes, room);
  }

  #makeRun(table: number): Run {
    const { tables, packBytes } = this.#packing;
    const run = tables.includes(String.fromCharCode(table)) ? new PackedRun(packBytes) : new PlainRun();
    this.#runs[table] = run;
    return run;
  }

  /** The newest value, null for a deletion, undefined when this overlay says nothing about the key. */
  get(key: string): Uint8Array | null | undefined {
    if (this.#others.size > 0) {
      const value = this.#others.get(key);
      if (value !== undefined) return value;
    }
    return this.#runs[key.charCodeAt(0)]?.get(key);
  }

  /** Writes that stand in packs: older than what `writes` says about the same keys. Valid until the next `set`. */
  packs(): readonly ReadyPack[] {
    return this.#runs.flatMap((run) => (run instanceof PackedRun ? run.packs() : []));
  }

  /** Goes over everything that was written and does not stand in packs; valid until the next `set`. */
  writes(): OverlayWrites {
    return new OverlayWrites(
      this.#runs.filter((run) => run instanceof PlainRun),
      this.#others,
    );
  }

  /** Takes up all that another one says: it is newer. */
  absorb(newer: Overlay): void {
    for (const pack of newer.packs()) {
      const entries: BackendEntry[] = [];
      entriesOf(pack, '', entries);
      for (const { key, value } of entries) this.set(key, value);
    }
    for (const writes = newer.writes(); writes.next(); ) this.set(writes.key, writes.value);
  }

  /** Goes over the keys from `from` on, in order; valid until the next `set`. */
  walk(from: string): OverlayWalk {
    if (this.#addedOthers.length > 0) this.#mergeAdded();
    return new OverlayWalk(this.#runs, this.#others, this.#sortedOthers, from);
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
  readonly #runs: readonly PlainRun[];
  readonly #others: Iterator<[string, Uint8Array | null]>;
  #run = 0;
  #at = 0;
  key = '';
  value: Uint8Array | null = null;

  constructor(runs: readonly PlainRun[], others: ReadonlyMap<string, Uint8Array | null>) {
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
  readonly #others: ReadonlyMap<string, Uint8Array | null>;
  readonly #sorted: readonly string[];
  #table: number;
  #walk: RunWalk | null;
  #other: number;
  /** The key at hand; undefined behind the last. */
  key: string | undefined;

  constructor(
    runs: readonly (Run | null)[],
    others: ReadonlyMap<string, Uint8Array | null>,
    sorted: readonly string[],
    from: string,
  ) {
    this.#runs = runs;
    this.#others = others;
    this.#sorted = sorted;
    this.#table = from === '' ? 0 : from.charCodeAt(0);
    this.#walk = runs[this.#table]?.walk(from) ?? null;
    this.#other = lowerBound(sorted, from);
    this.key = this.#least();
  }

  /** What was written last under the key at hand, null for a deletion; a small value may be a view on a pack. */
  get value(): Uint8Array | null {
    const key = this.key!;
    return this.#sorted[this.#other] === key ? this.#others.get(key)! : this.#walk!.value;
  }

  next(): void {
    const { key } = this;
    if (this.#walk?.key === key) this.#walk?.next();
    if (this.#sorted[this.#other] === key) this.#other++;
    this.key = this.#least();
  }

  #runKey(): string | undefined {
    while (this.#walk?.key === undefined) {
      if (++this.#table >= tables) return undefined;
      this.#walk = this.#runs[this.#table]?.walk('') ?? null;
    }
    return this.#walk.key;
  }

  #least(): string | undefined {
    const inRun = this.#runKey();
    const other = this.#sorted[this.#other];
    if (inRun === undefined) return other;
    return other === undefined || inRun < other ? inRun : other;
  }
}

function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface OverlayEntry {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/**
 * What overlays say about `from` <= key < `to`, in order, the newer deciding. Ends after `limit` entries that are not
 * deletions, or as soon as those have `maxBytes`: a reader that wants no more can never see beyond.
 * @param layers the newest first
 * @param maxBytes of keys and values
 */
export function mergedSlice(
  layers: readonly Overlay[],
  from: string,
  to: string | null,
  limit: number,
  maxBytes: number,
): OverlayEntry[] {
  const walks = layers.map((layer) => layer.walk(from));
  const slice: OverlayEntry[] = [];
  for (let room = limit, bytes = 0; room > 0 && bytes < maxBytes; ) {
    let newest = -1;
    for (let i = 0; i < walks.length; i++) {
      const { key } = walks[i]!;
      if (key !== undefined && (newest < 0 || key < walks[newest]!.key!)) newest = i;
    }
    const key = walks[newest]?.key;
    if (key === undefined || (to !== null && key >= to)) break;
    const { value } = walks[newest]!;
    for (const walk of walks) if (walk.key === key) walk.next();
    slice.push({ key, value });
    if (value === null) continue;
    room--;
    bytes += key.length + value.length;
  }
  return slice;
}
