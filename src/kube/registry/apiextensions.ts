/** Resources of the group apiextensions.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const apiextensionsResources: readonly ResourceType[] = [
  ...groupRows('apiextensions.k8s.io', 'v1', 'apiextensions', [
    {
      plural: 'customresourcedefinitions',
      kind: 'CustomResourceDefinition',
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      isNamespaced: false,
      subresources: ['status'],
      storagePrefix: '/registry/apiextensions.k8s.io/customresourcedefinitions',
      generation: 'spec',
      updatesUnconditionally: false,
    },
  ]),
];
