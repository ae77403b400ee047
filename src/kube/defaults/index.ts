/**
 * Defaults by definition: a function fills in what an object of that definition leaves out, and calls the
 * functions of what it contains. It must give the same for the same object, and nothing the second time.
 *
 * Applied to every object that is decoded or patched, before admission.
 */

import type { ApiObject } from '../api/objects.ts';
import type { ResourceType } from '../registry/types.ts';
import { clusterDefaults } from './cluster.ts';
import { workloadDefaults } from './pod-workloads.ts';

/** By name in the schema, `apps.v1.Deployment`. */
export type Defaulter = (object: ApiObject) => void;

const defaulters: ReadonlyMap<string, Defaulter> = new Map<string, Defaulter>([
  ...clusterDefaults,
  ...workloadDefaults,
]);

/** Fills in what an object of that resource leaves out. */
export function applyDefaults(resource: ResourceType, object: ApiObject): void {
  if (resource.custom !== null) resource.custom.applyDefaults(object);
  else defaulters.get(resource.definition)?.(object);
}
