/**
 * The state on disk: an ordered map of bytes that trails the log.
 *
 * Keys are binary strings (one char per byte, 0–255), whose `<` order is byte order; the first char names a table.
 * Table '\0' is the backend's own. A value that was put must not be changed any more.
 * Writes are visible to reads at once and collect in memory. `mark` draws a line under everything written so far and
 * names the log index it stands for; `flush` makes the state at the newest line durable, all of it or nothing, so
 * that what is on disk is always the state at exactly one index.
 *
 *     write write mark(7) write mark(8) write        flush → disk holds the state at 8
 *
 * All callbacks are called exactly once, and never before the call returns.
 */

export interface BackendEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Is told of an entry: its key in the first bytes of a buffer that is used again, its value as a part of another. */
export type EntryVisitor = (key: Buffer, keyBytes: number, bytes: Buffer, start: number, end: number) => void;

/** Where a value is to be written: at `at` of `bytes`, which are all bytes of `buffer`. */
export interface Room {
  bytes: Buffer;
  buffer: ArrayBufferLike;
  at: number;
}

/** A frozen view of the state at one line. Must be closed. */
export interface BackendSnapshot {
  readonly index: number;
  readonly meta: Uint8Array;
  /** Reads on in key order, at most about `maxBytes`; an empty list is the end. */
  next(maxBytes: number, done: (error: Error | null, entries: readonly BackendEntry[]) => void): void;
  close(): void;
}

export interface Backend {
  /** The line the state on disk stood at when it was opened: index 0 and empty meta for a fresh one. */
  readonly openedAt: { readonly index: number; readonly meta: Uint8Array };
  /** Bytes on disk, approximately; > 0. */
  readonly sizeBytes: number;
  /** Bytes written and not yet flushed. */
  readonly pendingBytes: number;

  put(key: string, value: Uint8Array): void;
  /**
   * A `put` of a small value that is written in place: gives it room, which has to be filled before the backend is asked
   * for anything else.
   * @param key is `key[0, keyBytes)`
   * @returns the same object each time, good until the next call; null when this value must be `put`
   */
  reserve(key: Buffer, keyBytes: number, valueBytes: number): Room | null;
  delete(key: string): void;
  get(key: string): Uint8Array | undefined;
  /**
   * Entries with `from` <= key < `to`, in order, at most `limit`: the state at the moment of the call, unflushed writes
   * included.
   * @param maxBytes ends the list once it holds about that much; then only an empty list says that there is no more
   */
  scan(
    from: string,
    to: string,
    limit: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
    maxBytes?: number,
  ): void;

  /**
   * Entries from a key on as they are on disk, whatever was written since, at most `limit` and about `maxBytes`: for who
   * looks whether they can still be read. An empty list is the end.
   */
  readDurable(
    from: string,
    limit: number,
    maxBytes: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
  ): void;

  /**
   * Goes over the entries with `from` <= key < `to`, in order, without an object for each: for who reads very many.
   * Nothing may be written meanwhile.
   */
  visit(from: string, to: string, visitor: EntryVisitor, done: (error: Error | null) => void): void;

  /** Everything written so far is the state at `index`; `meta` is kept with it. */
  mark(index: number, meta: Uint8Array): void;
  /** Makes the newest line durable. Calls while one is running are merged. Reports the index that is now durable. */
  flush(done: (error: Error | null, index: number) => void): void;
  /** A consistent view of the newest line. */
  snapshot(done: (error: Error | null, snapshot: BackendSnapshot | null) => void): void;

  /** Gives back the disk space of what was overwritten and deleted. Reads and writes go on; it may take long. */
  compact(done: (error: Error | null) => void): void;

  /**
   * Starts replacing the whole state by one received from elsewhere. The old state stays in force, on disk too,
   * until `commit` reports success.
   */
  beginRestore(): BackendRestore;

  close(done: (error: Error | null) => void): void;
}

export interface BackendRestore {
  add(entries: readonly BackendEntry[], done: (error: Error | null) => void): void;
  /** Puts the received state in force durably, at the line `index`. Unflushed writes of the old state are dropped. */
  commit(index: number, meta: Uint8Array, done: (error: Error | null) => void): void;
  abort(): void;
}
