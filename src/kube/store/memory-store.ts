/**
 * A KubeStore in memory, for tests and for a control plane that a test starts: the same revisions, reads at a revision
 * and compaction as in a member, because it is the member's store without log and peers.
 *
 * Writes take effect in the call; changes reach the watches in revision order (`memory-watch.ts`).
 */

import type { Backend } from '../../backend/backend.ts';
import { memoryBackend } from '../../backend/memory-backend.ts';
import { noWatchFigures } from '../../mvcc/figures.ts';
import { Store } from '../../mvcc/store.ts';
import type { Change } from '../../mvcc/types.ts';
import { Failure } from '../../util/failure.ts';
import type { Runtime } from '../../util/runtime.ts';
import { decodeKeyValue } from '../../wire/key-value.ts';
import { type KeyValueBytes, OpKind, type RequestOp } from '../../wire/messages.ts';
import type {
  CreateOptions,
  GetResult,
  KubeStore,
  ListOptions,
  ListResult,
  StoredEntry,
  StoreWatch,
  StoreWatchSink,
  WriteResult,
} from '../store.ts';
import { Expiry } from './expiry.ts';
import { MemoryWatch } from './memory-watch.ts';
import { deleteOp, guardedTxn, keyBytes, prefixEnd, putOp, rangeRequest } from './requests.ts';

const noBytes = new Uint8Array(0);
/** Unflushed records that trigger a flush; it only moves them from one map to another. */
const flushBytes = 8 << 20;
const compactKeysPerStep = 1000;

export function storedEntry(record: KeyValueBytes): StoredEntry {
  const { key, value, modRevision } = decodeKeyValue(record);
  return { key: Buffer.from(key).toString('utf8'), value, modRevision };
}

class MemoryStore implements KubeStore {
  readonly #runtime: Runtime;
  readonly #backend: Backend;
  readonly #store: Store;
  readonly #watches: Set<MemoryWatch> = new Set();
  readonly #expiry: Expiry;
  #isFlushing = false;
  #isClosed = false;

  constructor(runtime: Runtime, backend: Backend, store: Store) {
    this.#runtime = runtime;
    this.#backend = backend;
    this.#store = store;
    this.#expiry = new Expiry(runtime.clock, (key) => this.#expire(key));
    store.attach(noHub, (changes) => this.#publish(changes));
  }

  async get(key: string): Promise<GetResult> {
    this.#checkOpen();
    const result = this.#store.range(rangeRequest(keyBytes(key), noBytes, 1, 0));
    const record = result.kvs[0];
    return { entry: record === undefined ? null : storedEntry(record), revision: result.revision };
  }

  async isCurrent(key: string, modRevision: number): Promise<boolean> {
    this.#checkOpen();
    const request = { ...rangeRequest(keyBytes(key), noBytes, 1, 0), keysOnly: true };
    const [record] = this.#store.range(request).kvs;
    return record !== undefined && storedEntry(record).modRevision === modRevision;
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult> {
    this.#checkOpen();
    const from = keyBytes(options.startKey ?? prefix);
    const revision = options.revision ?? 0;
    const result = this.#store.range(rangeRequest(from, prefixEnd(prefix), options.limit ?? 0, revision));
    return {
      entries: result.kvs.map(storedEntry),
      count: result.count,
      revision: revision === 0 ? result.revision : revision,
    };
  }

  async create(key: string, value: Uint8Array, options: CreateOptions = {}): Promise<WriteResult> {
    const ttlSeconds = options.ttlSeconds ?? 0;
    const result = this.#write(key, 0, putOp(keyBytes(key), value, 0n, false));
    if (result.written && ttlSeconds > 0) this.#expiry.set(key, ttlSeconds * 1000);
    return result;
  }

  async update(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult> {
    return this.#write(key, expectedRevision, putOp(keyBytes(key), value, 0n, true));
  }

  async delete(key: string, expectedRevision: number): Promise<WriteResult> {
    const result = this.#write(key, expectedRevision, deleteOp(keyBytes(key)));
    if (result.written) this.#expiry.forget(key);
    return result;
  }

  watch(prefix: string, afterRevision: number, sink: StoreWatchSink): StoreWatch {
    const watch = new MemoryWatch({
      history: this.#store.history,
      scheduler: this.#runtime.scheduler,
      prefix,
      afterRevision,
      sink,
      ended: () => this.#watches.delete(watch),
    });
    this.#watches.add(watch);
    if (this.#isClosed) watch.lose();
    else watch.begin();
    return watch;
  }

  async revision(): Promise<number> {
    this.#checkOpen();
    return this.#store.revision;
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    this.#store.compact(revision);
    this.#compactOn();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#expiry.close();
    for (const watch of [...this.#watches]) watch.lose();
    await new Promise<void>((resolve, reject) =>
      this.#backend.close((error) => (error === null ? resolve() : reject(error))),
    );
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Failure('stopped', 'the store was closed');
  }

  #write(key: string, expectedRevision: number, write: RequestOp): WriteResult {
    this.#checkOpen();
    const result = this.#store.txn(guardedTxn(keyBytes(key), expectedRevision, write));
    if (result.succeeded) {
      this.#flushSometimes();
      return { written: true, revision: result.revision };
    }
    const read = result.responses[0];
    if (read?.kind !== OpKind.Range) throw new Error('a guarded write that failed must have read the key');
    const record = read.result.kvs[0];
    return { written: false, current: record === undefined ? null : storedEntry(record) };
  }

  #publish(changes: readonly Change[]): void {
    for (const watch of this.#watches) watch.publish(changes);
  }

  #expire(key: string): void {
    this.#store.deleteRange({ key: keyBytes(key), rangeEnd: noBytes, prevKv: false });
  }

  #flushSometimes(): void {
    const backend = this.#backend;
    if (this.#isFlushing || backend.pendingBytes < flushBytes) return;
    this.#isFlushing = true;
    backend.mark(this.#store.revision, noBytes);
    backend.flush((error) => {
      this.#isFlushing = false;
      if (error !== null) this.#runtime.log.error('memory could not be flushed', { error: error.message });
    });
  }

  #compactOn(): void {
    if (this.#isClosed || !this.#store.compactStep(compactKeysPerStep)) return;
    this.#runtime.scheduler.defer(() => this.#compactOn());
  }
}

/** The store wants a hub; here the watches stand beside it. */
const noHub = {
  open(): never {
    throw new Error('watches of a memory store are opened at the store');
  },
  pump(): void {},
  progressTick(): void {},
  resync(): void {},
  watcherCount: 0,
  figures: () => noWatchFigures,
};

/** Opens an empty store in memory. */
export function openMemoryStore(runtime: Runtime): Promise<KubeStore> {
  const backend = memoryBackend({ scheduler: runtime.scheduler });
  return new Promise((resolve, reject) => {
    Store.open(backend, {}, (error, store) => {
      if (store === null) reject(error ?? new Error('the store did not open'));
      else resolve(new MemoryStore(runtime, backend, store));
    });
  });
}
