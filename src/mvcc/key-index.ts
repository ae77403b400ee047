/**
 * All revisions of one key: a handle on the key's row in the table. Handles are made for each look-up and cost little, or
 * moved from key to key; none may be kept beyond the call it was made for, because a row of a key that is gone may become
 * another's.
 *
 * The newest revision stands in columns, because most keys have one revision and most reads want the newest. Older ones
 * follow, ascending: the only one in columns too, several in `OlderRevisions`.
 *
 * A life of the key (etcd calls it a generation) runs from a put after nothing or a deletion to the next deletion. The
 * fields `create`, `version` and `lease` describe the newest revision; of older ones only the record knows them.
 *
 * Invariant: (main, sub) ascend strictly; no two deletions stand side by side unless compaction cut what was between.
 */

import { type KeyPage, type KeyTable, LoneRevisions, numberColumns, smallColumns } from './key-table.ts';
import { OlderRevisions } from './older-revisions.ts';
import { revisionKeyLength } from './revision.ts';

/** In the column of sub-revisions: whether the newest revision has a lease, so that few have to be looked up. */
const subMask = 0x7fff_ffff;
const leaseMark = subMask + 1;

export class KeyIndex {
  key: string;
  row: number;
  readonly #table: KeyTable;
  #page: KeyPage;
  #place: number;
  #numbers: Float64Array;
  #small: Uint32Array;
  #numbersAt: number;
  #smallAt: number;

  constructor(table: KeyTable, row: number) {
    const page = table.pageOf(row);
    const place = table.placeOf(row);
    this.key = page.keys[place]!;
    this.row = row;
    this.#table = table;
    this.#page = page;
    this.#place = place;
    this.#numbers = page.numbers;
    this.#small = page.small;
    this.#numbersAt = place * numberColumns;
    this.#smallAt = place * smallColumns;
  }

  /** Makes it the handle on another row. */
  moveTo(row: number): void {
    const page = this.#table.pageOf(row);
    const place = this.#table.placeOf(row);
    this.key = page.keys[place]!;
    this.row = row;
    if (page !== this.#page) {
      this.#page = page;
      this.#numbers = page.numbers;
      this.#small = page.small;
    }
    this.#place = place;
    this.#numbersAt = place * numberColumns;
    this.#smallAt = place * smallColumns;
  }

  /** Main revision of the newest record; 0 while there is none. */
  get mod(): number {
    return this.#numbers[this.#numbersAt]!;
  }

  get create(): number {
    return this.#numbers[this.#numbersAt + 1]!;
  }

  /** 0: the newest revision is a deletion. */
  get version(): number {
    return this.#numbers[this.#numbersAt + 2]!;
  }

  get sub(): number {
    return this.#small[this.#smallAt]! & subMask;
  }

  /** Bytes of the newest record and its revision key. */
  get bytes(): number {
    return this.#small[this.#smallAt + 1]!;
  }

  get lease(): bigint {
    return this.#hasLease ? this.#table.leases.get(this.row)! : 0n;
  }

  get #hasLease(): boolean {
    return this.#small[this.#smallAt]! > subMask;
  }

  get isLive(): boolean {
    return this.#numbers[this.#numbersAt + 2]! > 0;
  }

  /** The place of the newest revision; older ones stand at 0, 1, …. */
  get newest(): number {
    return this.#small[this.#smallAt + 2]!;
  }

  /** Adds a put. `create` and `version` say which life it belongs to. */
  addPut(
    main: number,
    sub: number,
    create: number,
    version: number,
    lease: bigint,
    recordBytes: number,
  ): void {
    this.#setLease(lease);
    this.#add(main, sub, create, version, recordBytes + revisionKeyLength(false), lease !== 0n);
  }

  /** Adds a deletion, which ends the life of the key. */
  addTombstone(main: number, sub: number, recordBytes: number): void {
    this.#setLease(0n);
    this.#add(main, sub, 0, 0, recordBytes + revisionKeyLength(true), false);
  }

  #add(main: number, sub: number, create: number, version: number, bytes: number, hasLease: boolean): void {
    const { mod } = this;
    if (main < mod || (main === mod && mod !== 0 && sub <= this.sub)) {
      throw new Error(`revision ${main}.${sub} does not come after ${mod}.${this.sub}`);
    }
    if (mod !== 0) this.#keepNewest();
    const numbers = this.#numbers;
    const at = this.#numbersAt;
    numbers[at] = main;
    numbers[at + 1] = create;
    numbers[at + 2] = version;
    this.#small[this.#smallAt] = hasLease ? sub | leaseMark : sub;
    this.#small[this.#smallAt + 1] = bytes;
  }

  #keepNewest(): void {
    const { mod, bytes } = this;
    const mark = this.sub * 2 + (this.version === 0 ? 1 : 0);
    const page = this.#page;
    const place = this.#place;
    const revisions = page.older?.[place];
    const { newest } = this;
    if (revisions !== undefined) {
      revisions.push(mod, mark, bytes);
    } else if (newest === 0) {
      page.lone ??= new LoneRevisions();
      page.lone.mains[place] = mod;
      page.lone.marks[place] = mark;
      page.lone.bytes[place] = bytes;
    } else {
      const lone = page.lone!;
      const more = new OlderRevisions(lone.mains[place]!, lone.marks[place]!, lone.bytes[place]!);
      more.push(mod, mark, bytes);
      page.setOlder(place, more);
    }
    this.#small[this.#smallAt + 2] = newest + 1;
  }

  /** To be called while the mark of the revision before is still there. */
  #setLease(lease: bigint): void {
    const { leases } = this.#table;
    if (lease !== 0n) leases.set(this.row, lease);
    else if (this.#hasLease) leases.delete(this.row);
  }

  /** Undefined where the only older revision is `#lone`. */
  get #older(): OlderRevisions | undefined {
    return this.#page.older?.[this.#place];
  }

  get #lone(): LoneRevisions {
    return this.#page.lone!;
  }

  /** The place of the newest revision with main <= `revision`, whatever it is; -1 when there is none. */
  placeAt(revision: number): number {
    const { newest } = this;
    if (this.mod <= revision) return newest;
    if (newest === 0) return -1;
    let low = 0;
    let high = newest;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.mainAt(middle) <= revision) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The place of the record in force at `revision`; -1 when the key does not exist there. */
  liveAt(revision: number): number {
    const place = this.placeAt(revision);
    return place < 0 || this.isTombstoneAt(place) ? -1 : place;
  }

  mainAt(place: number): number {
    if (place === this.newest) return this.mod;
    return this.#older?.mainAt(place) ?? this.#lone.mains[this.#place]!;
  }

  subAt(place: number): number {
    return place === this.newest ? this.sub : Math.floor(this.#markAt(place) / 2);
  }

  isTombstoneAt(place: number): boolean {
    return place === this.newest ? !this.isLive : this.#markAt(place) % 2 === 1;
  }

  #markAt(place: number): number {
    return this.#older?.markAt(place) ?? this.#lone.marks[this.#place]!;
  }

  bytesAt(place: number): number {
    if (place === this.newest) return this.bytes;
    return this.#older?.bytesAt(place) ?? this.#lone.bytes[this.#place]!;
  }

  /**
   * How many revisions, from the oldest, a compaction at `revision` removes: all before the newest one at or below it, and
   * that one too if it is a deletion, unless it stands at exactly `revision` (a watcher from there must see it).
   */
  compactable(revision: number): number {
    const kept = this.placeAt(revision);
    if (kept < 0) return 0;
    if (this.isTombstoneAt(kept) && this.mainAt(kept) < revision) return kept + 1;
    return kept;
  }

  /** Forgets the oldest `count` revisions. Returns false when none is left. */
  forget(count: number): boolean {
    const { newest } = this;
    if (count === 0) return true;
    if (count > newest) return false;
    if (count < newest) this.#older!.forget(count);
    else if (this.#older !== undefined) this.#page.setOlder(this.#place, undefined);
    this.#small[this.#smallAt + 2] = newest - count;
    return true;
  }
}
