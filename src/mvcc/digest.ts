/**
 * The rolling digest of everything that was applied: a CRC chained over the records in the order of their revisions. A
 * record holds its key, its revision and all else that a client can see of it, and its sub-revision is its place in the
 * chain; so members with the same digest at the same index have applied the same changes.
 *
 * Writing it to the backend with every change would cost as much as a small record. It is written down now and then, with
 * its revision, and opening a store computes the rest from the records above that revision. They are all there: a
 * compaction, which removes records, first writes the digest down at the present revision.
 */

import { crc32 } from 'node:zlib';

import type { Room } from '../backend/backend.ts';
import { chainCrc } from '../util/chain-crc.ts';
import type { KeyValueBytes } from '../wire/messages.ts';
import { digestKey } from './revision.ts';
import type { State } from './state.ts';

/** Revisions between two digests that are written down. */
export const digestInterval = 1024;

export interface SavedDigest {
  readonly revision: number;
  readonly digest: number;
}

/** Records are checksummed so many bytes at a time: the call costs more than the bytes of a small record. */
const gatheredBytes = 16 * 1024;
/** Records up to this length, as those of deletions are, are copied by a loop: a view on them would cost more. */
const copiedBytes = 64;

/** The digest of records that come one by one. A chained CRC is that of all bytes in a row, however they are cut. */
export class RollingDigest {
  #digest = 0;
  readonly #gathered: Uint8Array = new Uint8Array(gatheredBytes);
  #bytes = 0;

  add(record: KeyValueBytes): void {
    if (this.#bytes + record.length > gatheredBytes) this.#settle();
    if (record.length > gatheredBytes) {
      this.#digest = chainDigest(this.#digest, record);
      return;
    }
    this.#gathered.set(record, this.#bytes);
    this.#bytes += record.length;
  }

  /** The same for a record of `length` bytes that stands in a room. */
  addPlaced({ bytes, buffer, at }: Room, length: number): void {
    if (length > copiedBytes || this.#bytes + length > gatheredBytes) {
      this.add(new Uint8Array(buffer, at, length));
      return;
    }
    const gathered = this.#gathered;
    const to = this.#bytes;
    for (let i = 0; i < length; i++) gathered[to + i] = bytes[at + i]!;
    this.#bytes = to + length;
  }

  get value(): number {
    if (this.#bytes > 0) this.#settle();
    return this.#digest;
  }

  /** Goes on from another digest. */
  restart(digest: number): void {
    this.#digest = digest;
    this.#bytes = 0;
  }

  #settle(): void {
    this.#digest = crc32(this.#gathered.subarray(0, this.#bytes), this.#digest);
    this.#bytes = 0;
  }
}

/** The digest behind one more record. */
export function chainDigest(digest: number, record: KeyValueBytes): number {
  return chainCrc(record, digest);
}

/** Writes the digest of the present revision down. */
export function saveDigest(state: State): void {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(state.digest.value, 0);
  bytes.writeUInt32BE(Math.floor(state.revision / 0x1_0000_0000), 4);
  bytes.writeUInt32BE(state.revision % 0x1_0000_0000, 8);
  state.backend.put(digestKey, bytes);
  state.digestRevision = state.revision;
}

/** The last digest that was written down; that of the empty store if none was. */
export function savedDigest(state: State): SavedDigest {
  const value = state.backend.get(digestKey);
  if (value === undefined) return { revision: 1, digest: 0 };
  const bytes = Buffer.from(value);
  return {
    digest: bytes.readUInt32BE(0),
    revision: bytes.readUInt32BE(4) * 0x1_0000_0000 + bytes.readUInt32BE(8),
  };
}
