/** The admission plugins that are in force, in the order in which they run. */

import type { Runtime } from '../../util/runtime.ts';
import type { Registry } from '../registry/registry.ts';
import type { Storages } from '../storage/resource-storage.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import type { AdmissionPlugin } from './types.ts';

/** What plugins read to decide. */
export interface AdmissionSources {
  readonly runtime: Runtime;
  readonly registry: Registry;
  readonly storages: Storages;
}

export function admissionPlugins({ registry, storages }: AdmissionSources): readonly AdmissionPlugin[] {
  const namespaces = registry.find('', 'v1', 'namespaces');
  if (namespaces === null) return [];
  return [namespaceLifecycle((name) => storages.of(namespaces).get('', name))];
}
