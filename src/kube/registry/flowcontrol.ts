/** Resources of the group flowcontrol.apiserver.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const flowcontrolResources: readonly ResourceType[] = [
  ...groupRows('flowcontrol.apiserver.k8s.io', 'v1', 'flowcontrol', [
    {
      plural: 'flowschemas',
      kind: 'FlowSchema',
      isNamespaced: false,
      subresources: ['status'],
      generation: 'spec',
    },
    {
      plural: 'prioritylevelconfigurations',
      kind: 'PriorityLevelConfiguration',
      isNamespaced: false,
      subresources: ['status'],
      generation: 'spec',
    },
  ]),
];
