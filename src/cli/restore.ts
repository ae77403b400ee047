/** `keelson restore`: a member's data directory from a snapshot of etcd or Keelson, or from a stopped etcd. */

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Restored, type RestoreOptions, restoreMember } from '../embed/restore.ts';
import { restoreEtcd } from '../embed/restore-etcd.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import { customFlag, flagHelp, integerFlag, parseFlags, switchFlag, textFlag, urlsFlag } from './flags.ts';
import { parseInitialCluster } from './server-options.ts';
import { complain, complainUsage, EXIT_FAILED, failureText, say } from './terminal.ts';

const flags = {
  name: textFlag({ help: 'name of the member', initial: 'default', placeholder: 'NAME' }),
  dataDir: textFlag({
    help: 'directory to make; it must not hold data',
    initial: '',
    shownDefault: 'NAME.etcd',
    placeholder: 'DIR',
  }),
  initialCluster: customFlag<Record<string, string[]>>(
    {
      help: 'members of the new cluster, the same for each of them',
      initial: {},
      shownDefault: 'this one alone',
      placeholder: 'NAME=URL,…',
    },
    parseInitialCluster,
  ),
  initialClusterToken: textFlag({
    help: 'token of the new cluster',
    initial: 'etcd-cluster',
    placeholder: 'TEXT',
  }),
  initialAdvertisePeerUrls: urlsFlag({
    help: 'where the others reach this member',
    initial: ['http://localhost:2380'],
    placeholder: 'URL,…',
  }),
  skipHashCheck: switchFlag('the file has no checksum at its end'),
  etcdWalDir: textFlag({
    help: 'where the log of the stopped etcd is, if not in its data directory',
    initial: '',
    placeholder: 'DIR',
  }),
  bumpRevision: integerFlag({
    help: 'raise the revision by so much, and mark everything before as compacted',
    initial: 0,
    min: 0,
    placeholder: 'N',
  }),
};

type Values = ReturnType<typeof parseFlags<typeof flags>>['values'];

const HELP = `Usage: keelson restore FILE [flags]

Makes the data directory of a member from FILE: a snapshot that was saved from etcd or Keelson, or the data directory
of an etcd that was stopped or killed, with what only its log has. Run it once per member of the new cluster, with
the same file, then start them all with keelson server and the same --initial-cluster.

`;

const barWidth = 28;

function drawProgress(part: number): void {
  if (process.stderr.isTTY !== true) return;
  const filled = Math.round(part * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  process.stderr.write(`\r\x1b[K${bar} ${Math.round(part * 100)} %`);
}

function clearProgress(): void {
  if (process.stderr.isTTY === true) process.stderr.write('\r\x1b[K');
}

/** The process that has a file open for itself alone, as etcd has its database while it runs; null for none or where nobody tells. */
function holderOf(path: string): string | null {
  try {
    const { ino } = statSync(path);
    const held = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .find((words) => words[1] === 'FLOCK' && words[3] === 'WRITE' && words[5]?.endsWith(`:${ino}`));
    return held?.[4] ?? null;
  } catch {
    return null;
  }
}

interface Target extends Omit<RestoreOptions, 'file' | 'skipHashCheck' | 'entries'> {
  readonly dataDir: string;
}

/** From a snapshot, or from the data directory of an etcd. @returns what to tell */
async function restoreFrom(path: string, target: Target, values: Values): Promise<string> {
  const runtime = nodeRuntime();
  const isDirectory = existsSync(path) && statSync(path).isDirectory();
  if (!isDirectory) {
    if (values.etcdWalDir !== '')
      throw new Error('--etcd-wal-dir is for a data directory, not for a snapshot');
    return summary(
      await restoreMember({ ...target, file: path, skipHashCheck: values.skipHashCheck }, runtime),
    );
  }
  const holder = holderOf(join(path, 'member', 'snap', 'db'));
  if (holder !== null) {
    throw new Error(
      `process ${holder} is running on ${path}: stop it, or restore from a snapshot that is saved of it`,
    );
  }
  const scratchDir = `${target.dataDir}.restoring`;
  rmSync(scratchDir, { recursive: true, force: true });
  try {
    const walDir = values.etcdWalDir === '' ? {} : { fromWalDir: values.etcdWalDir };
    const restored = await restoreEtcd({ ...target, ...walDir, from: path, scratchDir }, runtime);
    const { requests } = restored;
    return `${summary(restored)}${requests === 0 ? '' : `; ${requests} requests were in its log alone`}`;
  } finally {
    rmSync(scratchDir, { recursive: true, force: true });
  }
}

function summary({ revision, records, memberId, clusterId }: Restored): string {
  return `restored revision ${revision} (${records} records) as member ${memberId} of cluster ${clusterId}`;
}

/** @returns the exit code. */
export async function runRestore(argv: readonly string[]): Promise<number> {
  const { values, positionals, problems, help } = parseFlags(flags, argv, { positionalsMax: 1 });
  if (help) {
    say(HELP + flagHelp(flags));
    return 0;
  }
  if (problems.length > 0) return complainUsage('restore', problems);
  const [path] = positionals;
  if (path === undefined) return complainUsage('restore', ['name one file to restore from']);
  const { name, initialAdvertisePeerUrls } = values;
  const told = values.initialCluster;
  const cluster = Object.keys(told).length === 0 ? { [name]: initialAdvertisePeerUrls } : told;
  const target = {
    dataDir: values.dataDir === '' ? `${name}.etcd` : values.dataDir,
    name,
    initialCluster: Object.entries(cluster).map(([member, peerUrls]) => ({ name: member, peerUrls })),
    clusterToken: values.initialClusterToken,
    bumpRevision: values.bumpRevision,
    progress: drawProgress,
  };
  try {
    const told = await restoreFrom(path, target, values);
    clearProgress();
    say(told);
    return 0;
  } catch (error) {
    clearProgress();
    complain(`keelson restore: ${failureText(error)}`);
    return EXIT_FAILED;
  }
}
