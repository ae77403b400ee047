/** Resources of the group admissionregistration.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const admissionregistrationResources: readonly ResourceType[] = [
  ...groupRows('admissionregistration.k8s.io', 'v1', 'admissionregistration', [
    {
      plural: 'mutatingadmissionpolicies',
      kind: 'MutatingAdmissionPolicy',
      categories: ['api-extensions'],
      isNamespaced: false,
      generation: 'spec',
      updatesUnconditionally: false,
    },
    {
      plural: 'mutatingadmissionpolicybindings',
      kind: 'MutatingAdmissionPolicyBinding',
      categories: ['api-extensions'],
      isNamespaced: false,
      generation: 'spec',
      updatesUnconditionally: false,
    },
    {
      plural: 'mutatingwebhookconfigurations',
      kind: 'MutatingWebhookConfiguration',
      categories: ['api-extensions'],
      isNamespaced: false,
      generation: 'allButStatus',
      updatesUnconditionally: false,
    },
    {
      plural: 'validatingadmissionpolicies',
      kind: 'ValidatingAdmissionPolicy',
      categories: ['api-extensions'],
      isNamespaced: false,
      generation: 'spec',
      subresources: ['status'],
      updatesUnconditionally: false,
    },
    {
      plural: 'validatingadmissionpolicybindings',
      kind: 'ValidatingAdmissionPolicyBinding',
      categories: ['api-extensions'],
      isNamespaced: false,
      generation: 'spec',
      updatesUnconditionally: false,
    },
    {
      plural: 'validatingwebhookconfigurations',
      kind: 'ValidatingWebhookConfiguration',
      categories: ['api-extensions'],
      isNamespaced: false,
      generation: 'allButStatus',
      updatesUnconditionally: false,
    },
  ]),
];
