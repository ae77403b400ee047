/** What must be there before the first client comes: the namespaces every cluster has (reference §9.38). */

import type { ApiObject } from './api/objects.ts';
import { StatusError } from './api/status.ts';
import { anonymousUser } from './api/user.ts';
import type { ApiRequest } from './http/types.ts';
import { createObject } from './rest/create.ts';
import type { ServerParts } from './rest/parts.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** A request of the server to itself. */
const ownRequest: ApiRequest = {
  method: 'POST',
  path: '/',
  segments: [],
  query: new URLSearchParams(),
  header: () => '',
  readBody: () => Promise.resolve(new Uint8Array(0)),
  onClose: () => {},
  clientCertificate: null,
  isEncrypted: false,
};

/** Creates what is missing; what is there stays as it is. */
export async function bootstrap(parts: ServerParts): Promise<void> {
  const resource = parts.registry.find('', 'v1', 'namespaces');
  if (resource === null) return;
  const path = {
    group: '',
    version: 'v1',
    namespace: '',
    plural: 'namespaces',
    name: '',
    subresource: '',
    rest: [],
    isWatchPath: false,
  };
  const accepted = { format: 'json', as: null, asVersion: '' } as const;
  const context = { request: ownRequest, accepted, user: anonymousUser, warnings: [] };
  for (const name of namespaces) {
    const object: ApiObject = { kind: 'Namespace', apiVersion: 'v1', metadata: { name } };
    const options = {
      isDryRun: false,
      fieldManager: 'kube-apiserver',
      fieldValidation: 'Ignore',
      isForced: false,
    } as const;
    try {
      await createObject({ parts, context, path, resource }, object, options);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
  }
}
