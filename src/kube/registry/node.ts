/** Resources of the group node.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const nodeResources: readonly ResourceType[] = [
  ...groupRows('node.k8s.io', 'v1', 'node', [
    { plural: 'runtimeclasses', kind: 'RuntimeClass', isNamespaced: false, createsOnUpdate: true },
  ]),
];
