/** Resources of the group rbac.authorization.k8s.io. */

import { groupRows } from './rows.ts';
import type { ResourceType } from './types.ts';

export const rbacResources: readonly ResourceType[] = [
  ...groupRows('rbac.authorization.k8s.io', 'v1', 'rbac', [
    {
      plural: 'clusterrolebindings',
      kind: 'ClusterRoleBinding',
      isNamespaced: false,
      nameRule: 'pathSegment',
      createsOnUpdate: true,
    },
    {
      plural: 'clusterroles',
      kind: 'ClusterRole',
      isNamespaced: false,
      nameRule: 'pathSegment',
      createsOnUpdate: true,
    },
    { plural: 'rolebindings', kind: 'RoleBinding', nameRule: 'pathSegment', createsOnUpdate: true },
    { plural: 'roles', kind: 'Role', nameRule: 'pathSegment', createsOnUpdate: true },
  ]),
];
