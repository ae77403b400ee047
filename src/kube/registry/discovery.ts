/** Resources of the group discovery.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const discoveryResources: readonly ResourceType[] = [
  ...groupRows('discovery.k8s.io', 'v1', 'discovery', [
    { plural: 'endpointslices', kind: 'EndpointSlice', generation: 'allOrLabels' },
  ]),
];
