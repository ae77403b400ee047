/**
 * All revisions of one key.
 *
 * The newest stands in fields of its own, because most keys have one revision and most reads want the newest. Older ones
 * follow in one flat array, ascending:
 *
 *     older = [ main, sub * 2 + isTombstone, bytes,   main, sub * 2 + isTombstone, bytes,   … ]
 *
 * A life of the key (etcd calls it a generation) runs from a put after nothing or a deletion to the next deletion. The
 * fields `create`, `version` and `lease` describe the newest revision; of older ones only the record knows them.
 *
 * Invariant: (main, sub) ascend strictly; no two deletions stand side by side unless compaction cut what was between.
 */

import type { KeyValueBytes } from '../wire/messages.ts';
import { revisionKeyLength } from './revision.ts';

const stride = 3;

export class KeyIndex {
  readonly key: string;
  mod = 0;
  sub = 0;
  create = 0;
  /** 0: the newest revision is a deletion. */
  version = 0;
  lease = 0n;
  /** Bytes of the newest record and its revision key. */
  bytes = 0;
  older: number[] | null = null;

  /** The newest record while it is cached; see `record-cache.ts`, which owns these three. */
  record: KeyValueBytes | null = null;
  cacheSlot = -1;
  wasUsed = false;

  constructor(key: string) {
    this.key = key;
  }

  get isLive(): boolean {
    return this.version > 0;
  }

  /** The place of the newest revision; older ones stand at 0, 1, …. */
  get newest(): number {
    return this.older === null ? 0 : this.older.length / stride;
  }

  #keepNewest(): void {
    if (this.mod === 0) return;
    this.older ??= [];
    this.older.push(this.mod, this.sub * 2 + (this.version === 0 ? 1 : 0), this.bytes);
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
    this.#checkAscends(main, sub);
    this.#keepNewest();
    this.mod = main;
    this.sub = sub;
    this.create = create;
    this.version = version;
    this.lease = lease;
    this.bytes = recordBytes + revisionKeyLength(false);
  }

  /** Adds a deletion, which ends the life of the key. */
  addTombstone(main: number, sub: number, recordBytes: number): void {
    this.#checkAscends(main, sub);
    this.#keepNewest();
    this.mod = main;
    this.sub = sub;
    this.create = 0;
    this.version = 0;
    this.lease = 0n;
    this.bytes = recordBytes + revisionKeyLength(true);
  }

  #checkAscends(main: number, sub: number): void {
    if (main < this.mod || (main === this.mod && this.mod !== 0 && sub <= this.sub)) {
      throw new Error(`revision ${main}.${sub} does not come after ${this.mod}.${this.sub}`);
    }
  }

  /** The place of the newest revision with main <= `revision`, whatever it is; -1 when there is none. */
  placeAt(revision: number): number {
    if (this.mod <= revision) return this.newest;
    const { older } = this;
    if (older === null) return -1;
    let low = 0;
    let high = older.length / stride;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (older[middle * stride]! <= revision) low = middle + 1;
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
    return place === this.newest ? this.mod : this.older![place * stride]!;
  }

  subAt(place: number): number {
    return place === this.newest ? this.sub : Math.floor(this.older![place * stride + 1]! / 2);
  }

  isTombstoneAt(place: number): boolean {
    return place === this.newest ? this.version === 0 : this.older![place * stride + 1]! % 2 === 1;
  }

  bytesAt(place: number): number {
    return place === this.newest ? this.bytes : this.older![place * stride + 2]!;
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
    if (count === 0) return true;
    if (count > this.newest) return false;
    this.older = count === this.newest ? null : this.older!.slice(count * stride);
    return true;
  }
}
