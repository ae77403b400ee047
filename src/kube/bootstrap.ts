/**
 * What must be there before the first client comes: namespaces, the server's own service, roles and bindings,
 * priorities, flow schemas. What is missing is created, what is there stays as it is. Addresses and ports of services that
 * nobody has claimed, because another server wrote them, are claimed.
 */

import { repairClaims } from './admission/service-allocation.ts';
import {
  defaultNodePorts,
  defaultServiceRange,
  firstAddress,
  serviceNumbers,
} from './admission/service-numbers.ts';
import { isEqualJson } from './api/json.ts';
import { type ApiObject, asJson, type JsonObject } from './api/objects.ts';
import { StatusError } from './api/status.ts';
import { accessObjects } from './bootstrap/access.ts';
import { authenticationName, clusterObjects } from './bootstrap/cluster-objects.ts';
import { createMissing } from './bootstrap/create-missing.ts';
import { flowObjects } from './bootstrap/flow-control.ts';
import { createServerService } from './bootstrap/server-service.ts';
import { nowText } from './meta/time.ts';
import { LocalClient } from './rest/local-client.ts';
import type { ServerParts } from './rest/parts.ts';

export { publishServer } from './bootstrap/server-service.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export interface BootstrapOptions {
  /** As admission has it. @default '10.96.0.0/16' */
  readonly serviceRange?: string;
  /** As admission has it. @default 30000 to 32767 */
  readonly nodePorts?: readonly [number, number];
  /** Certificates, PEM, that sign those of clients. @default none */
  readonly clientAuthorities?: string;
  /** What extension servers are told of a proxy in front. */
  readonly frontProxy?: Readonly<Record<string, string>>;
}

async function createNamespaces(parts: ServerParts): Promise<void> {
  const resource = parts.registry.find('', 'v1', 'namespaces');
  if (resource === null) return;
  const client = new LocalClient(parts, 'kube-apiserver');
  const create = async (name: string): Promise<void> => {
    if ((await client.get(resource, '', name)) !== null) return;
    try {
      await client.create(resource, { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
  };
  await Promise.all(namespaces.map(create));
}

async function claimNumbers(parts: ServerParts, options: BootstrapOptions): Promise<void> {
  const { registry, storages, runtime } = parts;
  const services = registry.find('', 'v1', 'services');
  if (services === null) return;
  const { clock, random } = runtime;
  const { serviceRange: range = defaultServiceRange, nodePorts = defaultNodePorts } = options;
  const storage = storages.of(services);
  const { entries } = await storage.list('', '', 0, 0);
  if (entries.length === 0) return;
  const numbers = serviceNumbers({ storages, services, clock, random, range, nodePorts });
  await repairClaims(
    numbers,
    entries.map((entry) => storage.decode(entry)),
  );
}

/** What a server before this one told extension servers of their callers may no longer be so. */
async function tellAuthentication(
  { registry, storages }: ServerParts,
  objects: readonly ApiObject[],
): Promise<void> {
  const configMaps = registry.find('', 'v1', 'configmaps');
  const wanted = objects.find(({ metadata }) => metadata.name === authenticationName);
  if (configMaps === null || wanted === undefined) return;
  const storage = storages.of(configMaps);
  const current = await storage.get(wanted.metadata.namespace ?? '', authenticationName);
  if (current === null) return;
  const known = (asJson(current)['data'] ?? {}) as JsonObject;
  const data: JsonObject = { ...known, ...(asJson(wanted)['data'] as JsonObject | undefined) };
  // Another server that is faster tells the same.
  if (!isEqualJson(data, known)) await storage.update({ ...current, data } as ApiObject, current);
}

/** Resolves when everything is there. */
export async function bootstrap(parts: ServerParts, options: BootstrapOptions = {}): Promise<void> {
  const { serviceRange = defaultServiceRange, clientAuthorities = '', frontProxy = {} } = options;
  await createNamespaces(parts);
  await claimNumbers(parts, options);
  const now = nowText(parts.runtime.clock);
  const shared = clusterObjects(serviceRange, clientAuthorities, frontProxy, now);
  await Promise.all([
    createServerService(parts, firstAddress(serviceRange)),
    createMissing(parts, [...accessObjects(), ...flowObjects(), ...shared]),
  ]);
  await tellAuthentication(parts, shared);
}
