/**
 * Rebuilds the index from the backend: one scan over the records in revision order, which is the order in which they
 * happened. Nothing of a record is kept but numbers and, once per key, the key.
 */

import type { BackendEntry } from '../backend/backend.ts';
import { chainDigest, type SavedDigest, savedDigest } from './digest.ts';
import { Index } from './index.ts';
import { KeyIndex } from './key-index.ts';
import { binarySlice } from './key-range.ts';
import { KeyTable } from './key-table.ts';
import { readRecord } from './record.ts';
import {
  decodeRevision,
  finishedKey,
  isTombstoneKey,
  mainOf,
  recordTable,
  recordTableEnd,
  scheduledKey,
  subOf,
} from './revision.ts';
import type { State } from './state.ts';

/** So few that they are gone before the collector moves them, and that a chunk is a short turn. */
const chunkEntries = 4096;
const chunkBytes = 1024 * 1024;

class Load {
  readonly #state: State;
  readonly #done: (error: Error | null, mustResume: boolean) => void;
  readonly #table = new KeyTable();
  readonly #saved: SavedDigest;
  #digest: number;
  #revision = 1;
  #bytes = 0;
  #failed = false;
  #mustResume = false;

  constructor(state: State, done: (error: Error | null, mustResume: boolean) => void) {
    this.#state = state;
    this.#done = done;
    this.#saved = savedDigest(state);
    this.#digest = this.#saved.digest;
  }

  start(): void {
    this.#scan(recordTable);
  }

  #scan(from: string): void {
    this.#state.backend.scan(from, recordTableEnd, chunkEntries, this.#take, chunkBytes);
  }

  readonly #take = (error: Error | null, entries: readonly BackendEntry[]): void => {
    if (this.#failed) return;
    if (error !== null) {
      this.#fail(error);
      return;
    }
    try {
      // The next chunk is read while this one is worked on.
      if (entries.length > 0) this.#scan(`${entries[entries.length - 1]!.key}\0`);
      for (let i = 0; i < entries.length; i++) this.#add(entries[i]!);
      if (entries.length > 0) return;
      this.#finish();
    } catch (failure) {
      this.#fail(failure as Error);
      return;
    }
    this.#done(null, this.#mustResume);
  };

  #fail(error: Error): void {
    this.#failed = true;
    this.#done(error, false);
  }

  #add(entry: BackendEntry): void {
    const record = entry.value;
    const main = mainOf(entry.key);
    const sub = subOf(entry.key);
    const view = readRecord(record);
    const key = binarySlice(record, view.keyStart, view.keyEnd);
    const row = this.#table.find(key);
    const index = new KeyIndex(this.#table, row < 0 ? this.#table.add(key) : row);
    if (isTombstoneKey(entry.key)) index.addTombstone(main, sub, record.length);
    else index.addPut(main, sub, view.create, view.version, view.lease, record.length);
    this.#bytes += index.bytes;
    this.#revision = main;
    if (main > this.#saved.revision) this.#digest = chainDigest(this.#digest, record);
  }

  #finish(): void {
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
