/**
 * Chained CRC-32 of which large pieces are only read once, however many chains they are part of: the log, the links to the
 * other members, the digest and the files of the state all check the same bytes of a large value.
 *
 * A CRC is a remainder of polynomials over GF(2), so that of two pieces in a row follows from theirs:
 *
 *     crc(a b) = crc(a) · x^(8 |b|) + crc(b)      modulo the polynomial
 *
 * (As in zlib's `crc32_combine`; x^(8 |b|) from the powers x^(2^n).) What was computed is kept with the view on the bytes, for
 * as long as somebody has that view: they must not change any more.
 */

import { crc32 } from 'node:zlib';

/** Reflected: the highest bit is x^0. */
const polynomial = 0xedb88320;
const one = 0x80000000;
/** Of pieces from here on it is remembered: reading shorter ones takes no longer than putting two CRCs together. */
export const rememberedBytes: number = 8 * 1024;

/** What stands before a tail is read for the tail's CRC: more than this is not worth it. */
const headBytesMax = 1024;

const remembered = new WeakMap<Uint8Array, number>();

/** a · b modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = one; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ polynomial : shifted >>> 1;
  }
  return product >>> 0;
}

/** x^(2^n), for n from 0: squares, which begin anew after 32 of them. */
const powers: number[] = [one >>> 1];
for (let n = 1; n < 32; n++) powers.push(multiply(powers[n - 1]!, powers[n - 1]!));

/** x^(8 · bytes). */
function shiftOf(bytes: number): number {
  let shift = one;
  for (let rest = bytes, n = 3; rest > 0; rest = Math.floor(rest / 2), n++) {
    if (rest % 2 === 1) shift = multiply(powers[n % 32]!, shift);
  }
  return shift;
}

/** The CRC of two pieces in a row, of theirs and the length of the second. */
export function joinCrc(first: number, second: number, secondBytes: number): number {
  return (multiply(shiftOf(secondBytes), first) ^ second) >>> 0;
}

/** The CRC of what `crc` is the CRC of, and of `bytes` behind it. @param bytes do not change any more */
export function chainCrc(bytes: Uint8Array, crc: number): number {
  if (bytes.length < rememberedBytes) return crc32(bytes, crc);
  let own = remembered.get(bytes);
  if (own === undefined) {
    own = crc32(bytes);
    remembered.set(bytes, own);
  }
  return joinCrc(crc, own, bytes.length);
}

/**
 * Works out the CRC of a large `tail` from that of all of `whole`, where that is remembered: of a frame that was checked when it
 * came, what it carries need not be read again.
 * @param tail a view on the last bytes of `whole`; neither changes any more
 */
export function rememberTail(whole: Uint8Array, tail: Uint8Array): void {
  const headBytes = whole.length - tail.length;
  if (tail.length < rememberedBytes || headBytes > headBytesMax) return;
  if (tail.buffer !== whole.buffer || tail.byteOffset !== whole.byteOffset + headBytes) {
    throw new Error(`${tail.length} bytes are not the end of ${whole.length}`);
  }
  const own = remembered.get(whole);
  if (own === undefined) return;
  remembered.set(tail, joinCrc(crc32(whole.subarray(0, headBytes)), own, tail.length));
}
