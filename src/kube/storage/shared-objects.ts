/**
 * Objects that many hold: those of the watch caches, and what a write answers. Nobody may change one. Tests freeze them, so
 * that who does is caught; otherwise they are as they are, for freezing costs as much as making them.
 */

import type { ApiObject } from '../api/objects.ts';

let isFreezing = false;

/** For tests: from now on every object that is shared is frozen, with all that is in it. */
export function freezeSharedObjects(): void {
  isFreezing = true;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
}

/** The object itself, which nobody changes from here on. */
export function shared(object: ApiObject): ApiObject {
  if (isFreezing) freeze(object);
  return object;
}

/** The same for a part of objects, before they are whole. */
export function sharedPart<T extends object>(part: T): T {
  if (isFreezing) freeze(part);
  return part;
}
