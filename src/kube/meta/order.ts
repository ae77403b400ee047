/** Members of metadata in the order of declaration, which is the order in which answers show them. */

import type { ObjectMeta } from '../api/objects.ts';

const members: readonly (keyof ObjectMeta)[] = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
];

/** A copy in order; what is undefined, null or an empty collection is left out. */
export function orderedMeta(meta: ObjectMeta): ObjectMeta {
  const ordered: Record<string, unknown> = {};
  for (const member of members) {
    const value = meta[member];
    if (value === undefined || value === null) continue;
    if (Array.isArray(value) ? value.length === 0 : isEmptyMap(value)) continue;
    ordered[member] = value;
  }
  return ordered as ObjectMeta;
}

function isEmptyMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
