/**
 * The Raft log on disk: entries and hard state, durable before they are acknowledged.
 *
 * A log is a row of segment files. Each begins with a header that says where the log stood (`segment.ts`), followed by
 * records (`record.ts`), each chained to the one before by its checksum, across files too; the rest is zeros.
 *
 *     0000000000000001.wal            0000000000000002.wal                      next.tmp
 *     ┌────────┬───┬────┬───┬─────┐   ┌────────┬────┬───────┬──────────────┐    ┌ ─ ─ ─ ─ ─ ─ ┐
 *     │ header │ A │ A  │ A │ End │   │ header │ A  │ A   A │ 0 0 0 0 0 0  │     0 0 0 0 0 0 0
 *     └────────┴───┴────┴───┴─────┘   └────────┴────┴───────┴──────────────┘    └ ─ ─ ─ ─ ─ ─ ┘
 *                ▲          ▲          ▲                 ▲ a group: what was appended during
 *                └──────────┴── link ──┘                   the write before, in one write and one sync
 *
 * Group commit needs no timer: while a write is in flight, what is appended waits, and all of it is the next group.
 *
 * Invariants:
 *   - `done(null)` is called only when the record, all records before it, and the names of their files are synced;
 *   - what is recovered is a prefix of what was appended, and contains everything acknowledged;
 *   - at most one group is on its way to the disk (recovery relies on it, see `recovery.ts`);
 *   - after an error of the disk nothing is written any more. A sync that failed has dropped what it could not
 *     write and succeeds the next time (Rebello et al., ATC '20), so to try again is to acknowledge what is lost.
 *
 * Truncation needs no record of its own: entries that begin at or before the last one replace what is there (Raft
 * fig. 2, AppendEntries, rule 3).
 */

import { Failure } from '../util/failure.ts';
import { exponentialBounds, Histogram } from '../util/metrics.ts';
import type { Runtime } from '../util/runtime.ts';
import { type Append, AppendQueue } from './append-queue.ts';
import { diskFailed } from './disk-failed.ts';
import { GroupEncoder } from './group-encoder.ts';
import { type OpenedLog, openLog, settingsOf, type WalOptions } from './opening.ts';
import { maxVoteBytes, RecordKind } from './record.ts';
import { type LogPosition, SegmentChain } from './segment-chain.ts';
import { TermRuns } from './term-runs.ts';
import type { WalBase, WalDone, WalEntry, WalHardState, WalMutant, WalRecovered } from './types.ts';

/** For metrics. */
export interface WalFigures {
  writtenBytes: number;
  /** Of the groups: the write, and the sync behind it. */
  readonly writeSeconds: Histogram;
  readonly syncSeconds: Histogram;
}

/** As in etcd's histograms of the disk: 1 ms and its doubles. */
const syncBounds = exponentialBounds(0.001, 2, 14);

const noEntries: readonly WalEntry[] = [];

function ignore(): void {}

export class Wal {
  readonly #runtime: Runtime;
  readonly #mutant: WalMutant | null;
  readonly #chain: SegmentChain;
  readonly #encoder: GroupEncoder = new GroupEncoder();
  /** Terms of all entries appended, durable or not. */
  readonly #terms: TermRuns;
  #hardState: WalHardState;
  /** What is durable. */
  readonly #position: LogPosition;
  /** Waiting for the write in flight to end. */
  readonly #queue: AppendQueue = new AppendQueue();
  /** In the write in flight. */
  #group: readonly Append[] = [];
  #groupBytes = 0;
  #writing = false;
  /** When the step of the group in flight began. */
  #beganAt = 0;
  readonly figures: WalFigures = {
    writtenBytes: 0,
    writeSeconds: new Histogram(syncBounds),
    syncSeconds: new Histogram(syncBounds),
  };
  #failure: Failure | null = null;
  #closed = false;
  /** Who waits for the end of closing. */
  #closeDone: WalDone | null = null;

  private constructor(options: WalOptions, log: OpenedLog) {
    const { base, entries, hardState, metadata } = log.recovered;
    const { offset, link, group, file, seed } = log.end;
    this.#runtime = options.runtime;
    this.#mutant = options.mutant ?? null;
    this.#terms = new TermRuns(base);
    this.#terms.append(entries);
    this.#hardState = hardState;
    const last = { index: this.#terms.lastIndex, term: this.#terms.lastTerm };
    this.#position = { offset, link, group, last, hardState };
    const { hasOthers } = log.recovered;
    const chainOptions = { ...settingsOf(options), metadata, hasOthers };
    this.#chain = new SegmentChain(chainOptions, log.segments, file, seed, (error) => this.#onSettled(error));
  }

  /**
   * Opens the log in a directory, or begins one. Synchronous; reads all of it.
   *
   * Entries that were released may still be among the recovered ones: only whole segments are ever removed.
   *
   * @throws Failure 'walDamaged' with file and offset when what was durable once is not whole any more, or when there is
   *   no log and none is to be created; 'diskFailed' and 'dataDirNotWritable' from the disk
   */
  static open(options: WalOptions): { readonly wal: Wal; readonly recovered: WalRecovered } {
    try {
      const log = openLog(options);
      return { wal: new Wal(options, log), recovered: log.recovered };
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw diskFailed(`opening ${options.directory}`, error as Error);
    }
  }

  /** Index of the last entry appended, durable or not. */
  get lastIndex(): number {
    return this.#terms.lastIndex;
  }

  /**
   * Whether others have what the log leads to, as its owner knows: each segment that begins from now on says so, and it is
   * told of again when it is opened (`WalRecovered`), also where the entries that show it are gone.
   */
  set hasOthers(hasOthers: boolean) {
    this.#chain.hasOthers = hasOthers;
  }

  /** The segment that is written to, and how many of its bytes are durable: they do not change any more. */
  get durable(): { readonly path: string; readonly bytes: number } {
    return { path: this.#chain.path, bytes: this.#position.offset };
  }

  /**
   * Begins the next segment before this one is full, as soon as its file is made: what stands in this one is released and
   * removed like any other then.
   */
  renew(): void {
    if (this.#failure !== null || this.#closed) return;
    this.#guardChain(() => this.#chain.rotateSoon(this.#position.offset));
    this.#rotateIdle();
  }

  /** Where nothing waits to be written, a mark is what the next segment begins with. */
  #rotateIdle(): void {
    if (this.#writing || this.#closed || this.#failure !== null || this.#queue.length > 0) return;
    if (this.#chain.isRotationDue) this.#enqueue(RecordKind.Mark, 0, 0, null, noEntries, ignore);
  }

  /** Why the log takes nothing more; null while it does. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /**
   * Appends entries and a hard state as one: after a crash both are there or neither is. Entries from the first one's
   * index on that are there already are replaced. Nothing is copied: arrays and bytes stay untouched until `done`.
   *
   * What waits is not bounded here; it is what the caller has proposed and not seen acknowledged, and he bounds that.
   *
   * @param hardState null when it has not changed
   * @param done called in the order of the appends
   * @throws Error when the entries do not follow the log, or go behind what is committed: a bug of the caller
   */
  append(entries: readonly WalEntry[], hardState: WalHardState | null, done: WalDone): void {
    if (this.#refuse(done)) return;
    let firstIndex = this.#terms.lastIndex + 1;
    if (entries.length > 0) {
      firstIndex = entries[0]!.index;
      if (firstIndex <= this.#hardState.commit) {
        throw new Error(
          `entry ${firstIndex} is committed (up to ${this.#hardState.commit}) and cannot be replaced`,
        );
      }
      this.#terms.truncateAfter(firstIndex - 1);
    }
    const previousTerm = this.#terms.lastTerm;
    this.#terms.append(entries);
    if (hardState !== null) this.#accept(hardState);
    this.#enqueue(RecordKind.Append, firstIndex, previousTerm, hardState, entries, done);
  }

  /**
   * Begins the log anew behind a snapshot that is in force: all entries are void, on disk as soon as this is durable.
   * Segments that hold nothing else are removed then.
   *
   * @param base index and term of the snapshot
   * @param done as for `append`
   */
  restart(base: WalBase, hardState: WalHardState, done: WalDone): void {
    if (this.#refuse(done)) return;
    this.#terms.restart(base);
    this.#accept(hardState);
    this.#enqueue(RecordKind.Restart, base.index + 1, base.term, hardState, noEntries, (error) => {
      if (error === null) this.#chain.voidOlder();
      done(error);
    });
  }

  /**
   * Entries up to `index` will not be needed after a start: the state they led to is durable elsewhere. Removes whole
   * older segments in the background, never the active one.
   */
  release(index: number): void {
    if (this.#failure !== null || this.#closed) return;
    if (index > this.#terms.lastIndex) throw new Error(`entry ${index} is not in the log yet`);
    this.#terms.release(index);
    this.#chain.release(index);
  }

  /** Finishes what was appended and closes the files. Everything appended afterwards is refused. */
  close(done: WalDone): void {
    if (this.#closed) throw new Error('the write-ahead log is closed already');
    this.#closed = true;
    this.#closeDone = done;
    this.#chain.stop();
    // Proves to the next opening that the last group was durable (see `recovery.ts`).
    if (this.#failure === null) {
      this.#enqueue(RecordKind.Mark, 0, 0, null, noEntries, ignore);
    }
    this.#finishClose();
  }

  /** Answers for a log that takes nothing more. */
  #refuse(done: WalDone): boolean {
    if (this.#failure === null && !this.#closed) return false;
    const failure = this.#failure ?? new Failure('stopped', 'the write-ahead log is closed');
    this.#runtime.scheduler.defer(() => done(failure));
    return true;
  }

  #accept(hardState: WalHardState): void {
    if (hardState.term < this.#hardState.term) {
      throw new Error(`the term cannot go back from ${this.#hardState.term} to ${hardState.term}`);
    }
    if (Buffer.byteLength(hardState.vote) > maxVoteBytes) {
      throw new Error(`a vote of more than ${maxVoteBytes} bytes: ${hardState.vote}`);
    }
    this.#hardState = hardState;
  }

  #enqueue(
    kind: RecordKind,
    firstIndex: number,
    previousTerm: number,
    hardState: WalHardState | null,
    entries: readonly WalEntry[],
    done: WalDone,
  ): void {
    this.#queue.push({
      kind,
      firstIndex,
      previousTerm,
      hardState,
      entries,
      lastIndex: this.#terms.lastIndex,
      lastTerm: this.#terms.lastTerm,
      hardStateAfter: this.#hardState,
      done,
    });
    this.#pump();
  }

  /** Makes a group of what waits, unless one is in flight. */
  #pump(): void {
    if (this.#writing || this.#failure !== null || this.#queue.length === 0) return;
    this.#writing = true;
    this.#group = this.#queue.take();
    this.#groupBytes = this.#queue.takenBytes;
    if (this.#chain.isFull(this.#position.offset, this.#groupBytes))
      this.#chain.rotate(this.#position, this.#onRotated);
    else this.#writeGroup();
  }

  readonly #onRotated = (error: Error | null): void => {
    if (this.#hasFailed('beginning a segment', error)) return;
    this.#writeGroup();
  };

  #writeGroup(): void {
    const { offset, link, group } = this.#position;
    this.#encoder.encode(this.#group, this.#groupBytes, offset, this.#chain.seed, link, group + 1);
    this.#beganAt = this.#runtime.clock.now();
    this.#chain.file.write(this.#encoder.chunks, offset, this.#onWritten);
  }

  readonly #onWritten = (error: Error | null): void => {
    if (this.#hasFailed('writing', error)) return;
    const now = this.#runtime.clock.now();
    this.figures.writeSeconds.observe((now - this.#beganAt) / 1000);
    this.figures.writtenBytes += this.#groupBytes;
    this.#beganAt = now;
    if (this.#mutant === 'ackBeforeSync') this.#acknowledge();
    this.#chain.file.sync(this.#onSynced);
  };

  readonly #onSynced = (error: Error | null): void => {
    if (this.#hasFailed('syncing', error)) return;
    this.figures.syncSeconds.observe((this.#runtime.clock.now() - this.#beganAt) / 1000);
    const position = this.#position;
    position.offset += this.#groupBytes;
    position.link = this.#encoder.link;
    position.group++;
    this.#encoder.clear();
    const newest = this.#group[this.#group.length - 1]!;
    position.last = { index: newest.lastIndex, term: newest.lastTerm };
    position.hardState = newest.hardStateAfter;
    if (this.#mutant !== 'ackBeforeSync') this.#acknowledge();
    this.#group = [];
    // Only now: what the acknowledgements made the caller append belongs into the next group as a whole.
    this.#writing = false;
    this.#prepareNext();
    this.#pump();
    this.#rotateIdle();
    this.#finishClose();
  };

  #acknowledge(): void {
    const group = this.#group;
    for (let i = 0; i < group.length; i++) group[i]!.done(null);
  }

  #prepareNext(): void {
    if (this.#failure !== null) return;
    this.#guardChain(() => this.#chain.prepareNext(this.#position.offset));
  }

  #guardChain(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail('making a segment', error as Error);
    }
  }

  /** What runs in the background has come to rest. A group that waited for it need not: it just stayed in its file. */
  #onSettled(error: Error | null): void {
    if (error !== null) this.#fail('making or removing a segment', error);
    this.#rotateIdle();
    this.#finishClose();
  }

  /** Ends a write that cannot go on: it has failed itself, or something else has failed meanwhile. */
  #hasFailed(what: string, error: Error | null): boolean {
    if (error !== null && this.#mutant !== 'goOnAfterError') this.#fail(what, error);
    if (this.#failure === null) return false;
    this.#writing = false;
    this.#finishClose();
    return true;
  }

  /** From here on nothing is written, and everybody who waits is told. */
  #fail(what: string, error: Error): void {
    if (this.#failure !== null) return;
    const failure = diskFailed(`${what} ${this.#chain.file.path}`, error);
    this.#failure = failure;
    this.#runtime.log.error('the disk failed under the write-ahead log', { what, error: error.message });
    this.#chain.stop();
    const waiting = [...this.#group, ...this.#queue.takeAll()];
    this.#group = [];
    this.#runtime.scheduler.defer(() => {
      for (const { done } of waiting) done(failure);
    });
  }

  #finishClose(): void {
    const done = this.#closeDone;
    if (done === null || this.#writing || this.#chain.busy) return;
    if (this.#failure === null && this.#queue.length > 0) return;
    this.#closeDone = null;
    let problem: Failure | null = null;
    try {
      this.#chain.close();
    } catch (error) {
      problem = diskFailed('closing', error as Error);
    }
    this.#runtime.scheduler.defer(() => done(problem));
  }
}
