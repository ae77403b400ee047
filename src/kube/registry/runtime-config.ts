/**
 * Which of the built-in groups and versions are served, as kube-apiserver's `--runtime-config` says it: `apps/v1`, `v1` for the
 * core, a resource as `apps/v1/deployments`, or `api/all`, `api/ga`, `api/beta` and `api/alpha`. What names more wins.
 */

import { groupVersionText } from '../api/objects.ts';
import type { ResourceType } from './types.ts';

function maturity(version: string): 'api/ga' | 'api/beta' | 'api/alpha' {
  if (version.includes('alpha')) return 'api/alpha';
  return version.includes('beta') ? 'api/beta' : 'api/ga';
}

/** @param config name to whether it is served; what it does not name is served */
export function servedResources(
  resources: readonly ResourceType[],
  config: Readonly<Record<string, boolean>>,
): readonly ResourceType[] {
  if (Object.keys(config).length === 0) return resources;
  return resources.filter(({ group, version, plural }) => {
    const groupVersion = groupVersionText(group, version);
    const names = [`${groupVersion}/${plural}`, groupVersion, maturity(version), 'api/all'];
    return names.map((name) => config[name]).find((isServed) => isServed !== undefined) ?? true;
  });
}
