/** Resources of the group coordination.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const coordinationResources: readonly ResourceType[] = [
  ...groupRows('coordination.k8s.io', 'v1', 'coordination', [
    { plural: 'leases', kind: 'Lease', createsOnUpdate: true, updatesUnconditionally: false },
  ]),
];
