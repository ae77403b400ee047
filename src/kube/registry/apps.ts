/** Resources of the group apps. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const appsResources: readonly ResourceType[] = [
  ...groupRows('apps', 'v1', 'apps', [
    { plural: 'controllerrevisions', kind: 'ControllerRevision' },
    {
      plural: 'daemonsets',
      kind: 'DaemonSet',
      shortNames: ['ds'],
      categories: ['all'],
      subresources: ['status'],
      generation: 'spec',
    },
    {
      plural: 'deployments',
      kind: 'Deployment',
      shortNames: ['deploy'],
      categories: ['all'],
      subresources: ['scale', 'status'],
      generation: 'specOrAnnotations',
      statusKeepsMetadata: false,
    },
    {
      plural: 'replicasets',
      kind: 'ReplicaSet',
      shortNames: ['rs'],
      categories: ['all'],
      subresources: ['scale', 'status'],
      generation: 'spec',
      fieldSelectors: ['status.replicas:number'],
    },
    {
      plural: 'statefulsets',
      kind: 'StatefulSet',
      shortNames: ['sts'],
      categories: ['all'],
      subresources: ['scale', 'status'],
      nameRule: 'label',
      generation: 'spec',
    },
  ]),
];
