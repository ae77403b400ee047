/**
 * I46 Rights hold: an answer was permitted by the rights of its caller at the revision at which he was found out, and what
 * was refused for want of a right was not permitted. (That a write in the log is carried out on every member or on none
 * follows from I5 and I42; that it is the right one, from the replay.) etcd issues 14571 and 11651, GHSA-xg4h-6gfc-h4m8.
 */

import type { Caller } from '../../auth/types.ts';
import type { AuthModel } from './auth-model.ts';
import type { Asked } from './history.ts';

/** @param reason null for an answer. @returns what is wrong with it, null when nothing is */
export function judgeRights(
  auth: AuthModel,
  asked: Asked,
  { user, revision }: Caller,
  reason: string | null,
): string | null {
  if (revision === 0 || (reason !== null && reason !== 'permissionDenied')) return null;
  // Turned off since: then nothing was asked.
  if (auth.disabledAt > revision) return null;
  // What a put on a lease needs depends on the keys of the lease when it is applied.
  if (asked.kind === 'compact' || (asked.kind === 'put' && asked.request.lease !== 0n)) return null;
  const touches = touchesOf(auth, asked);
  const isPermitted = touches.length === 0 || auth.permits(user, revision, touches);
  if (isPermitted === (reason === null)) return null;
  const rights = `${user} ${isPermitted ? 'may' : 'may not'} do that at auth revision ${revision}`;
  return reason === null ? `was answered, but ${rights}` : `was refused, but ${rights}`;
}

function touchesOf(
  auth: AuthModel,
  asked: Exclude<Asked, { kind: 'compact' }>,
): ReturnType<AuthModel['touchesOfPut']> {
  switch (asked.kind) {
    case 'put':
      return auth.touchesOfPut(asked.request);
    case 'delete':
      return auth.touchesOfDelete(asked.request);
    case 'txn':
      return auth.touchesOfTxn(asked.request);
    default:
      return auth.touchesOfRange(asked.request);
  }
}
