/**
 * One write: begins at a revision, makes its changes, and ends in one step. Every changed key gets the next sub-revision,
 * so the records of a revision stand on the backend in the order in which they were made.
 *
 * Nothing here can be refused: whatever may be wrong with a request was checked before `begin`. That is why a refused
 * request has no effect at all, on any member.
 *
 * A record is written once, to where the backend wants it; the digest and the cache are told where that is.
 */

import type { Room } from '../backend/backend.ts';
import {
  type PlacedPut,
  putRecordBytes,
  tombstoneBytes,
  writePutRecord,
  writeTombstone,
} from '../wire/key-value.ts';
import { EventType } from '../wire/messages.ts';
import { digestInterval, saveDigest } from './digest.ts';
import { KeyIndex } from './key-index.ts';
import { revisionKey, revisionKeyRoom, writeRevisionKey } from './revision.ts';
import type { State } from './state.ts';
import type { Change } from './types.ts';

const recordKey = Buffer.allocUnsafeSlow(revisionKeyRoom);

export class Writer {
  readonly #state: State;
  #main = 0;
  /** Changes so far. */
  #count = 0;
  #makesChanges = false;
  #changes: Change[] | null = null;
  /** Where a record stands that the backend gives no room for. */
  readonly #own: Room = { bytes: recordKey, buffer: recordKey.buffer, at: 0 };

  constructor(state: State) {
    this.#state = state;
  }

  /** @param makesChanges somebody wants to see what changes */
  begin(makesChanges: boolean): void {
    if (this.#main !== 0) throw new Error('a write is open already');
    this.#main = this.#state.revision + 1;
    this.#count = 0;
    this.#makesChanges = makesChanges;
  }

  /** The revision a reader inside the write is at: the new one as soon as something changed. */
  get head(): number {
    return this.#count > 0 ? this.#main : this.#state.revision;
  }

  /** The revision this write makes if it changes anything. */
  get nextRevision(): number {
    return this.#main;
  }

  put(put: PlacedPut): void {
    const state = this.#state;
    const main = this.#main;
    const sub = this.#count++;
    const { lease } = put;
    const index = state.index.revive(put.key, put.keyStart, put.keyEnd);
    const isCreate = !index.isLive;
    const create = isCreate ? main : index.create;
    const version = isCreate ? 1 : index.version + 1;
    const bytes = putRecordBytes(put, create, main, version);
    const room = this.#reserve(sub, false, bytes);
    const end = writePutRecord(room.bytes, room.at, put, create, main, version);
    if (end !== room.at + bytes) throw new Error(`a record ends at ${end} where ${bytes} bytes were counted`);
    const { figures } = state;
    figures.puts++;
    figures.putBytes += put.keyEnd - put.keyStart + put.valueEnd - put.valueStart;
    const oldLease = index.lease;
    index.addPut(main, sub, create, version, lease, bytes);
    this.#written(index, room, bytes);
    state.cache.setPart(index, room.buffer, room.at, bytes);
    if (oldLease !== lease) {
      if (oldLease !== 0n) state.leases.detach(oldLease, index.key);
      if (lease !== 0n) state.leases.attach(lease, index.key);
    }
    if (this.#makesChanges) this.#note(index, EventType.Put, room, bytes, isCreate);
  }

  delete(index: KeyIndex): void {
    const { lease } = index;
    this.#bury(index);
    this.#state.index.bury(index);
    if (lease !== 0n) this.#state.leases.detach(lease, index.key);
  }

  /**
   * Deletes many keys, that do not count any more, in the order given: one handle goes from key to key.
   * @param areDetached the lease that they belonged to is over
   */
  deleteBuried(rows: readonly number[], areDetached: boolean): void {
    if (rows.length === 0) return;
    const { leases, index: keys } = this.#state;
    const index = new KeyIndex(keys.table, rows[0]!);
    for (let i = 0; i < rows.length; i++) {
      index.moveTo(rows[i]!);
      const lease = areDetached ? 0n : index.lease;
      this.#bury(index);
      if (lease !== 0n) leases.detach(lease, index.key);
    }
  }

  /** Everything but that the key does not count any more, and belongs to no lease. */
  #bury(index: KeyIndex): void {
    const main = this.#main;
    const sub = this.#count++;
    const { key } = index;
    const bytes = tombstoneBytes(key, main);
    const room = this.#reserve(sub, true, bytes);
    const end = writeTombstone(room.bytes, room.at, key, main);
    if (end !== room.at + bytes) throw new Error(`a record ends at ${end} where ${bytes} bytes were counted`);
    index.addTombstone(main, sub, bytes);
    this.#written(index, room, bytes);
    this.#state.cache.remove(index);
    if (this.#makesChanges) this.#note(index, EventType.Delete, room, bytes, false);
  }

  /** Room for a record of this write. */
  #reserve(sub: number, isTombstone: boolean, bytes: number): Room {
    const keyBytes = writeRevisionKey(recordKey, this.#main, sub, isTombstone);
    const room = this.#state.backend.reserve(recordKey, keyBytes, bytes);
    if (room !== null) return room;
    const own = this.#own;
    own.bytes = Buffer.allocUnsafeSlow(bytes);
    own.buffer = own.bytes.buffer;
    return own;
  }

  /** The newest record of a key is there. */
  #written(index: KeyIndex, room: Room, bytes: number): void {
    const state = this.#state;
    state.sizeInUseBytes += index.bytes;
    if (room !== this.#own) {
      state.digest.addPlaced(room, bytes);
      return;
    }
    state.backend.put(revisionKey(index.mod, index.sub, !index.isLive), room.bytes);
    state.digest.add(room.bytes);
  }

  #note(index: KeyIndex, type: number, room: Room, bytes: number, isCreate: boolean): void {
    const isOwn = room === this.#own;
    const record = isOwn ? room.bytes : Buffer.from(room.buffer as ArrayBuffer, room.at, bytes);
    const change = { revision: this.#main, key: index.key, type, record, isCreate };
    // Most writes change one key: a list of one takes no more room than that.
    if (this.#changes === null) this.#changes = [change];
    else this.#changes.push(change);
  }

  /** Ends the write. Returns whether there is a new revision: nothing changed, none. */
  commit(): boolean {
    const state = this.#state;
    const hasChanged = this.#count > 0;
    if (hasChanged) {
      state.revision = this.#main;
      if (state.revision - state.digestRevision >= digestInterval) saveDigest(state);
    }
    this.#main = 0;
    return hasChanged;
  }

  /** The changes of the write that ended last; null when nobody wanted them. */
  takeChanges(): readonly Change[] | null {
    const changes = this.#changes;
    this.#changes = null;
    return changes;
  }
}
