/** `bench lease`: leases granted and revoked in turn, each an entry of the log. */

import { never, type Workload } from './workload.ts';

const ownGeneratorOnly = 'it sends one request only';

export const leaseWorkload: Workload = {
  summary: 'leases granted and revoked',
  unit: 'grants and revocations',
  isInBytes: never,
  isFilled: false,
  cases: [
    {
      label: 'grant and revoke, 10 × 100',
      request: 'lease',
      connections: 10,
      streams: 100,
      ownGeneratorOnly,
    },
    { label: 'grant and revoke, 1 × 1', request: 'lease', connections: 1, streams: 1, ownGeneratorOnly },
  ],
};
