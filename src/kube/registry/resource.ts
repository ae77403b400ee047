/** Resources of the group resource.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const resourceResources: readonly ResourceType[] = [
  ...groupRows('resource.k8s.io', 'v1', 'resource', [
    {
      plural: 'deviceclasses',
      kind: 'DeviceClass',
      isNamespaced: false,
      generation: 'spec',
      answersDeleted: true,
    },
    { plural: 'resourceclaims', kind: 'ResourceClaim', subresources: ['status'], answersDeleted: true },
    { plural: 'resourceclaimtemplates', kind: 'ResourceClaimTemplate', answersDeleted: true },
    {
      plural: 'resourceslices',
      kind: 'ResourceSlice',
      isNamespaced: false,
      generation: 'spec',
      answersDeleted: true,
      fieldSelectors: ['spec.nodeName', 'spec.driver'],
    },
  ]),
];
