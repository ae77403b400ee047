/**
 * What the API server asks of the store below it: guarded writes of single keys, reads of a prefix at one revision, and
 * changes in revision order. Everything else of etcd stays outside; so the same API server stands on a member in this
 * process, on an etcd v3 client, or on a store in memory (`store/memory-store.ts`).
 *
 * Keys are strings as Kubernetes lays them out, `/registry/<plural>/<namespace>/<name>` (`storage/keys.ts`); values are
 * bytes. Revisions are the store's, one count for all keys: they are the resourceVersions clients see.
 *
 * Promises are right here: a request of the API server costs hundreds of microseconds of JSON, a promise costs one. What
 * happens per change and per watcher goes through callbacks.
 */

export interface StoredEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Revision of the write that made this value. */
  readonly modRevision: number;
}

export interface GetResult {
  readonly entry: StoredEntry | null;
  /** Revision of the store when it was read. */
  readonly revision: number;
}

export interface ListOptions {
  /** Where to begin, a key of the prefix or beyond. @default the prefix */
  readonly startKey?: string;
  /** At most so many entries; 0 is all. @default 0 */
  readonly limit?: number;
  /** Read the state of this revision; 0 is the newest. @default 0 */
  readonly revision?: number;
}

export interface ListResult {
  /** Ascending by key, byte order. */
  readonly entries: readonly StoredEntry[];
  /** How many entries the range has in all, these included. */
  readonly count: number;
  /** The revision that was read. */
  readonly revision: number;
}

/**
 * A write that met the guard has a revision; one that did not says what stands there now (null: nothing), so that the
 * caller need not read again.
 */
export type WriteResult =
  | { readonly written: true; readonly revision: number }
  | { readonly written: false; readonly current: StoredEntry | null };

export interface CreateOptions {
  /** The key goes by itself after so many seconds; 0 is never. @default 0 */
  readonly ttlSeconds?: number;
}

export interface StoreChange {
  readonly key: string;
  /** Null: the key was deleted. */
  readonly value: Uint8Array | null;
  readonly revision: number;
}

export interface StoreWatchSink {
  /** Whole revisions, ascending; never empty. */
  changes(changes: readonly StoreChange[]): void;
  /** Everything up to `revision` has been given. */
  progress(revision: number): void;
  /** The watch is over. 'compacted': the start revision is gone; 'lost': begin again with a list. */
  failed(reason: 'compacted' | 'lost', compactRevision: number): void;
}

export interface StoreWatch {
  /** Asks for `progress` as soon as everything the store knows now has been given. */
  requestProgress(): void;
  /** No call of the sink after this. */
  close(): void;
}

/** Every method of it may reject with a `Failure`: 'timeout', 'noLeader', 'tooManyRequests', 'noSpace', 'stopped', … */
export interface KubeStore {
  /** Linearizable. */
  get(key: string): Promise<GetResult>;
  /** Linearizable: whether the key's newest write is the one of this revision. */
  isCurrent(key: string, modRevision: number): Promise<boolean>;
  /** Linearizable unless a revision is given. Rejects with Failure 'compacted' or 'futureRevision'. */
  list(prefix: string, options?: ListOptions): Promise<ListResult>;
  /** Writes the key if it does not exist. */
  create(key: string, value: Uint8Array, options?: CreateOptions): Promise<WriteResult>;
  /** Writes the key if its modRevision is `expectedRevision`; a time to live stays as it is. */
  update(key: string, value: Uint8Array, expectedRevision: number): Promise<WriteResult>;
  /** Deletes the key if its modRevision is `expectedRevision`. `revision` is the revision of the deletion. */
  delete(key: string, expectedRevision: number): Promise<WriteResult>;
  /** All changes of the prefix after `afterRevision`. The sink is never called before this returns. */
  watch(prefix: string, afterRevision: number, sink: StoreWatchSink): StoreWatch;
  /** A linearizable point: the newest revision. */
  revision(): Promise<number>;
  /** History up to and including `revision` may go. Rejects with Failure 'compacted' or 'futureRevision'. */
  compact(revision: number): Promise<void>;
  /** Ends every watch with 'lost' and lets go of what it holds; requests after it reject with Failure 'stopped'. */
  close(): Promise<void>;
}
