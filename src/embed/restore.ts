/**
 * Makes the data directory of a member from a database of etcd's: a snapshot file, or the `db` of an etcd that was
 * stopped. Every member of the new cluster is made from the same file, with the same members and token, so that all begin
 * with the same state, at entry 1 of a log that is empty otherwise.
 *
 * As in etcd's restore the members of the old cluster and its alarms are left behind; keys, history, leases, users and
 * roles come along, and revisions go on where they were.
 */

import { createHash } from 'node:crypto';
import type { BackendEntry, BackendRestore } from '../backend/backend.ts';
import { BoltReader } from '../bolt/bolt-reader.ts';
import { identifyCluster } from '../member/identity.ts';
import { memberEntry } from '../member/membership.ts';
import { encodeLogIdentity, encodeStateMeta } from '../member/state-meta.ts';
import type { InitialMember } from '../member/types.ts';
import { EntryType } from '../raft/types.ts';
import type { DiskFile } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import { nodeDisk } from '../util/node-disk.ts';
import type { Runtime } from '../util/runtime.ts';
import { Wal } from '../wal/wal.ts';
import { openStorage, type Storage } from './storage.ts';

export interface RestoreOptions {
  /** The snapshot, or the database of a stopped etcd. */
  readonly file: string;
  /** Must not hold data yet. */
  readonly dataDir: string;
  /** Where its log goes. @default in the data directory */
  readonly walDir?: string;
  readonly name: string;
  readonly initialCluster: readonly InitialMember[];
  readonly clusterToken: string;
  /** The file has no checksum at its end: it was copied from a data directory. */
  readonly skipHashCheck: boolean;
  /** Raises the revision by so much and marks everything before as compacted, so that watchers notice. @default 0 */
  readonly bumpRevision: number;
  /** Data of entries that the log has from the start: they are applied when the member starts. @default none */
  readonly entries?: readonly Uint8Array[];
  /** Told as it goes on, from 0 to 1. */
  readonly progress: (part: number) => void;
}

export interface Restored {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: number;
  /** Records, old ones included. */
  readonly records: number;
}

const hashBytes = 32;
const hashedAtOnce = 4 << 20;
const entriesAtOnce = 5000;
/** Where the new log begins. */
const firstIndex = 1;
const firstTerm = 1;

/** @throws Failure 'backendDamaged' for a file that is not whole, 'badConfig', 'dataDirForeign', or of the disk */
export async function restoreMember(options: RestoreOptions, runtime: Runtime): Promise<Restored> {
  const disk = nodeDisk();
  if (!disk.exists(options.file)) throw new Failure('badConfig', `there is no file ${options.file}`);
  const { clusterId, memberIds } = identifyCluster(options.initialCluster, options.clusterToken);
  const self = options.initialCluster.findIndex((member) => member.name === options.name);
  if (self < 0) throw new Failure('badConfig', `the initial cluster does not name "${options.name}"`);
  const memberId = memberIds[self]!;
  const file = disk.open(options.file);
  try {
    if (!options.skipHashCheck) checkHash(file);
    const reader = new BoltReader((offset, length) => file.readSync(offset, length));
    const walDir = options.walDir ?? `${options.dataDir}/wal`;
    if (disk.list(walDir).length > 0 || disk.list(options.dataDir).length > 0) {
      throw new Failure('dataDirForeign', `${options.dataDir} holds data already: choose an empty directory`);
    }
    const storage = await openStorage(options.dataDir, runtime, walDir);
    try {
      const restore = storage.backend.beginRestore();
      const filler = new Filler(restore, file.size(), options.progress);
      const found = await filler.fill(reader, options.bumpRevision);
      const members = options.initialCluster.map(({ peerUrls }, index) =>
        memberEntry({ id: memberIds[index]!, name: '', peerUrls, clientUrls: [], isLearner: false }),
      );
      await filler.add(members);
      await commit(restore, clusterId, memberIds);
      await beginLog(storage, options, runtime, clusterId, memberIds, memberId);
      return { clusterId, memberId, ...found };
    } finally {
      await storage.close();
    }
  } finally {
    file.closeSync();
  }
}

/** A snapshot is pages, and behind them the SHA-256 of all of them. */
function checkHash(file: DiskFile): void {
  const size = file.size() - hashBytes;
  if (size <= 0 || size % 512 !== 0) {
    const hint = 'a database from a data directory has none: skip the check for it';
    throw new Failure('backendDamaged', `snapshot missing hash but --skip-hash-check=false (${hint})`);
  }
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += hashedAtOnce) {
    hash.update(file.readSync(at, Math.min(hashedAtOnce, size - at)));
  }
  const [expected, found] = [Buffer.from(file.readSync(size, hashBytes)), hash.digest()];
  if (!found.equals(expected)) {
    const told = `expected sha256 [${expected.join(' ')}], got [${found.join(' ')}]`;
    throw new Failure('backendDamaged', `${told}: the file is not what was saved`);
  }
}

/** Turns etcd's buckets into the tables of the backend, and hands them over in batches. */
class Filler {
  readonly #restore: BackendRestore;
  readonly #fileBytes: number;
  readonly #progress: (part: number) => void;
  #batch: BackendEntry[] = [];
  #bytes = 0;
  #revision = 1;
  #records = 0;

  constructor(restore: BackendRestore, fileBytes: number, progress: (part: number) => void) {
    this.#restore = restore;
    this.#fileBytes = fileBytes;
    this.#progress = progress;
  }

  async fill(reader: BoltReader, bump: number): Promise<{ revision: number; records: number }> {
    for (const { key, value } of reader.entries('key')) {
      await this.#put(
        recordKey(key),
        key.length === 18 ? tombstone(value, Number(key.readBigUInt64BE(0))) : value,
      );
      this.#revision = Number(key.readBigUInt64BE(0));
      this.#records++;
    }
    await this.#fillMeta(reader, bump);
    for (const { key, value } of reader.entries('lease'))
      await this.#put(`l${key.toString('latin1')}`, value);
    for (const { key, value } of reader.entries('auth')) {
      const name = { authEnabled: 'ue', authRevision: 'uv' }[key.toString()];
      if (name !== undefined) await this.#put(name, value);
    }
    for (const { key, value } of reader.entries('authUsers'))
      await this.#put(`uu${key.toString('latin1')}`, value);
    for (const { key, value } of reader.entries('authRoles'))
      await this.#put(`ur${key.toString('latin1')}`, value);
    await this.#flush();
    return { revision: this.#revision, records: this.#records };
  }

  async #fillMeta(reader: BoltReader, bump: number): Promise<void> {
    const meta = new Map<string, Buffer>();
    for (const { key, value } of reader.entries('meta')) meta.set(key.toString(), value.subarray(0, 8));
    const finished = meta.get('finishedCompactRev');
    if (finished !== undefined) await this.#put('mcompact.finished', finished);
    let scheduled = meta.get('scheduledCompactRev');
    if (scheduled !== undefined)
      this.#revision = Math.max(this.#revision, Number(scheduled.readBigUInt64BE(0)));
    if (bump > 0) {
      this.#revision += bump;
      scheduled = Buffer.alloc(8);
      scheduled.writeBigUInt64BE(BigInt(this.#revision));
    }
    if (scheduled !== undefined) await this.#put('mcompact.scheduled', scheduled);
  }

  async #put(key: string, value: Uint8Array): Promise<void> {
    // The bytes are views on pages of the file; what is kept must be its own.
    this.#batch.push({ key, value: Buffer.from(value) });
    this.#bytes += key.length + value.length;
    if (this.#batch.length >= entriesAtOnce) await this.#flush();
  }

  add(entries: readonly BackendEntry[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#restore.add(entries, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0) await this.add(batch);
    this.#progress(Math.min(1, this.#bytes / this.#fileBytes));
  }
}

/** `main _ sub ['t']` without etcd's underscore, in table `k`. */
function recordKey(key: Buffer): string {
  if (key.length < 17) throw new Failure('backendDamaged', 'the file has a key that is no revision');
  return `k${key.toString('latin1', 0, 8)}${key.toString('latin1', 9)}`;
}

/** A deletion as it is kept here: etcd keeps the key alone, this the revision too. */
function tombstone(record: Buffer, revision: number): Buffer {
  const bytes = [0x18];
  let rest = revision;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.concat([record, Buffer.from(bytes)]);
}

function commit(restore: BackendRestore, clusterId: string, memberIds: readonly string[]): Promise<void> {
  const conf = { voters: memberIds, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const meta = encodeStateMeta({ clusterId, term: firstTerm, conf, digest: 0 });
  return new Promise((resolve, reject) => {
    restore.commit(firstIndex, meta, (error) => (error === null ? resolve() : reject(error)));
  });
}

async function beginLog(
  storage: Storage,
  options: RestoreOptions,
  runtime: Runtime,
  clusterId: string,
  memberIds: readonly string[],
  memberId: string,
): Promise<void> {
  const bootstrap = options.initialCluster.map(({ name, peerUrls }, index) => ({
    id: memberIds[index]!,
    name,
    peerUrls,
  }));
  const { wal } = Wal.open({
    disk: storage.disk,
    directory: storage.walDirectory,
    metadata: encodeLogIdentity({ clusterId, memberId, token: options.clusterToken, bootstrap }),
    runtime,
    create: true,
    preallocate: true,
  });
  const base = { index: firstIndex, term: firstTerm };
  const settled = (resolve: () => void, reject: (error: Error) => void) => (error: Error | null) =>
    error === null ? resolve() : reject(error);
  await new Promise<void>((resolve, reject) => {
    wal.restart(base, { term: firstTerm, vote: '', commit: firstIndex }, settled(resolve, reject));
  });
  const entries = (options.entries ?? []).map((data, at) => ({
    index: firstIndex + 1 + at,
    term: firstTerm,
    type: EntryType.Normal,
    data,
  }));
  if (entries.length > 0) {
    const hardState = { term: firstTerm, vote: '', commit: firstIndex + entries.length };
    await new Promise<void>((resolve, reject) => wal.append(entries, hardState, settled(resolve, reject)));
  }
  await new Promise<void>((resolve) => wal.close(() => resolve()));
}
