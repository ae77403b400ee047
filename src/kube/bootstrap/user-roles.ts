/** Cluster roles for people: what they may do is collected from roles that carry a label. */

import type { JsonObject } from '../api/objects.ts';
import { pathRule, rule } from './rules.ts';

export interface RoleFacts {
  readonly name: string;
  readonly rules: readonly JsonObject[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Label of the roles whose rules it collects. */
  readonly collects?: string;
}

const aggregate = 'rbac.authorization.k8s.io/aggregate-to-';

const adminRules = [
  rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
  rule('all', 'rbac.authorization.k8s.io', 'rolebindings roles'),
];

const editRules = [
  rule('read', 'core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  rule('impersonate', 'core', 'serviceaccounts'),
  rule('write', 'core', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  rule('create', 'core', 'pods/eviction'),
  rule(
    'write',
    'core',
    'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
  ),
  rule('create', 'core', 'serviceaccounts/token'),
  rule(
    'write',
    'apps',
    'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
  ),
  rule('write', 'autoscaling', 'horizontalpodautoscalers'),
  rule('write', 'batch', 'cronjobs jobs'),
  rule(
    'write',
    'extensions',
    'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
  ),
  rule('write', 'policy', 'poddisruptionbudgets'),
  rule('write', 'networking.k8s.io', 'ingresses networkpolicies'),
  rule('all', 'coordination.k8s.io', 'leases'),
  rule('write', 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
];

const viewRules = [
  rule(
    'read',
    'core',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
  ),
  rule(
    'read',
    'core',
    'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
  ),
  rule('read', 'core', 'namespaces'),
  rule('read', 'discovery.k8s.io', 'endpointslices'),
  rule(
    'read',
    'apps',
    'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
  ),
  rule('read', 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  rule('read', 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  rule(
    'read',
    'extensions',
    'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
  ),
  rule('read', 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  rule('read', 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
  rule('read', 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
];

export const userRoles: readonly RoleFacts[] = [
  { name: 'cluster-admin', rules: [rule('any', '*', '*'), pathRule('any', '*')] },
  { name: 'admin', rules: [...editRules, ...viewRules, ...adminRules], collects: `${aggregate}admin` },
  {
    name: 'edit',
    rules: [...editRules, ...viewRules],
    labels: { [`${aggregate}admin`]: 'true' },
    collects: `${aggregate}edit`,
  },
  {
    name: 'view',
    rules: viewRules,
    labels: { [`${aggregate}edit`]: 'true' },
    collects: `${aggregate}view`,
  },
  { name: 'system:aggregate-to-admin', rules: adminRules, labels: { [`${aggregate}admin`]: 'true' } },
  { name: 'system:aggregate-to-edit', rules: editRules, labels: { [`${aggregate}edit`]: 'true' } },
  { name: 'system:aggregate-to-view', rules: viewRules, labels: { [`${aggregate}view`]: 'true' } },
  {
    name: 'system:discovery',
    rules: [
      pathRule(
        'get',
        '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/',
      ),
    ],
  },
  {
    name: 'system:monitoring',
    rules: [pathRule('get', '/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*')],
  },
  {
    name: 'system:basic-user',
    rules: [
      rule('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
      rule('create', 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [pathRule('get', '/healthz /livez /readyz /version /version/')],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      pathRule(
        'get',
        '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
      ),
    ],
  },
];
