/**
 * Makes the data directory of a member from that of an etcd that was stopped, or was killed: from its database, and from what
 * its log has beyond it.
 *
 * The database alone is enough after a clean stop. Otherwise the requests behind it are applied by a member of Keelson's own,
 * beside, and what that one then holds is what the new member begins with: every member that is made from the same
 * directory begins with the same.
 */

import { hashAtOnce } from '../auth/passwords.ts';
import { BoltReader } from '../bolt/bolt-reader.ts';
import { Failure } from '../util/failure.ts';
import { nodeDisk } from '../util/node-disk.ts';
import type { Random, Runtime } from '../util/runtime.ts';
import { decodeCold } from '../wire/cold-codec.ts';
import { holdsEtcdLog, readEtcdLog } from './etcd-log.ts';
import { type EtcdAlarm, translateEntries } from './etcd-requests.ts';
import { type Restored, type RestoreOptions, restoreMember } from './restore.ts';
import { writeWholeState } from './whole-state.ts';

export interface RestoreEtcdOptions extends Omit<RestoreOptions, 'file' | 'skipHashCheck' | 'entries'> {
  /** The data directory of the etcd. */
  readonly from: string;
  /** Where its log is. @default in its data directory */
  readonly fromWalDir?: string;
  /** A directory that is not there yet, for what is needed on the way; the caller removes it, whatever happens. */
  readonly scratchDir: string;
}

export interface RestoredEtcd extends Restored {
  /** Requests that were in the log alone. */
  readonly requests: number;
}

/** @throws Failure 'badConfig' when there is no etcd's data; 'walDamaged'; and as `restoreMember` */
export async function restoreEtcd(options: RestoreEtcdOptions, runtime: Runtime): Promise<RestoredEtcd> {
  const { from, fromWalDir, scratchDir, ...rest } = options;
  const file = `${from}/member/snap/db`;
  const entries = requestsBehind(file, fromWalDir ?? `${from}/member/wal`, runtime.random);
  if (entries.length === 0) {
    const restored = await restoreMember({ ...rest, file, skipHashCheck: true }, runtime);
    return { ...restored, requests: 0 };
  }
  const only = { name: 'restored', peerUrls: ['http://localhost:2380'] };
  const dataDir = `${scratchDir}/member`;
  const clusterToken = 'restored';
  const third = (step: number) => (part: number) => rest.progress((step + part) / 3);
  await restoreMember(
    {
      file,
      dataDir,
      name: only.name,
      initialCluster: [only],
      clusterToken,
      skipHashCheck: true,
      bumpRevision: 0,
      entries,
      progress: third(0),
    },
    runtime,
  );
  const whole = `${scratchDir}/state.db`;
  await writeWholeState({ ...only, dataDir, clusterToken, file: whole, progress: third(1) });
  const last = { ...rest, file: whole, skipHashCheck: true, progress: third(2) };
  return { ...(await restoreMember(last, runtime)), requests: entries.length };
}

/** What the log of an etcd has beyond its database, as entries of Keelson's. */
function requestsBehind(path: string, walDir: string, random: Random): readonly Uint8Array[] {
  const disk = nodeDisk();
  if (!disk.exists(path)) throw new Failure('badConfig', `there is no database of an etcd: no file ${path}`);
  if (!holdsEtcdLog(disk, walDir)) {
    throw new Failure(
      'badConfig',
      `the log of the etcd is not in ${walDir}, and what is in it alone would be lost: name its place with --etcd-wal-dir, ` +
        `or do without it by restoring ${path} with --skip-hash-check`,
    );
  }
  const file = disk.open(path);
  try {
    const reader = new BoltReader((offset, length) => file.readSync(offset, length));
    const hash = (password: string): string => hashAtOnce(password, random);
    return translateEntries(readEtcdLog(disk, walDir, appliedIndex(reader)), alarmsIn(reader), hash);
  } finally {
    file.closeSync();
  }
}

/** The last entry that is in the database; 0 for one that nothing was written to yet. */
function appliedIndex(reader: BoltReader): number {
  for (const { key, value } of reader.entries('meta'))
    if (key.toString() === 'consistent_index') return Number(value.readBigUInt64BE(0));
  return 0;
}

function alarmsIn(reader: BoltReader): EtcdAlarm[] {
  return [...reader.entries('alarm')].map(({ key }) => {
    const { memberID, alarm } = decodeCold<{ memberID: bigint; alarm: number }>(
      'etcdserverpb.AlarmMember',
      Buffer.from(key),
    );
    return { alarm, memberId: memberID };
  });
}
