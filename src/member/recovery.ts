/**
 * What a start finds: a log, a state that trails it, and how the two fit.
 *
 *     log     │ base … entries …        │
 *     state        A: applied, durable            base ≤ A ≤ last: the rest of the log is applied anew
 *
 * A state beyond the log's end is a snapshot whose installation was cut off before the log began anew behind it: that
 * is made up for here.
 *
 * Where the log begins behind the state's end (the state is an old copy, or was thrown away), what lies between is lost
 * here, and not elsewhere: one of several members is hollow then and is sent a state (`rebuild.ts`). A member alone cannot
 * go on.
 */

import type { Backend } from '../backend/backend.ts';
import { decodeConfigEntry } from '../raft/conf-codec.ts';
import type { RaftInitialState } from '../raft/options.ts';
import { type ConfState, type Entry, EntryType, type NodeId, nobody } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import { parseSegmentName } from '../wal/segment.ts';
import type { WalMutant, WalRecovered } from '../wal/types.ts';
import { Wal } from '../wal/wal.ts';
import { identifyCluster } from './identity.ts';
import { emptyBackend } from './installer.ts';
import {
  decodeLogIdentity,
  decodeStateMeta,
  encodeLogIdentity,
  type LogIdentity,
  type StateMeta,
} from './state-meta.ts';
import type { MemberDependencies, MemberOptions } from './types.ts';

export interface Recovered {
  readonly identity: LogIdentity;
  readonly wal: Wal;
  readonly initial: RaftInitialState;
  /** There was no log. */
  readonly isFresh: boolean;
  /** As the log tells (`Wal.hasOthers`). */
  readonly hasOthers: boolean;
}

type LogContents = Pick<WalRecovered, 'entries' | 'hardState' | 'hasOthers'>;

/** The token of a cluster that was given none; etcd's. */
export const defaultToken = 'etcd-cluster';

const walMutants: readonly string[] = [
  'ackBeforeSync',
  'skipDirectorySync',
  'noTornCheck',
  'noChecksum',
  'goOnAfterError',
] satisfies WalMutant[];

/**
 * Opens the log and pairs it with the state.
 * @param done Failure 'badConfig', 'dataDirForeign', 'walDamaged', 'backendDamaged', or of the disk
 */
export function recover(
  options: MemberOptions,
  dependencies: MemberDependencies,
  done: (error: Error | null, recovered: Recovered | null) => void,
): void {
  const { runtime, backend } = dependencies;
  const beganAt = runtime.clock.now();
  const fail = (error: unknown): void => runtime.scheduler.defer(() => done(error as Error, null));
  let found: Recovered;
  try {
    found = openLog(options, dependencies);
  } catch (error) {
    fail(error);
    return;
  }
  const { wal } = found;
  if (!found.isFresh) {
    const ms = Math.round(runtime.clock.now() - beganAt);
    const { base, entries } = found.initial;
    runtime.log.info('read the log', {
      'took-ms': ms,
      'first-index': base.index + 1,
      entries: entries.length,
    });
  }
  const close = (error: unknown): void => wal.close(() => done(error as Error, null));
  try {
    checkOwner(options, found);
    const applied = backend.openedAt.index;
    if (applied < found.initial.base.index) {
      startHollow(options, dependencies, found, (error, hollow) =>
        error === null ? done(null, hollow) : close(error),
      );
      return;
    }
    if (applied === 0) return void runtime.scheduler.defer(() => done(null, found));
    const meta = decodeStateMeta(backend.openedAt.meta);
    if (holdsState(found, applied, meta)) {
      const base = { ...found.initial.base, conf: meta.conf };
      const recovered = { ...found, initial: { ...found.initial, base } };
      return void runtime.scheduler.defer(() => done(null, recovered));
    }
    runtime.log.info('the log goes on behind an installed state', { index: applied });
    const initial = behindState(found.initial, applied, meta);
    wal.restart(initial.base, initial.hardState, (error) => {
      if (error !== null) close(error);
      else done(null, { ...found, initial });
    });
  } catch (error) {
    close(error);
  }
}

function openLog(options: MemberOptions, { disk, runtime, backend }: MemberDependencies): Recovered {
  const own = identityOf(options);
  // Before a new log is made in its place, which the next start would take for the one behind an installed state.
  if (!disk.list(options.walDirectory).some((name) => parseSegmentName(name) !== null)) {
    refuseState(own, backend.openedAt);
  }
  const { wal, recovered } = Wal.open({
    disk,
    directory: options.walDirectory,
    metadata: encodeLogIdentity(own),
    runtime,
    create: true,
    segmentBytes: options.limits.walSegmentBytes,
    preallocate: options.preallocate,
    mutant: walMutants.includes(options.mutant) ? (options.mutant as WalMutant) : null,
  });
  const identity = decodeLogIdentity(recovered.metadata);
  const { base, entries, hardState } = recovered;
  const voters = identity.bootstrap.map((member) => member.id);
  const conf = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  return {
    identity,
    wal,
    isFresh: recovered.created,
    hasOthers: recovered.hasOthers,
    initial: {
      hardState,
      base: { ...base, conf },
      entries: entries as readonly (Entry & { type: EntryType })[],
      applied: backend.openedAt.index,
    },
  };
}

/** Without a log there must be no state. @throws Failure 'dataDirForeign', 'walDamaged' */
function refuseState({ clusterId }: LogIdentity, { index, meta }: Backend['openedAt']): void {
  if (index === 0) return;
  const told = `there is a state up to entry ${index}, but the log is missing`;
  const other = decodeStateMeta(meta).clusterId;
  if (other === clusterId) throw new Failure('walDamaged', told);
  throw new Failure('dataDirForeign', `${told}; the state is of cluster ${other}, not of ${clusterId}`);
}

/** Who this is, going by what it was told. @throws Failure 'badConfig' */
function identityOf(options: MemberOptions): LogIdentity {
  const { name, initialCluster, clusterToken, join } = options;
  if (join !== null) {
    const { clusterId, clusterToken: token, bootstrap } = join.origin;
    return { clusterId, memberId: join.memberId, token, bootstrap };
  }
  const self = initialCluster.findIndex((member) => member.name === name);
  if (self < 0) throw new Failure('badConfig', `the initial cluster does not name this member, "${name}"`);
  const { clusterId, memberIds } = identifyCluster(initialCluster, clusterToken);
  const twin = memberIds.findIndex((id, index) => memberIds.indexOf(id) !== index);
  if (twin >= 0) {
    const other = initialCluster[memberIds.indexOf(memberIds[twin]!)]!.name;
    const told = `"${other}" and "${initialCluster[twin]!.name}"`;
    throw new Failure('badConfig', `members ${told} of the initial cluster have the same peer URLs`);
  }
  const bootstrap = initialCluster.map((member, index) => ({
    id: memberIds[index]!,
    name: member.name,
    peerUrls: member.peerUrls,
  }));
  return { clusterId, memberId: memberIds[self]!, token: clusterToken, bootstrap };
}

/**
 * As in etcd, the initial cluster is ignored where there is data. But data that shares nothing with what the member
 * was told is somebody else's: the wrong directory, most likely.
 */
function checkOwner(options: MemberOptions, { identity, isFresh }: Recovered): void {
  if (isFresh) return;
  const told = identityOf({ ...options, join: null });
  if (told.clusterId === identity.clusterId && told.memberId === identity.memberId) return;
  const own = identity.bootstrap.find((member) => member.id === identity.memberId);
  // A cluster of one may move to other addresses freely, and a member that joined later has none in the list.
  if (own === undefined || identity.bootstrap.length === 1) return;
  const urls = options.initialCluster.find((member) => member.name === options.name)!.peerUrls;
  const sharesUrl = own.peerUrls.some((url) => urls.includes(url));
  const sharesToken = options.clusterToken === identity.token || options.clusterToken === defaultToken;
  if (sharesUrl && sharesToken) return;
  throw new Failure(
    'dataDirForeign',
    `the data belongs to member ${own.name} (${identity.memberId}) of cluster ${identity.clusterId}, ` +
      `not to ${options.name} (${told.memberId}) of cluster ${told.clusterId}`,
  );
}

/** Goes on without the state that ends before the log begins. Failure 'backendDamaged' where nobody else has one. */
function startHollow(
  options: MemberOptions,
  { backend, runtime }: MemberDependencies,
  found: Recovered,
  done: (error: Error | null, hollow: Recovered | null) => void,
): void {
  const { index } = found.initial.base;
  const applied = backend.openedAt.index;
  const told = `the state ends at entry ${applied}, but the log begins after ${index}`;
  const log = { ...found.initial, hasOthers: found.hasOthers };
  if (!options.selfRepair || isAlone(found.identity, log)) {
    const advice = "remove this member's data and let it be sent the state by the others";
    throw new Failure('backendDamaged', `${told}: ${advice}`);
  }
  runtime.log.warn(`${told}: this member asks the others for a state`);
  const { hardState, base } = found.initial;
  const initial =
    options.mutant === 'rebuildForgetsLog'
      ? { hardState: { ...hardState, commit: index }, base, entries: [] }
      : found.initial;
  const hollow = { ...found, initial: { ...initial, applied: index, isHollow: true } };
  const emptied = (error: Error | null): void => done(error, error === null ? hollow : null);
  if (applied === 0) runtime.scheduler.defer(() => emptied(null));
  else emptyBackend(backend, emptied);
}

/** Whether somebody else has a vote there, and so the state. */
export function hasOtherVoters({ voters, votersOutgoing }: ConfState, id: NodeId): boolean {
  return voters.some((voter) => voter !== id) || votersOutgoing.some((voter) => voter !== id);
}

/**
 * Whether nobody else has what the log leads to, as far as the log tells: by the configurations in it, and where those are
 * gone, by what its segments say. One that was not known to be committed counts only where it names others.
 */
export function isAlone({ bootstrap, memberId }: LogIdentity, log: LogContents): boolean {
  let hasOthers = log.hasOthers || bootstrap.some(({ id }) => id !== memberId);
  for (const { index, type, data } of log.entries) {
    if (type !== EntryType.Config) continue;
    const isShared = hasOtherVoters(decodeConfigEntry(data).conf, memberId);
    hasOthers = index <= log.hardState.commit ? isShared : hasOthers || isShared;
  }
  return !hasOthers;
}

/**
 * True when the state stands for an entry of this log.
 * @throws Failure 'dataDirForeign' when the two cannot belong together
 */
function holdsState({ identity, initial }: Recovered, applied: number, meta: StateMeta): boolean {
  if (meta.clusterId !== identity.clusterId) {
    const { clusterId } = identity;
    const told = `the log is of cluster ${clusterId}, the state beside it of cluster ${meta.clusterId}`;
    throw new Failure('dataDirForeign', told);
  }
  const { base, entries } = initial;
  const term = applied === base.index ? base.term : entries[applied - base.index - 1]?.term;
  return term === meta.term;
}

/** Where a log begins behind a state that it does not reach. */
function behindState({ hardState }: RaftInitialState, applied: number, meta: StateMeta): RaftInitialState {
  return {
    hardState: {
      term: Math.max(hardState.term, meta.term),
      vote: hardState.term >= meta.term ? hardState.vote : nobody,
      commit: applied,
    },
    base: { index: applied, term: meta.term, conf: meta.conf },
    entries: [],
    applied,
  };
}
