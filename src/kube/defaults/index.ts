/**
 * Defaults by definition (reference §4.3): a function fills in what an object of that definition leaves out, and calls the
 * functions of what it contains. It must give the same for the same object, and nothing the second time.
 *
 * Applied to every object that is decoded or patched, before admission.
 */

import type { ApiObject } from '../api/objects.ts';

export type Defaulter = (object: ApiObject) => void;

const defaulters: ReadonlyMap<string, Defaulter> = new Map<string, Defaulter>();

/** @param definition name in the schema, `apps.v1.Deployment`; one without defaults is left alone */
export function applyDefaults(definition: string, object: ApiObject): void {
  defaulters.get(definition)?.(object);
}
