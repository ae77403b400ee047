/** Resources of the group scheduling.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const schedulingResources: readonly ResourceType[] = [
  ...groupRows('scheduling.k8s.io', 'v1', 'scheduling', [
    {
      plural: 'priorityclasses',
      kind: 'PriorityClass',
      shortNames: ['pc'],
      isNamespaced: false,
      generation: 'constant',
    },
  ]),
];
