/**
 * What the store offers to the member above it. Writes are called by apply only, in log order, and are synchronous and
 * deterministic. A write that is refused throws a `Failure` and has had no effect at all.
 */

import type {
  DeleteRangeRequest,
  DeleteRangeResult,
  Event,
  KeyValueBytes,
  PutRequest,
  PutResult,
  RangeRequest,
  RangeResult,
  TxnRequest,
  TxnResult,
} from '../wire/messages.ts';
import type { StoreFigures, WatchFigures } from './figures.ts';

/**
 * Who owns which key; the lease room implements it. Keys are binary strings. A key of a state from elsewhere may name a lease
 * that does not exist: it belongs to none, also when one is granted that id.
 */
export interface LeaseBook {
  exists(lease: bigint): boolean;
  attach(lease: bigint, key: string): void;
  detach(lease: bigint, key: string): void;
}

/** The book of a store without leases: none exists. */
export const noLeases: LeaseBook = { exists: () => false, attach: () => {}, detach: () => {} };

export interface MvccStore {
  /** Revision of the newest write; 1 on a fresh store. */
  readonly revision: number;
  /** Reads below it fail; -1 when nothing was ever compacted. */
  readonly compactRevision: number;
  /** Rolling digest of every change applied, the same on every member at the same index. */
  readonly digest: number;
  readonly keyCount: number;
  /** Bytes of live and historical records, as a member's dbSizeInUse. */
  readonly sizeInUseBytes: number;
  readonly figures: StoreFigures;

  put(request: PutRequest): PutResult;
  deleteRange(request: DeleteRangeRequest): DeleteRangeResult;
  txn(request: TxnRequest): TxnResult;
  /** Takes effect at once for readers; the records go in paced steps behind (`compactStep`). */
  compact(revision: number): void;

  /** Synchronous read of at most `limit` keys; see `rangeChunks` for large ones. */
  range(request: RangeRequest): RangeResult;
  /** True when every op of both branches only reads: it may be answered like a range. */
  readOnlyTxn(request: TxnRequest): TxnResult;

  readonly watches: WatchHub;
}

/** Everything one watcher needs to be told at once. */
export interface WatchNotice {
  readonly watchId: number;
  /** Header revision of the response. */
  readonly revision: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly cancelReason: string;
  readonly fragment: boolean;
  readonly events: readonly Event[];
}

/** One client stream; watch ids are its own. */
export interface WatchSink {
  /** Takes the notice. False: with it the stream is full, and nothing more is sent to it until `WatchStream.resume`. */
  send(notice: WatchNotice): boolean;
  /** The same for a notice that is nothing but events. Where it is missing, `send` is called. */
  sendEvents?(watchId: number, revision: number, events: readonly Event[]): boolean;
}

export interface WatchCreate {
  /** Binary strings. `end`: '' for one key, '\0' for everything from `key` on. */
  readonly key: string;
  readonly end: string;
  readonly startRevision: number;
  readonly progressNotify: boolean;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly prevKv: boolean;
  /** 0: the stream picks one. */
  readonly watchId: number;
  readonly fragment: boolean;
}

export interface WatchStream {
  /** Answers through the sink: `created`, or created and canceled with a reason. */
  create(request: WatchCreate): void;
  /** Answers the creation of a watcher that may not be, for a reason that is not the hub's: created and canceled. */
  refuse(reason: string): void;
  /** Unknown ids are ignored, as etcd does. */
  cancel(watchId: number): void;
  /** A manual progress request: answered only when every watcher of the stream is at the head. */
  requestProgress(): void;
  /** The sink can take more. */
  resume(): void;
  close(): void;
}

export interface WatchHub {
  open(sink: WatchSink): WatchStream;
  /** Feeds all watchers that have something to see; called by the member once per turn. */
  pump(): void;
  /** The periodic progress tick of every stream; the interval is the caller's. */
  progressTick(): void;
  /** The state was replaced by a snapshot: every watcher continues from its next revision. */
  resync(): void;
  readonly watcherCount: number;
  /** For metrics. */
  figures(): WatchFigures;
}

/** One change of one key. All changes of a revision stand together, in sub-revision order. */
export interface Change {
  readonly revision: number;
  /** Binary string. */
  readonly key: string;
  /** An EventType. */
  readonly type: number;
  /** The record as written; for a deletion it holds key and mod_revision only. */
  readonly record: KeyValueBytes;
  /** True for a put that starts a life of the key: there is nothing before it. */
  readonly isCreate: boolean;
}

/** Whoever the store tells of its changes, as far as it wants to be told. */
export interface Audience {
  /** Nobody would look at a change now: they need not be made up. */
  readonly isEmpty: boolean;
  /** While it is empty: a revision that has changes became the newest. */
  passed(revision: number): void;
}

/** What the watch hub asks of the store: the past, for watchers that are behind the ring. */
export interface History {
  readonly revision: number;
  readonly compactRevision: number;
  /**
   * Reads the changes of the revisions from `fromRevision` on, whole revisions only, at least one of them if there is
   * one, and not much more than `maxBytes`. `nextRevision` is where to go on; it is `revision + 1` at the end.
   * @throws nothing; a range that was compacted in the meantime gives Failure 'compacted'.
   */
  read(
    fromRevision: number,
    maxBytes: number,
    done: (error: Error | null, changes: readonly Change[], nextRevision: number) => void,
  ): void;
  /** The record of `key` in force just before `revision`, or null when there was none or it was compacted away. */
  previous(key: string, revision: number): KeyValueBytes | null;
}
