/**
 * The state as a database of etcd's, bucket by bucket: what `etcdutl` checks and restores, and what any etcd can
 * go on from. It is written to a file beside the log first, since such a file begins with what is known last.
 *
 *     k  main sub ['t']  ──► key     main _ sub ['t']        l  id     ──► lease
 *     m  compact.…       ──► meta                            u  …      ──► auth, authUsers, authRoles
 *     c  member          ──► members                         a  alarm  ──► alarm
 */

import type { Backend, BackendEntry, BackendSnapshot } from '../backend/backend.ts';
import { BoltWriter } from '../bolt/bolt-writer.ts';
import { pageBytes } from '../bolt/format.ts';
import type { Disk, DiskFile } from '../util/disk.ts';
import { encodeCold } from '../wire/cold-codec.ts';
import { idToBigint } from './identity.ts';
import { decodeMember } from './membership.ts';
import { decodeStateMeta } from './state-meta.ts';

/** A file that holds the state, until it is closed. */
export interface ExportedState {
  readonly sizeBytes: number;
  /** @throws Error of the disk */
  read(offset: number, length: number): Buffer;
  /** Removes the file. */
  close(): void;
}

export interface ExportOptions {
  readonly backend: Backend;
  readonly disk: Disk;
  /** The file to make. */
  readonly path: string;
}

/** What is read and put into pages at once: a few milliseconds of work where records are small. */
const chunkBytes = 128 * 1024;
const metaPagesBytes = 2 * pageBytes;
const rootBuckets = [
  'alarm',
  'auth',
  'authRoles',
  'authUsers',
  'cluster',
  'key',
  'lease',
  'members',
  'members_removed',
  'meta',
];
/** Of the form in which the state is written: etcd's storage version. */
const stateVersion = '3.6.0';
const nothing = new Uint8Array(0);
const noConf = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
const nothingApplied = { term: 0, conf: noConf };

type Pairs = [key: Uint8Array, value: Uint8Array][];

/** @param done an error of the disk or the backend; the file is removed then */
export function exportState(
  options: ExportOptions,
  done: (error: Error | null, state: ExportedState | null) => void,
): void {
  options.backend.snapshot((error, snapshot) => {
    if (error !== null || snapshot === null) return done(error, null);
    let file: DiskFile;
    try {
      file = newFile(options);
    } catch (problem) {
      snapshot.close();
      done(problem as Error, null);
      return;
    }
    new Export(options, file, snapshot, done).start();
  });
}

function newFile({ disk, path }: ExportOptions): DiskFile {
  if (disk.exists(path)) disk.remove(path);
  return disk.create(path);
}

class Export {
  readonly #options: ExportOptions;
  readonly #snapshot: BackendSnapshot;
  readonly #done: (error: Error | null, state: ExportedState | null) => void;
  readonly #file: DiskFile;
  readonly #writer: BoltWriter;
  /** Buckets that are small, and those whose entries do not come together. */
  readonly #small = new Map<string, Pairs>();
  readonly #written = new Set<string>();
  #open: string | null = null;
  #pages: Buffer[] = [];
  #offset = metaPagesBytes;

  constructor(
    options: ExportOptions,
    file: DiskFile,
    snapshot: BackendSnapshot,
    done: (error: Error | null, state: ExportedState | null) => void,
  ) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#done = done;
    this.#file = file;
    this.#writer = new BoltWriter((page) => this.#pages.push(page));
  }

  start(): void {
    this.#addMeta();
    this.#next();
  }

  #next(): void {
    this.#snapshot.next(chunkBytes, (error, entries) => {
      if (error !== null) return this.#end(error);
      try {
        for (const entry of entries) this.#add(entry);
        if (entries.length === 0) this.#finish();
      } catch (error) {
        this.#end(error as Error);
        return;
      }
      this.#flush((error) => {
        if (error !== null) this.#end(error);
        else if (entries.length > 0) this.#next();
        else this.#end(null);
      });
    });
  }

  #add({ key, value }: BackendEntry): void {
    const rest = Buffer.from(key.slice(1), 'latin1');
    switch (key[0]) {
      case 'k':
        this.#stream('key', revisionBytes(rest), rest.length > 16 ? keyOnly(value) : value);
        break;
      case 'l':
        this.#stream('lease', rest, value);
        break;
      case 'm':
        this.#addStoreMeta(key.slice(1), value);
        break;
      case 'u':
        this.#addAuth(key, value);
        break;
      case 'c':
        this.#addMember(value);
        break;
      case 'd':
        this.#put('members_removed', rest, Buffer.from('removed'));
        break;
      case 'a':
        this.#addAlarm(key.slice(1));
        break;
      default:
    }
  }

  /** Entries of one bucket that come in order and may be many. */
  #stream(bucket: string, key: Uint8Array, value: Uint8Array): void {
    if (this.#open !== bucket) {
      this.#close();
      this.#writer.begin(bucket);
      this.#open = bucket;
      this.#written.add(bucket);
    }
    this.#writer.put(key, value);
  }

  #close(): void {
    if (this.#open !== null) this.#writer.end();
    this.#open = null;
  }

  #put(bucket: string, key: Uint8Array, value: Uint8Array): void {
    const pairs = this.#small.get(bucket);
    if (pairs === undefined) this.#small.set(bucket, [[key, value]]);
    else pairs.push([key, value]);
  }

  #addMeta(): void {
    const { index, meta } = this.#snapshot;
    // Of a member that has applied nothing yet there is no more to tell.
    const { term, conf } = meta.length === 0 ? nothingApplied : decodeStateMeta(meta);
    const numbers = (ids: readonly string[]): string => `[${ids.map((id) => idToBigint(id)).join(',')}]`;
    const confState =
      `{"voters":${numbers(conf.voters)},"learners":${numbers(conf.learners)},` +
      `"voters_outgoing":${numbers(conf.votersOutgoing)},"learners_next":${numbers(conf.learnersNext)},` +
      `"auto_leave":${conf.autoLeave}}`;
    this.#put('meta', Buffer.from('consistent_index'), u64(index));
    this.#put('meta', Buffer.from('term'), u64(term));
    this.#put('meta', Buffer.from('confState'), Buffer.from(confState));
    this.#put('meta', Buffer.from('storageVersion'), Buffer.from(stateVersion));
    this.#put('cluster', Buffer.from('clusterVersion'), Buffer.from(stateVersion));
  }

  #addStoreMeta(name: string, value: Uint8Array): void {
    const names: Record<string, string> = {
      'compact.scheduled': 'scheduledCompactRev',
      'compact.finished': 'finishedCompactRev',
    };
    const etcdName = names[name];
    if (etcdName === undefined) return;
    const revision = Buffer.concat([value, Buffer.from('_'), Buffer.alloc(8)]);
    this.#put('meta', Buffer.from(etcdName), revision);
  }

  #addAuth(key: string, value: Uint8Array): void {
    const name = Buffer.from(key.slice(2), 'latin1');
    if (key === 'ue') this.#put('auth', Buffer.from('authEnabled'), value);
    else if (key === 'uv') this.#put('auth', Buffer.from('authRevision'), value);
    else this.#put(key[1] === 'u' ? 'authUsers' : 'authRoles', name, value);
  }

  #addMember(value: Uint8Array): void {
    const { id, name, peerUrls, clientUrls, isLearner } = decodeMember(value);
    const number = idToBigint(id);
    const rest = JSON.stringify({
      peerURLs: peerUrls,
      ...(isLearner ? { isLearner } : {}),
      ...(name === '' ? {} : { name, clientURLs: clientUrls }),
    });
    this.#put('members', Buffer.from(number.toString(16)), Buffer.from(`{"id":${number},${rest.slice(1)}`));
  }

  #addAlarm(key: string): void {
    const [alarm, memberId] = key.split('/') as [string, string];
    const message = { memberID: idToBigint(memberId).toString(), alarm: Number(alarm) };
    this.#put('alarm', encodeCold('etcdserverpb.AlarmMember', message), nothing);
  }

  #finish(): void {
    this.#close();
    for (const bucket of rootBuckets) {
      if (this.#written.has(bucket)) continue;
      const pairs = this.#small.get(bucket) ?? [];
      pairs.sort(([a], [b]) => Buffer.compare(a, b));
      this.#writer.begin(bucket);
      for (const [key, value] of pairs) this.#writer.put(key, value);
      this.#writer.end();
    }
    this.#file.writeSync(this.#writer.finish(), 0);
  }

  #flush(then: (error: Error | null) => void): void {
    const pages = this.#pages;
    this.#pages = [];
    if (pages.length === 0) {
      then(null);
      return;
    }
    const offset = this.#offset;
    for (const page of pages) this.#offset += page.length;
    this.#file.write(pages, offset, then);
  }

  #end(error: Error | null): void {
    this.#snapshot.close();
    const { disk, path } = this.#options;
    const file = this.#file;
    const close = (): void => {
      file.closeSync();
      disk.remove(path);
    };
    if (error !== null) {
      close();
      this.#done(error, null);
      return;
    }
    const sizeBytes = this.#offset;
    this.#done(null, { sizeBytes, read: (offset, length) => file.readSync(offset, length), close });
  }
}

/** `main sub ['t']` with etcd's underscore in between. */
function revisionBytes(key: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + 1);
  key.copy(bytes, 0, 0, 8);
  bytes[8] = 0x5f;
  key.copy(bytes, 9, 8);
  return bytes;
}

/** A deletion as etcd keeps it: of the record only the key, its first field. */
function keyOnly(record: Uint8Array): Uint8Array {
  let length = 0;
  let factor = 1;
  let at = 1;
  for (; record[at]! >= 0x80; at++, factor *= 0x80) length += (record[at]! & 0x7f) * factor;
  length += record[at]! * factor;
  return record.subarray(0, at + 1 + length);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
