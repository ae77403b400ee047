/** Resources of the group certificates.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const certificatesResources: readonly ResourceType[] = [
  ...groupRows('certificates.k8s.io', 'v1', 'certificates', [
    {
      plural: 'certificatesigningrequests',
      kind: 'CertificateSigningRequest',
      shortNames: ['csr'],
      isNamespaced: false,
      subresources: [
        {
          name: 'approval',
          group: '',
          version: '',
          kind: 'CertificateSigningRequest',
          verbs: ['get', 'patch', 'update'],
        },
        'status',
      ],
      fieldSelectors: ['spec.signerName'],
    },
  ]),
];
