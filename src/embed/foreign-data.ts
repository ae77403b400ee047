/**
 * Looks whose a data directory is. One of etcd's in use here would stand beside an empty cluster: with the flags of before, a
 * member would start and know nothing of the keys, as if they were lost. So it is refused, with what to do.
 */

import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';

/** @throws Failure 'dataDirForeign' when the directory holds an etcd's database and nothing of Keelson's. */
export function refuseEtcdData(dataDir: string, disk: Pick<Disk, 'exists'>): void {
  if (!disk.exists(`${dataDir}/member/snap/db`) || disk.exists(`${dataDir}/state`)) return;
  throw new Failure(
    'dataDirForeign',
    `${dataDir} is the data directory of an etcd, which is not used in place: stop etcd and run ` +
      `"keelson restore ${dataDir} --data-dir OTHER", which keeps keys, history, leases, users and revisions; ` +
      'then start with --data-dir OTHER',
  );
}
