/** What `compare.ts` and `operations.ts` say of a txn of one comparison and one put, of its bytes. */

import type { LocatedGuardedPut } from '../wire/guarded-put.ts';
import { CompareTarget } from '../wire/messages.ts';
import type { State } from './state.ts';

/** A key that does not live has 0 for each number. */
export function guardHolds({ index }: State, guarded: LocatedGuardedPut): boolean {
  const { put, target, number } = guarded;
  const known = index.peek(put.key, guarded.guardStart, guarded.guardEnd);
  if (known?.isLive !== true) return number === 0;
  if (target === CompareTarget.Mod) return known.mod === number;
  return (target === CompareTarget.Create ? known.create : known.version) === number;
}

/** Gives the put the lease that its key has, where it is to keep it. @returns false: there is no such key */
export function keepLease({ index }: State, { put, keepsLease }: LocatedGuardedPut): boolean {
  if (!keepsLease) return true;
  const known = index.peek(put.key, put.keyStart, put.keyEnd);
  if (known?.isLive !== true) return false;
  put.lease = known.lease;
  return true;
}
