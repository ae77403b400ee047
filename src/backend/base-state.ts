/**
 * What lies beneath the buffered writes of a backend: the durable state itself. `level-base.ts` keeps it in LevelDB,
 * `memory-image.ts` in memory. Callbacks are called exactly once, and never before the call returns.
 */

import type { BackendEntry, EntryVisitor } from './backend.ts';
import type { Overlay } from './overlay.ts';

/** A line: the log index the state stands for, and what the caller keeps with it. */
export interface Line {
  readonly index: number;
  readonly meta: Uint8Array;
}

export const noLine: Line = { index: 0, meta: new Uint8Array(0) };

/** A walk over the state as it was when the walk began. Must be closed. */
export interface BaseCursor {
  /** The next entries in key order, at most `limit` and about `maxBytes`; an empty list is the end. */
  next(
    limit: number,
    maxBytes: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
  ): void;
  close(): void;
}

export interface BaseState {
  /** The line the state stands at. */
  readonly line: Line;
  readonly sizeBytes: number;
  get(key: string): Uint8Array | undefined;
  /** Puts all writes and the new line in force durably, or none of it. One call at a time. */
  write(writes: Overlay, line: Line, done: (error: Error | null) => void): void;
  /**
   * @param to null is no bound
   * @param atMost the reader will not take more entries than this
   * @param chunkBytes about what the reader will take at a time
   */
  cursor(from: string, to: string | null, atMost: number, chunkBytes: number): BaseCursor;
  /** Goes over `from` <= key < `to` in order, without an object for each entry. */
  visit(from: string, to: string, visitor: EntryVisitor, done: (error: Error | null) => void): void;
  /** Gives back the space of what is no longer there, while reads and writes go on. */
  compact(done: (error: Error | null) => void): void;
  /** A second state beside this one, that may take its place. */
  beginReplacement(): BaseReplacement;
  /** Open cursors stay usable until they are closed. */
  close(done: (error: Error | null) => void): void;
}

export interface BaseReplacement {
  add(entries: readonly BackendEntry[], done: (error: Error | null) => void): void;
  /**
   * Makes the replacement durable as a whole and the one that is found when the directory is opened again. The caller
   * closes the old state.
   */
  commit(line: Line, done: (error: Error | null, state: BaseState | null) => void): void;
  abort(): void;
}

/** First char of the tables that belong to the backend itself: never seen by its users. */
export const reservedTable = '\0';
/** The first key that may belong to a user. */
export const firstUserKey = '\x01';
