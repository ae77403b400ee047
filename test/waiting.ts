/** How tests wait. */

import { setTimeout as pauseFor } from 'node:timers/promises';

export { pauseFor };

/**
 * Waits until `condition` holds.
 * @param limitMs far more than it takes where the machine is busy with other things, and less than for ever
 * @throws Error when it has not by then
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await pauseFor(2);
  }
}
