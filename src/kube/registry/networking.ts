/** Resources of the group networking.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const networkingResources: readonly ResourceType[] = [
  ...groupRows('networking.k8s.io', 'v1', 'networking', [
    { plural: 'ingressclasses', kind: 'IngressClass', isNamespaced: false, generation: 'spec' },
    {
      plural: 'ingresses',
      kind: 'Ingress',
      shortNames: ['ing'],
      subresources: ['status'],
      storagePrefix: '/registry/ingress',
      generation: 'spec',
    },
    { plural: 'ipaddresses', kind: 'IPAddress', shortNames: ['ip'], isNamespaced: false },
    { plural: 'networkpolicies', kind: 'NetworkPolicy', shortNames: ['netpol'], generation: 'spec' },
    { plural: 'servicecidrs', kind: 'ServiceCIDR', isNamespaced: false, subresources: ['status'] },
  ]),
];
