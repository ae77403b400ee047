/**
 * The past, for watchers that are behind: the changes of whole revisions in order, read from the records on the backend,
 * and what a key was before a revision.
 *
 * A revision can be read while it is not below the compact revision; that is checked before the read and again after it,
 * because the records may go while the read is under way.
 */

import type { BackendEntry } from '../backend/backend.ts';
import { Failure } from '../util/failure.ts';
import { EventType, type KeyValueBytes } from '../wire/messages.ts';
import { binarySlice } from './key-range.ts';
import { readRecord } from './record.ts';
import { isTombstoneKey, mainOf, revisionFrom } from './revision.ts';
import type { State } from './state.ts';
import type { Change, History } from './types.ts';

const scanEntries = 10_000;
/** Bytes a scan asks for at least, when a revision is larger than the whole read was meant to be. */
const scanBytesMin = 64 * 1024;

type ReadDone = (error: Error | null, changes: readonly Change[], nextRevision: number) => void;

function changeOf(entry: BackendEntry): Change {
  const record = entry.value;
  const view = readRecord(record);
  const key = binarySlice(record, view.keyStart, view.keyEnd);
  const revision = mainOf(entry.key);
  if (isTombstoneKey(entry.key)) return { revision, key, type: EventType.Delete, record, isCreate: false };
  return { revision, key, type: EventType.Put, record, isCreate: view.version === 1 };
}

/** One read: scans until at least one whole revision is there, or the end. */
class HistoryRead {
  readonly #state: State;
  readonly #fromRevision: number;
  readonly #maxBytes: number;
  readonly #done: ReadDone;
  /** The newest revision when the read began: what is written meanwhile is not for this read. */
  readonly #lastRevision: number;
  readonly #changes: Change[] = [];
  #bytes = 0;

  constructor(state: State, fromRevision: number, maxBytes: number, done: ReadDone) {
    this.#state = state;
    this.#fromRevision = fromRevision;
    this.#maxBytes = maxBytes;
    this.#done = done;
    this.#lastRevision = state.revision;
  }

  start(): void {
    this.#scan(revisionFrom(Math.max(0, this.#fromRevision)));
  }

  #scan(from: string): void {
    const room = Math.max(scanBytesMin, this.#maxBytes - this.#bytes);
    this.#state.backend.scan(from, revisionFrom(this.#lastRevision + 1), scanEntries, this.#take, room);
  }

  readonly #take = (error: Error | null, entries: readonly BackendEntry[]): void => {
    if (error !== null) {
      this.#done(error, [], this.#fromRevision);
      return;
    }
    if (this.#fromRevision < this.#state.compactRevision) {
      this.#done(new Failure('compacted'), [], this.#fromRevision);
      return;
    }
    if (entries.length === 0) {
      this.#done(null, this.#changes, Math.max(this.#fromRevision, this.#lastRevision + 1));
      return;
    }
    for (const entry of entries) {
      this.#changes.push(changeOf(entry));
      this.#bytes += entry.key.length + entry.value.length;
    }
    const lastMain = this.#changes[this.#changes.length - 1]!.revision;
    const firstMain = this.#changes[0]!.revision;
    if (firstMain === lastMain || this.#bytes < this.#maxBytes) {
      this.#scan(`${entries[entries.length - 1]!.key}\0`);
      return;
    }
    // The last revision may go on behind the scan: it waits for the next read.
    const changes = this.#changes;
    while (changes[changes.length - 1]!.revision === lastMain) changes.pop();
    this.#done(null, changes, lastMain);
  };
}

export class StoreHistory implements History {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get revision(): number {
    return this.#state.revision;
  }

  get compactRevision(): number {
    return this.#state.compactRevision;
  }

  read(fromRevision: number, maxBytes: number, done: ReadDone): void {
    new HistoryRead(this.#state, fromRevision, maxBytes, done).start();
  }

  previous(key: string, revision: number): KeyValueBytes | null {
    const state = this.#state;
    if (revision - 1 < state.compactRevision) return null;
    const index = state.index.get(key);
    if (index === undefined) return null;
    const place = index.liveAt(revision - 1);
    return place < 0 ? null : state.recordAt(index, place);
  }
}
