/** Durations on command lines and in files: as Go reads them, with words for what is none. */

import { goDurationMs } from '../util/go-duration.ts';

/** @returns milliseconds, perhaps with fractions. @throws Error that says what is expected */
export function parseDuration(text: string): number {
  const ms = goDurationMs(text);
  if (ms === null) throw new Error(`must be a duration such as 500ms, 10s or 2h, not "${text}"`);
  return ms;
}
