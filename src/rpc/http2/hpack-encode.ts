/** Encoding for header blocks (RFC 7541 §5, §6): integers, strings without Huffman, and the forms of a field. */

import { STATIC_TABLE } from './header-table.ts';

const INDEXED = 0x80;
const LITERAL_INDEXED = 0x40;
const LITERAL_NEVER_INDEXED = 0x10;

/** §5.1 */
export function encodeInteger(pattern: number, prefixBits: number, value: number): Buffer {
  const limit = (1 << prefixBits) - 1;
  if (value < limit) return Buffer.from([pattern | value]);
  const octets = [pattern | limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  octets.push(rest);
  return Buffer.from(octets);
}

/** §5.2; `text` is latin1. */
export function encodeString(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1');
  return Buffer.concat([encodeInteger(0, 7, octets.length), octets]);
}

/** A literal without indexing (§6.2.2), its name in full. */
export function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), encodeString(name), encodeString(value)]);
}

/** A field that is an entry of a table (§6.1). */
export function indexed(index: number): Buffer {
  return encodeInteger(INDEXED, 7, index);
}

/** A literal that the peer puts into its table (§6.2.1). */
export function literalIndexed(name: string, value: string): Buffer {
  return named(LITERAL_INDEXED, 6, name, value);
}

/** A literal that no table on the way may keep (§6.2.3): for secrets. */
export function literalNeverIndexed(name: string, value: string): Buffer {
  return named(LITERAL_NEVER_INDEXED, 4, name, value);
}

/** A literal without indexing (§6.2.2), its name from the static table where that has it. */
export function literalShort(name: string, value: string): Buffer {
  return named(0, 4, name, value);
}

/** The index of a field in the static table, or 0. */
export function staticIndex(name: string, value: string): number {
  return STATIC_TABLE.findIndex((entry) => entry.name === name && entry.value === value && value !== '') + 1;
}

function named(pattern: number, prefixBits: number, name: string, value: string): Buffer {
  const index = STATIC_TABLE.findIndex((entry) => entry.name === name) + 1;
  const start = encodeInteger(pattern, prefixBits, index);
  return Buffer.concat(
    index === 0 ? [start, encodeString(name), encodeString(value)] : [start, encodeString(value)],
  );
}
