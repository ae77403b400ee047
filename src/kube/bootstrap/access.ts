/** The roles and bindings of a fresh cluster as objects. */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import { componentRoles } from './component-roles.ts';
import { controllerRules } from './controller-roles.ts';
import { rule } from './rules.ts';
import { type RoleFacts, userRoles } from './user-roles.ts';

const rbac = 'rbac.authorization.k8s.io';
const apiVersion = `${rbac}/v1`;

/** A subject: `group:…`, `user:…`, or `account:<namespace>/<name>`. */
function subject(text: string): JsonObject {
  const at = text.indexOf(':');
  const name = text.slice(at + 1);
  if (text.startsWith('account:')) {
    const [namespace = '', account = ''] = name.split('/');
    return { kind: 'ServiceAccount', name: account, namespace };
  }
  return { kind: text.startsWith('group:') ? 'Group' : 'User', apiGroup: rbac, name };
}

function metadata(name: string, namespace: string, labels: Readonly<Record<string, string>> = {}): object {
  const all = { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels };
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
  return { name, ...(namespace === '' ? {} : { namespace }), labels: all, annotations };
}

function clusterRole({ name, rules, labels = {}, collects }: RoleFacts): ApiObject {
  const object: Record<string, unknown> = {
    kind: 'ClusterRole',
    apiVersion,
    metadata: metadata(name, '', labels),
    rules: structuredClone(rules),
  };
  if (collects !== undefined) {
    object['aggregationRule'] = { clusterRoleSelectors: [{ matchLabels: { [collects]: 'true' } }] };
  }
  return object as unknown as ApiObject;
}

function binding(kind: string, name: string, namespace: string, role: string, subjects: string[]): ApiObject {
  const roleKind = kind === 'RoleBinding' ? 'Role' : 'ClusterRole';
  const made = {
    kind,
    apiVersion,
    metadata: metadata(name, namespace),
    ...(subjects.length > 0 ? { subjects: subjects.map(subject) } : {}),
    roleRef: { apiGroup: rbac, kind: roleKind, name: role },
  };
  return made as unknown as ApiObject;
}

/** Name of role and binding, and who has it. */
const clusterBindings: readonly (readonly [string, readonly string[]])[] = [
  ['cluster-admin', ['group:system:masters']],
  ['system:monitoring', ['group:system:monitoring']],
  ['system:discovery', ['group:system:authenticated']],
  ['system:basic-user', ['group:system:authenticated']],
  ['system:public-info-viewer', ['group:system:authenticated', 'group:system:unauthenticated']],
  ['system:node-proxier', ['user:system:kube-proxy']],
  ['system:kube-controller-manager', ['user:system:kube-controller-manager']],
  ['system:kube-dns', ['account:kube-system/kube-dns']],
  ['system:kube-scheduler', ['user:system:kube-scheduler']],
  ['system:volume-scheduler', ['user:system:kube-scheduler']],
  ['system:node', []],
  ['system:service-account-issuer-discovery', ['group:system:serviceaccounts']],
];

const authentication = 'extension-apiserver-authentication';

/** Namespace, name, rules, who has it. */
const roles: readonly (readonly [string, string, readonly JsonObject[], readonly string[]])[] = [
  [
    'kube-system',
    `${authentication}-reader`,
    [rule('get list watch', 'core', 'configmaps', authentication)],
    ['user:system:kube-controller-manager', 'user:system:kube-scheduler'],
  ],
  [
    'kube-system',
    'system::leader-locking-kube-controller-manager',
    [
      rule('watch', 'core', 'configmaps'),
      rule('get update', 'core', 'configmaps', 'kube-controller-manager'),
    ],
    ['user:system:kube-controller-manager', 'account:kube-system/kube-controller-manager'],
  ],
  [
    'kube-system',
    'system::leader-locking-kube-scheduler',
    [rule('watch', 'core', 'configmaps'), rule('get update', 'core', 'configmaps', 'kube-scheduler')],
    ['user:system:kube-scheduler', 'account:kube-system/kube-scheduler'],
  ],
  [
    'kube-system',
    'system:controller:bootstrap-signer',
    [rule('get list watch', 'core', 'secrets')],
    ['account:kube-system/bootstrap-signer'],
  ],
  [
    'kube-system',
    'system:controller:cloud-provider',
    [rule('create get list watch', 'core', 'configmaps')],
    ['account:kube-system/cloud-provider'],
  ],
  [
    'kube-system',
    'system:controller:token-cleaner',
    [rule('delete get list watch', 'core', 'secrets'), rule('create patch update', 'core', 'events')],
    ['account:kube-system/token-cleaner'],
  ],
  [
    'kube-public',
    'system:controller:bootstrap-signer',
    [
      rule('get list watch', 'core', 'configmaps'),
      rule('update', 'core', 'configmaps', 'cluster-info'),
      rule('create patch update', 'core', 'events'),
    ],
    ['account:kube-system/bootstrap-signer'],
  ],
];

/** A binding has the name of its role, except where two names came about. */
function bindingName(role: string): string {
  return role === `${authentication}-reader` ? `system::${role}` : role;
}

/** Everything, new objects each time. */
export function accessObjects(): readonly ApiObject[] {
  const controllers = Object.entries(controllerRules).map(([name, rules]) => ({ name, rules }));
  const objects = [...userRoles, ...componentRoles].map(clusterRole);
  for (const { name, rules } of controllers) {
    objects.push(clusterRole({ name: `system:controller:${name}`, rules }));
  }
  for (const [name, subjects] of clusterBindings) {
    objects.push(binding('ClusterRoleBinding', name, '', name, [...subjects]));
  }
  for (const { name } of controllers) {
    const role = `system:controller:${name}`;
    objects.push(binding('ClusterRoleBinding', role, '', role, [`account:kube-system/${name}`]));
  }
  for (const [namespace, name, rules, subjects] of roles) {
    const role = { kind: 'Role', apiVersion, metadata: metadata(name, namespace), rules: [...rules] };
    objects.push(structuredClone(role) as unknown as ApiObject);
    objects.push(binding('RoleBinding', bindingName(name), namespace, name, [...subjects]));
  }
  return objects;
}
