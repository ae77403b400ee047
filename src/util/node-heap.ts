/**
 * Room for garbage between two collections of the whole heap.
 *
 * V8 sets the next one to when heap and buffers have grown by a part of what is alive on the heap. A member keeps little alive
 * (some 20 MB) and lets much through: with values of 16 KiB its whole heap was marked every hundred puts, which was a
 * third of all CPU. The least that may gather is given here; as a part, since that is what V8 can be told, and so anew
 * after each collection, which costs nothing while nothing happens.
 *
 * The invariant: once more is alive than twice that room, V8 decides by itself.
 */

import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/** What may gather before the whole heap is collected. More of it saves CPU with large values, and is memory. */
export const HEAP_ROOM_BYTES: number = 64 * 1024 * 1024;
/** Below it V8 leaves the heap as much room by itself. */
const percentMin = 50;

/** @param heapBytes what is alive on the heap, buffers not counted. Returns what may gather in percent of it; 0: up to V8. */
export function growthPercent(heapBytes: number): number {
  const percent = Math.round((HEAP_ROOM_BYTES / Math.max(heapBytes, 1024 * 1024)) * 100);
  return percent < percentMin ? 0 : percent;
}

/** For a process that is a member: V8 has one such rule for all that runs in it. */
export function giveHeapRoom(): void {
  let given = -1;
  const give = (): void => {
    const percent = growthPercent(getHeapStatistics().used_heap_size);
    if (percent === given) return;
    given = percent;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };
  give();
  new PerformanceObserver((list) => {
    if (list.getEntries().some(isOfWholeHeap)) give();
  }).observe({ entryTypes: ['gc'] });
}

function isOfWholeHeap(entry: object): boolean {
  const { detail } = entry as { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
