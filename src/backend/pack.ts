/**
 * Packs: records with ascending keys in one piece, because what LevelDB does with a record costs more than the bytes of a
 * small one.
 *
 *     crc32(4)  then per record:  shared(1) rest(1) rest of the key | length(varint) value
 *
 * `shared` is how many chars a key has in common with the one before it. The checksum is over all that follows it.
 */

import { crc32 } from 'node:zlib';

import type { BackendEntry } from './backend.ts';

/** How a state packs its records. */
export interface Packing {
  /** Tables whose keys mostly ascend, a char each. */
  readonly tables: string;
  /** Bytes at which a pack is full. */
  readonly packBytes: number;
}

/** A pack is closed as soon as it has so many bytes: one of LevelDB's blocks. */
export const packBytes: number = 4 * 1024;
/** Longer keys and values are records of their own. */
export const maxPackedKeyBytes = 255;
export const maxPackedValueBytes: number = 2 * 1024;

export const noPacking: Packing = { tables: '', packBytes };

const headBytes = 4;
/** Of a record, beside key and value: two lengths and a varint of two bytes. */
const maxRecordOverhead = 4;
const maxRecordBytes = maxRecordOverhead + maxPackedKeyBytes + maxPackedValueBytes;

/** Whether a record may stand in a pack. */
export function fitsInPack(key: string, value: Uint8Array): boolean {
  return key.length <= maxPackedKeyBytes && value.length <= maxPackedValueBytes;
}

/** Fills one pack after the other, in the same memory. */
export class PackBuilder {
  readonly #closeAt: number;
  readonly #bytes: Buffer;
  #length = headBytes;
  /** Keys of the first and the last record; empty while there is none. */
  firstKey = '';
  lastKey = '';
  count = 0;

  /** @param closeAt bytes at which a pack is full */
  constructor(closeAt: number = packBytes) {
    this.#closeAt = closeAt;
    this.#bytes = Buffer.allocUnsafeSlow(headBytes + closeAt + maxRecordBytes);
  }

  /** The pack as far as it is filled, without its checksum; valid until the next `take`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get isFull(): boolean {
    return this.#length >= this.#closeAt;
  }

  /** Adds a record that fits (`fitsInPack`), whose key is behind all others. */
  add(key: string, value: Uint8Array): void {
    if (this.count > 0 && key <= this.lastKey) throw new Error('keys of a pack must ascend');
    const bytes = this.#bytes;
    const shared = this.count === 0 ? 0 : sharedChars(this.lastKey, key);
    let at = this.#length;
    bytes[at++] = shared;
    bytes[at++] = key.length - shared;
    for (let i = shared; i < key.length; i++) bytes[at++] = key.charCodeAt(i);
    const { length } = value;
    if (length < 0x80) {
      bytes[at++] = length;
    } else {
      bytes[at++] = (length & 0x7f) | 0x80;
      bytes[at++] = length >>> 7;
    }
    bytes.set(value, at);
    this.#length = at + length;
    if (this.count === 0) this.firstKey = key;
    this.lastKey = key;
    this.count++;
  }

  /** The pack. The builder is empty then. */
  take(): Buffer {
    const pack = Buffer.allocUnsafeSlow(this.#length);
    pack.set(this.#bytes.subarray(0, this.#length));
    pack.writeUInt32BE(crc32(pack.subarray(headBytes)), 0);
    this.#length = headBytes;
    this.count = 0;
    this.firstKey = '';
    return pack;
  }
}

function sharedChars(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return at;
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
  valueStart = at + 2;
  return (low & 0x7f) | (pack[at + 1]! << 7);
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

const scratch = Buffer.allocUnsafeSlow(maxPackedKeyBytes);

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
