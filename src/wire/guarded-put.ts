/**
 * The txn by which most clients write with care, a key whose revision they know: one comparison of a number, and one put.
 * It is found where it stands in its bytes, without objects for what it is made of. Every write of a Kubernetes API server is
 * one, its deletes aside.
 *
 *     compare { EQUAL, MOD|CREATE|VERSION, key, number }   success { put { key, value, lease } }   failure { … }
 *
 * Invariant: what is found here means the same to `decodeTxnRequest`. Whatever is written in another way (a field that
 * comes twice, an operand of another target, a range of keys, a put that asks for more) is not found, and decoded as a whole. The
 * branch that runs when the comparison fails is not looked at: the txn is decoded then.
 */

import { type PlacedPut, placedPut } from './key-value.ts';
import { CompareResult, CompareTarget } from './messages.ts';
import { emptyBytes, Reader } from './proto-reader.ts';

/** As it stands in its bytes. */
export interface LocatedGuardedPut {
  /** CompareTarget.Version, Create or Mod. */
  target: number;
  number: number;
  /** The key that is compared is `[guardStart, guardEnd)` of the bytes. */
  guardStart: number;
  guardEnd: number;
  /** There is a branch for when the comparison fails. */
  hasFailure: boolean;
  /** The put keeps the lease that the key has. */
  keepsLease: boolean;
  readonly put: PlacedPut;
}

const found: LocatedGuardedPut = {
  target: 0,
  number: 0,
  guardStart: 0,
  guardEnd: 0,
  hasFailure: false,
  keepsLease: false,
  put: placedPut(),
};
const reader = new Reader(emptyBytes);
/** Where the bytes that were looked at last begin in their buffer. */
let base = 0;

// Fields that were seen: a second one of the same kind is not plain.
const seenGuard = 1;
const seenPut = 2;

/**
 * Finds the parts of a txn of this kind in `bytes[from, to)`.
 * @returns the same object each time, to be used before the next call; null: it is another txn
 * @throws Failure 'malformedRequest'
 */
export function locateGuardedPut(bytes: Uint8Array, from: number, to: number): LocatedGuardedPut | null {
  reader.restart(bytes, from, to);
  const { put } = found;
  if (put.key !== bytes) {
    put.key = bytes;
    put.buffer = bytes.buffer;
    base = bytes.byteOffset;
  }
  found.hasFailure = false;
  let seen = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) {
      if ((seen & seenGuard) !== 0 || !locateGuard()) return null;
      seen |= seenGuard;
    } else if (tag === 0x12) {
      if ((seen & seenPut) !== 0 || !locateOp()) return null;
      seen |= seenPut;
    } else if (tag === 0x1a) {
      reader.pass();
      found.hasFailure = true;
    } else return null;
  }
  return seen === (seenGuard | seenPut) ? found : null;
}

/** Fields in ascending order, as everybody writes them: none comes twice then. */
function locateGuard(): boolean {
  const outer = reader.enter();
  let last = 0;
  let result = 0;
  let operand = 0;
  found.target = 0;
  found.number = 0;
  found.guardEnd = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag <= last) return false;
    last = tag;
    if (tag === 0x08) result = reader.int32();
    else if (tag === 0x10) found.target = reader.int32();
    else if (tag === 0x1a) {
      found.guardStart = reader.pass();
      found.guardEnd = reader.at;
    } else if (tag === 0x20 || tag === 0x28 || tag === 0x30) {
      if (operand !== 0) return false;
      operand = tag >>> 3;
      found.number = reader.int64();
    } else return false;
  }
  reader.end = outer;
  const { target } = found;
  if (result !== CompareResult.Equal || found.guardEnd === 0) return false;
  if (target < CompareTarget.Version || target > CompareTarget.Mod) return false;
  // Without its operand a number is 0, as it is with another target's.
  if (operand !== target + 4) found.number = 0;
  return true;
}

function locateOp(): boolean {
  const outer = reader.enter();
  if (reader.at === reader.end || reader.tag() !== 0x12) return false;
  const opEnd = reader.enter();
  const isPlain = locatePutFields();
  if (!isPlain || reader.end !== opEnd) return false;
  reader.end = outer;
  return true;
}

function locatePutFields(): boolean {
  const { put } = found;
  let last = 0;
  put.keyStart = 0;
  put.keyEnd = 0;
  put.valueStart = 0;
  put.valueEnd = 0;
  put.lease = 0n;
  found.keepsLease = false;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag <= last) return false;
    last = tag;
    if (tag === 0x0a) {
      put.keyStart = reader.pass();
      put.keyEnd = reader.at;
    } else if (tag === 0x12) {
      put.valueStart = base + reader.pass();
      put.valueEnd = base + reader.at;
    } else if (tag === 0x18) put.lease = reader.bigInt64();
    else if (tag === 0x30) found.keepsLease = reader.bool();
    else if (tag !== 0x20 && tag !== 0x28) return false;
    else if (reader.bool()) return false;
  }
  return put.keyStart !== put.keyEnd && !(found.keepsLease && put.lease !== 0n);
}
