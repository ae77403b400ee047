/** Resources of the group events.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const eventsResources: readonly ResourceType[] = [
  ...groupRows('events.k8s.io', 'v1', 'events', [
    {
      plural: 'events',
      kind: 'Event',
      shortNames: ['ev'],
      storagePrefix: '/registry/events',
      nameRule: 'pathSegment',
      createsOnUpdate: true,
      ttlSeconds: 3600,
      fieldSelectors: [
        'regarding.kind',
        'regarding.namespace',
        'regarding.name',
        'regarding.uid',
        'regarding.apiVersion',
        'regarding.resourceVersion',
        'regarding.fieldPath',
        'reason',
        'reportingController',
        'type',
      ],
    },
  ]),
];
