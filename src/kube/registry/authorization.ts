/** Resources of the group authorization.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const authorizationResources: readonly ResourceType[] = [
  ...groupRows('authorization.k8s.io', 'v1', 'authorization', [
    { plural: 'localsubjectaccessreviews', kind: 'LocalSubjectAccessReview', verbs: ['create'] },
    {
      plural: 'selfsubjectaccessreviews',
      kind: 'SelfSubjectAccessReview',
      isNamespaced: false,
      verbs: ['create'],
    },
    {
      plural: 'selfsubjectrulesreviews',
      kind: 'SelfSubjectRulesReview',
      isNamespaced: false,
      verbs: ['create'],
    },
    { plural: 'subjectaccessreviews', kind: 'SubjectAccessReview', isNamespaced: false, verbs: ['create'] },
  ]),
];
