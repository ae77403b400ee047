/** `bench txn`: transactions of one comparison, which puts a key that is there, and reads one that is not. */

import { never, type Workload } from './workload.ts';

export const txnWorkload: Workload = {
  summary: 'transactions: compare and put',
  unit: 'transactions',
  isInBytes: never,
  isFilled: true,
  cases: [
    { label: 'compare and put, 10 × 100', request: 'txn', connections: 10, streams: 100 },
    { label: 'compare and put, 1 × 1', request: 'txn', connections: 1, streams: 1 },
  ],
};
