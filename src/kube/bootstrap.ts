/** What must be there before the first client comes: the namespaces every cluster has (reference §9.38). */

import { StatusError } from './api/status.ts';
import { LocalClient } from './rest/local-client.ts';
import type { ServerParts } from './rest/parts.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Creates what is missing; what is there stays as it is. */
export async function bootstrap(parts: ServerParts): Promise<void> {
  const resource = parts.registry.find('', 'v1', 'namespaces');
  if (resource === null) return;
  const client = new LocalClient(parts, 'kube-apiserver');
  for (const name of namespaces) {
    try {
      await client.create(resource, { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
  }
}
