/** Who is a node's agent, and what the pods that are bound to a node refer to. */

import type { ApiObject } from '../api/objects.ts';
import type { UserInfo } from '../api/user.ts';

const userPrefix = 'system:node:';
const nodesGroup = 'system:nodes';
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** @returns null: not a node */
export function nodeNameOf({ username, groups }: UserInfo): string | null {
  return username.startsWith(userPrefix) && groups.includes(nodesGroup)
    ? username.slice(userPrefix.length)
    : null;
}

/** A pod that a node made for what it runs from a file. */
export function isMirrorPod({ metadata }: ApiObject): boolean {
  return Object.hasOwn(metadata.annotations ?? {}, mirrorAnnotation);
}

type Member = Readonly<Record<string, unknown>>;

/** Members `name` of what stands under a key anywhere in a value: `secretRef: { name }`. */
function collectReferences(value: unknown, keys: ReadonlySet<string>, found: Set<string>): void {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const item of value) collectReferences(item, keys, found);
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    const names = keys.has(key) ? nameIn(key, member) : '';
    if (names !== '') found.add(names);
    collectReferences(member, keys, found);
  }
}

/** The name that a reference gives, whichever of the three forms it has. */
function nameIn(key: string, member: unknown): string {
  if (typeof member === 'string') return key.endsWith('Name') ? member : '';
  if (member === null || typeof member !== 'object') return '';
  const { name, secretName, claimName } = member as Member;
  for (const given of [name, secretName, claimName]) if (typeof given === 'string') return given;
  return '';
}

const secretKeys: ReadonlySet<string> = new Set([
  'secret',
  'secretRef',
  'secretKeyRef',
  'nodePublishSecretRef',
  'secretName',
]);
const configMapKeys: ReadonlySet<string> = new Set(['configMap', 'configMapRef', 'configMapKeyRef']);
const claimKeys: ReadonlySet<string> = new Set(['persistentVolumeClaim']);
const resourceClaimKeys: ReadonlySet<string> = new Set(['resourceClaimName']);

/** The names of objects of a resource that a pod refers to. @param resource the plural */
export function namesIn(pod: ApiObject, resource: string): Set<string> {
  const found = new Set<string>();
  const spec = (pod.spec ?? {}) as Member;
  if (resource === 'secrets') {
    collectReferences(spec, secretKeys, found);
    for (const { name } of (spec['imagePullSecrets'] ?? []) as { name?: string }[]) found.add(name ?? '');
  }
  if (resource === 'configmaps') collectReferences(spec, configMapKeys, found);
  if (resource === 'persistentvolumeclaims') collectReferences(spec, claimKeys, found);
  if (resource === 'resourceclaims') collectReferences(spec, resourceClaimKeys, found);
  if (resource === 'serviceaccounts') found.add((spec['serviceAccountName'] as string | undefined) ?? '');
  found.delete('');
  return found;
}
