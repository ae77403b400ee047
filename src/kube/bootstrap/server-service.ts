/** The service `kubernetes` in `default`, by which pods find the API server, and where it is. */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import { StatusError } from '../api/status.ts';
import { LocalClient } from '../rest/local-client.ts';
import type { ServerParts } from '../rest/parts.ts';
import { isSame } from '../validation/pod-fields.ts';
import { completed } from './create-missing.ts';

const namespace = 'default';
const name = 'kubernetes';
/** Where pods find it; it stands for the port of the server. */
const servicePort = 443;
const usualPort = 6443;

/** @param address the first of the range of services */
export async function createServerService(parts: ServerParts, address: string): Promise<void> {
  const services = parts.registry.find('', 'v1', 'services');
  if (services === null) return;
  const client = new LocalClient(parts, 'kube-apiserver');
  if ((await client.get(services, namespace, name)) !== null) return;
  const service = {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      ports: [{ name: 'https', protocol: 'TCP', port: servicePort, targetPort: usualPort }],
      clusterIP: address,
      type: 'ClusterIP',
      sessionAffinity: 'None',
    },
  };
  try {
    await client.create(services, service as unknown as ApiObject);
  } catch (error) {
    // Another server on the same store was faster.
    if (!(error instanceof StatusError) || (error.code !== 409 && error.code !== 422)) throw error;
  }
}

async function put(parts: ServerParts, group: string, plural: string, object: ApiObject): Promise<void> {
  const resource = parts.registry.find(group, 'v1', plural);
  if (resource === null) return;
  const storage = parts.storages.of(resource);
  const fresh = completed(parts, resource, object);
  const current = await storage.get(namespace, name);
  if (current === null) {
    await storage.create(fresh, 0);
    return;
  }
  const metadata = { ...current.metadata, labels: fresh.metadata.labels ?? {} };
  const next = { ...fresh, metadata };
  if (!isSame(next, current)) await storage.update(next, current);
}

/**
 * Says where the server is. Of several servers on one store, the one that started last is named.
 * @param address an IP address; @param port where it listens
 */
export async function publishServer(parts: ServerParts, address: string, port: number): Promise<void> {
  const ports = (): JsonObject[] => [{ name: 'https', port, protocol: 'TCP' }];
  const endpoints = {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: ports() }],
  };
  const slice = {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: ports(),
  };
  await put(parts, '', 'endpoints', endpoints as unknown as ApiObject);
  await put(parts, 'discovery.k8s.io', 'endpointslices', slice as unknown as ApiObject);
}
