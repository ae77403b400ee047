/** Keys, values and ranges as callers write them: text or bytes, one key, a prefix, or from one key to another. */

import { emptyBytes } from '../wire/proto.ts';

/** Text stands for its UTF-8 bytes. */
export type Bytes = Uint8Array | string;

/**
 * Which keys are meant: one key; all that begin with `prefix` (with `''`: all there are); or all from `from` on,
 * up to but without `to` if that is given.
 */
export type KeyRange = Bytes | { readonly prefix: Bytes } | { readonly from: Bytes; readonly to?: Bytes };

/** A range as etcd has it on the wire. */
export interface WireRange {
  readonly key: Uint8Array;
  /** Empty: one key; one zero byte: no end. */
  readonly rangeEnd: Uint8Array;
}

const zero: Uint8Array = Uint8Array.of(0);

/** Not by `instanceof`: in some test runners a program has classes of its own. */
function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>).BYTES_PER_ELEMENT === 1;
}

/** @throws TypeError when it is neither, which JavaScript does not see: other arrays would be cut to bytes */
export function toBytes(bytes: Bytes): Uint8Array {
  if (typeof bytes === 'string') return Buffer.from(bytes, 'utf8');
  if (!isBytes(bytes)) {
    const what = Object.prototype.toString.call(bytes).slice('[object '.length, -1);
    throw new TypeError(`keys and values are text or bytes (Uint8Array), not ${what}`);
  }
  return bytes;
}

export function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** @throws TypeError when `range` has neither of its forms */
export function toWireRange(range: KeyRange): WireRange {
  if (typeof range !== 'object' || range === null || isBytes(range)) {
    return { key: toBytes(range), rangeEnd: emptyBytes };
  }
  if ('prefix' in range) {
    const prefix = toBytes(range.prefix);
    return prefix.length === 0 ? { key: zero, rangeEnd: zero } : { key: prefix, rangeEnd: prefixEnd(prefix) };
  }
  if (!('from' in range)) throw new TypeError('a range is a key, { prefix } or { from, to }');
  const from = toBytes(range.from);
  const to = range.to === undefined ? zero : toBytes(range.to);
  if (to.length === 0)
    throw new TypeError('the end of a range is empty; leave `to` out for a range without end');
  return { key: from.length === 0 ? zero : from, rangeEnd: to };
}

/** The first key after all that begin with `prefix`: its last byte that can grow is grown, and what follows goes. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let at = prefix.length - 1; at >= 0; at--) {
    if (prefix[at]! < 0xff) {
      // Not `slice`: a Buffer's shares its memory.
      const end = Uint8Array.from(prefix.subarray(0, at + 1));
      end[at]!++;
      return end;
    }
  }
  return zero;
}

/** The first key after `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}
