/** What plugins that are about pods share. */

import { type ApiObject, isJsonObject, type Json, type JsonObject } from '../api/objects.ts';
import { membersInOrder } from '../schema/order.ts';
import { definitionOf } from '../schema/schema.ts';
import { ownSpec, type SpecHolder } from '../storage/template-specs.ts';
import { maybeObject, objectsOf } from '../validation/members.ts';
import type { AdmissionAttributes } from './types.ts';

/** The pod that is being created, or null. */
export function newPod({ operation, resource, subresource, object }: AdmissionAttributes): ApiObject | null {
  if (operation !== 'create' || resource.group !== '' || resource.plural !== 'pods') return null;
  return subresource === '' ? object : null;
}

/** The pod that is being created or updated, or null. */
export function writtenPod(attributes: AdmissionAttributes): ApiObject | null {
  const { operation, resource, subresource, object } = attributes;
  if (operation !== 'update') return newPod(attributes);
  return resource.group === '' && resource.plural === 'pods' && subresource === '' ? object : null;
}

/** The spec of a pod, made when it has none; to be read, as other pods may have it too. */
export function podSpec(pod: SpecHolder): JsonObject {
  pod.spec ??= {};
  return pod.spec;
}

/** The same, to be written into. */
export function writableSpec(pod: ApiObject): JsonObject {
  ownSpec(pod);
  return podSpec(pod);
}

function settleContainers(containers: Json | undefined): void {
  if (!Array.isArray(containers)) return;
  containers.forEach((container, at) => {
    if (!isJsonObject(container)) return;
    const resources = maybeObject(container, 'resources');
    if (resources !== null) {
      const ordered = membersInOrder(definitionOf('core.v1.ResourceRequirements'), resources);
      if (ordered !== resources) container['resources'] = ordered;
    }
    const ordered = membersInOrder(definitionOf('core.v1.Container'), container);
    if (ordered !== container) containers[at] = ordered;
  });
}

/** Puts what a plugin added to the spec, to its containers or to their resources where it belongs. */
export function settlePod(pod: SpecHolder): void {
  const spec = podSpec(pod);
  settleContainers(spec['initContainers']);
  settleContainers(spec['containers']);
  settleSpec(pod);
}

/** The same for what was added to the spec itself. */
export function settleSpec(pod: SpecHolder): void {
  pod.spec = membersInOrder(definitionOf('core.v1.PodSpec'), pod.spec ?? {});
}

/** Init containers and containers. */
export function allContainers(spec: JsonObject): readonly JsonObject[] {
  return [...objectsOf(spec, 'initContainers'), ...objectsOf(spec, 'containers')];
}

const templates: Readonly<Record<string, readonly string[]>> = {
  '/pods': [],
  '/podtemplates': ['template'],
  '/replicationcontrollers': ['spec', 'template'],
  'apps/deployments': ['spec', 'template'],
  'apps/replicasets': ['spec', 'template'],
  'apps/statefulsets': ['spec', 'template'],
  'apps/daemonsets': ['spec', 'template'],
  'batch/jobs': ['spec', 'template'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** The pod, or what becomes pods: an object with metadata and spec; null: the kind has none. */
export function podOf({ resource, object }: AdmissionAttributes): JsonObject | null {
  const path = templates[`${resource.group}/${resource.plural}`];
  if (path === undefined || object === null) return null;
  let at: JsonObject | null = object as unknown as JsonObject;
  for (const name of path) at = at === null ? null : maybeObject(at, name);
  return at;
}
