/** `bench connections`: puts on ever more connections, one in flight on each. */

import { never, type Workload } from './workload.ts';

export const connectionsWorkload: Workload = {
  summary: 'puts on 1, 10, 100 and 1,000 connections',
  unit: 'puts',
  isInBytes: never,
  isFilled: false,
  cases: [1, 10, 100, 1000].map((connections) => ({
    label: `${connections} × 1`,
    request: 'put' as const,
    connections,
    streams: 1,
  })),
};
