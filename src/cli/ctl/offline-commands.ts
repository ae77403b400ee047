/**
 * What is done to files, without a cluster: the commands of etcdutl, of which etcdctl had some until 3.5. Data directories
 * are Keelson's; snapshots and databases are etcd's.
 */

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Restored } from '../../embed/restore.ts';
import type { KeyValueHash } from '../../mvcc/hash.ts';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { exitBadArgs, type FlagSpecs, flag, integer, text, UsageError } from './arguments.ts';
import { checkPeerUrls } from './go-errors.ts';
import { framedTable, goObject, humanBytes } from './go-text.ts';
import { field } from './print-kv.ts';
import { Progress } from './progress.ts';
import type { CtlCommand, CtlCommands, Io, Session } from './session.ts';
import { readSnapshotStatus } from './snapshot-file.ts';

/** A file with a checksum behind its pages is so many bytes longer than whole sectors. */
const checksumBytes = 32;
const sectorBytes = 512;

function refuse(what: string): UsageError {
  return new UsageError(what, exitBadArgs);
}

/** @throws UsageError */
function onlyFile(session: Session, command: string): string {
  const [path, ...more] = session.words;
  if (path === undefined || more.length > 0) throw refuse(`${command} requires exactly one argument`);
  return path;
}

/** @throws UsageError, with etcd's words */
function checkFile(path: string): void {
  if (!existsSync(path)) throw new UsageError(`stat ${path}: no such file or directory`, 1);
  if (statSync(path).isDirectory()) throw new UsageError(`read ${path}: is a directory`, 1);
}

/** @param isUtl etcdutl counts live keys and tells the version; etcdctl, which had the command until 3.5, neither */
function snapshotStatus(isUtl: boolean): CtlCommand {
  return {
    usage: 'snapshot status <filename>',
    summary: 'Gets backend snapshot status of a given file',
    isOffline: true,
    run: async (session) => {
      const path = onlyFile(session, 'snapshot status');
      checkFile(path);
      const { hash, revision, entries, liveKeys, sizeBytes, version } = readSnapshotStatus(path);
      const keys = isUtl ? liveKeys : entries;
      const own = isUtl ? [version] : [];
      const row = [hash.toString(16), String(revision), String(keys), humanBytes(sizeBytes), ...own];
      const head = ['hash', 'revision', 'total keys', 'total size', ...(isUtl ? ['version'] : [])];
      session.show({
        simple: () => row.join(', '),
        json: () =>
          goObject([
            ['hash', String(hash)],
            ['revision', String(revision)],
            ['totalKey', String(keys)],
            ['totalSize', String(sizeBytes)],
            ...(isUtl ? [['version', JSON.stringify(version)] as const] : []),
          ]),
        fields: () =>
          [
            field('Hash', hash),
            field('Revision', revision),
            field('Keys', keys),
            field('Size', sizeBytes),
            ...(isUtl ? [field('Version', version)] : []),
          ].join('\n'),
        table: () => framedTable(head, [row]),
      });
      return undefined;
    },
  };
}

const restoreFlags: FlagSpecs = {
  'data-dir': text('Path to the output data directory'),
  'wal-dir': text('Path to the WAL directory (use --data-dir if none given)'),
  name: text('Human-readable name for this member', 'default'),
  'initial-cluster': text(
    'Initial cluster configuration for restore bootstrap',
    'default=http://localhost:2380',
  ),
  'initial-cluster-token': text('token of the new cluster', 'etcd-cluster'),
  'initial-advertise-peer-urls': text("this member's peer URLs", 'http://localhost:2380'),
  'skip-hash-check': flag('the file has no checksum at its end: it was copied from a data directory'),
  'bump-revision': integer('How much to increase the latest revision after restore'),
  'mark-compacted': flag('Mark the latest revision as compacted: goes with --bump-revision'),
  'initial-memory-map-size': integer('taken and of no use: nothing is mapped'),
};

const snapshotRestore = (needsDataDir: boolean): CtlCommand => ({
  usage: 'snapshot restore <filename> --data-dir {output dir} [options]',
  summary: 'Restores an etcd member snapshot to a data directory of Keelson',
  isOffline: true,
  flags: restoreFlags,
  run: async (session) => {
    if (needsDataDir && !session.isGiven('data-dir')) {
      throw new UsageError('required flag(s) "data-dir" not set', 1);
    }
    const file = onlyFile(session, 'snapshot restore');
    const bumpRevision = session.number('bump-revision');
    if (bumpRevision > 0 !== session.isSet('mark-compacted'))
      throw refuse('--mark-compacted required if --revision-bump > 0');
    const { restoreMember } = await import('../../embed/restore.ts');
    const name = session.text('name');
    const told = clusterOf(session, name);
    const walDir = session.text('wal-dir');
    const dataDir = session.text('data-dir') === '' ? `${name}.etcd` : session.text('data-dir');
    if (existsSync(dataDir) && !isEmptyDirectory(dataDir)) {
      throw new UsageError(`data-dir ${JSON.stringify(dataDir)} not empty or could not be read`, 1);
    }
    if (!existsSync(file)) throw new UsageError(`open ${file}: no such file or directory`, 1);
    const progress = new Progress(session.io);
    let restored: Restored;
    try {
      restored = await restoreMember(
        {
          file,
          dataDir,
          ...(walDir === '' ? {} : { walDir }),
          name,
          initialCluster: Object.entries(told).map(([member, peerUrls]) => ({ name: member, peerUrls })),
          clusterToken: session.text('initial-cluster-token'),
          skipHashCheck: session.isSet('skip-hash-check'),
          bumpRevision,
          progress: (part) => progress.show(part),
        },
        nodeRuntime(),
      );
    } finally {
      progress.end();
    }
    // What etcd logs, where it logs it: scripts look for it.
    for (const [member, peerUrls] of Object.entries(told)) {
      session.io.err(
        `added member ${member} at ${peerUrls.join(' and ')} to cluster ${restored.clusterId}\n`,
      );
    }
    session.io.err(`restored snapshot at revision ${restored.revision} in ${dataDir}\n`);
    return undefined;
  },
});

function isEmptyDirectory(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

/** The members of `--initial-cluster`, this one among them with the URLs that it advertises. @throws UsageError as etcdutl */
function clusterOf(session: Session, name: string): Readonly<Record<string, string[]>> {
  const advertised = session.text('initial-advertise-peer-urls').split(',');
  checkPeerUrls(advertised);
  const told: Record<string, string[]> = {};
  for (const part of session.text('initial-cluster').split(',')) {
    const cut = part.indexOf('=');
    const [member, url] = cut < 0 ? [part, ''] : [part.slice(0, cut).trim(), part.slice(cut + 1).trim()];
    checkPeerUrls([url]);
    told[member] = [...(Object.hasOwn(told, member) ? told[member]! : []), url];
  }
  const own = Object.hasOwn(told, name) ? told[name] : undefined;
  if (own === undefined) {
    throw new UsageError(
      `couldn't find local name ${JSON.stringify(name)} in the initial cluster configuration`,
      1,
    );
  }
  const [listed, given] = [[...own].sort().join(','), [...advertised].sort().join(',')];
  if (listed === given) return told;
  const problem =
    `--initial-cluster has ${own.map((url) => `${name}=${url}`).join(',')} but missing from ` +
    `--initial-advertise-peer-urls=${advertised.join(',')} (resolved urls: "${given}" != "${listed}")`;
  throw new UsageError(problem, 1);
}

/** Why there is no hash of a revision, as etcd says it. */
const revisionTexts: Readonly<Record<string, string>> = {
  compacted: 'mvcc: required revision has been compacted',
  futureRevision: 'mvcc: required revision is a future revision',
};

/** Hashes the keys of a database as a member does: restores it beside, and asks. */
async function hashFile(file: string, revision: number): Promise<KeyValueHash> {
  const { restoreMember } = await import('../../embed/restore.ts');
  const { startMember } = await import('../../embed/start-member.ts');
  const folder = mkdtempSync(join(tmpdir(), 'keelson-hashkv-'));
  try {
    const dataDir = join(folder, 'data');
    const peerUrls = ['http://localhost:2380'];
    const initialCluster = [{ name: 'default', peerUrls }];
    const skipHashCheck = statSync(file).size % sectorBytes !== checksumBytes;
    await restoreMember(
      {
        file,
        dataDir,
        name: 'default',
        initialCluster,
        clusterToken: 'etcd-cluster',
        skipHashCheck,
        bumpRevision: 0,
        progress: () => {},
      },
      nodeRuntime(),
    );
    await using member = await startMember({ dataDir });
    return await new Promise((resolve, reject) => {
      member.served.store.hashKv(revision, (error, result) =>
        error === null ? resolve(result!) : reject(error),
      );
    });
  } catch (error) {
    const known = revisionTexts[(error as Error).message];
    throw known === undefined ? error : new Error(known);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const hashkv: CtlCommand = {
  usage: 'hashkv <filename> [options]',
  summary: 'Prints the KV history hash of a given file',
  isOffline: true,
  flags: { rev: integer('maximum revision to hash (default: latest revision)') },
  run: async (session) => {
    const path = onlyFile(session, 'hashkv');
    checkFile(path);
    const { hash, revision, compactRevision } = await hashFile(path, session.number('rev'));
    const row = [String(hash), String(revision), String(compactRevision)];
    session.show({
      simple: () => row.join(', '),
      json: () =>
        goObject([
          ['hash', row[0]!],
          ['hashRevision', row[1]!],
          ['compactRevision', row[2]!],
        ]),
      fields: () =>
        [
          field('Hash', hash),
          field('Hash revision', revision),
          field('Compact revision', compactRevision),
        ].join('\n'),
      table: () => framedTable(['hash', 'hash revision', 'compact revision'], [row]),
    });
    return undefined;
  },
};

/**
 * A data directory that nobody uses needs nothing: space is given back while a member runs. It is opened all the same, so
 * that a damaged one, or one in use, is told; that it is done is said as etcd logs it. @throws UsageError
 */
export async function defragDirectory(dataDir: string, { err }: Pick<Io, 'err'>): Promise<void> {
  const failed = (why: string): UsageError =>
    new UsageError(`Failed to defragment etcd data[${dataDir}] (${why})`, 1);
  if (!existsSync(join(dataDir, 'state'))) throw failed('there is no data of a member');
  const { openStorage } = await import('../../embed/storage.ts');
  try {
    const storage = await openStorage(dataDir, nodeRuntime());
    await storage.close();
  } catch (error) {
    throw failed((error as Error).message);
  }
  err(`finished defragmenting directory ${dataDir}\n`);
}

const defrag: CtlCommand = {
  usage: 'defrag --data-dir <dir>',
  summary: 'Looks whether a data directory is whole; space is given back while a member runs',
  isOffline: true,
  flags: { 'data-dir': text('Required. A data directory not in use.') },
  run: async (session) => {
    const dataDir = session.text('data-dir');
    if (dataDir === '') throw new UsageError('required flag(s) "data-dir" not set', 1);
    await defragDirectory(dataDir, session.io);
    return undefined;
  },
};

const migrate: CtlCommand = {
  usage: 'migrate --data-dir <dir> --target-version <version>',
  summary: 'refused: a data directory of Keelson has one form',
  isOffline: true,
  flags: {
    'data-dir': text('Path to the etcd data dir'),
    'target-version': text('version of etcd, as 3.6'),
    force: flag('Ignore migration failure'),
  },
  run: async () => {
    const advice = 'to go to an etcd of that version, save a snapshot and restore it there';
    throw new UsageError(`there is nothing to migrate in a data directory of Keelson: ${advice}`, 1);
  },
};

const saveElsewhere: CtlCommand = {
  usage: 'snapshot save <filename>',
  summary: 'refused: use etcdctl snapshot save',
  isOffline: true,
  run: async () => {
    throw refuse('In order to download snapshot use: `etcdctl snapshot save ...`');
  },
};

/** Those that etcdctl had until 3.5. */
export const oldOfflineCommands: CtlCommands = {
  'snapshot status': snapshotStatus(false),
  'snapshot restore': snapshotRestore(false),
};

export const utlCommands: CtlCommands = {
  defrag,
  hashkv,
  migrate,
  'snapshot restore': snapshotRestore(true),
  'snapshot save': saveElsewhere,
  'snapshot status': snapshotStatus(true),
};
