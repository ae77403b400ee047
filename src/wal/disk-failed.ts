/** What is said when the disk fails under the log. */

import { Failure } from '../util/failure.ts';

/** @param what was being done */
export function diskFailed(what: string, error: Error): Failure {
  return new Failure(
    'diskFailed',
    `${what} failed: ${error.message}. What was not synced before may be lost, so nothing more is written and ` +
      'nothing is tried again. Look at the disk and the system log, then start this member again; it catches up from ' +
      'the others.',
    { cause: error },
  );
}
