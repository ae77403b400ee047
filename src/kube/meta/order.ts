/** Members of metadata in the order of declaration, which is the order in which answers show them. */

import type { ObjectMeta } from '../api/objects.ts';

/**
 * A copy in order; what is undefined, null or an empty collection is left out. Each member is named: one that is looked up by a name
 * in a list costs several times as much, and this is done four times for each write.
 */
export function orderedMeta(meta: ObjectMeta): ObjectMeta {
  const ordered: { -readonly [Name in keyof ObjectMeta]?: ObjectMeta[Name] } = {};
  if (isThere(meta.name)) ordered.name = meta.name;
  if (isThere(meta.generateName)) ordered.generateName = meta.generateName;
  if (isThere(meta.namespace)) ordered.namespace = meta.namespace;
  if (isThere(meta.uid)) ordered.uid = meta.uid;
  if (isThere(meta.resourceVersion)) ordered.resourceVersion = meta.resourceVersion;
  if (isThere(meta.generation)) ordered.generation = meta.generation;
  if (isThere(meta.creationTimestamp)) ordered.creationTimestamp = meta.creationTimestamp;
  if (isThere(meta.deletionTimestamp)) ordered.deletionTimestamp = meta.deletionTimestamp;
  if (isThere(meta.deletionGracePeriodSeconds)) {
    ordered.deletionGracePeriodSeconds = meta.deletionGracePeriodSeconds;
  }
  if (isThere(meta.labels)) ordered.labels = meta.labels;
  if (isThere(meta.annotations)) ordered.annotations = meta.annotations;
  if (isThere(meta.ownerReferences)) ordered.ownerReferences = meta.ownerReferences;
  if (isThere(meta.finalizers)) ordered.finalizers = meta.finalizers;
  if (isThere(meta.managedFields)) ordered.managedFields = meta.managedFields;
  return ordered as ObjectMeta;
}

function isThere<T>(value: T | null | undefined): value is T {
  if (typeof value !== 'object') return value !== undefined;
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  for (const _name in value) return true;
  return false;
}
