/**
 * Tries at a guarded write: read the state, make another of it, write it where the old one was, begin again when somebody was
 * faster. The first try begins with what the watch cache has: whether that is still so the guard of the write finds out.
 * What no write finds out, a refusal or a change of nothing, counts only of a state that the store gave.
 */

import type { ApiObject } from '../api/objects.ts';
import { type ResourceStorage, revisionOf } from '../storage/resource-storage.ts';

export interface Attempt<T> {
  /** Null: somebody was faster. */
  readonly result: T | null;
  /** What stands there now, when somebody was faster; null: nothing. */
  readonly current: ApiObject | null;
  /** Nothing was written: the result says what the state was. */
  readonly isSame: boolean;
}

export interface Attempts<T> {
  readonly storage: ResourceStorage;
  readonly namespace: string;
  readonly name: string;
  /** The store is asked first. */
  readonly isExact: boolean;
  /** One try. @param current shared: nobody may change it; null: there is nothing @throws StatusError */
  readonly attempt: (current: ApiObject | null) => Promise<Attempt<T>>;
  /** A try was lost. @throws StatusError when there is to be no other */
  readonly lost: (tries: number) => void;
}

/** @throws StatusError */
export async function repeated<T>(attempts: Attempts<T>): Promise<T> {
  const { storage, namespace, name, isExact, attempt, lost } = attempts;
  const known = isExact ? null : storage.known(namespace, name);
  let isNow = known === null;
  let current = known ?? (await storage.read(namespace, name));
  for (let tries = 1; ; tries++) {
    const seen = current;
    try {
      const { result, isSame, current: standing } = await attempt(seen);
      if (result !== null && (isNow || !isSame)) return result;
      if (result === null) lost(tries);
      current = result === null ? standing : await storage.read(namespace, name);
      if (result !== null && isUnchanged(current, seen)) return result;
    } catch (error) {
      if (isNow) throw error;
      current = await storage.read(namespace, name);
      if (isUnchanged(current, seen)) throw error;
    }
    isNow = true;
  }
}

function isUnchanged(current: ApiObject | null, seen: ApiObject | null): boolean {
  if (current === null || seen === null) return current === seen;
  return current === seen || revisionOf(current) === revisionOf(seen);
}
