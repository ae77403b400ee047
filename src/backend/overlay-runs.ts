/**
 * Writes of one table whose keys came in ascending order, each behind the last: what an overlay holds most of.
 *
 *     plain     two arrays, keys and values
 *     packed    packs, as they will stand on disk: no object is kept for a record
 */

import { lowerBound } from '../util/sorted-keys.ts';
import type { BackendEntry, Room } from './backend.ts';
import {
  expandPack,
  findInPack,
  isBehind,
  maxPackedKeyBytes,
  maxSharedValueBytes,
  PackBuilder,
  packOfOne,
  type ReadyPack,
  sharesPack,
} from './pack.ts';

/** Goes over the keys of a run. */
export interface RunWalk {
  /** The key at hand; undefined behind the last. */
  readonly key: string | undefined;
  /** What was written under it, null for a deletion; a view, where the run holds packs. */
  readonly value: Uint8Array | null;
  next(): void;
}

export interface Run {
  /** The last key; empty when there is none. */
  readonly last: string;
  /** Adds a write whose key is behind `last`, or returns false when the run cannot hold it. */
  append(key: string, value: Uint8Array | null): boolean;
  /**
   * Adds a write whose key is behind `last` and whose value is put in place before anything else is asked of the run, and
   * sets where that is; or returns false when the run cannot hold it.
   */
  reserve(key: Buffer, keyBytes: number, valueBytes: number, room: Room): boolean;
  /** The value, null for a deletion, undefined when the run has no such key. */
  get(key: string): Uint8Array | null | undefined;
  /** From the first key that is not before `from`; valid until the next `append`. */
  walk(from: string): RunWalk;
}

/** Small values are cut from pieces of memory of this size: an allocation for each costs five times the time. */
const slabBytes = 32 * 1024;

export class PlainRun implements Run {
  readonly keys: string[] = [];
  readonly values: (Uint8Array | null)[] = [];
  last = '';
  #slab: Buffer | null = null;
  #slabAt = 0;

  reserve(key: Buffer, keyBytes: number, valueBytes: number, room: Room): boolean {
    if (valueBytes > maxSharedValueBytes || !isBehind(key, keyBytes, this.last)) return false;
    if (this.#slab === null || this.#slabAt + valueBytes > slabBytes) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#slabAt = 0;
    }
    const at = this.#slabAt;
    this.#slabAt = at + valueBytes;
    room.bytes = this.#slab;
    room.buffer = this.#slab.buffer;
    room.at = at;
    return this.append(key.toString('latin1', 0, keyBytes), this.#slab.subarray(at, this.#slabAt));
  }

  append(key: string, value: Uint8Array | null): boolean {
    this.keys.push(key);
    this.values.push(value);
    this.last = key;
    return true;
  }

  get(key: string): Uint8Array | null | undefined {
    if (key > this.last) return undefined;
    const at = lowerBound(this.keys, key);
    return this.keys[at] === key ? this.values[at] : undefined;
  }

  walk(from: string): RunWalk {
    return new PlainWalk(this, lowerBound(this.keys, from));
  }
}

class PlainWalk implements RunWalk {
  readonly #run: PlainRun;
  #at: number;

  constructor(run: PlainRun, at: number) {
    this.#run = run;
    this.#at = at;
  }

  get key(): string | undefined {
    return this.#run.keys[this.#at];
  }

  get value(): Uint8Array | null {
    return this.#run.values[this.#at]!;
  }

  next(): void {
    this.#at++;
  }
}

export class PackedRun implements Run {
  readonly #builder: PackBuilder;
  readonly #packs: ReadyPack[] = [];

  constructor(packBytes: number) {
    this.#builder = new PackBuilder(packBytes);
  }

  get last(): string {
    return this.#builder.lastKey;
  }

  reserve(key: Buffer, keyBytes: number, valueBytes: number, room: Room): boolean {
    if (keyBytes > maxPackedKeyBytes || valueBytes > maxSharedValueBytes) return false;
    const builder = this.#builder;
    if (builder.isFull) this.#close();
    return builder.reserve(key, keyBytes, valueBytes, room);
  }

  append(key: string, value: Uint8Array | null): boolean {
    if (value === null || key.length > maxPackedKeyBytes) return false;
    const builder = this.#builder;
    // Not right after the write that filled it: that one may have been made in place.
    if (builder.isFull) this.#close();
    if (sharesPack(key, value)) {
      builder.add(key, value);
    } else {
      this.#close();
      builder.pass(key);
      this.#packs.push(packOfOne(key, value));
    }
    return true;
  }

  /** Everything in packs, ascending. */
  packs(): readonly ReadyPack[] {
    this.#close();
    return this.#packs;
  }

  #close(): void {
    if (this.#builder.count > 0) this.#packs.push(this.#builder.take());
  }

  get(key: string): Uint8Array | undefined {
    if (key > this.last) return undefined;
    const builder = this.#builder;
    const isOpen = builder.count > 0 && key >= builder.firstKey;
    const pack = isOpen ? null : this.#packs[this.#placeOf(key)];
    if (pack === undefined) return undefined;
    if (pack !== null && pack.value !== null) return pack.firstKey === key ? pack.value : undefined;
    const value = findInPack(pack === null ? builder.bytes : pack.bytes, key);
    // A copy: whoever keeps a small value must not keep its pack.
    return value === undefined ? undefined : Buffer.from(value);
  }

  /** The place of the pack that would have a key: the last one that does not begin behind it; -1 is none. */
  #placeOf(key: string): number {
    let low = 0;
    let high = this.#packs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#packs[middle]!.firstKey <= key) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  walk(from: string): RunWalk {
    const packs = this.#packs.slice(Math.max(0, this.#placeOf(from)));
    const { firstKey, lastKey, count, bytes } = this.#builder;
    if (count > 0) packs.push({ firstKey, lastKey, count, bytes, value: null });
    return new PackedWalk(packs, from);
  }
}

/** The records of a pack that was not written yet, from a key on. */
export function entriesOf({ firstKey, bytes, value }: ReadyPack, from: string, into: BackendEntry[]): void {
  if (value === null) expandPack(bytes, null, from, null, into);
  else if (firstKey >= from) into.push({ key: firstKey, value });
}

class PackedWalk implements RunWalk {
  readonly #packs: readonly ReadyPack[];
  #pack = 0;
  #entries: BackendEntry[] = [];
  #at = 0;

  constructor(packs: readonly ReadyPack[], from: string) {
    this.#packs = packs;
    this.#expand(from);
  }

  get key(): string | undefined {
    return this.#entries[this.#at]?.key;
  }

  get value(): Uint8Array {
    return this.#entries[this.#at]!.value;
  }

  next(): void {
    this.#at++;
    if (this.#at === this.#entries.length) this.#expand('');
  }

  #expand(from: string): void {
    this.#entries = [];
    this.#at = 0;
    while (this.#entries.length === 0 && this.#pack < this.#packs.length) {
      entriesOf(this.#packs[this.#pack++]!, from, this.#entries);
    }
  }
}
