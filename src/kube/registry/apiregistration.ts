/** Resources of the group apiregistration.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const apiregistrationResources: readonly ResourceType[] = [
  ...groupRows('apiregistration.k8s.io', 'v1', 'apiregistration', [
    {
      plural: 'apiservices',
      kind: 'APIService',
      categories: ['api-extensions'],
      isNamespaced: false,
      subresources: ['status'],
      storagePrefix: '/registry/apiregistration.k8s.io/apiservices',
      updatesUnconditionally: false,
    },
  ]),
];
