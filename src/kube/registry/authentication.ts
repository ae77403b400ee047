/** Resources of the group authentication.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const authenticationResources: readonly ResourceType[] = [
  ...groupRows('authentication.k8s.io', 'v1', 'authentication', [
    { plural: 'selfsubjectreviews', kind: 'SelfSubjectReview', isNamespaced: false, verbs: ['create'] },
    { plural: 'tokenreviews', kind: 'TokenReview', isNamespaced: false, verbs: ['create'] },
  ]),
];
