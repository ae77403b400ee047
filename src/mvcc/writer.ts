/**
 * One write: begins at a revision, makes its changes, and ends in one step. Every changed key gets the next sub-revision,
 * so the records of a revision stand on the backend in the order in which they were made.
 *
 * Nothing here can be refused: whatever may be wrong with a request was checked before `begin`. That is why a refused
 * request has no effect at all, on any member.
 */

import { encodeRecord, encodeTombstone } from '../wire/key-value.ts';
import { EventType, type KeyValueBytes } from '../wire/messages.ts';
import { digestInterval, saveDigest } from './digest.ts';
import type { KeyIndex } from './key-index.ts';
import { revisionKey } from './revision.ts';
import type { State } from './state.ts';
import type { Change } from './types.ts';

const noChanges: readonly Change[] = [];

export class Writer {
  readonly #state: State;
  #main = 0;
  #changes: Change[] = [];

  constructor(state: State) {
    this.#state = state;
  }

  begin(): void {
    if (this.#main !== 0) throw new Error('a write is open already');
    this.#main = this.#state.revision + 1;
    this.#changes = [];
  }

  /** The revision a reader inside the write is at: the new one as soon as something changed. */
  get head(): number {
    return this.#changes.length > 0 ? this.#main : this.#state.revision;
  }

  /** The revision this write makes if it changes anything. */
  get nextRevision(): number {
    return this.#main;
  }

  put(key: string, value: Uint8Array, lease: bigint): void {
    const state = this.#state;
    const sub = this.#changes.length;
    const index = state.index.revive(key);
    const isCreate = !index.isLive;
    const create = isCreate ? this.#main : index.create;
    const version = isCreate ? 1 : index.version + 1;
    const record = encodeRecord(key, create, this.#main, version, value, lease);
    state.figures.puts++;
    state.figures.putBytes += key.length + value.length;
    const oldLease = index.lease;
    index.addPut(this.#main, sub, create, version, lease, record.length);
    this.#store(index, record, false);
    state.cache.set(index, record);
    if (oldLease !== lease) {
      if (oldLease !== 0n) state.leases.detach(oldLease, key);
      if (lease !== 0n) state.leases.attach(lease, key);
    }
    this.#changes.push({ revision: this.#main, key, type: EventType.Put, record, isCreate });
  }

  delete(index: KeyIndex): void {
    const state = this.#state;
    const sub = this.#changes.length;
    const { key, lease } = index;
    const record = encodeTombstone(key, this.#main);
    index.addTombstone(this.#main, sub, record.length);
    this.#store(index, record, true);
    state.cache.remove(index);
    state.index.bury(index);
    if (lease !== 0n) state.leases.detach(lease, key);
    this.#changes.push({ revision: this.#main, key, type: EventType.Delete, record, isCreate: false });
  }

  #store(index: KeyIndex, record: KeyValueBytes, isTombstone: boolean): void {
    const state = this.#state;
    const key = revisionKey(index.mod, index.sub, isTombstone);
    state.backend.put(key, record);
    state.sizeInUseBytes += index.bytes;
    state.digest.add(record);
  }

  /** Ends the write and returns what changed; nothing changed, no new revision. */
  commit(): readonly Change[] {
    const state = this.#state;
    const changes = this.#changes;
    if (changes.length > 0) {
      state.revision = this.#main;
      if (state.revision - state.digestRevision >= digestInterval) saveDigest(state);
    }
    this.#main = 0;
    this.#changes = [];
    return changes.length > 0 ? changes : noChanges;
  }
}
