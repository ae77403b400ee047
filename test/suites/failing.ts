/** Patterns for `t.throws` and `t.rejects`. */

import type { FailureReason } from '../../src/util/failure.ts';

/** Matches a Failure with this reason, and a text if one is given. */
export function failing(reason: FailureReason, message?: RegExp): Error {
  const pattern = message === undefined ? { reason } : { reason, message };
  // The types of tap want an Error where a pattern object is matched just as well.
  return pattern as unknown as Error;
}
