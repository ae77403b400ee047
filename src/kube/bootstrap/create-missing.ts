/**
 * Objects that the server writes for itself, past admission and validation: they are right by construction, and many. Each kind is
 * listed once, and only what is missing is written, all at a time.
 */

import { type ApiObject, groupVersionText } from '../api/objects.ts';
import { applyDefaults } from '../defaults/index.ts';
import { orderedMeta } from '../meta/order.ts';
import { nowText, randomUid } from '../meta/time.ts';
import type { ResourceType } from '../registry/types.ts';
import type { ServerParts } from '../rest/parts.ts';

/** The object with what the server gives every new one. */
export function completed(parts: ServerParts, resource: ResourceType, object: ApiObject): ApiObject {
  const { clock, random } = parts.runtime;
  object.metadata.uid = randomUid(random);
  object.metadata.creationTimestamp = nowText(clock);
  if (resource.generation !== 'none') object.metadata.generation = 1;
  object.metadata = orderedMeta(object.metadata);
  applyDefaults(resource, object);
  return object;
}

async function createKind(
  parts: ServerParts,
  resource: ResourceType,
  objects: readonly ApiObject[],
): Promise<void> {
  const storage = parts.storages.of(resource);
  const { entries } = await storage.list('', '', 0, 0);
  const known = new Set(entries.map(({ key }) => key));
  const missing = objects.filter(
    ({ metadata }) => !known.has(storage.keyOf(metadata.namespace ?? '', metadata.name ?? '')),
  );
  await Promise.all(missing.map((object) => storage.create(completed(parts, resource, object), 0)));
}

/** Writes those that are not there; kinds that are not served are left out. Each must have kind, apiVersion and name. */
export async function createMissing(parts: ServerParts, objects: readonly ApiObject[]): Promise<void> {
  const byKind = new Map<ResourceType, ApiObject[]>();
  for (const resource of parts.registry.resources()) {
    const version = groupVersionText(resource.group, resource.version);
    const found = objects.filter(({ kind, apiVersion }) => kind === resource.kind && apiVersion === version);
    if (found.length > 0) byKind.set(resource, found);
  }
  await Promise.all([...byKind].map(([resource, found]) => createKind(parts, resource, found)));
}
