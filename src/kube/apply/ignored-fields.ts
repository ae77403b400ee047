/**
 * Fields that nobody owns: what the server settles itself, and what the endpoint of a write does not write.
 * (A real server has lists of the second kind as "reset fields".)
 */

import { isJsonObject, type JsonObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { deepDifference, emptySet, type FieldSet, isEmptySet, leaf } from './field-set.ts';

const untrackedMeta: ReadonlySet<string> = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

/** Nobody owns that member of metadata. */
export function isUntrackedMeta(name: string): boolean {
  return untrackedMeta.has(name);
}

/**
 * A copy without what is never tracked, for comparing and for making sets of.
 * @param forComparing metadata is there even if nothing of it is tracked: it has neither come nor gone as a whole
 */
export function trackedPart(object: JsonObject, forComparing: boolean = false): JsonObject {
  const { apiVersion: _version, kind: _kind, metadata, ...tracked } = object;
  if (!isJsonObject(metadata) && !forComparing) return tracked;
  const meta: JsonObject = {};
  let isEmpty = true;
  for (const name of Object.keys(metadata ?? {})) {
    if (untrackedMeta.has(name)) continue;
    meta[name] = (metadata as JsonObject)[name]!;
    isEmpty = false;
  }
  if (!isEmpty || forComparing) tracked['metadata'] = meta;
  return tracked;
}

const statusOnly: FieldSet = { 'f:status': leaf };

function ignoredByStatus(resource: ResourceType): FieldSet {
  const ignored: FieldSet = { 'f:spec': leaf };
  if (resource.group === '' && resource.kind === 'Pod') {
    ignored['f:metadata'] = { 'f:deletionTimestamp': leaf, 'f:ownerReferences': leaf };
  } else if (!resource.statusKeepsMetadata) ignored['f:metadata'] = { 'f:labels': leaf };
  return ignored;
}

/** What is left of a set when the endpoint's fields that are not its own are taken out. */
export type FieldFilter = (set: FieldSet) => FieldSet;

/** @param subresource empty: the resource itself */
export function fieldFilter(resource: ResourceType, subresource: string): FieldFilter {
  if (subresource === 'status' && resource.custom !== null) {
    return (set) => (set['f:status'] === undefined ? emptySet : { 'f:status': set['f:status'] });
  }
  const hasStatus = resource.subresources.some(({ name }) => name === 'status');
  if (!hasStatus) return (set) => set;
  const ignored = subresource === 'status' ? ignoredByStatus(resource) : statusOnly;
  return (set) => (isEmptySet(set) ? set : deepDifference(set, ignored));
}
