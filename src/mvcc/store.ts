/**
 * The store: etcd's revisions, ranges, txns and compaction over a backend. Synchronous and deterministic: the same writes
 * in the same order give the same records, the same revisions and the same digest on every member.
 *
 * It reads no clock and starts no work of its own: the member calls `compactStep` between its turns.
 */

import type { Backend } from '../backend/backend.ts';
import { Failure } from '../util/failure.ts';
import type { LocatedGuardedPut } from '../wire/guarded-put.ts';
import type { PlacedPut } from '../wire/key-value.ts';
import type {
  DeleteRangeRequest,
  DeleteRangeResult,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
  TxnRequest,
  TxnResult,
} from '../wire/messages.ts';
import { Compaction } from './compaction.ts';
import type { StoreFigures } from './figures.ts';
import { guardHolds, keepLease } from './guarded-put.ts';
import { type HashDone, hashState } from './hash.ts';
import { StoreHistory } from './history.ts';
import { loadState } from './load.ts';
import { checkKept, checkLease, runDeleteLeased, runDeleteRange, runPut } from './operations.ts';
import { range } from './range.ts';
import { type RangeChunks, rangeChunks } from './range-chunks.ts';
import { State } from './state.ts';
import { runPlan } from './txn.ts';
import { checkPlan, isReadOnlyTxn, planTxn } from './txn-check.ts';
import {
  type Audience,
  type Change,
  type History,
  type LeaseBook,
  type MvccStore,
  noLeases,
  type WatchHub,
} from './types.ts';
import { Writer } from './writer.ts';

export interface StoreOptions {
  /** Who owns which key. On opening, every living key with a lease is attached. @default no leases */
  readonly leases?: LeaseBook;
  /** Newest records of hot keys kept in memory, bytes. @default 32 MiB */
  readonly cacheBytes?: number;
}

/** Takes the changes of one revision, in sub-revision order, right after it became the newest. */
export type PublishChanges = (changes: readonly Change[]) => void;

function ignoreChanges(): void {}

const everyone: Audience = { isEmpty: false, passed: () => {} };

export class Store implements MvccStore {
  readonly history: History;
  readonly #state: State;
  readonly #writer: Writer;
  readonly #compaction: Compaction;
  #publish: PublishChanges = ignoreChanges;
  #audience: Audience = everyone;
  #watches: WatchHub | null = null;
  #suspended = false;

  private constructor(backend: Backend, options: StoreOptions) {
    this.#state = new State(backend, options.leases ?? noLeases, options.cacheBytes ?? 32 * 1024 * 1024);
    this.#writer = new Writer(this.#state);
    this.#compaction = new Compaction(this.#state);
    this.history = new StoreHistory(this.#state);
  }

  /** Opens the store on what the backend holds. */
  static open(
    backend: Backend,
    options: StoreOptions,
    done: (error: Error | null, store: Store | null) => void,
  ): void {
    const store = new Store(backend, options);
    store.reload((error) => done(error, error === null ? store : null));
  }

  /** The backend's state is about to be replaced: reads are refused until `reload` has finished. */
  suspend(): void {
    this.#suspended = true;
  }

  get isSuspended(): boolean {
    return this.#suspended;
  }

  /**
   * Reads everything anew after the backend's state was replaced. Until `done` the store answers from the old index, so
   * nothing may be read or written meanwhile. The watch hub is to be told (`resync`) by the caller.
   */
  reload(done: (error: Error | null) => void): void {
    this.suspend();
    loadState(this.#state, (error, mustResume) => {
      if (error === null) {
        this.#compaction.restart(mustResume);
        this.#suspended = false;
      }
      done(error);
    });
  }

  /** Gives the store its watch hub, and the hub its changes. @param audience says whether it wants to have them */
  attach(watches: WatchHub, publish: PublishChanges, audience: Audience = everyone): void {
    this.#watches = watches;
    this.#publish = publish;
    this.#audience = audience;
  }

  get watches(): WatchHub {
    if (this.#watches === null) throw new Error('the store has no watch hub yet');
    return this.#watches;
  }

  get revision(): number {
    return this.#state.revision;
  }

  get compactRevision(): number {
    return this.#state.compactRevision;
  }

  get digest(): number {
    return this.#state.digest.value;
  }

  get keyCount(): number {
    return this.#state.index.liveCount;
  }

  get sizeInUseBytes(): number {
    return this.#state.sizeInUseBytes;
  }

  get figures(): StoreFigures {
    return this.#state.figures;
  }

  /** @throws Failure 'leaseNotFound', 'keyNotFound' */
  put(request: PutRequest): PutResult {
    const state = this.#state;
    checkLease(state, request.lease);
    checkKept(state, request);
    this.#begin();
    const result = runPut(state, this.#writer, request);
    this.#commit();
    return result;
  }

  /**
   * A put that asks for no more than that: most are such. It makes the revision that the store is at afterwards.
   * @param put is only read, and its bytes are copied
   * @throws Failure 'leaseNotFound'
   */
  putPlaced(put: PlacedPut): void {
    checkLease(this.#state, put.lease);
    this.#begin();
    this.#writer.put(put);
    this.#commit();
  }

  deleteRange(request: DeleteRangeRequest): DeleteRangeResult {
    this.#begin();
    const result = runDeleteRange(this.#state, this.#writer, request);
    this.#commit();
    return result;
  }

  /**
   * Deletes the keys of a lease that ends in one revision, in ascending order. Keys that do not exist are passed over; if
   * none does, there is no revision.
   * @param keys binary strings
   * @returns how many were deleted
   */
  deleteLeased(lease: bigint, keys: ReadonlySet<string>): number {
    this.#begin();
    const deleted = runDeleteLeased(this.#state, this.#writer, lease, keys);
    this.#commit();
    return deleted;
  }

  /** @throws Failure 'futureRevision', 'compacted', 'leaseNotFound', 'keyNotFound'; the txn then had no effect */
  txn(request: TxnRequest): TxnResult {
    const state = this.#state;
    const plan = planTxn(state, request);
    checkPlan(state, plan);
    state.figures.txns++;
    this.#begin();
    const result = runPlan(state, this.#writer, plan);
    this.#commit();
    result.revision = state.revision;
    return result;
  }

  /**
   * A txn of one comparison and one put, if the comparison holds: most that write are such. It makes the revision that the
   * store is at afterwards.
   * @param guarded its bytes are only read, and copied
   * @returns false: it has done nothing, and is to be run by `txn`
   * @throws Failure 'leaseNotFound'
   */
  putGuarded(guarded: LocatedGuardedPut): boolean {
    const state = this.#state;
    if (!guardHolds(state, guarded) || !keepLease(state, guarded)) return false;
    checkLease(state, guarded.put.lease);
    state.figures.txns++;
    this.#begin();
    this.#writer.put(guarded.put);
    this.#commit();
    return true;
  }

  /** @throws Failure 'futureRevision', 'compacted' */
  readOnlyTxn(request: TxnRequest): TxnResult {
    if (!isReadOnlyTxn(request)) throw new Error('the txn writes');
    this.#checkReadable();
    const state = this.#state;
    const plan = planTxn(state, request);
    checkPlan(state, plan);
    state.figures.txns++;
    const result = runPlan(state, null, plan);
    result.revision = state.revision;
    return result;
  }

  /** @throws Failure 'futureRevision', 'compacted' */
  range(request: RangeRequest): RangeResult {
    this.#checkReadable();
    return range(this.#state, request, this.#state.revision);
  }

  /**
   * Begins to read a range in chunks of about `maxBytes`; see `range-chunks.ts`.
   * @throws Failure 'futureRevision', 'compacted', 'unimplemented'
   */
  rangeChunks(request: RangeRequest, maxBytes: number): RangeChunks {
    this.#checkReadable();
    this.#state.figures.ranges++;
    return rangeChunks(this.#state, request, maxBytes);
  }

  /**
   * Hashes what can be read at `revision`, chunk by chunk; 0 is the newest. See `hash.ts`.
   * @param done called once and never before the call returns; may fail with 'compacted'
   * @throws Failure 'compacted', 'futureRevision'
   */
  hashKv(revision: number, done: HashDone): void {
    this.#checkReadable();
    hashState(this.#state, revision, done);
  }

  /** @throws Failure 'compacted' at or below the last one, 'futureRevision' */
  compact(revision: number): void {
    const state = this.#state;
    if (revision <= state.compactRevision) throw new Failure('compacted');
    if (revision > state.revision) throw new Failure('futureRevision');
    this.#compaction.schedule(revision);
  }

  /** True while records of a compaction wait to be removed. */
  get isCompacting(): boolean {
    return this.#compaction.isRunning;
  }

  /** Removes what a compaction made unreadable, looking at `maxKeys` keys and a few times as many records. Returns true while there is more to do. */
  compactStep(maxKeys: number): boolean {
    return this.#compaction.step(maxKeys);
  }

  #checkReadable(): void {
    if (this.#suspended) throw new Failure('timeout', 'the state is being replaced by a newer one');
  }

  #begin(): void {
    this.#writer.begin(!this.#audience.isEmpty);
  }

  #commit(): void {
    if (!this.#writer.commit()) return;
    const changes = this.#writer.takeChanges();
    if (changes !== null) this.#publish(changes);
    else this.#audience.passed(this.#state.revision);
  }
}
