/** `bench watch`: events delivered to many watchers of one key, and how long they take. */

import { never, type Workload } from './workload.ts';

const ownGeneratorOnly = 'it knows no streams';

export const watchWorkload: Workload = {
  summary: 'events delivered to 10, 1,000 and 10,000 watchers',
  unit: 'events',
  isInBytes: never,
  isFilled: false,
  cases: [
    { label: '10 watchers on 10 streams', connections: 1, streams: 10, watchers: 10, ownGeneratorOnly },
    { label: '1,000 watchers on 10 streams', connections: 1, streams: 10, watchers: 1000, ownGeneratorOnly },
    {
      label: '10,000 watchers on 10 streams',
      connections: 1,
      streams: 10,
      watchers: 10_000,
      ownGeneratorOnly,
    },
  ],
};
