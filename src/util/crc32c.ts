/**
 * CRC-32C (Castagnoli), which Node does not offer: etcd's hashes are made of it. Eight bytes per step, over eight tables
 * ("slicing by 8"), so that hashing a store costs little more than reading it.
 */

const polynomial = 0x82f63b78;
const slices = 8;

/** Table 0 advances a CRC by one byte; table n by that byte followed by n zero bytes. */
function makeTables(): Uint32Array {
  const tables = new Uint32Array(slices * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = tables[before & 255]! ^ (before >>> 8);
  }
  return tables;
}

const tables = makeTables();

/** @param crc of what stood before `bytes`. Returns a number from 0 to 2³² - 1. */
export function crc32c(bytes: Uint8Array, crc: number = 0): number {
  let state = ~crc;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    state ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    state =
      tables[1792 + (state & 255)]! ^
      tables[1536 + ((state >>> 8) & 255)]! ^
      tables[1280 + ((state >>> 16) & 255)]! ^
      tables[1024 + (state >>> 24)]! ^
      tables[768 + bytes[at + 4]!]! ^
      tables[512 + bytes[at + 5]!]! ^
      tables[256 + bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) state = tables[(state ^ bytes[at]!) & 255]! ^ (state >>> 8);
  return ~state >>> 0;
}
