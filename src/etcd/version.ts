/**
 * The versions this server answers with. Clients parse them as semantic versions and switch features on them:
 * kube-apiserver asks for progress of watches from 3.5.13 on and for streamed ranges from 3.7 on.
 */

import type { DowngradeRecord } from '../member/types.ts';

/** The etcd whose behaviour is followed. */
export const etcdVersion = '3.7.1';
/** The smallest minor version of all members, unless the cluster is on its way back. */
export const newestClusterVersion = '3.7.0';

/**
 * The version of the cluster, `X.Y.0`: the one that a downgrade goes back to from the moment it is enabled until it is
 * canceled. The version of the state on disk follows it; every version up to now has the same.
 */
export function clusterVersionOf({ enabled, targetVersion }: DowngradeRecord): string {
  return enabled ? targetVersion : newestClusterVersion;
}

/** `X.Y` of `X.Y.Z`, as etcd writes the version of a cluster. */
export function majorMinor(version: string): string {
  return version.split('.', 2).join('.');
}
