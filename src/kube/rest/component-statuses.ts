/**
 * `componentstatuses`: how the controller manager, the scheduler and the store are, asked when somebody asks for it. Nothing of
 * it is stored. It is deprecated and still part of what clients expect.
 */

import type { ApiObject } from '../api/objects.ts';
import { bareError } from '../api/status.ts';
import { type ComponentHealth, probeComponent } from '../http/component-probe.ts';
import type { ApiAnswer } from '../http/types.ts';
import type { VerbHandlers } from './dispatch.ts';
import type { Endpoint } from './endpoint.ts';
import { listOptions } from './options.ts';
import { selectionOf } from './select.ts';

type Check = (endpoint: Endpoint) => Promise<ComponentHealth>;

async function storeHealth({ parts }: Endpoint): Promise<ComponentHealth> {
  try {
    await parts.storages.store.revision();
    return { isHealthy: true, message: 'ok' };
  } catch (error) {
    return { isHealthy: false, message: (error as Error).message };
  }
}

/** By name, with the ports that the components have unless they are told others. */
const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['controller-manager', () => probeComponent(10257)],
  ['etcd-0', storeHealth],
  ['scheduler', () => probeComponent(10259)],
]);

async function statusOf(endpoint: Endpoint, name: string, check: Check): Promise<ApiObject> {
  const { isHealthy, message } = await check(endpoint);
  return {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: isHealthy ? 'True' : 'False', message }],
  } as unknown as ApiObject;
}

async function get(endpoint: Endpoint): Promise<ApiAnswer> {
  const { path, resource } = endpoint;
  const check = checks.get(path.name);
  if (check === undefined) throw bareError(`component not found: ${path.name}`);
  return { type: 'object', code: 200, body: await statusOf(endpoint, path.name, check), resource };
}

async function list(endpoint: Endpoint): Promise<ApiAnswer> {
  const { context, resource } = endpoint;
  const selection = selectionOf(resource, listOptions(context.request.query, false), '');
  const asked = [...checks].map(([name, check]) => statusOf(endpoint, name, check));
  const items = (await Promise.all(asked)).filter((object) => selection.matches(object));
  const body = { kind: resource.listKind, apiVersion: 'v1', metadata: {}, items };
  return { type: 'object', code: 200, body, resource };
}

/** A row of `SubresourceHandlers`. */
export const componentStatusHandlers: readonly [string, VerbHandlers][] = [
  ['/componentstatuses', { get, list }],
];
