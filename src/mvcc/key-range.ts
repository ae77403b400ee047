/**
 * Keys and ranges as the store thinks of them: keys are binary strings, a range is `from` <= key < `to`.
 *
 *     range_end empty     one key            to = key + '\0', the least key above it
 *     range_end '\0'      from key on        to = null
 *     range_end <= key    legal, and empty
 */

type Latin1Slice = (this: Uint8Array, start: number, end: number) => string;
const latin1Slice: Latin1Slice = (Buffer.prototype as unknown as { latin1Slice: Latin1Slice }).latin1Slice;

/** One char per byte. */
export function binaryString(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}

/** `bytes[start, end)`, one char per byte. */
export function binarySlice(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

export function isPoint(rangeEnd: Uint8Array): boolean {
  return rangeEnd.length === 0;
}

/** The exclusive end of a range that is not a point; null is no end. */
export function rangeTo(rangeEnd: Uint8Array): string | null {
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return null;
  return binaryString(rangeEnd);
}
