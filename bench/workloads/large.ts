/** `bench large`: puts and reads of values that fill many frames. */

import type { Workload } from './workload.ts';

const KiB = 1024;

export const largeWorkload: Workload = {
  summary: 'puts and reads of large values',
  unit: 'puts',
  isInBytes: () => true,
  isFilled: false,
  cases: [
    { label: 'put 16 KiB, 10 × 10', request: 'put', connections: 10, streams: 10, valueBytes: 16 * KiB },
    { label: 'put 256 KiB, 4 × 2', request: 'put', connections: 4, streams: 2, valueBytes: 256 * KiB },
    { label: 'range 256 KiB, 4 × 2', request: 'range', connections: 4, streams: 2, valueBytes: 256 * KiB },
  ],
};
