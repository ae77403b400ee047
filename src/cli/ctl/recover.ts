/**
 * recover: when a majority of a cluster is lost for good. It looks at the data of the members that are left, names the
 * one with the longest log, and says what it would do; with `--confirm` it does it: a new data directory, of a new
 * cluster with one member, that begins with all that this log holds. What is left of the old cluster stays untouched.
 *
 * A new cluster has a new id, which every answer carries, and its revisions begin far above those of the old one with
 * everything before marked as compacted: whoever remembers the old cluster is told that it is another one now, and a
 * watch that goes on is ended with what it has missed instead of being told nothing.
 */

import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { restoreMember } from '../../embed/restore.ts';
import {
  goOnAlone,
  hasState,
  inspectSurvivor,
  longestLog,
  type Survivor,
  stateFor,
} from '../../embed/survivor.ts';
import { writeWholeState } from '../../embed/whole-state.ts';
import { nodeRuntime } from '../../util/node-runtime.ts';
import { textTable } from '../text-table.ts';
import { exitBadArgs, UsageError } from './arguments.ts';
import { goObject } from './go-text.ts';
import { Progress } from './progress.ts';
import { type Session, unsupported } from './session.ts';

/** Parts of a data directory that a copy does not need. */
const notCopied: readonly string[] = ['lock', 'spool', 'damaged-state', 'damaged-wal', 'rejoin.json'];

interface Looked {
  readonly dir: string;
  /** Where its log is, if not in there. */
  readonly walDir: string | null;
  readonly survivor: Survivor | null;
  readonly problem: string;
}

async function lookAt(dir: string, walDir: string | null): Promise<Looked> {
  try {
    return { dir, walDir, survivor: await inspectSurvivor(dir, walDir, nodeRuntime()), problem: '' };
  } catch (error) {
    return { dir, walDir, survivor: null, problem: (error as Error).message };
  }
}

/** What a new cluster begins with. */
interface Source {
  readonly survivor: Survivor;
  readonly walDir: string | null;
  /** Whose state it is, where its own is lost. */
  readonly donor: Survivor | null;
}

/** One for each data directory. @throws UsageError */
function walDirsOf(session: Session): (string | null)[] {
  const told = session.text('wal-dir');
  if (told === '') return session.words.map(() => null);
  const walDirs = told.split(',').map((dir) => (dir.trim() === '' ? null : dir.trim()));
  if (walDirs.length === session.words.length) return walDirs;
  const counts = `${session.words.length} data directories and ${walDirs.length} of logs`;
  throw new UsageError(
    `--wal-dir: ${counts} are given; leave empty what is in its data directory`,
    exitBadArgs,
  );
}

const head = [
  'member',
  'name',
  'cluster',
  'last term',
  'last entry',
  'committed',
  'state at',
  'revision',
  'data',
];

function stateText(survivor: Survivor): string {
  return hasState(survivor) ? String(survivor.applied) : 'lost';
}

function tableOf(all: readonly Looked[], longest: Survivor | null): string {
  const rows = all.map(({ dir, survivor, problem }) => {
    if (survivor === null) return ['–', '', '', '', '', '', '', '', `${dir}: ${problem}`];
    const { memberId, name, clusterId, lastTerm, lastIndex, commit, revision } = survivor;
    const numbers = [lastTerm, lastIndex, commit, stateText(survivor), revision].map(String);
    return [memberId, name, clusterId, ...numbers, survivor === longest ? `${dir}  ← longest log` : dir];
  });
  return textTable(head, rows);
}

function jsonOf(all: readonly Looked[], longest: Survivor | null): string {
  const rows = all.map(({ dir, survivor, problem }) =>
    survivor === null
      ? goObject([
          ['dataDir', JSON.stringify(dir)],
          ['error', JSON.stringify(problem)],
        ])
      : goObject([
          ['dataDir', JSON.stringify(dir)],
          ['memberId', JSON.stringify(survivor.memberId)],
          ['name', JSON.stringify(survivor.name)],
          ['clusterId', JSON.stringify(survivor.clusterId)],
          ['lastTerm', String(survivor.lastTerm)],
          ['lastIndex', String(survivor.lastIndex)],
          ['commit', String(survivor.commit)],
          ['applied', String(survivor.applied)],
          ['revision', String(survivor.revision)],
          ['longest', String(survivor === longest)],
        ]),
  );
  return `[${rows.join(',')}]`;
}

/** @throws UsageError when recovering would be wrong */
function check(survivors: readonly Survivor[], isForced: boolean): void {
  const clusters = [...new Set(survivors.map(({ clusterId }) => clusterId))];
  if (clusters.length > 1)
    throw new UsageError(`these are members of several clusters: ${clusters.join(', ')}`, exitBadArgs);
  const ids = survivors.map(({ memberId }) => memberId);
  if (new Set(ids).size < ids.length) throw new UsageError('the same member is given twice', exitBadArgs);
  const voters = longestLog(survivors)!.members.filter(({ isLearner }) => !isLearner);
  const present = voters.filter(({ id }) => ids.includes(id)).length;
  const quorum = Math.floor(voters.length / 2) + 1;
  if (present >= quorum && !isForced) {
    checkStates(survivors);
    const what = `${present} of ${voters.length} voting members are here, and ${quorum} make a majority`;
    throw new UsageError(`${what}: start them, nothing is lost (--force goes on all the same)`, 1);
  }
}

/**
 * A member without a state votes and does not lead, and no other one is elected while its log is the longest.
 * @throws UsageError that says how it has a state again
 */
function checkStates(survivors: readonly Survivor[]): void {
  const longest = longestLog(survivors)!;
  if (hasState(longest)) return;
  const donor = stateFor(longest, survivors);
  if (donor === null) throw noState(longest);
  const lines = [
    `the state of ${nameOf(longest)} is lost, and its log is the longest: nobody can be elected while that is so.`,
    `Nothing is lost. Put the state of ${nameOf(donor)}, which its log goes on from, beneath it, and start them:`,
    `  mv '${longest.dataDir}/state' '${longest.dataDir}/state.lost'`,
    `  cp -a '${donor.dataDir}/state' '${longest.dataDir}/state'`,
    '(--force begins a new cluster all the same)',
  ];
  throw new UsageError(lines.join('\n'), 1);
}

function nameOf({ name, memberId }: Survivor): string {
  return name === '' ? memberId : name;
}

function noState(longest: Survivor): UsageError {
  const what =
    `the longest log, that of ${nameOf(longest)}, begins after entry ${longest.logBase}, and no state that is left reaches there. ` +
    'Give the data directories without that one to begin with what the others have; what only it held is lost then';
  return new UsageError(what, 1);
}

function copyData(from: string, walDir: string | null, to: string): void {
  rmSync(to, { recursive: true, force: true });
  const root = basename(from);
  cpSync(from, to, {
    recursive: true,
    filter: (source) => basename(join(source, '..')) !== root || !notCopied.includes(basename(source)),
  });
  if (walDir !== null) cpSync(walDir, join(to, 'wal'), { recursive: true });
}

/** Lets a copy of the survivor go on alone until everything in its log is applied, and writes the state to a file. */
async function exportWhole(
  { survivor, walDir, donor }: Source,
  copy: string,
  file: string,
  progress: (part: number) => void,
): Promise<void> {
  const { dataDir, name, clusterToken } = survivor;
  copyData(dataDir, walDir, copy);
  if (donor !== null) {
    rmSync(join(copy, 'state'), { recursive: true, force: true });
    cpSync(join(donor.dataDir, 'state'), join(copy, 'state'), { recursive: true });
  }
  await goOnAlone(copy, null, nodeRuntime());
  const peerUrls = survivor.peerUrls.length === 0 ? ['http://localhost:2380'] : survivor.peerUrls;
  const own = name === '' ? 'recovered' : name;
  await writeWholeState({ name: own, dataDir: copy, peerUrls, clusterToken, file, progress });
}

/** Makes the new data directory. @returns the revision that the new cluster begins with, and its id */
async function begin(
  session: Session,
  source: Source,
  target: string,
): Promise<{ readonly revision: number; readonly clusterId: string }> {
  const { survivor } = source;
  const scratch = `${target}.recovering`;
  const progress = new Progress(session.io);
  try {
    rmSync(scratch, { recursive: true, force: true });
    const file = `${scratch}/state.db`;
    await exportWhole(source, `${scratch}/copy`, file, (part) => progress.show(part / 2, 'reading'));
    const { name, peerUrls } = newMember(session, survivor);
    return await restoreMember(
      {
        file,
        dataDir: target,
        name,
        initialCluster: [{ name, peerUrls }],
        clusterToken: `recovered-${survivor.clusterId}-${survivor.lastTerm}-${survivor.lastIndex}`,
        skipHashCheck: true,
        bumpRevision: session.number('bump-revision'),
        progress: (part) => progress.show(0.5 + part / 2, 'writing'),
      },
      nodeRuntime(),
    );
  } finally {
    progress.end();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function newMember(
  session: Session,
  survivor: Survivor,
): { readonly name: string; readonly peerUrls: string[] } {
  const told = session.text('initial-advertise-peer-urls');
  const own = survivor.peerUrls.length > 0 ? [...survivor.peerUrls] : ['http://localhost:2380'];
  const name = session.text('name') !== '' ? session.text('name') : survivor.name;
  return { name: name === '' ? 'default' : name, peerUrls: told === '' ? own : told.split(',') };
}

function planLines(session: Session, survivor: Survivor, target: string): string[] {
  const { lastIndex, commit, memberId, members } = survivor;
  const unsure = lastIndex - commit;
  const lost = members.filter(({ id }) => id !== memberId);
  const names = lost.map(({ id, name }) => (name === '' ? id : `${name} (${id})`)).join(', ');
  return [
    `The longest log is that of ${survivor.name === '' ? memberId : survivor.name} in ${survivor.dataDir}, up to entry ${lastIndex}.`,
    ...(unsure > 0
      ? [`Its last ${unsure} entries may or may not have been acknowledged to clients; they are kept.`]
      : []),
    'What only the lost members held is lost.',
    `A new cluster of one member would begin in ${target}, ${session.number('bump-revision')} revisions further on,`,
    `with a new id. The old members${names === '' ? '' : `, ${names},`} are no part of it: their data must not be started again.`,
  ];
}

/** @returns the exit code. @throws UsageError, Failure */
export async function runRecover(session: Session): Promise<number> {
  if (session.words.length === 0)
    throw new UsageError('give the data directory of every member that is left', exitBadArgs);
  const looked: Looked[] = [];
  for (const [index, walDir] of walDirsOf(session).entries())
    looked.push(await lookAt(session.words[index]!, walDir));
  const survivors = looked.flatMap(({ survivor }) => (survivor === null ? [] : [survivor]));
  const longest = longestLog(survivors);
  if (session.format === 'json') session.io.out(`${jsonOf(looked, longest)}\n`);
  else if (session.format === 'simple' || session.format === 'table')
    session.io.out(`${tableOf(looked, longest)}\n`);
  else throw unsupported(session.format);
  if (longest === null)
    throw new UsageError('none of them can be read: nothing can be recovered from them', 1);
  check(survivors, session.isSet('force'));
  const { walDir } = looked.find(({ survivor }) => survivor === longest)!;
  const donor = hasState(longest) ? null : stateFor(longest, survivors);
  if (!hasState(longest) && donor === null) throw noState(longest);
  return act(session, { survivor: longest, walDir, donor });
}

async function act(session: Session, source: Source): Promise<number> {
  const { survivor: longest, donor } = source;
  const target = session.text('to') === '' ? `${longest.dataDir}.recovered` : session.text('to');
  const say = (lines: readonly string[]): void => {
    if (session.format !== 'json') session.io.out(`\n${lines.join('\n')}\n`);
  };
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new UsageError(`${target} is not empty: choose another --to`, exitBadArgs);
  say(planLines(session, longest, target));
  if (donor !== null)
    say([`Its own state is lost: that of ${nameOf(donor)} is taken, which its log goes on from.`]);
  if (!session.isSet('confirm')) {
    say(['Nothing has been changed. To do it, give the same command with --confirm.']);
    return 0;
  }
  const { revision, clusterId } = await begin(session, source, target);
  const { name, peerUrls } = newMember(session, longest);
  say([
    `Cluster ${clusterId} begins in ${target} at revision ${revision}. Start it:`,
    `  keelson server --name ${name} --data-dir ${target} --initial-cluster ${peerUrls.map((url) => `${name}=${url}`).join(',')} \\`,
    `    --initial-advertise-peer-urls ${peerUrls.join(',')} --listen-peer-urls ${peerUrls.join(',')}`,
    'Then add the other members to it, each with an empty data directory: keelson ctl member join',
  ]);
  return 0;
}
