/**
 * Packs: records with ascending keys in one piece, because what LevelDB does with a record costs more than the bytes of a
 * small one.
 *
 *     crc32(4)  then per record:  shared(1) rest(1) rest of the key | length(varint) value
 *
 * `shared` is how many chars a key has in common with the one before it. The checksum is over all that follows it.
 * A large record is a pack of its own, so that its bytes go to disk as they came.
 */

import { crc32 } from 'node:zlib';

import { chainCrc } from '../util/chain-crc.ts';
import type { BackendEntry, EntryVisitor, Room } from './backend.ts';

/** How a state packs its records. */
export interface Packing {
  /** Tables whose keys mostly ascend, a char each. */
  readonly tables: string;
  /** Bytes at which a pack is full. */
  readonly packBytes: number;
}

/** A pack is closed as soon as it has so many bytes. A read of one record reads a pack; each pack has a reference. */
const packBytes = 16 * 1024;
/** Longer keys stand outside of packs. */
export const maxPackedKeyBytes = 255;
/** A longer value has a pack to itself, into which it is not copied. */
export const maxSharedValueBytes: number = 4 * 1024;

export const noPacking: Packing = { tables: '', packBytes };

const headBytes = 4;
/** Of a record, beside key and value: two lengths and a varint. */
const maxRecordOverhead = 8;
const maxRecordBytes = maxRecordOverhead + maxPackedKeyBytes + maxSharedValueBytes;
/** Packs are filled one behind the other in pieces of memory, of which the first is small. */
const slabBytesMax = 256 * 1024;

/** Whether a record may stand in a pack together with others. */
export function sharesPack(key: string, value: Uint8Array): boolean {
  return key.length <= maxPackedKeyBytes && value.length <= maxSharedValueBytes;
}

/** A pack that is ready to be written: its bytes, and behind them those of its value if it is one large record. */
export interface ReadyPack {
  readonly firstKey: string;
  readonly lastKey: string;
  readonly count: number;
  readonly bytes: Buffer;
  readonly value: Uint8Array | null;
}

function writeLength(bytes: Buffer, at: number, length: number): number {
  let rest = length;
  let to = at;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[to++] = (rest & 0x7f) | 0x80;
  bytes[to++] = rest;
  return to;
}

/** A pack of one large record; the key must be short enough for one. */
export function packOfOne(key: string, value: Uint8Array): ReadyPack {
  const bytes = Buffer.allocUnsafe(headBytes + maxRecordOverhead + key.length);
  bytes[headBytes] = 0;
  bytes[headBytes + 1] = key.length;
  bytes.write(key, headBytes + 2, 'latin1');
  const end = writeLength(bytes, headBytes + 2 + key.length, value.length);
  bytes.writeUInt32BE(chainCrc(value, crc32(bytes.subarray(headBytes, end))), 0);
  return { firstKey: key, lastKey: key, count: 1, bytes: bytes.subarray(0, end), value };
}

const addedKey = Buffer.allocUnsafeSlow(maxPackedKeyBytes);

/** Fills one pack after the other. */
export class PackBuilder {
  readonly #closeAt: number;
  #slab: Buffer = Buffer.alloc(0);
  #buffer: ArrayBufferLike = this.#slab.buffer;
  #start = 0;
  /** Of the pack at hand, its head included. */
  #length = 0;
  /** The last key that came, and as a string once somebody wanted that. */
  readonly #last = Buffer.allocUnsafeSlow(maxPackedKeyBytes);
  #lastBytes = 0;
  #lastString: string | null = '';
  /** The key of the first record; empty while there is none. */
  firstKey = '';
  count = 0;

  /** @param closeAt bytes at which a pack is full */
  constructor(closeAt: number = packBytes) {
    this.#closeAt = closeAt;
  }

  /** The pack as far as it is filled, without its checksum; valid until the next `take`. */
  get bytes(): Buffer {
    return this.#slab.subarray(this.#start, this.#start + this.#length);
  }

  get isFull(): boolean {
    return this.#length >= this.#closeAt;
  }

  /** The key that came last, also when its pack was taken; empty when there was none. */
  get lastKey(): string {
    this.#lastString ??= this.#last.toString('latin1', 0, this.#lastBytes);
    return this.#lastString;
  }

  /** Adds a record that fits (`sharesPack`), whose key is behind all others of the pack. */
  add(key: string, value: Uint8Array): void {
    if (this.count === 0) this.#lastBytes = 0;
    const keyBytes = key.length;
    for (let i = 0; i < keyBytes; i++) addedKey[i] = key.charCodeAt(i);
    const at = this.#add(addedKey, keyBytes, value.length);
    if (at < 0) throw new Error('keys of a pack must ascend');
    this.#slab.set(value, at);
    this.#lastString = key;
    if (this.count === 1) this.firstKey = key;
  }

  /**
   * Adds a record that fits, whose value is put in place, before anything else is asked of the builder.
   * @param key is `key[0, keyBytes)`
   * @param room is told where
   * @returns false, and the builder is as before, unless the key is behind the one that came last
   */
  reserve(key: Buffer, keyBytes: number, valueBytes: number, room: Room): boolean {
    const at = this.#add(key, keyBytes, valueBytes);
    if (at < 0) return false;
    this.#lastString = null;
    if (this.count === 1) this.firstKey = this.lastKey;
    if (room.bytes !== this.#slab) {
      room.bytes = this.#slab;
      room.buffer = this.#buffer;
    }
    room.at = at;
    return true;
  }

  /** A key came that goes elsewhere. */
  pass(key: string): void {
    this.#lastBytes = this.#last.write(key, 'latin1');
    this.#lastString = key;
  }

  /** Adds a record but for its value and returns the place of that; -1 when the key is not behind the one before. */
  #add(key: Buffer, keyBytes: number, valueBytes: number): number {
    const last = this.#last;
    const lastBytes = this.#lastBytes;
    let shared = 0;
    while (shared < keyBytes && shared < lastBytes && last[shared] === key[shared]) shared++;
    const isFirst = lastBytes === 0 && this.count === 0;
    if (!isFirst && (shared === keyBytes || (shared < lastBytes && key[shared]! < last[shared]!))) return -1;
    for (let i = shared; i < keyBytes; i++) last[i] = key[i]!;
    this.#lastBytes = keyBytes;
    if (this.count === 0) {
      this.#begin();
      shared = 0;
    }
    this.#reserve(maxRecordOverhead + keyBytes + valueBytes);
    const bytes = this.#slab;
    let at = this.#start + this.#length;
    bytes[at++] = shared;
    bytes[at++] = keyBytes - shared;
    for (let i = shared; i < keyBytes; i++) bytes[at++] = key[i]!;
    at = writeLength(bytes, at, valueBytes);
    this.#length = at + valueBytes - this.#start;
    this.count++;
    return at;
  }

  #begin(): void {
    const wanted = headBytes + this.#closeAt + maxRecordBytes;
    if (this.#start + wanted > this.#slab.length) {
      const next = Math.min(slabBytesMax, this.#slab.length * 4);
      this.#slab = Buffer.allocUnsafeSlow(Math.max(wanted, next));
      this.#buffer = this.#slab.buffer;
      this.#start = 0;
    }
    this.#length = headBytes;
  }

  /** What is left of other packs may be more than a pack usually holds. */
  #reserve(more: number): void {
    if (this.#start + this.#length + more <= this.#slab.length) return;
    const slab = Buffer.allocUnsafeSlow((this.#length + more) * 2);
    slab.set(this.bytes);
    this.#slab = slab;
    this.#buffer = slab.buffer;
    this.#start = 0;
  }

  /** The pack, which has a record. The builder is empty then. */
  take(): ReadyPack {
    const pack = this.bytes;
    pack.writeUInt32BE(crc32(pack.subarray(headBytes)), 0);
    const ready = {
      firstKey: this.firstKey,
      lastKey: this.lastKey,
      count: this.count,
      bytes: pack,
      value: null,
    };
    this.#start += this.#length;
    this.#length = 0;
    this.count = 0;
    this.firstKey = '';
    return ready;
  }
}

/** Whether `key[0, keyBytes)` is behind another key. */
export function isBehind(key: Uint8Array, keyBytes: number, other: string): boolean {
  const end = Math.min(keyBytes, other.length);
  for (let i = 0; i < end; i++) {
    const difference = key[i]! - other.charCodeAt(i);
    if (difference !== 0) return difference > 0;
  }
  return keyBytes > other.length;
}

/** A room to be set. */
export function noRoom(): Room {
  const bytes = Buffer.alloc(0);
  return { bytes, buffer: bytes.buffer, at: 0 };
}

/** Whether the bytes are a pack as it was written. */
export function isPackWhole(pack: Buffer): boolean {
  return pack.length >= headBytes && crc32(pack.subarray(headBytes)) === pack.readUInt32BE(0);
}

/** Where a value begins and ends: read by `valueLength` for whoever asks next. */
let valueStart = 0;

function valueLength(pack: Uint8Array, at: number): number {
  const low = pack[at]!;
  if (low < 0x80) {
    valueStart = at + 1;
    return low;
  }
  let length = low & 0x7f;
  let from = at + 1;
  for (let factor = 0x80; ; factor *= 0x80) {
    const byte = pack[from++]!;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  valueStart = from;
  return length;
}

/** The value of a key, as a view on the pack; undefined when it has none. */
export function findInPack(pack: Buffer, key: string): Buffer | undefined {
  // Chars that the wanted key shares with the record before: all records so far are less.
  let matched = 0;
  for (let at = headBytes; at < pack.length; ) {
    const shared = pack[at]!;
    const restStart = at + 2;
    const restEnd = restStart + pack[at + 1]!;
    if (shared < matched) return undefined;
    const length = valueLength(pack, restEnd);
    if (shared === matched) {
      let place = restStart;
      while (place < restEnd && matched < key.length && pack[place] === key.charCodeAt(matched)) {
        place++;
        matched++;
      }
      if (place === restEnd && matched === key.length) return pack.subarray(valueStart, valueStart + length);
      const isBehind = matched === key.length || (place < restEnd && pack[place]! > key.charCodeAt(matched));
      if (isBehind) return undefined;
    }
    at = valueStart + length;
  }
  return undefined;
}

/** The checksum that a pack begins with. */
export function checkOf(pack: Buffer): number {
  return pack.readUInt32BE(0);
}

const scratch = Buffer.allocUnsafeSlow(maxPackedKeyBytes);

/** Goes over the records that are not `dead`, without making an object for each. */
export function visitPack(pack: Buffer, dead: ReadonlySet<string> | null, visit: EntryVisitor): void {
  const end = pack.length;
  for (let at = headBytes; at < end; ) {
    const shared = pack[at]!;
    const rest = pack[at + 1]!;
    at += 2;
    for (let i = 0; i < rest; i++) scratch[shared + i] = pack[at + i]!;
    const keyBytes = shared + rest;
    const length = valueLength(pack, at + rest);
    at = valueStart + length;
    if (dead === null || !dead.has(scratch.toString('latin1', 0, keyBytes)))
      visit(scratch, keyBytes, pack, at - length, at);
  }
}

/**
 * Adds the records with `from` <= key < `to` that are not `dead` to a list; values are views on the pack.
 * @param to null is no bound
 */
export function expandPack(
  pack: Buffer,
  dead: ReadonlySet<string> | null,
  from: string,
  to: string | null,
  into: BackendEntry[],
): void {
  for (let at = headBytes; at < pack.length; ) {
    const shared = pack[at]!;
    const restStart = at + 2;
    const restEnd = restStart + pack[at + 1]!;
    scratch.set(pack.subarray(restStart, restEnd), shared);
    const key = scratch.toString('latin1', 0, shared + restEnd - restStart);
    const end = valueLength(pack, restEnd) + valueStart;
    if (to !== null && key >= to) return;
    if (key >= from && (dead === null || !dead.has(key)))
      into.push({ key, value: pack.subarray(valueStart, end) });
    at = end;
  }
}

/** Tells a visitor of entries that are objects already. */
export function visitEntries(entries: readonly BackendEntry[], visitor: EntryVisitor): void {
  for (const { key, value } of entries) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const keyBytes = Buffer.from(key, 'latin1');
    visitor(keyBytes, keyBytes.length, bytes, 0, bytes.length);
  }
}

/** The same; returns what the visitor throws. */
export function visitFailure(entries: readonly BackendEntry[], visitor: EntryVisitor): Error | null {
  try {
    visitEntries(entries, visitor);
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** The keys of dead records, as they are written down beside their pack: length(1) key, one after another. */
export function encodeDead(dead: ReadonlySet<string>): Buffer {
  let bytes = 0;
  for (const key of dead) bytes += 1 + key.length;
  const list = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const key of dead) {
    list[at++] = key.length;
    at += list.write(key, at, 'latin1');
  }
  return list;
}

export function decodeDead(list: Buffer): Set<string> {
  const dead = new Set<string>();
  for (let at = 0; at < list.length; ) {
    const end = at + 1 + list[at]!;
    dead.add(list.toString('latin1', at + 1, end));
    at = end;
  }
  return dead;
}
