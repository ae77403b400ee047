/**
 * etcd's HashKV: one number for everything that can be read at a revision, the same on all members, and the same as real
 * etcd gives for the same history.
 *
 *     CRC-32C of  "key"  then, per record up to the revision, in order:  main(8) '_' sub(8) ['t']  and the record
 *
 * What a member has not got round to removing after a compaction must not count: of the records at or below the compact
 * revision only those in force at the hashed revision do. A deletion at exactly the compact revision does not count
 * either, for versions of etcd differ in whether they keep it.
 *
 * Read chunk by chunk, so that a large store delays nobody. A compaction in between changes what is there: then the hash
 * is begun anew.
 */

import type { BackendEntry } from '../backend/backend.ts';
import { crc32c } from '../util/crc32c.ts';
import { Failure } from '../util/failure.ts';
import { binarySlice } from './key-range.ts';
import { readRecord } from './record.ts';
import { isTombstoneKey, mainOf, recordTable, revisionFrom, subOf } from './revision.ts';
import type { State } from './state.ts';

export interface KeyValueHash {
  readonly hash: number;
  /** The revision that was hashed. */
  readonly revision: number;
  /** -1 when nothing was ever compacted. */
  readonly compactRevision: number;
}

export type HashDone = (failure: Error | null, result: KeyValueHash | null) => void;

const chunkEntries = 2000;
const chunkBytes = 256 * 1024;
/** Main and sub revision have as many bytes each; here behind the table's letter, there with a line between them. */
const wordBytes = 8;
const separator = '_';

const prefix = crc32c(Buffer.from('key'));

class Hash {
  readonly #state: State;
  /** 0 and less as asked for: the newest revision; nothing at all. */
  readonly #asked: number;
  readonly #done: HashDone;
  readonly #scratch = Buffer.alloc(2 * wordBytes + 2);
  #revision = 0;
  #compactRevision = 0;
  /** Replaced with the whole state. */
  #index: object | null = null;
  /** Some key is in force at the revision, as far as is known. */
  #hasLive = false;
  /** The result if none is: etcd then counts what the compaction keeps. */
  #crcOfKept = 0;
  #crc = 0;

  constructor(state: State, asked: number, done: HashDone) {
    this.#state = state;
    this.#asked = asked;
    this.#done = done;
  }

  /** @throws Failure 'compacted', 'futureRevision' */
  begin(): void {
    const { revision, compactRevision, index } = this.#state;
    const asked = this.#asked;
    if (asked > 0 && asked < compactRevision) throw new Failure('compacted');
    if (asked > revision) throw new Failure('futureRevision');
    this.#revision = asked === 0 ? revision : asked;
    this.#compactRevision = compactRevision;
    this.#index = index;
    this.#hasLive = false;
    this.#crcOfKept = prefix;
    this.#crc = prefix;
    this.#scan(recordTable);
  }

  #scan(from: string): void {
    const to = revisionFrom(Math.max(0, this.#revision + 1));
    this.#state.backend.scan(from, to, chunkEntries, this.#take, chunkBytes);
  }

  readonly #take = (error: Error | null, entries: readonly BackendEntry[]): void => {
    try {
      if (error !== null) throw error;
      if (this.#index !== this.#state.index || this.#compactRevision !== this.#state.compactRevision) {
        this.begin();
        return;
      }
      if (entries.length === 0) {
        const hash = this.#hasLive ? this.#crc : this.#crcOfKept;
        this.#done(null, { hash, revision: this.#revision, compactRevision: this.#compactRevision });
        return;
      }
      for (let i = 0; i < entries.length; i++) this.#add(entries[i]!);
      this.#scan(`${entries[entries.length - 1]!.key}\0`);
    } catch (error) {
      this.#done(error as Error, null);
    }
  };

  #add({ key, value }: BackendEntry): void {
    const isTombstone = isTombstoneKey(key);
    const isOld = mainOf(key) <= this.#compactRevision;
    if (isOld && isTombstone) return;
    // Asked only as long as it matters: most stores are never without a key.
    const isLive = !isTombstone && (isOld || !this.#hasLive) && this.#isInForce(key, value, this.#revision);
    if (isLive) this.#hasLive = true;
    const countsIfNoneLives =
      !this.#hasLive && (!isOld || this.#isInForce(key, value, this.#compactRevision));
    const counts = !isOld || isLive;
    if (!counts && !countsIfNoneLives) return;
    const keyBytes = this.#scratch.subarray(0, this.#writeKey(key, isTombstone));
    // etcd's record of a deletion is the key alone.
    const record = isTombstone ? value.subarray(0, readRecord(value).keyEnd) : value;
    if (counts) this.#crc = crc32c(record, crc32c(keyBytes, this.#crc));
    if (countsIfNoneLives) this.#crcOfKept = crc32c(record, crc32c(keyBytes, this.#crcOfKept));
  }

  /** Whether a record is what its key is at `revision`. */
  #isInForce(recordKey: string, record: Uint8Array, revision: number): boolean {
    const { keyStart, keyEnd } = readRecord(record);
    const index = this.#state.index.get(binarySlice(record, keyStart, keyEnd));
    const place = index?.liveAt(revision) ?? -1;
    if (place < 0) return false;
    return index!.mainAt(place) === mainOf(recordKey) && index!.subAt(place) === subOf(recordKey);
  }

  #writeKey(key: string, isTombstone: boolean): number {
    const scratch = this.#scratch;
    scratch.write(key.slice(1, 1 + wordBytes), 0, 'latin1');
    scratch.write(separator, wordBytes, 'latin1');
    scratch.write(key.slice(1 + wordBytes), wordBytes + 1, 'latin1');
    return 2 * wordBytes + (isTombstone ? 2 : 1);
  }
}

/**
 * Hashes the state at `revision`; 0 is the newest.
 * @param done called once and never before the call returns
 * @throws Failure 'compacted', 'futureRevision'
 */
export function hashState(state: State, revision: number, done: HashDone): void {
  new Hash(state, revision, done).begin();
}
