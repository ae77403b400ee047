/**
 * Every namespace has the certificate of the server's authority as a ConfigMap, before anybody can ask for it: pods mount it.
 */

import type { Clock, Random } from '../../util/runtime.ts';
import type { ApiObject } from '../api/objects.ts';
import { isFresh, leaseNamespace, managerLease } from '../controllers/manager-lease.ts';
import { nowText, randomUid } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import type { Storages } from '../storage/resource-storage.ts';
import type { AdmissionPlugin } from './types.ts';

const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export interface AuthoritySources {
  readonly storages: Storages;
  readonly configMaps: ResourceType;
  readonly clock: Clock;
  readonly random: Random;
  /** Where a controller manager says that it leads; null: nobody can say so. */
  readonly leases: ResourceType | null;
  /** PEM. */
  readonly certificate: string;
}

export function rootAuthority(sources: AuthoritySources): AdmissionPlugin {
  const { storages, configMaps, leases, clock, random, certificate } = sources;
  /** A real controller manager publishes what it was given, and takes it for an error that somebody was faster. */
  async function isManaged(): Promise<boolean> {
    if (leases === null) return false;
    const lease = await storages.of(leases).get(leaseNamespace, managerLease);
    return lease !== null && isFresh(lease, clock.wallNow());
  }
  async function publish(namespace: string): Promise<void> {
    if (await isManaged()) return;
    const object = {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {
        name: 'kube-root-ca.crt',
        namespace,
        uid: randomUid(random),
        creationTimestamp: nowText(clock),
        annotations: { 'kubernetes.io/description': description },
      },
      data: { 'ca.crt': certificate },
    };
    await storages.of(configMaps).create(object as unknown as ApiObject, 0);
  }
  return {
    name: 'RootAuthority',
    reserve({ operation, resource, subresource, object }) {
      const isNew = operation === 'create' && resource.group === '' && resource.plural === 'namespaces';
      if (!isNew || subresource !== '' || object === null) return null;
      const { name = '' } = object.metadata;
      return { commit: () => publish(name).catch(() => {}), release: () => {} };
    },
  };
}
