/**
 * All keys of a store in columns: a key has a row, and what is known of it stands in typed arrays, outside of the heap that
 * the collector walks. A million keys cost 120 bytes each with their string and their place in the order of keys; as
 * objects in a Map they took twice that, and as much again in empty heap.
 *
 *     page of 1024 rows     keys   [ "a"   "b"   … ]
 *                           rows   [ mod create version  sub bytes older cachePlace | … ]
 *                                    numbers: doubles    small: 32 bits
 *
 * Both kinds of numbers are views of the same memory, because who wants one of a key wants the others: what a look-up among
 * very many keys costs is the memory it touches that is in no cache.
 *
 * What few keys have, a lease, stands in a map by row, and a bit beside the sub-revision says so; older revisions in
 * columns of the pages where a key has some: the only one as numbers, several as an object.
 *
 * Rows are found by a hash of the key, in 256 tables that grow one by one, so that growing is never a pause. A key that
 * finds no place within `maxProbes` steps goes to a Map: whoever chooses keys that collide gains nothing.
 *
 * Invariant: a settled row in use stands in exactly one hash table or in the Map; rows that were given back are used again.
 */

import { binarySlice } from './key-range.ts';
import type { OlderRevisions } from './older-revisions.ts';

const rowBits = 10;
const rowsPerPage = 1 << rowBits;
const rowMask = rowsPerPage - 1;
const numbersInRow = 3;
const smallInRow = 4;
/** From a row to the next, in `numbers`. */
export const numberColumns: number = numbersInRow + smallInRow / 2;
/** From a row to the next, in `small`. */
export const smallColumns: number = numbersInRow * 2 + smallInRow;

const partBits = 8;
const parts = 1 << partBits;
const partMask = parts - 1;
const minCapacity = 8;
const maxProbes = 48;
/** Row values in a hash table: a row + 1, or one of these. */
const empty = 0;
const gone = -1;

export class KeyPage {
  readonly keys: string[] = [];
  readonly numbers: Float64Array = new Float64Array(rowsPerPage * numberColumns);
  /** Begins behind the doubles of the first row. */
  readonly small: Uint32Array = new Uint32Array(this.numbers.buffer, numbersInRow * 8);
  /** Older revisions of keys that have only one. Null while no key of the page had any. */
  lone: LoneRevisions | null = null;
  /** Those of keys that have more. Null while none had. */
  older: (OlderRevisions | undefined)[] | null = null;

  setOlder(place: number, revisions: OlderRevisions | undefined): void {
    this.older ??= new Array<OlderRevisions | undefined>(rowsPerPage).fill(undefined);
    this.older[place] = revisions;
  }
}

/**
 * An older revision for each row of a page, in columns as well: who deletes or overwrites very many keys makes one of each,
 * and as objects all of them survived and were copied by two collections, while everybody waited.
 */
export class LoneRevisions {
  readonly mains: Float64Array = new Float64Array(rowsPerPage);
  /** As in `OlderRevisions`: `sub * 2 + isTombstone`, less than 2 ** 32. */
  readonly marks: Uint32Array = new Uint32Array(rowsPerPage);
  readonly bytes: Uint32Array = new Uint32Array(rowsPerPage);
}

const hashStart = 0x811c9dc5;
const hashFactor = 0x01000193;

/** FNV-1a, and the last mix of MurmurHash3, for the low bits. */
function hashOf(key: string): number {
  let hash = hashStart;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), hashFactor);
  return mixed(hash);
}

/** The same of a key that is no string yet. */
function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = hashStart;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, hashFactor);
  return mixed(hash);
}

function isKey(key: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  let at = start;
  while (at < end && key.charCodeAt(at - start) === bytes[at]) at++;
  return at === end;
}

function mixed(raw: number): number {
  let hash = Math.imul(raw ^ (raw >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Row values and hashes side by side, probed one after another. */
interface Part {
  cells: Int32Array;
  /** Places in use, with those that hold `gone`. */
  used: number;
  live: number;
}

/** Tables are at most three quarters full, with what is gone. */
function hasRoom(part: Part, added: number): boolean {
  return (part.used + added) * 8 <= part.cells.length * 3;
}

export class KeyTable {
  readonly #pages: KeyPage[] = [];
  readonly #parts: Part[] = [];
  readonly #overflow = new Map<string, number>();
  #rows = 0;
  /** Rows from here on are in no hash table yet; `#rows` but for unsettled ones. */
  #settled = 0;
  readonly #freeRows: number[] = [];
  /** Leases of the newest revisions, by row; no entry is no lease. */
  readonly leases: Map<number, bigint> = new Map();

  constructor() {
    for (let i = 0; i < parts; i++)
      this.#parts.push({ cells: new Int32Array(minCapacity * 2), used: 0, live: 0 });
  }

  /** Number of keys. */
  get size(): number {
    return this.#rows - this.#freeRows.length;
  }

  pageOf(row: number): KeyPage {
    return this.#pages[row >>> rowBits]!;
  }

  /** The place of a row in its page. */
  placeOf(row: number): number {
    return row & rowMask;
  }

  keyOf(row: number): string {
    return this.#pages[row >>> rowBits]!.keys[row & rowMask]!;
  }

  /** Whether the newest revision of a key is a put. */
  isLive(row: number): boolean {
    return this.#pages[row >>> rowBits]!.numbers[(row & rowMask) * numberColumns + 2]! > 0;
  }

  /** Where the newest record of a key stands in the record cache, from 1; 0 is nowhere. */
  cachePlaceOf(row: number): number {
    return this.#pages[row >>> rowBits]!.small[(row & rowMask) * smallColumns + 3]!;
  }

  setCachePlace(row: number, place: number): void {
    this.#pages[row >>> rowBits]!.small[(row & rowMask) * smallColumns + 3] = place;
  }

  /** The row of a key, or -1. */
  find(key: string): number {
    return this.#findHashed(key, hashOf(key));
  }

  /** The row of the key that is `bytes[start, end)`, or -1. */
  findBytes(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOfBytes(bytes, start, end);
    const { cells } = this.#parts[hash & partMask]!;
    const mask = cells.length - 2;
    let at = ((hash >>> partBits) << 1) & mask;
    for (let probe = 0; probe < maxProbes; probe++) {
      const value = cells[at]!;
      if (value === empty) break;
      if (value !== gone && cells[at + 1] === hash && isKey(this.keyOf(value - 1), bytes, start, end))
        return value - 1;
      at = (at + 2) & mask;
    }
    return this.#overflow.size === 0 ? -1 : (this.#overflow.get(binarySlice(bytes, start, end)) ?? -1);
  }

  #findHashed(key: string, hash: number): number {
    const { cells } = this.#parts[hash & partMask]!;
    const mask = cells.length - 2;
    let at = ((hash >>> partBits) << 1) & mask;
    for (let probe = 0; probe < maxProbes; probe++) {
      const value = cells[at]!;
      if (value === empty) break;
      if (value !== gone && cells[at + 1] === hash && this.keyOf(value - 1) === key) return value - 1;
      at = (at + 2) & mask;
    }
    return this.#overflow.size === 0 ? -1 : (this.#overflow.get(key) ?? -1);
  }

  /** Gives a key that has none a row, with zeros in all columns. */
  add(key: string): number {
    return this.#addHashed(key, hashOf(key));
  }

  /** The row of a key, which it is given if it has none. */
  findOrAdd(key: string): number {
    const hash = hashOf(key);
    const row = this.#findHashed(key, hash);
    return row < 0 ? this.#addHashed(key, hash) : row;
  }

  /**
   * Gives a key that has none a row that `find` does not find before `settle`: many keys in a row are put into the hash
   * tables one table after another then, which misses the cache less often.
   */
  addUnsettled(key: string): number {
    return this.#addRow(key);
  }

  /** Puts rows that were added unsettled into the hash tables. */
  settle(): void {
    const first = this.#settled;
    const count = this.#rows - first;
    if (count === 0) return;
    this.#settled = this.#rows;
    const hashes = new Int32Array(count);
    const ends = new Uint32Array(parts + 1);
    for (let i = 0; i < count; i++) {
      const hash = hashOf(this.keyOf(first + i));
      hashes[i] = hash;
      ends[(hash & partMask) + 1]!++;
    }
    for (let i = 0; i < parts; i++) {
      const part = this.#parts[i]!;
      const added = ends[i + 1]!;
      if (!hasRoom(part, added)) this.#rebuild(part, added);
      ends[i + 1]! += ends[i]!;
    }
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) order[ends[hashes[i]! & partMask]!++] = i;
    for (const i of order) this.#place(this.#parts[hashes[i]! & partMask]!, first + i, hashes[i]!);
  }

  #addRow(key: string): number {
    const row = this.#freeRows.pop() ?? this.#rows++;
    if (row >>> rowBits === this.#pages.length) this.#pages.push(new KeyPage());
    this.#pages[row >>> rowBits]!.keys[row & rowMask] = key;
    return row;
  }

  #addHashed(key: string, hash: number): number {
    const row = this.#addRow(key);
    this.#settled = this.#rows;
    const part = this.#parts[hash & partMask]!;
    if (!hasRoom(part, 1)) this.#rebuild(part, 1);
    this.#place(part, row, hash);
    return row;
  }

  #place(part: Part, row: number, hash: number): void {
    const { cells } = part;
    const mask = cells.length - 2;
    let at = ((hash >>> partBits) << 1) & mask;
    for (let probe = 0; probe < maxProbes; probe++) {
      if (cells[at] === empty) {
        cells[at] = row + 1;
        cells[at + 1] = hash;
        part.used++;
        part.live++;
        return;
      }
      at = (at + 2) & mask;
    }
    this.#overflow.set(this.keyOf(row), row);
  }

  /** Clears away what is gone, and makes room. */
  #rebuild(part: Part, added: number): void {
    const { cells } = part;
    let capacity = minCapacity;
    while ((part.live + added - 1) * 2 >= capacity) capacity *= 2;
    part.cells = new Int32Array(capacity * 2);
    part.used = 0;
    part.live = 0;
    for (let at = 0; at < cells.length; at += 2) {
      const value = cells[at]!;
      if (value !== empty && value !== gone) {
        this.#place(part, value - 1, cells[at + 1]!);
      }
    }
  }

  /** Takes a key out; its row may be another's from now on. */
  remove(key: string): void {
    const row = this.find(key);
    if (row < 0) throw new Error('the table has no such key');
    if (!this.#overflow.delete(key)) this.#takeOut(key, row);
    const page = this.pageOf(row);
    const place = row & rowMask;
    page.keys[place] = '';
    page.numbers.fill(0, place * numberColumns, (place + 1) * numberColumns);
    if (page.older !== null) page.older[place] = undefined;
    this.leases.delete(row);
    this.#freeRows.push(row);
  }

  #takeOut(key: string, row: number): void {
    const hash = hashOf(key);
    const part = this.#parts[hash & partMask]!;
    const { cells } = part;
    const mask = cells.length - 2;
    let at = ((hash >>> partBits) << 1) & mask;
    while (cells[at] !== row + 1) at = (at + 2) & mask;
    cells[at] = gone;
    part.live--;
  }

  /** All rows in use, ascending. */
  rows(): number[] {
    const isFree = new Set(this.#freeRows);
    const rows: number[] = [];
    for (let row = 0; row < this.#rows; row++) if (isFree.size === 0 || !isFree.has(row)) rows.push(row);
    return rows;
  }
}
