/**
 * The Backend over any durable state: writes collect in an overlay, a line cuts what a flush may write, and reads look
 * through all of it.
 *
 *     pending   writes behind the newest line          newest
 *     marked    writes up to the newest line, if no flush has begun with them
 *     frozen    writes the running flush is writing
 *     base      the durable state                      oldest
 *
 * Invariants: the base always stands at exactly one line; what was written after the newest line is never flushed; one
 * flush runs at a time, so a base never has two unsynced batches.
 */

import { Failure } from '../util/failure.ts';
import type { Scheduler } from '../util/runtime.ts';
import type {
  Backend,
  BackendEntry,
  BackendRestore,
  BackendSnapshot,
  EntryVisitor,
  Room,
} from './backend.ts';
import {
  type BaseReplacement,
  type BaseState,
  firstUserKey,
  type Line,
  reservedTable,
} from './base-state.ts';
import { MergedScan, scanChunkBytes } from './merged-scan.ts';
import { mergedSlice, Overlay } from './overlay.ts';
import { noPacking, noRoom, type Packing, visitFailure } from './pack.ts';

type FlushDone = (error: Error | null, index: number) => void;
type SnapshotDone = (error: Error | null, snapshot: BackendSnapshot | null) => void;

interface Waiter {
  /** Number of the mark that must be durable. */
  readonly mark: number;
  readonly flushed: FlushDone | null;
  readonly snapshot: SnapshotDone | null;
}

/** Beside its bytes a buffered write costs about this much. */
const writeOverheadBytes = 64;

export class BufferedBackend implements Backend {
  readonly openedAt: Line;
  readonly #scheduler: Scheduler;
  #base: BaseState;
  readonly #packing: Packing;
  #pending: Overlay;
  #pendingBytes = 0;
  #marked: Overlay | null = null;
  #markedBytes = 0;
  #frozen: Overlay | null = null;
  #frozenBytes = 0;
  readonly #room: Room = noRoom();
  #newestLine: Line;
  #marks = 0;
  #durableMarks = 0;
  #waiters: Waiter[] = [];
  #flushing = false;
  /** A restore is being put in force: no flush may start. */
  #switching: (() => void) | null = null;
  #isSwitching = false;
  /** Replaced states that still close: whoever opens the directory after `close` must not meet them. */
  #retiring = 0;
  #closing: ((error: Error | null) => void) | null = null;
  #closed = false;
  #failed: Error | null = null;

  constructor(base: BaseState, scheduler: Scheduler, packing: Packing = noPacking) {
    this.#base = base;
    this.#scheduler = scheduler;
    this.#packing = packing;
    this.#pending = new Overlay(packing);
    this.openedAt = base.line;
    this.#newestLine = base.line;
  }

  get sizeBytes(): number {
    return Math.max(1, this.#base.sizeBytes + this.#pendingBytes + this.#markedBytes);
  }

  get pendingBytes(): number {
    return this.#pendingBytes + this.#markedBytes + this.#frozenBytes;
  }

  put(key: string, value: Uint8Array): void {
    this.#write(key, value);
  }

  reserve(key: Buffer, keyBytes: number, valueBytes: number): Room | null {
    if (this.#closed) throw new Failure('stopped', 'The backend is closed.');
    if (keyBytes === 0 || key[0] === 0) throw new Error('a key must begin with a table, not \\0');
    const room = this.#room;
    if (!this.#pending.reserve(key, keyBytes, valueBytes, room)) return null;
    this.#pendingBytes += keyBytes + valueBytes + writeOverheadBytes;
    return room;
  }

  delete(key: string): void {
    this.#write(key, null);
  }

  #write(key: string, value: Uint8Array | null): void {
    if (this.#closed) throw new Failure('stopped', 'The backend is closed.');
    if (key.length === 0 || key.charCodeAt(0) === 0)
      throw new Error('a key must begin with a table, not \\0');
    this.#pending.set(key, value);
    this.#pendingBytes += key.length + (value === null ? 0 : value.length) + writeOverheadBytes;
  }

  get(key: string): Uint8Array | undefined {
    if (this.#closed) throw new Failure('stopped', 'The backend is closed.');
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending ?? undefined;
    const marked = this.#marked?.get(key);
    if (marked !== undefined) return marked ?? undefined;
    const frozen = this.#frozen?.get(key);
    if (frozen !== undefined) return frozen ?? undefined;
    return this.#base.get(key);
  }

  /** What is not durable yet, the newest first. */
  get #layers(): Overlay[] {
    return [this.#pending, this.#marked, this.#frozen].filter((layer) => layer !== null);
  }

  scan(
    from: string,
    to: string,
    limit: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
    maxBytes: number = Number.POSITIVE_INFINITY,
  ): void {
    if (this.#closed) {
      this.#scheduler.defer(() => done(new Failure('stopped', 'The backend is closed.'), []));
      return;
    }
    const start = from < firstUserKey ? firstUserKey : from;
    if (limit <= 0 || to <= start) {
      this.#scheduler.defer(() => done(null, []));
      return;
    }
    const slice = mergedSlice(this.#layers, start, to, limit, maxBytes);
    const chunkBytes = Math.min(scanChunkBytes, Math.max(1, maxBytes));
    const cursor = this.#base.cursor(start, to, limit + slice.length, chunkBytes);
    new MergedScan(cursor, slice, limit, maxBytes, done).start();
  }

  readDurable(
    from: string,
    limit: number,
    maxBytes: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
  ): void {
    if (this.#closed) {
      this.#scheduler.defer(() => done(new Failure('stopped', 'The backend is closed.'), []));
      return;
    }
    const start = from < firstUserKey ? firstUserKey : from;
    const cursor = this.#base.cursor(start, null, limit, maxBytes);
    cursor.next(limit, maxBytes, (error, entries) => {
      cursor.close();
      done(error, entries);
    });
  }

  visit(from: string, to: string, visitor: EntryVisitor, done: (error: Error | null) => void): void {
    if (this.#closed) {
      this.#scheduler.defer(() => done(new Failure('stopped', 'The backend is closed.')));
    } else if (this.pendingBytes === 0) {
      this.#base.visit(from, to, visitor, done);
    } else {
      this.scan(from, to, Number.POSITIVE_INFINITY, (error, entries) => {
        done(error ?? visitFailure(entries, visitor));
      });
    }
  }

  mark(index: number, meta: Uint8Array): void {
    if (index < this.#newestLine.index) {
      throw new Error(`line ${index} is older than the newest line ${this.#newestLine.index}`);
    }
    this.#newestLine = { index, meta };
    this.#marks++;
    if (this.#marked === null) this.#marked = this.#pending;
    else this.#marked.absorb(this.#pending);
    this.#markedBytes += this.#pendingBytes;
    this.#pending = new Overlay(this.#packing);
    this.#pendingBytes = 0;
  }

  flush(done: FlushDone): void {
    this.#wait({ mark: this.#marks, flushed: done, snapshot: null });
  }

  snapshot(done: SnapshotDone): void {
    this.#wait({ mark: this.#marks, flushed: null, snapshot: done });
  }

  #wait(waiter: Waiter): void {
    if (this.#closed) {
      this.#answer(waiter, new Failure('stopped', 'The backend is closed.'));
      return;
    }
    this.#waiters.push(waiter);
    this.#turn();
  }

  /** Answers those whose line is durable and starts the next flush if somebody waits for it. */
  #turn(): void {
    if (this.#flushing) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.#failed !== null) this.#answer(waiter, this.#failed);
      else if (waiter.mark <= this.#durableMarks) this.#answer(waiter, null);
      else this.#waiters.push(waiter);
    }
    if (this.#switching !== null) {
      const run = this.#switching;
      this.#switching = null;
      run();
    } else if (this.#closing !== null && !this.#isSwitching && this.#retiring === 0) {
      this.#finishClose();
    } else if (this.#waiters.length > 0 && !this.#isSwitching) {
      this.#startFlush();
    }
  }

  #answer(waiter: Waiter, error: Error | null): void {
    const { flushed, snapshot } = waiter;
    const line = this.#base.line;
    if (flushed !== null) this.#scheduler.defer(() => flushed(error, line.index));
    if (snapshot === null) return;
    // The base stands at the line now; by the time the callback runs it may be further.
    const frozen = error === null ? new LineSnapshot(this.#base, line) : null;
    this.#scheduler.defer(() => snapshot(error, frozen));
  }

  #startFlush(): void {
    this.#flushing = true;
    const mark = this.#marks;
    const frozen = this.#marked ?? new Overlay(this.#packing);
    this.#frozen = frozen;
    this.#frozenBytes = this.#markedBytes;
    this.#marked = null;
    this.#markedBytes = 0;
    this.#base.write(frozen, this.#newestLine, (error) => {
      this.#flushing = false;
      if (error !== null) {
        this.#failed = error;
      } else {
        this.#durableMarks = mark;
        this.#frozen = null;
        this.#frozenBytes = 0;
      }
      this.#turn();
    });
  }

  compact(done: (error: Error | null) => void): void {
    if (this.#closed) this.#scheduler.defer(() => done(new Failure('stopped', 'The backend is closed.')));
    else this.#base.compact(done);
  }

  beginRestore(): BackendRestore {
    if (this.#closed) throw new Failure('stopped', 'The backend is closed.');
    return new Restore(this.#base.beginReplacement(), this.#scheduler, (line, replacement, done) =>
      this.#commitRestore(line, replacement, done),
    );
  }

  #commitRestore(line: Line, replacement: BaseReplacement, done: (error: Error | null) => void): void {
    if (this.#closed || this.#isSwitching) {
      this.#scheduler.defer(() => done(new Failure('stopped', 'The backend is closed or being replaced.')));
      return;
    }
    this.#isSwitching = true;
    this.#switching = () => {
      replacement.commit(line, (error, state) => {
        this.#isSwitching = false;
        if (state !== null) this.#putInForce(state);
        done(error);
        this.#turn();
      });
    };
    this.#turn();
  }

  #putInForce(state: BaseState): void {
    const old = this.#base;
    this.#base = state;
    this.#newestLine = state.line;
    this.#durableMarks = this.#marks;
    this.#pending = new Overlay(this.#packing);
    this.#pendingBytes = 0;
    this.#marked = null;
    this.#markedBytes = 0;
    this.#frozen = null;
    this.#frozenBytes = 0;
    this.#retiring++;
    old.close(() => {
      this.#retiring--;
      this.#turn();
    });
  }

  /** Waits for a running flush; writes that were never flushed are dropped: the state on disk is that of its line. */
  close(done: (error: Error | null) => void): void {
    if (this.#closed) {
      this.#scheduler.defer(() => done(null));
      return;
    }
    this.#closed = true;
    this.#closing = done;
    this.#turn();
  }

  #finishClose(): void {
    const done = this.#closing!;
    this.#closing = null;
    for (const waiter of this.#waiters)
      this.#answer(waiter, new Failure('stopped', 'The backend is closed.'));
    this.#waiters = [];
    this.#base.close(done);
  }
}

class LineSnapshot implements BackendSnapshot {
  readonly index: number;
  readonly meta: Uint8Array;
  readonly #cursor;

  constructor(base: BaseState, line: Line) {
    this.index = line.index;
    this.meta = line.meta;
    this.#cursor = base.cursor(firstUserKey, null, Number.POSITIVE_INFINITY, snapshotChunkBytes);
  }

  next(maxBytes: number, done: (error: Error | null, entries: readonly BackendEntry[]) => void): void {
    this.#cursor.next(snapshotChunkEntries, maxBytes, done);
  }

  close(): void {
    this.#cursor.close();
  }
}

/** Entries of one chunk of a snapshot, so that a chunk of tiny ones does not hold up the turn. */
const snapshotChunkEntries = 10_000;
const snapshotChunkBytes = 1024 * 1024;

type CommitRestore = (line: Line, replacement: BaseReplacement, done: (error: Error | null) => void) => void;

class Restore implements BackendRestore {
  readonly #replacement: BaseReplacement;
  readonly #scheduler: Scheduler;
  readonly #commit: CommitRestore;
  #ended = false;

  constructor(replacement: BaseReplacement, scheduler: Scheduler, commit: CommitRestore) {
    this.#replacement = replacement;
    this.#scheduler = scheduler;
    this.#commit = commit;
  }

  add(entries: readonly BackendEntry[], done: (error: Error | null) => void): void {
    const bad = entries.find((entry) => entry.key < firstUserKey);
    if (this.#ended || bad !== undefined) {
      const text = this.#ended
        ? 'The restore has ended.'
        : `A key of table ${JSON.stringify(reservedTable)} was received.`;
      this.#scheduler.defer(() => done(new Error(text)));
      return;
    }
    this.#replacement.add(entries, done);
  }

  commit(index: number, meta: Uint8Array, done: (error: Error | null) => void): void {
    if (this.#ended) throw new Error('the restore has ended');
    this.#ended = true;
    this.#commit({ index, meta }, this.#replacement, done);
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#replacement.abort();
  }
}
