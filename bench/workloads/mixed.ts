/** `bench mixed`: four linearizable reads for each put, on the same connections. */

import { never, type Workload } from './workload.ts';

const ownGeneratorOnly = 'it sends one request only';

export const mixedWorkload: Workload = {
  summary: 'four linearizable reads for each put',
  unit: 'calls',
  isInBytes: never,
  isFilled: true,
  cases: [
    { label: '80 % reads, 10 × 100', request: 'mixed', connections: 10, streams: 100, ownGeneratorOnly },
    { label: '80 % reads, 100 × 1', request: 'mixed', connections: 100, streams: 1, ownGeneratorOnly },
  ],
};
