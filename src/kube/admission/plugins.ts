/**
 * The admission plugins that are in force, in the order in which they run. What takes something for an object
 * comes last: addresses and ports, then shares of quotas.
 */

import type { Runtime } from '../../util/runtime.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';
import type { Storages } from '../storage/resource-storage.ts';
import { claimResize, defaultIngressClass, defaultStorageClass } from './default-class.ts';
import { limitRanger } from './limit-ranger.ts';
import { Lookup } from './lookup.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { podSecurity } from './pod-security.ts';
import { priorities } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { rootAuthority } from './root-authority.ts';
import { runtimeClasses } from './runtime-class.ts';
import { serviceAccounts } from './service-account.ts';
import { serviceAllocation } from './service-allocation.ts';
import {
  defaultNodePorts,
  defaultServiceRange,
  type ServiceNumbers,
  serviceNumbers,
} from './service-numbers.ts';
import { defaultTolerations, protectStorage, taintNewNodes } from './small-plugins.ts';
import type { AdmissionPlugin } from './types.ts';

/** What plugins read to decide. */
export interface AdmissionSources {
  readonly runtime: Runtime;
  readonly registry: Registry;
  readonly storages: Storages;
  /** Addresses of services. @default '10.96.0.0/16' */
  readonly serviceRange?: string;
  /** First and last. @default 30000 to 32767 */
  readonly nodePorts?: readonly [number, number];
  /** The certificate of the server's authority, PEM, which every namespace gets. @default none */
  readonly authority?: string;
  /** Names of plugins that are turned off, `ServiceAccount`. @default none */
  readonly disabled?: ReadonlySet<string>;
  /** Names of plugins that are in force only where they are asked for, `NodeRestriction`. @default none */
  readonly enabled?: ReadonlySet<string>;
}

/** The ranges of services, or null when services are not served. */
function numbersOfServices(sources: AdmissionSources): ServiceNumbers | null {
  const { runtime, registry, storages } = sources;
  const services = registry.find('', 'v1', 'services');
  if (services === null) return null;
  const { clock, random } = runtime;
  const range = sources.serviceRange ?? defaultServiceRange;
  const nodePorts = sources.nodePorts ?? defaultNodePorts;
  return serviceNumbers({ storages, services, clock, random, range, nodePorts });
}

export function admissionPlugins(sources: AdmissionSources): readonly AdmissionPlugin[] {
  const { runtime, registry, storages } = sources;
  const { clock, random } = runtime;
  const lookup = new Lookup(registry, storages);
  /** The plugin about a resource; none when that is not served. */
  const about = (
    [group, version, plural]: readonly [string, string, string],
    make: (resource: ResourceType) => AdmissionPlugin,
  ): AdmissionPlugin[] => {
    const resource = registry.find(group, version, plural);
    return resource === null ? [] : [make(resource)];
  };
  const numbers = numbersOfServices(sources);
  const plugins: readonly AdmissionPlugin[] = [
    ...about(['', 'v1', 'namespaces'], (resource) => namespaceLifecycle(lookup, resource, clock)),
    ...about(['', 'v1', 'limitranges'], (resource) => limitRanger(lookup, resource)),
    ...about(['', 'v1', 'serviceaccounts'], (accounts) =>
      serviceAccounts({ lookup, accounts, clock, random }),
    ),
    ...(sources.enabled?.has('NodeRestriction') === true ? [nodeRestriction(lookup)] : []),
    taintNewNodes,
    ...about(['', 'v1', 'namespaces'], (resource) => podSecurity(lookup, resource)),
    ...about(['scheduling.k8s.io', 'v1', 'priorityclasses'], (resource) => priorities(lookup, resource)),
    defaultTolerations,
    ...about(['storage.k8s.io', 'v1', 'storageclasses'], (resource) => defaultStorageClass(lookup, resource)),
    protectStorage,
    ...about(['storage.k8s.io', 'v1', 'storageclasses'], (resource) => claimResize(lookup, resource)),
    ...about(['node.k8s.io', 'v1', 'runtimeclasses'], (resource) => runtimeClasses(lookup, resource)),
    ...about(['networking.k8s.io', 'v1', 'ingressclasses'], (resource) =>
      defaultIngressClass(lookup, resource),
    ),
    ...about(['', 'v1', 'configmaps'], (configMaps) =>
      rootAuthority({
        storages,
        configMaps,
        leases: registry.find('coordination.k8s.io', 'v1', 'leases'),
        clock,
        random,
        certificate: sources.authority ?? '',
      }),
    ).filter(() => (sources.authority ?? '') !== ''),
    ...(numbers === null ? [] : [serviceAllocation(numbers)]),
    ...about(['', 'v1', 'resourcequotas'], (resource) => resourceQuota(lookup, resource)),
  ];
  const { disabled } = sources;
  return disabled === undefined ? plugins : plugins.filter(({ name }) => !disabled.has(name));
}
