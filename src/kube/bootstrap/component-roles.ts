/** Cluster roles of what makes up a cluster: nodes, the scheduler, the controller manager, proxies, approvers. */

import type { JsonObject } from '../api/objects.ts';
import { events, rule } from './rules.ts';
import type { RoleFacts } from './user-roles.ts';

const reviews = [
  rule('create', 'authentication.k8s.io', 'tokenreviews'),
  rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
];

const requests = 'certificatesigningrequests';
const csr = 'system:certificates.k8s.io:';

function approver(name: string, signer: string): RoleFacts {
  return {
    name: `${csr}${name}`,
    rules: [rule('approve', 'certificates.k8s.io', 'signers', signer)],
  };
}

/** What the Node authorizer allows whatever its node has to do with it. */
export const nodeRules: readonly JsonObject[] = [
  ...reviews,
  rule('create get list watch', 'core', 'services'),
  rule('create get list watch', 'core', 'nodes'),
  rule('patch update', 'core', 'nodes/status'),
  rule('patch update', 'core', 'nodes'),
  rule('create patch update', 'core', 'events'),
  rule('read', 'core', 'pods'),
  rule('create delete', 'core', 'pods'),
  rule('patch update', 'core', 'pods/status'),
  rule('create', 'core', 'pods/eviction'),
  rule('read', 'core', 'configmaps secrets'),
  rule('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  rule('get', 'core', 'endpoints'),
  rule('create get list watch', 'certificates.k8s.io', requests),
  rule('create delete get patch update', 'coordination.k8s.io', 'leases'),
  rule('get', 'storage.k8s.io', 'volumeattachments'),
  rule('create', 'core', 'serviceaccounts/token'),
  rule('get patch update', 'core', 'persistentvolumeclaims/status'),
  rule('read', 'storage.k8s.io', 'csidrivers'),
  rule('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  rule('read', 'node.k8s.io', 'runtimeclasses'),
  rule('get', 'resource.k8s.io', 'resourceclaims'),
  rule('deletecollection', 'resource.k8s.io', 'resourceslices'),
];

const managerRules = [
  events,
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
  rule('create', 'core', 'secrets serviceaccounts'),
  rule('delete', 'core', 'secrets'),
  rule('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
  rule('update', 'core', 'secrets serviceaccounts'),
  ...reviews,
  rule('list watch', '*', '*'),
  rule('create', 'core', 'serviceaccounts/token'),
];

const schedulerRules = [
  events,
  rule('create', 'coordination.k8s.io', 'leases'),
  rule('get list update watch', 'coordination.k8s.io', 'leases', 'kube-scheduler'),
  rule('create', 'coordination.k8s.io', 'leasecandidates'),
  rule('read', 'core', 'nodes'),
  rule('delete get list watch', 'core', 'pods'),
  rule('create', 'core', 'bindings pods/binding'),
  rule('patch update', 'core', 'pods/status'),
  rule('read', 'core', 'replicationcontrollers services'),
  rule('read', 'apps extensions', 'replicasets'),
  rule('read', 'apps', 'statefulsets'),
  rule('read', 'policy', 'poddisruptionbudgets'),
  rule('read', 'core', 'persistentvolumeclaims persistentvolumes'),
  ...reviews,
  rule('read', 'storage.k8s.io', 'csinodes'),
  rule('read', 'core', 'namespaces'),
  rule('read', 'storage.k8s.io', 'csidrivers'),
  rule('read', 'storage.k8s.io', 'csistoragecapacities'),
  rule('read', 'storage.k8s.io', 'volumeattachments'),
  rule('read', 'resource.k8s.io', 'deviceclasses resourceclaims resourceslices'),
  rule('patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
];

export const componentRoles: readonly RoleFacts[] = [
  { name: 'system:node', rules: nodeRules },
  {
    name: 'system:node-problem-detector',
    rules: [rule('get', 'core', 'nodes'), rule('patch', 'core', 'nodes/status'), events],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [rule('create get list watch', 'certificates.k8s.io', requests)],
  },
  { name: 'system:auth-delegator', rules: reviews },
  {
    name: 'system:kube-aggregator',
    rules: [rule('read', 'core', 'endpoints services'), rule('read', 'discovery.k8s.io', 'endpointslices')],
  },
  { name: 'system:kube-controller-manager', rules: managerRules },
  { name: 'system:kube-scheduler', rules: schedulerRules },
  {
    name: 'system:kube-dns',
    rules: [rule('list watch', 'core', 'endpoints services')],
  },
  {
    name: 'system:persistent-volume-provisioner',
    rules: [
      rule('create delete get list watch', 'core', 'persistentvolumes'),
      rule('get list update watch', 'core', 'persistentvolumeclaims'),
      rule('read', 'storage.k8s.io', 'storageclasses'),
      rule('watch', 'core', 'events'),
      events,
    ],
  },
  {
    name: 'system:volume-scheduler',
    rules: [
      rule('get list patch update watch', 'core', 'persistentvolumes'),
      rule('read', 'storage.k8s.io', 'storageclasses'),
      rule('get list patch update watch', 'core', 'persistentvolumeclaims'),
    ],
  },
  {
    name: 'system:node-proxier',
    rules: [
      rule('list watch', 'core', 'endpoints services'),
      rule('get list watch', 'core', 'nodes'),
      events,
      rule('list watch', 'discovery.k8s.io', 'endpointslices'),
      rule('list watch', 'networking.k8s.io', 'servicecidrs'),
    ],
  },
  {
    name: 'system:kubelet-api-admin',
    rules: [
      rule('get list watch', 'core', 'nodes'),
      rule('proxy', 'core', 'nodes'),
      rule(
        'any',
        'core',
        'nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats',
      ),
    ],
  },
  {
    name: 'system:heapster',
    rules: [rule('read', 'core', 'events namespaces nodes pods'), rule('read', 'extensions', 'deployments')],
  },
  {
    name: `${csr}certificatesigningrequests:nodeclient`,
    rules: [rule('create', 'certificates.k8s.io', `${requests}/nodeclient`)],
  },
  {
    name: `${csr}certificatesigningrequests:selfnodeclient`,
    rules: [rule('create', 'certificates.k8s.io', `${requests}/selfnodeclient`)],
  },
  approver('kube-apiserver-client-approver', 'kubernetes.io/kube-apiserver-client'),
  approver('kube-apiserver-client-kubelet-approver', 'kubernetes.io/kube-apiserver-client-kubelet'),
  approver('kubelet-serving-approver', 'kubernetes.io/kubelet-serving'),
  approver('legacy-unknown-approver', 'kubernetes.io/legacy-unknown'),
];
