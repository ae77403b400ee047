/** What else a fresh cluster has: priorities of the system, the range of services, how extensions know their callers. */

import type { ApiObject } from '../api/objects.ts';

const priorities: readonly (readonly [string, number, string])[] = [
  [
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ],
  [
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ],
];

export const authenticationName = 'extension-apiserver-authentication';

function object(made: object): ApiObject {
  return made as unknown as ApiObject;
}

/**
 * @param serviceRange addresses of services
 * @param clientAuthorities certificates, PEM, that sign those of clients; empty: none
 * @param frontProxy what is told of a proxy in front; empty: there is none
 * @param now as `metav1.Time` shows it
 */
export function clusterObjects(
  serviceRange: string,
  clientAuthorities: string,
  frontProxy: Readonly<Record<string, string>>,
  now: string,
): readonly ApiObject[] {
  const classes = priorities.map(([name, value, description]) =>
    object({
      kind: 'PriorityClass',
      apiVersion: 'scheduling.k8s.io/v1',
      metadata: { name },
      value,
      description,
    }),
  );
  const range = object({
    kind: 'ServiceCIDR',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [serviceRange] },
    status: {
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastTransitionTime: now,
          reason: '',
          message: 'Kubernetes Service CIDR is ready',
        },
      ],
    },
  });
  const authorities = clientAuthorities === '' ? {} : { 'client-ca-file': clientAuthorities };
  const told = { ...authorities, ...frontProxy };
  const authentication = object({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: authenticationName, namespace: 'kube-system' },
    ...(Object.keys(told).length > 0 ? { data: told } : {}),
  });
  return [...classes, range, authentication];
}
