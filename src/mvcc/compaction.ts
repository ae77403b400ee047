/**
 * Compaction (etcd §3.7): logical at once, physical in steps.
 *
 * `schedule` makes reads below the revision fail from now on and writes that down; `step` goes round the keys, a few at a
 * time, and removes the records nobody can read any more. The index knows which those are, so no record is read. The walk
 * needs no memory of its own across a restart: it begins again and finds less to do.
 *
 * A compaction that comes while another is under way takes over its walk: it goes on to the end with the higher revision
 * and then does what lies behind once more. Starting over each time, a walk over many keys might never end.
 */

import { saveDigest } from './digest.ts';
import type { KeyIndex } from './key-index.ts';
import { encodeRevision, finishedKey, revisionKey, scheduledKey } from './revision.ts';
import type { State } from './state.ts';

/** Records a step may remove for each key it may look at. */
const recordsPerKey = 4;

interface Segment {
  from: string;
  readonly to: string | null;
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
    if (current === undefined || current.from === '') this.#segments = [{ from: '', to: null }];
    else
      this.#segments = [
        { from: current.from, to: null },
        { from: '', to: current.from },
      ];
  }

  /**
   * The state was loaded.
   * @param mustResume a restart came between schedule and finish: walk again
   */
  restart(mustResume: boolean): void {
    this.#segments = mustResume ? [{ from: '', to: null }] : [];
  }

  /**
   * Looks at `maxKeys` more keys and removes at most `recordsPerKey` times as many records; a key that was written more
   * often than that takes several steps. Returns true while there is more to do.
   */
  step(maxKeys: number): boolean {
    const segment = this.#segments[0];
    if (segment === undefined) return false;
    const state = this.#state;
    const batch: KeyIndex[] = [];
    state.index.collectAll(segment.from, segment.to, maxKeys, batch);
    let room = maxKeys * recordsPerKey;
    for (let i = 0; i < batch.length; i++) {
      const index = batch[i]!;
      if (index.newest === 0 && index.isLive) continue;
      const count = index.compactable(state.compactRevision);
      this.#removeOldest(index, Math.min(count, room));
      if (count > room) {
        segment.from = index.key;
        return true;
      }
      room -= count;
    }
    if (batch.length === maxKeys) {
      segment.from = `${batch[batch.length - 1]!.key}\0`;
      return true;
    }
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
