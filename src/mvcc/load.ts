/**
 * Rebuilds the index from the backend: one scan over the records in revision order, which is the order in which they
 * happened. Nothing of a record is kept but numbers and, once per key, the key.
 */

import { chainDigest, type SavedDigest, savedDigest } from './digest.ts';
import { Index } from './index.ts';
import { KeyIndex } from './key-index.ts';
import { binarySlice } from './key-range.ts';
import { KeyTable } from './key-table.ts';
import { readRecordAt } from './record.ts';
import {
  decodeRevision,
  finishedKey,
  readMain,
  readSub,
  recordTable,
  recordTableEnd,
  revisionKeyLength,
  scheduledKey,
} from './revision.ts';
import type { State } from './state.ts';

class Load {
  readonly #state: State;
  readonly #done: (error: Error | null, mustResume: boolean) => void;
  readonly #table = new KeyTable();
  readonly #saved: SavedDigest;
  #digest: number;
  /** Keys of which a deletion was read. */
  readonly #deleted = new Set<string>();
  #revision = 1;
  #bytes = 0;
  #mustResume = false;

  constructor(state: State, done: (error: Error | null, mustResume: boolean) => void) {
    this.#state = state;
    this.#done = done;
    this.#saved = savedDigest(state);
    this.#digest = this.#saved.digest;
  }

  start(): void {
    this.#state.backend.visit(recordTable, recordTableEnd, this.#add, this.#take);
  }

  readonly #take = (error: Error | null): void => {
    let failure = error;
    try {
      if (error === null) this.#finish();
    } catch (thrown) {
      failure = thrown as Error;
    }
    this.#done(failure, failure === null && this.#mustResume);
  };

  readonly #add = (name: Buffer, nameBytes: number, bytes: Buffer, start: number, end: number): void => {
    const main = readMain(name);
    const sub = readSub(name);
    const view = readRecordAt(bytes, start, end);
    const length = end - start;
    const key = binarySlice(bytes, view.keyStart, view.keyEnd);
    const isTombstone = nameBytes === revisionKeyLength(true);
    const index = new KeyIndex(this.#table, this.#rowOf(key, view.version));
    if (isTombstone) this.#deleted.add(key);
    if (isTombstone) index.addTombstone(main, sub, length);
    else index.addPut(main, sub, view.create, view.version, view.lease, length);
    this.#bytes += index.bytes;
    this.#revision = main;
    if (main > this.#saved.revision) this.#digest = chainDigest(this.#digest, bytes.subarray(start, end));
  };

  /** The first version of a key that was not seen to be deleted: records of former lives would end with that. */
  #rowOf(key: string, version: number): number {
    const table = this.#table;
    if (version === 1 && !this.#deleted.has(key)) return table.addUnsettled(key);
    table.settle();
    return table.findOrAdd(key);
  }

  #finish(): void {
    this.#table.settle();
    const state = this.#state;
    const { backend } = state;
    const scheduled = backend.get(scheduledKey);
    const finished = backend.get(finishedKey);
    const scheduledRevision = scheduled === undefined ? -1 : decodeRevision(scheduled);
    const finishedRevision = finished === undefined ? -1 : decodeRevision(finished);
    const table = this.#table;
    state.replaceIndex(Index.fromTable(table));
    state.compactRevision = Math.max(scheduledRevision, finishedRevision);
    state.revision = Math.max(this.#revision, state.compactRevision);
    state.digest.restart(this.#digest);
    state.digestRevision = this.#saved.revision;
    state.sizeInUseBytes = this.#bytes;
    for (const [row, lease] of table.leases) state.leases.attach(lease, table.keyOf(row));
    this.#mustResume = scheduledRevision > finishedRevision;
  }
}

/**
 * Fills the state from its backend; the old contents stay in force until the end.
 * @param done `mustResume`: a compaction was cut short and must walk on
 */
export function loadState(state: State, done: (error: Error | null, mustResume: boolean) => void): void {
  new Load(state, done).start();
}
