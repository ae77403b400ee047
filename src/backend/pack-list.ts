/**
 * The packs of a table in order, in chunks, so that a change of some copies some chunks and not all that there are.
 *
 *     [ [pack pack …] [pack …] [pack pack pack …] … ]
 *
 * Packs are appended in place. What changes them otherwise makes new chunks of those that it touches, and a new array of
 * chunks: so whoever keeps that array and how much of it there was (`PackRange`) has the packs as they were.
 *
 * Invariants: numbers and first keys ascend alike; no chunk is empty.
 */

import type { Place } from './record-files.ts';

/** A chunk takes so many; two that are side by side become one when they have half of that together. */
const chunkPacks = 128;

export interface Pack {
  readonly id: number;
  /** No record of it is before; the first one may be behind, where the pack took the place of others. */
  readonly firstKey: string;
  /** Records in it, dead ones too; -1 is not known yet. */
  readonly count: number;
  readonly dead: ReadonlySet<string> | null;
  /** Whether the first key is that of a record in it, dead or not; false where that is not known. */
  readonly hasFirst: boolean;
  /** Null: LevelDB has the bytes. */
  readonly place: Place | null;
}

/** Whether half or more of a pack is dead, so that what is left is worth being written anew. */
export function isWorn({ dead, count }: Pack): boolean {
  return dead !== null && dead.size * 2 >= count;
}

export class PackList {
  #chunks: Pack[][] = [];

  get last(): Pack | undefined {
    const chunk = this.#chunks[this.#chunks.length - 1];
    return chunk?.[chunk.length - 1];
  }

  /** Adds one whose number and keys are behind all others. */
  append(pack: Pack): void {
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || chunk.length >= chunkPacks) this.#chunks.push([pack]);
    else chunk.push(pack);
  }

  /** The last pack that begins at or before a key. */
  find(key: string): Pack | null {
    const chunks = this.#chunks;
    const chunk = chunks[chunkBehind(chunks, key) - 1];
    return chunk === undefined ? null : chunk[behind(chunk, key) - 1]!;
  }

  /** The first pack that begins behind a key. */
  findBehind(key: string): Pack | null {
    const chunks = this.#chunks;
    const at = chunkBehind(chunks, key);
    const chunk = chunks[at - 1];
    return chunk?.[behind(chunk, key)] ?? chunks[at]?.[0] ?? null;
  }

  /** Packs that may have keys of `from` <= key < `to`, null for no end, as they are now. Null: none has. */
  range(from: string, to: string | null): PackRange | null {
    const chunks = this.#chunks;
    const chunk = Math.max(0, chunkBehind(chunks, from) - 1);
    if (chunk === chunks.length) return null;
    const at = Math.max(0, behind(chunks[chunk]!, from) - 1);
    let endChunk = chunks.length - 1;
    let end = chunks[endChunk]!.length;
    if (to !== null) {
      endChunk = Math.max(0, chunkBehind(chunks, to) - 1);
      end = behind(chunks[endChunk]!, to);
      if (end > 0 && chunks[endChunk]![end - 1]!.firstKey === to) end--;
    }
    if (end === 0 && endChunk > 0) end = chunks[--endChunk]!.length;
    if (endChunk < chunk || (endChunk === chunk && end <= at)) return null;
    return { chunks, chunk, at, endChunk, end };
  }

  /** Puts others in the place of packs; null removes one. */
  replace(changes: Iterable<readonly [Pack, Pack | null]>): void {
    const chunks = this.#chunks;
    const copies: ((Pack | null)[] | undefined)[] = [];
    for (const [pack, change] of changes) {
      const chunk = chunkOf(chunks, pack.id);
      let copy = copies[chunk];
      if (copy === undefined) {
        copy = chunks[chunk]!.slice();
        copies[chunk] = copy;
      }
      copy[placeOf(chunks[chunk]!, pack.id)] = change;
    }
    const changed: Pack[][] = [];
    let joins = false;
    for (let i = 0; i < chunks.length; i++) {
      const copy = copies[i];
      const chunk = copy === undefined ? chunks[i]! : copy.filter((pack) => pack !== null);
      if (chunk.length === 0) continue;
      const before = changed[changed.length - 1];
      const isSmall = before !== undefined && (before.length + chunk.length) * 2 <= chunkPacks;
      if (isSmall && (joins || copy !== undefined)) changed[changed.length - 1] = before.concat(chunk);
      else changed.push(chunk);
      joins = copy !== undefined;
    }
    // Counter-example: the last chunk goes, the one before is appended to, and a range that goes on behind it has those too.
    const last = changed.pop();
    if (last !== undefined) changed.push(last.slice());
    this.#chunks = changed;
  }
}

/** Packs as they were: from `at` in `chunk` to before `end` in `endChunk`. */
export interface PackRange {
  readonly chunks: readonly (readonly Pack[])[];
  readonly chunk: number;
  readonly at: number;
  readonly endChunk: number;
  readonly end: number;
}

/** Goes over the packs of ranges. */
export class PackCursor {
  readonly #ranges: readonly PackRange[];
  /** Packs beside which the ranges end: what is asked for may begin or end within one of them. */
  readonly ends: ReadonlySet<Pack>;
  #range = -1;
  #chunk = 0;
  #at = 0;
  /** The pack at hand; undefined behind the last. */
  pack: Pack | undefined;

  constructor(ranges: readonly PackRange[]) {
    this.#ranges = ranges;
    this.ends = new Set(
      ranges.flatMap(({ chunks, chunk, at, endChunk, end }) => [
        chunks[chunk]![at]!,
        chunks[endChunk]![end - 1]!,
      ]),
    );
    this.#nextRange();
  }

  #nextRange(): void {
    const range = this.#ranges[++this.#range];
    if (range === undefined) {
      this.pack = undefined;
      return;
    }
    this.#chunk = range.chunk;
    this.#at = range.at;
    this.pack = range.chunks[range.chunk]![range.at]!;
  }

  next(): void {
    const range = this.#ranges[this.#range];
    if (range === undefined) return;
    this.#at++;
    const isLastChunk = this.#chunk === range.endChunk;
    if (this.#at === (isLastChunk ? range.end : range.chunks[this.#chunk]!.length)) {
      if (isLastChunk) {
        this.#nextRange();
        return;
      }
      this.#chunk++;
      this.#at = 0;
    }
    this.pack = range.chunks[this.#chunk]![this.#at]!;
  }
}

/** The place behind the last pack that begins at or before a key. */
function behind(packs: readonly Pack[], key: string): number {
  let low = 0;
  let high = packs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (packs[middle]!.firstKey <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place behind the last chunk that begins at or before a key. */
function chunkBehind(chunks: readonly (readonly Pack[])[], key: string): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunks[middle]![0]!.firstKey <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The chunk that has the pack with this number: they ascend as the keys do, and are compared faster. */
function chunkOf(chunks: readonly (readonly Pack[])[], id: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunks[middle]![0]!.id <= id) low = middle + 1;
    else high = middle;
  }
  if (low === 0) throw new Error(`there is no pack ${id}`);
  return low - 1;
}

function placeOf(packs: readonly Pack[], id: number): number {
  let low = 0;
  let high = packs.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (packs[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  if (packs[low]?.id !== id) throw new Error(`there is no pack ${id}`);
  return low;
}
