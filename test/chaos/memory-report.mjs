/**
 * Loaded into a member before its own code, by the soak alone (`node --import`): writes down every second what the process
 * says of its memory, into the file that KEELSON_MEMORY names.
 *
 * What is resident is alive, or garbage that nobody had a reason to collect yet, or pages that were not given back. To tell
 * them apart the whole heap is collected every KEELSON_COLLECT_S seconds, where that is given, and what is left then is
 * written down as `alive`. SIGUSR2 writes a snapshot of the heap, for comparing two by constructor.
 */

import { renameSync, writeFileSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';

const path = process.env.KEELSON_MEMORY ?? '';
const collectSeconds = Number(process.env.KEELSON_COLLECT_S ?? 0);
let alive = null;
let wholeCollections = 0;
let snapshots = 0;

function report() {
  // Renamed into place: it may be read meanwhile.
  writeFileSync(`${path}.new`, JSON.stringify({ ...process.memoryUsage(), wholeCollections, alive }));
  renameSync(`${path}.new`, path);
}

if (path !== '') {
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries())
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) wholeCollections++;
  }).observe({ entryTypes: ['gc'] });
  setInterval(report, 1000).unref();
  process.on('SIGUSR2', () => writeHeapSnapshot(`${path}.${++snapshots}.heapsnapshot`));
}
if (path !== '' && collectSeconds > 0) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  setInterval(() => {
    collect();
    alive = process.memoryUsage();
  }, collectSeconds * 1000).unref();
}
