/**
 * Defaults of services and endpoints. Addresses and ports of the node are not given here: they are taken when
 * the object is about to be written (`admission/service-allocation.ts`).
 */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { fill, fillAbsent, inner, items } from './pod-volumes.ts';

/** How long a client stays with its endpoint. */
const affinitySeconds = 10_800;

function fillServicePort(port: JsonObject): void {
  if ((port['protocol'] ?? '') === '') port['protocol'] = 'TCP';
  const target = port['targetPort'];
  if (target === undefined || target === 0 || target === '') port['targetPort'] = port['port'] ?? 0;
}

function fillTraffic(spec: JsonObject): void {
  const type = spec['type'];
  if (type !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' });
  if ((type === 'NodePort' || type === 'LoadBalancer') && (spec['externalTrafficPolicy'] ?? '') === '') {
    spec['externalTrafficPolicy'] = 'Cluster';
  }
  if (type === 'LoadBalancer') fill(spec, { allocateLoadBalancerNodePorts: true });
}

export function fillService(service: ApiObject): void {
  service.spec ??= {};
  const { spec } = service;
  if ((spec['sessionAffinity'] ?? '') === '') spec['sessionAffinity'] = 'None';
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  if (spec['sessionAffinity'] === 'ClientIP') {
    const config = inner(spec, 'sessionAffinityConfig');
    const client = config === null ? null : inner(config, 'clientIP');
    if (client?.['timeoutSeconds'] === undefined) {
      spec['sessionAffinityConfig'] = { clientIP: { timeoutSeconds: affinitySeconds } };
    }
  }
  if ((spec['type'] ?? '') === '') spec['type'] = 'ClusterIP';
  for (const port of items(spec, 'ports')) fillServicePort(port);
  fillTraffic(spec);
  const { status } = service;
  if (status === undefined) return;
  fill(status, { loadBalancer: {} });
  const balancer = inner(status, 'loadBalancer');
  if (balancer === null || spec['type'] !== 'LoadBalancer') return;
  for (const ingress of items(balancer, 'ingress')) {
    if ((ingress['ip'] ?? '') !== '') fill(ingress, { ipMode: 'VIP' });
  }
}

export function fillEndpoints(endpoints: ApiObject): void {
  for (const subset of items(asJson(endpoints), 'subsets')) {
    for (const port of items(subset, 'ports')) {
      if ((port['protocol'] ?? '') === '') port['protocol'] = 'TCP';
    }
  }
}

export function fillEndpointSlice(slice: ApiObject): void {
  const json = asJson(slice);
  json['endpoints'] ??= null;
  json['ports'] ??= null;
  for (const endpoint of items(json, 'endpoints')) fill(endpoint, { conditions: {} });
  for (const port of items(json, 'ports')) fillAbsent(port, { name: '', protocol: 'TCP' });
}
