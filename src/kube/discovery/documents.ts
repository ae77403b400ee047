/** The documents of discovery, made of the registry. */

import { createHash } from 'node:crypto';
import { groupVersionText } from '../api/objects.ts';
import type { Group, GroupVersion, Registry } from '../registry/registry.ts';
import type { ResourceType, Subresource } from '../registry/types.ts';

export function legacyVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

function legacyGroupMembers(group: Group): object {
  const versions = group.versions.map(({ version }) => ({
    groupVersion: groupVersionText(group.name, version),
    version,
  }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}

export function legacyGroupList(registry: Registry): object {
  const groups = registry.groups().filter(({ name }) => name !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(legacyGroupMembers) };
}

export function legacyGroup(group: Group): object {
  return { kind: 'APIGroup', apiVersion: 'v1', ...legacyGroupMembers(group) };
}

/** Stable across restarts and servers: a hash of what the resource is stored as. Events are those of the core group. */
function storageVersionHash({ group: served, storageVersion, kind }: ResourceType): string {
  const group = served === 'events.k8s.io' ? '' : served;
  return createHash('sha256')
    .update(`${group}/${storageVersion}/${kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64');
}

function legacyResource(resource: ResourceType): object {
  const { plural, singular, isNamespaced, kind, verbs, shortNames, categories } = resource;
  const isStored = verbs.includes('get') || verbs.includes('list');
  return {
    name: plural,
    singularName: singular,
    namespaced: isNamespaced,
    kind,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(isStored ? { storageVersionHash: storageVersionHash(resource) } : {}),
  };
}

function legacySubresource(
  resource: ResourceType,
  { name, group, version, kind, verbs }: Subresource,
): object {
  return {
    name: `${resource.plural}/${name}`,
    singularName: '',
    namespaced: resource.isNamespaced,
    ...(group === '' ? {} : { group }),
    ...(version === '' ? {} : { version }),
    kind,
    verbs,
  };
}

export function legacyResourceList({ group, version, resources }: GroupVersion): object {
  const list = resources.flatMap((resource) => [
    legacyResource(resource),
    ...resource.subresources.map((subresource) => legacySubresource(resource, subresource)),
  ]);
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: groupVersionText(group, version),
    resources: list,
  };
}

function aggregatedResource(resource: ResourceType): object {
  const { plural, kind, isNamespaced, singular, verbs, shortNames, categories, subresources } = resource;
  return {
    resource: plural,
    responseKind: { group: '', version: '', kind },
    scope: isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...(categories.length > 0 ? { categories } : {}),
    ...(subresources.length > 0
      ? {
          subresources: subresources.map(({ name, group, version, kind: subKind, verbs: subVerbs }) => ({
            subresource: name,
            responseKind: { group, version, kind: subKind },
            verbs: subVerbs,
          })),
        }
      : {}),
  };
}

/** @param isCore the document of /api, else that of /apis */
export function aggregated(registry: Registry, isCore: boolean): object {
  const groups = registry.groups().filter(({ name }) => (name === '') === isCore);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map(({ version, resources }) => ({
        version,
        resources: resources.map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}
