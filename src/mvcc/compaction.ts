/**
 * Compaction: logical at once, physical in steps.
 *
 * `schedule` makes reads below the revision fail from now on and writes that down; `step` goes over the rows of all keys, a
 * few at a time, and removes the records nobody can read any more. The index knows which those are, so no record is read,
 * and columns tell of most keys that they have no past. The walk needs no memory of its own across a restart: it begins
 * again and finds less to do.
 *
 * A compaction that comes while another is under way takes over its walk: it goes on to the end with the higher revision
 * and then does what lies behind once more. Starting over each time, a walk over many keys might never end. A key that is
 * given a row in its back has no revision at or below the one that the walk began with.
 */

import { saveDigest } from './digest.ts';
import { KeyIndex } from './key-index.ts';
import { type KeyTable, numberColumns, smallColumns } from './key-table.ts';
import { encodeRevision, finishedKey, revisionKey, scheduledKey } from './revision.ts';
import type { State } from './state.ts';

/** Records a step may remove for each key it may look at. */
const recordsPerKey = 4;
/** Rows a step may pass over for each key it may look at. */
const rowsPerKey = 64;

/** Rows `from` to before `to`. */
interface Segment {
  from: number;
  readonly to: number;
}

export class Compaction {
  readonly #state: State;
  /** What is left to walk, in order. Empty: nothing is under way. */
  #segments: Segment[] = [];

  constructor(state: State) {
    this.#state = state;
  }

  get isRunning(): boolean {
    return this.#segments.length > 0;
  }

  /** Makes `revision` the oldest that can be read. The caller has checked it. */
  schedule(revision: number): void {
    const state = this.#state;
    saveDigest(state);
    state.compactRevision = revision;
    state.backend.put(scheduledKey, encodeRevision(revision));
    const current = this.#segments[0];
    this.#segments = [{ from: current?.from ?? 0, to: Number.POSITIVE_INFINITY }];
    if (current !== undefined && current.from > 0) this.#segments.push({ from: 0, to: current.from });
  }

  /**
   * The state was loaded.
   * @param mustResume a restart came between schedule and finish: walk again
   */
  restart(mustResume: boolean): void {
    this.#segments = mustResume ? [{ from: 0, to: Number.POSITIVE_INFINITY }] : [];
  }

  /**
   * Looks at `maxKeys` more keys that have a past, or passes over many more that have none, and removes at most
   * `recordsPerKey` times as many records; a key that was written more often than that takes several steps. Returns true
   * while there is more to do.
   */
  step(maxKeys: number): boolean {
    const segment = this.#segments[0];
    if (segment === undefined) return false;
    const state = this.#state;
    const { table } = state.index;
    const end = Math.min(segment.to, segment.from + maxKeys * rowsPerKey);
    let room = maxKeys * recordsPerKey;
    for (let keys = 0; keys < maxKeys; keys++) {
      segment.from = nextWithPast(table, segment.from, end);
      if (segment.from >= end) break;
      const index = new KeyIndex(table, segment.from);
      const count = index.compactable(state.compactRevision);
      this.#removeOldest(index, Math.min(count, room));
      if (count > room) return true;
      room -= count;
      segment.from++;
    }
    if (segment.from < segment.to) return true;
    this.#segments.shift();
    if (this.#segments.length > 0) return true;
    state.backend.put(finishedKey, encodeRevision(state.compactRevision));
    return false;
  }

  #removeOldest(index: KeyIndex, count: number): void {
    const state = this.#state;
    for (let place = 0; place < count; place++) {
      const key = revisionKey(index.mainAt(place), index.subAt(place), index.isTombstoneAt(place));
      state.backend.delete(key);
      state.sizeInUseBytes -= index.bytesAt(place);
    }
    state.figures.compactedRecords += count;
    if (!index.forget(count)) state.index.remove(index);
  }
}

/**
 * The first row from `from` on of a key that has older revisions, or whose newest is a deletion; `to` or more when there is
 * none before it, and infinity behind the last row.
 */
function nextWithPast(table: KeyTable, from: number, to: number): number {
  for (let row = from; row < to; ) {
    const page: ReturnType<KeyTable['pageOf']> | undefined = table.pageOf(row);
    if (page === undefined) return Number.POSITIVE_INFINITY;
    const { numbers, small } = page;
    const rows = small.length / smallColumns;
    for (let place = table.placeOf(row); place < rows; place++, row++) {
      const isUsed = numbers[place * numberColumns]! > 0;
      const isLive = numbers[place * numberColumns + 2]! > 0;
      if (isUsed && (!isLive || small[place * smallColumns + 2]! > 0)) return row;
    }
  }
  return to;
}
