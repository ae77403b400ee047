/**
 * The keys of a lease in ascending order: at once where there are few; of very many, as they are now, in steps, between
 * which others have their turn.
 */

import { StepSort } from '../mvcc/step-sort.ts';
import type { Scheduler } from '../util/runtime.ts';
import { sortStrings } from '../util/sort-strings.ts';

/** So many are sorted at once: a millisecond of work. */
const sortedAtOnce = 4096;
/** Of a sort: see `StepSort`. */
const sortedPerStep = 8192;

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * @param keys binary strings; may change afterwards
 * @param done called once, perhaps before the call returns
 */
export function listKeys(
  keys: ReadonlySet<string>,
  scheduler: Scheduler,
  done: (keys: readonly string[]) => void,
): void {
  const list = [...keys];
  if (list.length <= sortedAtOnce) {
    sortStrings(list);
    done(list);
    return;
  }
  const sort = new StepSort(list, compareKeys);
  const step = (): void => {
    if (sort.step(sortedPerStep)) done(sort.items);
    else scheduler.defer(step);
  };
  scheduler.defer(step);
}
