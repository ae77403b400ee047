/** `keelson restore`: a member's data directory from a snapshot of etcd or Keelson, or from a stopped etcd. */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { restoreMember } from '../embed/restore.ts';
import { nodeRuntime } from '../util/node-runtime.ts';
import { customFlag, flagHelp, integerFlag, parseFlags, switchFlag, textFlag, urlsFlag } from './flags.ts';
import { parseInitialCluster } from './server-options.ts';
import { complain, complainUsage, EXIT_FAILED, say } from './terminal.ts';

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
  bumpRevision: integerFlag({
    help: 'raise the revision by so much, and mark everything before as compacted',
    initial: 0,
    min: 0,
    placeholder: 'N',
  }),
};

const HELP = `Usage: keelson restore FILE [flags]

Makes the data directory of a member from FILE: a snapshot that was saved from etcd or Keelson, or the data directory
of an etcd that was stopped. Run it once per member of the new cluster, with the same file, then start them all with
keelson server and the same --initial-cluster.

`;

const barWidth = 28;

function drawProgress(part: number): void {
  if (process.stderr.isTTY !== true) return;
  const filled = Math.round(part * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  process.stderr.write(`\r\x1b[K${bar} ${Math.round(part * 100)} %`);
}

/** The database in what was given, and whether it ends with a checksum. */
function sourceOf(path: string): { readonly file: string; readonly isBare: boolean } {
  if (!existsSync(path) || !statSync(path).isDirectory()) return { file: path, isBare: false };
  return { file: join(path, 'member', 'snap', 'db'), isBare: true };
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
  const { file, isBare } = sourceOf(path);
  try {
    const restored = await restoreMember(
      {
        file,
        dataDir: values.dataDir === '' ? `${name}.etcd` : values.dataDir,
        name,
        initialCluster: Object.entries(cluster).map(([member, peerUrls]) => ({ name: member, peerUrls })),
        clusterToken: values.initialClusterToken,
        skipHashCheck: values.skipHashCheck || isBare,
        bumpRevision: values.bumpRevision,
        progress: drawProgress,
      },
      nodeRuntime(),
    );
    if (process.stderr.isTTY === true) process.stderr.write('\r\x1b[K');
    const { revision, records, memberId, clusterId } = restored;
    say(`restored revision ${revision} (${records} records) as member ${memberId} of cluster ${clusterId}`);
    return 0;
  } catch (error) {
    complain(`keelson restore: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILED;
  }
}
