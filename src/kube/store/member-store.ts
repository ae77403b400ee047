/**
 * A KubeStore over a member in this process: guarded writes go through its log, reads after a read round, watches to its
 * hub. What the member refuses reaches the caller as the `Failure` it is.
 */

import type { ServedMember } from '../../member/types.ts';
import { RequestKind } from '../../member/types.ts';
import type { WatchNotice, WatchStream } from '../../mvcc/types.ts';
import { Failure } from '../../util/failure.ts';
import type { Clock, Timer } from '../../util/runtime.ts';
import { decodeKeyValue } from '../../wire/key-value.ts';
import { encodeCompactionRequest, encodeTxnRequest } from '../../wire/kv-codec.ts';
import { type Event, EventType, OpKind, type RequestOp, type TxnResult } from '../../wire/messages.ts';
import type {
  CreateOptions,
  GetResult,
  KubeStore,
  ListOptions,
  ListResult,
  StoreChange,
  StoreWatch,
  StoreWatchSink,
  WriteResult,
} from '../store.ts';
import { storedEntry } from './memory-store.ts';
import { deleteOp, guardedTxn, keyBytes, prefixEnd, putOp, rangeRequest } from './requests.ts';
import { SharedLeases } from './shared-leases.ts';

const noBytes = new Uint8Array(0);
/** A hub does not answer a request for progress while a watcher is behind: it is asked again. */
const progressRetryMs = 100;

class MemberStore implements KubeStore {
  readonly #member: ServedMember;
  readonly #watches = new Set<MemberWatch>();
  readonly #leases: SharedLeases;
  #isClosed = false;

  constructor(member: ServedMember) {
    this.#member = member;
    this.#leases = new SharedLeases(member.runtime.clock, (ttlSeconds) => this.#grant(ttlSeconds));
  }

  async get(key: string): Promise<GetResult> {
    await this.#linearize();
    const result = this.#member.store.range(rangeRequest(keyBytes(key), noBytes, 1, 0));
    const record = result.kvs[0];
    return { entry: record === undefined ? null : storedEntry(record), revision: result.revision };
  }

  async isCurrent(key: string, modRevision: number): Promise<boolean> {
    await this.#linearize();
    const request = { ...rangeRequest(keyBytes(key), noBytes, 1, 0), keysOnly: true };
    const [record] = this.#member.store.range(request).kvs;
    return record !== undefined && storedEntry(record).modRevision === modRevision;
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    const revision = options.revision ?? 0;
    // A revision of the future may have been applied elsewhere already.
    if (revision === 0 || revision > this.#member.store.revision) await this.#linearize();
    this.#checkOpen();
    const from = keyBytes(options.startKey ?? prefix);
    const range = rangeRequest(from, prefixEnd(prefix), options.limit ?? 0, revision);
    const result = this.#member.store.range(range);
    return {
      entries: result.kvs.map(storedEntry),
      count: result.count,
      revision: revision === 0 ? result.revision : revision,
    };
  }

  async create(key: string, value: Uint8Array, options: CreateOptions = {}): Promise<WriteResult> {
    const lease = await this.#leases.leaseFor(options.ttlSeconds ?? 0);
    return this.#write(key, 0, putOp(keyBytes(key), value, lease, false));
  }

  update(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, expectedRevision, putOp(keyBytes(key), value, 0n, true));
  }

  delete(key: string, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, expectedRevision, deleteOp(keyBytes(key)));
  }

  watch(prefix: string, afterRevision: number, sink: StoreWatchSink): StoreWatch {
    const watch = new MemberWatch(this.#member, prefix, afterRevision, sink, () =>
      this.#watches.delete(watch),
    );
    this.#watches.add(watch);
    if (this.#isClosed) watch.lose();
    else watch.begin();
    return watch;
  }

  async revision(): Promise<number> {
    await this.#linearize();
    return this.#member.store.revision;
  }

  async compact(revision: number): Promise<void> {
    const request = { revision, physical: false };
    await this.#propose(RequestKind.Compact, encodeCompactionRequest(request), request);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of [...this.#watches]) watch.lose();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Failure('stopped', 'the store was closed');
  }

  #linearize(): Promise<void> {
    this.#checkOpen();
    return new Promise((resolve, reject) => {
      this.#member.linearize((failure) => (failure === null ? resolve() : reject(failure)));
    });
  }

  #propose<T>(kind: RequestKind, body: Uint8Array, request: unknown): Promise<T> {
    this.#checkOpen();
    return new Promise((resolve, reject) => {
      this.#member.propose<T>(kind, body, request, (failure, result) => {
        if (failure === null) resolve(result as T);
        else reject(failure);
      });
    });
  }

  async #write(key: string, expectedRevision: number, write: RequestOp): Promise<WriteResult> {
    const txn = guardedTxn(keyBytes(key), expectedRevision, write);
    const result = await this.#propose<TxnResult>(RequestKind.Txn, encodeTxnRequest(txn), txn);
    if (result.succeeded) return { written: true, revision: result.revision };
    const read = result.responses[0];
    if (read?.kind !== OpKind.Range) throw new Error('a guarded write that failed must have read the key');
    const record = read.result.kvs[0];
    return { written: false, current: record === undefined ? null : storedEntry(record) };
  }

  #grant(ttlSeconds: number): Promise<bigint> {
    return new Promise((resolve, reject) => {
      this.#member.leases.grant(0n, ttlSeconds, (failure, result) => {
        if (failure === null) resolve(result!.id);
        else reject(failure);
      });
    });
  }
}

/** One watch: a stream of the hub with one watcher. */
class MemberWatch implements StoreWatch {
  readonly #stream: WatchStream;
  readonly #prefix: string;
  readonly #afterRevision: number;
  readonly #sink: StoreWatchSink;
  readonly #ended: () => void;
  readonly #clock: Clock;
  readonly #defer: (job: () => void) => void;
  #isClosed = false;
  #progressTimer: Timer | null = null;

  constructor(
    member: ServedMember,
    prefix: string,
    afterRevision: number,
    sink: StoreWatchSink,
    ended: () => void,
  ) {
    const { runtime, store } = member;
    this.#prefix = prefix;
    this.#afterRevision = afterRevision;
    this.#sink = sink;
    this.#ended = ended;
    this.#clock = runtime.clock;
    this.#defer = (job) => runtime.scheduler.defer(job);
    this.#stream = store.watches.open({ send: (notice) => this.#take(notice) });
  }

  begin(): void {
    this.#stream.create({
      key: Buffer.from(this.#prefix).toString('latin1'),
      end: Buffer.from(prefixEnd(this.#prefix)).toString('latin1'),
      startRevision: this.#afterRevision + 1,
      progressNotify: false,
      noPut: false,
      noDelete: false,
      prevKv: false,
      watchId: 1,
      fragment: false,
    });
  }

  requestProgress(): void {
    if (this.#isClosed || this.#progressTimer !== null) return;
    this.#progressTimer = this.#clock.setTimer(progressRetryMs, () => {
      this.#progressTimer = null;
      this.requestProgress();
    });
    // Never within the call: the caller's sink is told later.
    this.#defer(() => {
      if (!this.#isClosed) this.#stream.requestProgress();
    });
  }

  #take(notice: WatchNotice): boolean {
    if (this.#isClosed) return true;
    if (notice.canceled)
      this.#fail(notice.compactRevision > 0 ? 'compacted' : 'lost', notice.compactRevision);
    else if (notice.events.length > 0) this.#sink.changes(notice.events.map(changeOf));
    else if (!notice.created) {
      this.#progressTimer?.cancel();
      this.#progressTimer = null;
      this.#sink.progress(notice.revision);
    }
    return true;
  }

  /** Ends it: what comes after is not given any more. */
  lose(): void {
    this.#fail('lost', 0);
  }

  #fail(reason: 'compacted' | 'lost', compactRevision: number): void {
    if (this.#isClosed) return;
    // The hub may be in the middle of telling: the stream is closed when it is done.
    this.#isClosed = true;
    this.#defer(() => {
      this.#release();
      this.#sink.failed(reason, compactRevision);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#defer(() => this.#release());
  }

  #release(): void {
    this.#progressTimer?.cancel();
    this.#stream.close();
    this.#ended();
  }
}

function changeOf({ type, kv }: Event): StoreChange {
  const { key, value, modRevision } = decodeKeyValue(kv);
  return {
    key: Buffer.from(key).toString('utf8'),
    value: type === EventType.Delete ? null : value,
    revision: modRevision,
  };
}

/** The store of a member. Closing it ends its watches and leaves the member alone. */
export function memberStore(member: ServedMember): KubeStore {
  return new MemberStore(member);
}
