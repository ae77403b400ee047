/** `bench range`: reads of one key and of 500, that see every write, and that one member answers alone. */

import type { Workload } from './workload.ts';

const keysPerRange = 500;

export const rangeWorkload: Workload = {
  summary: 'reads: linearizable, serializable, one key and 500 keys',
  unit: 'ranges',
  isInBytes: (one) => one.keysPerRange === keysPerRange,
  isFilled: true,
  cases: [
    { label: 'linearizable, one key, 10 × 100', request: 'range', connections: 10, streams: 100 },
    { label: 'serializable, one key, 10 × 100', request: 'serializable', connections: 10, streams: 100 },
    { label: 'linearizable, one key, 1 × 1', request: 'range', connections: 1, streams: 1 },
    { label: '500 keys, 10 × 2', request: 'range', keysPerRange, connections: 10, streams: 2 },
  ],
};
