/** Resources of the group policy. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const policyResources: readonly ResourceType[] = [
  ...groupRows('policy', 'v1', 'policy', [
    {
      plural: 'poddisruptionbudgets',
      kind: 'PodDisruptionBudget',
      shortNames: ['pdb'],
      subresources: ['status'],
      nameRule: 'pathSegment',
      generation: 'spec',
      updatesUnconditionally: false,
    },
  ]),
];
