/**
 * What a member that does not run holds, and how it goes on alone when the others are lost for good.
 *
 * A majority that is gone took with it the knowledge of what was acknowledged. Of the members that are left, the one
 * with the longest log (the later last term, then the later last entry) has every acknowledged entry that any of them
 * has: an entry is acknowledged only when a majority has it, and nobody was elected without all of them (Raft §5.4.1).
 * All of its log is kept, the part that was never known to be committed too: a client that was answered must find its
 * write, and one that was not may. Counter-example: cut off at the commit index, as etcd does it, a follower forgets
 * writes that were acknowledged a moment before the others died, because it is told of a commit one message later.
 *
 * Going on alone is an entry at the end of that log that makes the member the only voter and takes all others out, for
 * good: their ids never come back.
 */

import type { Backend } from '../backend/backend.ts';
import { decodeMembershipChange, encodeMembershipChange, loadMembership } from '../member/membership.ts';
import { decodeLogIdentity, decodeStateMeta, type LogIdentity } from '../member/state-meta.ts';
import type { MemberRecord } from '../member/types.ts';
import { decodeConfigEntry, encodeConfigEntry } from '../raft/conf-codec.ts';
import { EntryType } from '../raft/types.ts';
import { Failure } from '../util/failure.ts';
import { nodeDisk } from '../util/node-disk.ts';
import type { Runtime } from '../util/runtime.ts';
import { parseSegmentName } from '../wal/segment.ts';
import type { WalRecovered } from '../wal/types.ts';
import { Wal } from '../wal/wal.ts';
import { openStorage, type Storage } from './storage.ts';

/** A member that does not run, as its data tells. */
export interface Survivor {
  readonly dataDir: string;
  readonly memberId: string;
  /** Empty when the data does not tell. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clusterId: string;
  readonly clusterToken: string;
  /** Term and vote it has seen last. */
  readonly term: number;
  /** The log has the entries after this one. */
  readonly logBase: number;
  /** The last entry of its log. */
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Up to where it knew that entries were committed. */
  readonly commit: number;
  /** Up to where its state on disk goes. */
  readonly applied: number;
  /** Revision of the keys in that state. */
  readonly revision: number;
  /** The members it knows, as of that state. */
  readonly members: readonly MemberRecord[];
  /** Bytes of an unfinished write that were cut from the end of the log. */
  readonly tornBytes: number;
}

interface Opened {
  readonly storage: Storage;
  readonly wal: Wal;
  readonly recovered: WalRecovered;
  readonly identity: LogIdentity;
}

/** Whether a directory holds the log of a member. */
export function holdsLog(dataDir: string, walDir: string | null): boolean {
  return nodeDisk()
    .list(walDir ?? `${dataDir}/wal`)
    .some((name) => parseSegmentName(name) !== null);
}

/** Opens what is there, locked against others, and closes it again whatever happens. */
async function withMember<T>(
  dataDir: string,
  walDir: string | null,
  runtime: Runtime,
  job: (opened: Opened) => Promise<T>,
): Promise<T> {
  if (!holdsLog(dataDir, walDir)) {
    throw new Failure('badConfig', `${walDir ?? dataDir} holds no log of a member`);
  }
  const storage = await openStorage(dataDir, runtime, walDir);
  try {
    const { wal, recovered } = Wal.open({
      disk: storage.disk,
      directory: storage.walDirectory,
      metadata: new Uint8Array(0),
      runtime,
      create: false,
    });
    try {
      const identity = decodeLogIdentity(recovered.metadata);
      return await job({ storage, wal, recovered, identity });
    } finally {
      await new Promise<void>((resolve) => wal.close(() => resolve()));
    }
  } finally {
    await storage.close();
  }
}

function lastOf({ base, entries }: WalRecovered): { readonly index: number; readonly term: number } {
  return entries.at(-1) ?? base;
}

function loadMembers(backend: Backend): Promise<MemberRecord[]> {
  return new Promise((resolve, reject) => {
    loadMembership(backend, (error, membership) =>
      error === null ? resolve(membership!.list()) : reject(error),
    );
  });
}

const recordTable = 'k';
const afterRecords = 'l';

/** The newest revision among the records: found by halves, for the state is read forwards only. */
async function newestRevision(backend: Backend): Promise<number> {
  const hasFrom = (revision: number): Promise<boolean> => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(revision));
    return new Promise((resolve, reject) => {
      backend.scan(recordTable + bytes.toString('latin1'), afterRecords, 1, (error, entries) =>
        error === null ? resolve(entries.length > 0) : reject(error),
      );
    });
  };
  // Without a record the revision is 1, as that of a new cluster.
  let [low, high] = [1, 2];
  while (await hasFrom(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await hasFrom(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Looks at the data of a member that does not run. As every start does, it ends the log with a mark; else nothing changes.
 * @throws Failure 'dataDirLocked' while it runs; 'badConfig' when there is no data; 'walDamaged', 'backendDamaged', …
 */
export function inspectSurvivor(dataDir: string, walDir: string | null, runtime: Runtime): Promise<Survivor> {
  return withMember(dataDir, walDir, runtime, async ({ storage, recovered, identity }) => {
    const { backend } = storage;
    const { hardState, tornBytes } = recovered;
    const last = lastOf(recovered);
    const members = await loadMembers(backend);
    const { index: applied, meta } = backend.openedAt;
    if (applied > 0 && decodeStateMeta(meta).clusterId !== identity.clusterId) {
      throw new Failure('dataDirForeign', 'the log and the state beside it are of two clusters');
    }
    const own =
      members.find(({ id }) => id === identity.memberId) ??
      identity.bootstrap.find(({ id }) => id === identity.memberId);
    return {
      dataDir,
      memberId: identity.memberId,
      name: own?.name ?? '',
      peerUrls: own?.peerUrls ?? [],
      clusterId: identity.clusterId,
      clusterToken: identity.token,
      term: hardState.term,
      logBase: recovered.base.index,
      lastIndex: Math.max(last.index, applied),
      lastTerm: last.term,
      commit: Math.max(hardState.commit, applied),
      applied,
      revision: await newestRevision(backend),
      members:
        members.length > 0
          ? members
          : identity.bootstrap.map((member) => ({ ...member, clientUrls: [], isLearner: false })),
      tornBytes,
    };
  });
}

/** The one with the longest log; null for none. */
export function longestLog(survivors: readonly Survivor[]): Survivor | null {
  const isLonger = (a: Survivor, b: Survivor): boolean =>
    a.lastTerm === b.lastTerm ? a.lastIndex > b.lastIndex : a.lastTerm > b.lastTerm;
  return survivors.reduce<Survivor | null>(
    (best, one) => (best === null || isLonger(one, best) ? one : best),
    null,
  );
}

/** Whether its state reaches to where its log begins. */
export function hasState({ applied, logBase }: Survivor): boolean {
  return applied >= logBase;
}

/**
 * Whose state the log of a member without one goes on from: what was applied anywhere was committed, and is the same in every
 * log that has it. Null where none reaches to where that log begins and not beyond it.
 */
export function stateFor(one: Survivor, others: readonly Survivor[]): Survivor | null {
  const fits = ({ clusterId, applied }: Survivor): boolean =>
    clusterId === one.clusterId && applied >= one.logBase && applied <= one.lastIndex;
  return others.find((other) => other !== one && hasState(other) && fits(other)) ?? null;
}

/** Everybody but itself that the member has ever heard of as one of the cluster. */
function othersOf({ recovered, identity }: Opened, known: readonly MemberRecord[]): string[] {
  const ids = new Set([...known, ...identity.bootstrap].map(({ id }) => id));
  for (const { type, data } of recovered.entries) {
    if (type !== EntryType.Config) continue;
    const { conf, context } = decodeConfigEntry(data);
    for (const id of [...conf.voters, ...conf.votersOutgoing, ...conf.learners, ...conf.learnersNext])
      ids.add(id);
    if (context.length > 0) for (const { id } of decodeMembershipChange(context).upsert) ids.add(id);
  }
  ids.delete(identity.memberId);
  return [...ids].sort();
}

/**
 * Makes the member the only one of its cluster: its log is committed as it is, and the others are taken out. To be done
 * once, when they are lost for good; if one of them comes back with its old data, it is refused.
 * @returns the ids of those taken out
 * @throws Failure as `inspectSurvivor`
 */
export function goOnAlone(
  dataDir: string,
  walDir: string | null,
  runtime: Runtime,
): Promise<readonly string[]> {
  return withMember(dataDir, walDir, runtime, async (opened) => {
    const { storage, wal, recovered, identity } = opened;
    const { index: applied, meta } = storage.backend.openedAt;
    const last = lastOf(recovered);
    if (applied > last.index) {
      throw new Failure(
        'walDamaged',
        'the member was being sent a state when it ended: start it as it is once, then try again',
      );
    }
    const remove = othersOf(opened, await loadMembers(storage.backend));
    const term = Math.max(recovered.hardState.term, applied > 0 ? decodeStateMeta(meta).term : 0) + 1;
    const index = last.index + 1;
    const self = identity.memberId;
    const conf = { voters: [self], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    const data = encodeConfigEntry(conf, encodeMembershipChange({ upsert: [], remove }));
    const entry = { index, term, type: EntryType.Config, data };
    await new Promise<void>((resolve, reject) => {
      wal.append([entry], { term, vote: self, commit: index }, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    return remove;
  });
}
