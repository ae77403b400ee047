/** Defaults of the plain kinds of the core group: secrets, namespaces, nodes, limits, quotas, events. */

import { type ApiObject, asJson, type JsonObject } from '../api/objects.ts';
import { fill, inner, items } from './pod-volumes.ts';

function base64(text: unknown): string {
  return Buffer.from(String(text)).toString('base64');
}

/** `stringData` is for writing only: it goes into `data`, over what is there. */
export function fillSecret(secret: ApiObject): void {
  const json = asJson(secret);
  const given = inner(json, 'stringData');
  if (given !== null) {
    const data: JsonObject = { ...inner(json, 'data') };
    for (const [key, value] of Object.entries(given)) data[key] = base64(value);
    delete json['stringData'];
    if (Object.keys(data).length > 0) {
      json['data'] = Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
    }
  }
  if ((json['type'] ?? '') === '') json['type'] = 'Opaque';
}

export function fillNamespace(namespace: ApiObject): void {
  namespace.spec ??= {};
  namespace.status ??= {};
}

const nodeFacts = [
  'machineID',
  'systemUUID',
  'bootID',
  'kernelVersion',
  'osImage',
  'containerRuntimeVersion',
  'kubeletVersion',
  'kubeProxyVersion',
  'operatingSystem',
  'architecture',
];

export function fillNode(node: ApiObject): void {
  node.spec ??= {};
  node.status ??= {};
  const { spec, status } = node;
  const ranges = spec['podCIDRs'];
  const given = spec['podCIDR'] ?? '';
  const first = Array.isArray(ranges) ? ranges[0] : undefined;
  // The one range is what older clients know: where the two differ it counts.
  if (given !== '' && first !== given) spec['podCIDRs'] = [given];
  else if (given === '' && first !== undefined) spec['podCIDR'] = first;
  const capacity = inner(status, 'capacity');
  if (capacity !== null && status['allocatable'] === undefined) status['allocatable'] = { ...capacity };
  fill(status, { daemonEndpoints: {}, nodeInfo: {} });
  const endpoints = inner(status, 'daemonEndpoints');
  if (endpoints !== null) fill(endpoints, { kubeletEndpoint: { Port: 0 } });
  const facts = inner(status, 'nodeInfo');
  if (facts !== null) for (const name of nodeFacts) facts[name] ??= '';
}

/** Of containers: what is not said follows from the maximum, the default and the minimum, in this order. */
export function fillLimitRange(range: ApiObject): void {
  range.spec ??= {};
  range.spec['limits'] ??= null;
  for (const limit of items(range.spec, 'limits')) {
    if (limit['type'] !== 'Container') continue;
    const defaults: JsonObject = { ...inner(limit, 'default') };
    const requests: JsonObject = { ...inner(limit, 'defaultRequest') };
    fill(defaults, inner(limit, 'max') ?? {});
    fill(requests, defaults);
    fill(requests, inner(limit, 'min') ?? {});
    if (Object.keys(defaults).length > 0) limit['default'] = sorted(defaults);
    if (Object.keys(requests).length > 0) limit['defaultRequest'] = sorted(requests);
  }
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function fillQuota(quota: ApiObject): void {
  quota.spec ??= {};
  quota.status ??= {};
}

export function fillEvent(event: ApiObject): void {
  fill(asJson(event), {
    involvedObject: {},
    source: {},
    reportingComponent: '',
    reportingInstance: '',
  });
  const json = asJson(event);
  for (const time of ['firstTimestamp', 'lastTimestamp', 'eventTime']) json[time] ??= null;
}

export function fillGroupEvent(event: ApiObject): void {
  const json = asJson(event);
  fill(json, { regarding: {}, deprecatedSource: {} });
  for (const time of ['eventTime', 'deprecatedFirstTimestamp', 'deprecatedLastTimestamp'])
    json[time] ??= null;
}

export function fillLease(lease: ApiObject): void {
  lease.spec ??= {};
}

export function fillRequest(request: ApiObject): void {
  request.spec ??= {};
  fill(request.spec, { request: null });
  request.status ??= {};
}
