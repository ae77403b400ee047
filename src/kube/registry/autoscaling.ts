/** Resources of the group autoscaling. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const autoscalingResources: readonly ResourceType[] = [
  ...groupRows('autoscaling', 'v2', 'autoscaling', [
    {
      plural: 'horizontalpodautoscalers',
      kind: 'HorizontalPodAutoscaler',
      shortNames: ['hpa'],
      categories: ['all'],
      subresources: ['status'],
      storageVersion: 'v2',
    },
  ]),
  ...groupRows('autoscaling', 'v1', 'autoscaling', [
    {
      plural: 'horizontalpodautoscalers',
      kind: 'HorizontalPodAutoscaler',
      shortNames: ['hpa'],
      categories: ['all'],
      subresources: ['status'],
      storageVersion: 'v2',
    },
  ]),
];
