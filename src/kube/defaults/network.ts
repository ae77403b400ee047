/** Defaults of ingresses, their classes and network policies. */

import type { ApiObject } from '../api/objects.ts';
import { fill, fillAbsent, inner, items } from './pod-volumes.ts';

export function fillIngress(ingress: ApiObject): void {
  ingress.spec ??= {};
  if (ingress.status !== undefined) fill(ingress.status, { loadBalancer: {} });
}

export function fillIngressClass(ingressClass: ApiObject): void {
  ingressClass.spec ??= {};
  const parameters = inner(ingressClass.spec, 'parameters');
  if (parameters !== null) fill(parameters, { scope: 'Cluster' });
}

export function fillNetworkPolicy(policy: ApiObject): void {
  policy.spec ??= {};
  const { spec } = policy;
  fill(spec, { podSelector: {} });
  for (const direction of ['ingress', 'egress']) {
    for (const rule of items(spec, direction)) {
      for (const port of items(rule, 'ports')) fillAbsent(port, { protocol: 'TCP' });
    }
  }
  const types = spec['policyTypes'];
  if (Array.isArray(types) && types.length > 0) return;
  const hasEgress = Array.isArray(spec['egress']) && spec['egress'].length > 0;
  spec['policyTypes'] = hasEgress ? ['Ingress', 'Egress'] : ['Ingress'];
}

export function fillServiceRange(range: ApiObject): void {
  range.spec ??= {};
}
