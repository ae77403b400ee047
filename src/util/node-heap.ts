/**
 * Room for garbage between two collections: of the whole heap, and of the young generation.
 *
 * V8 sets the next one to when heap and buffers have grown by a part of what is alive on the heap. A member keeps little alive
 * (some 20 MB) and lets much through: with values of 16 KiB its whole heap was marked every hundred puts, which was a
 * third of all CPU. The least that may gather is given here; as a part, since that is what V8 can be told, and so anew
 * after each collection, which costs nothing while nothing happens.
 *
 * The invariant: once more is alive than twice that room, V8 decides by itself.
 *
 * The young generation doubles when much of it survives, up to twice 16 MiB. What survives is copied while everybody waits:
 * it may have half of that, which costs no CPU that could be measured. It can only be told how much it grows, and shrinks
 * by itself in a process that rests.
 *
 * A process that has become quiet collects its garbage (`quiet-heap.ts`).
 */

import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type HeapLook, QuietHeap, quietLookMs } from './quiet-heap.ts';

/** What may gather before the whole heap is collected. More of it saves CPU with large values, and is memory. */
export const HEAP_ROOM_BYTES: number = 64 * 1024 * 1024;
/** The young generation does not grow beyond it, both halves together. */
export const YOUNG_BYTES_MAX: number = 16 * 1024 * 1024;
/** By then what was collected is free. */
const freedMs = 500;
/** Below it V8 leaves the heap as much room by itself. */
const percentMin = 50;

/** @param heapBytes what is alive on the heap, buffers not counted. Returns what may gather in percent of it; 0: up to V8. */
export function growthPercent(heapBytes: number): number {
  const percent = Math.round((HEAP_ROOM_BYTES / Math.max(heapBytes, 1024 * 1024)) * 100);
  return percent < percentMin ? 0 : percent;
}

/**
 * For a process that is a member: V8 has one such rule for all that runs in it.
 * @param lookMs time between two looks at whether the process is quiet
 */
export function giveHeapRoom(lookMs: number = quietLookMs): void {
  const give = rememberedFlag('heap-growing-percent', () =>
    growthPercent(getHeapStatistics().used_heap_size),
  );
  const hold = rememberedFlag('semi-space-growth-factor', () => (youngBytes() < YOUNG_BYTES_MAX ? 2 : 1));
  const quiet = new QuietHeap(heapLook, (look) => laterUnlessEnded(lookMs, look), collect);
  give();
  hold();
  new PerformanceObserver((list) => {
    hold();
    const ofWholeHeap = list.getEntries().some(isOfWholeHeap);
    if (ofWholeHeap) give();
    quiet.collected(ofWholeHeap);
  }).observe({ entryTypes: ['gc'] });
}

function heapLook(): HeapLook {
  const { used_heap_size: heapBytes, external_memory: bufferBytes } = getHeapStatistics();
  return { heapBytes, bufferBytes };
}

/** Keeps no process alive. */
function laterUnlessEnded(ms: number, look: () => void): void {
  setTimeout(look, ms).unref();
}

let gc: ((how: object) => unknown) | null = null;

/** Collects the whole heap, not before the caller is done. */
function collect(): void {
  if (gc === null) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as (how: object) => unknown;
    setFlagsFromString('--no-expose-gc');
  }
  const collector = gc;
  const ended = collector({ type: 'major', execution: 'async' }) as Promise<void>;
  // Buffers are freed by another thread, and are not counted as such before the next collection, however small.
  void ended.then(() => laterUnlessEnded(freedMs, () => collector({ type: 'minor' })));
}

/** Sets a flag of V8 to what is wanted now, each time it is called. */
function rememberedFlag(name: string, wanted: () => number): () => void {
  let given = -1;
  return () => {
    const value = wanted();
    if (value === given) return;
    given = value;
    setFlagsFromString(`--${name}=${value}`);
  };
}

function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return young?.space_size ?? 0;
}

function isOfWholeHeap(entry: object): boolean {
  const { detail } = entry as { readonly detail?: { readonly kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
