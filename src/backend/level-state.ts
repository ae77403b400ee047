/**
 * A durable state in LevelDB, and the one that may take its place.
 *
 * Invariants: at most one batch is being written, and it is synced before the next begins; the database stays open while
 * a cursor reads it; a replacement is pointed to only when all of it is durable.
 */

import { syncNames } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import type { EntryVisitor } from './backend.ts';
import type { BaseCursor, BaseReplacement, BaseState, Line } from './base-state.ts';
import { FileKeeper } from './file-keeper.ts';
import type { LevelContext, StatePacks } from './level-context.ts';
import { LevelCursor } from './level-cursor.ts';
import { type LevelBatch, type LevelDb, SharedSnapshot } from './level-db.ts';
import { commitBatch, copyWrites } from './level-flush.ts';
import { encodeLedgerEntry, encodeLine, ledgerKey, ledgerLength, lineKey } from './level-ledger.ts';
import { LevelReplacement } from './level-replacement.ts';
import { type LevelVisitOptions, visitLevel } from './level-visit.ts';
import { LevelWriter } from './level-writer.ts';
import type { Overlay } from './overlay.ts';
import { findInPack, maxSharedValueBytes } from './pack.ts';
import { type PackDirectory, packKey } from './pack-directory.ts';
import type { Pack } from './pack-list.ts';
import { type PackSource, soundPack } from './pack-walk.ts';
import type { RecordFiles } from './record-files.ts';
import { WornPacks } from './worn-packs.ts';

/**
 * LevelDB keeps this much in memory before it makes a table of it, and as much again while it does; what it frees stays
 * with the allocator, once per thread that wrote. Records stand elsewhere.
 */
export const writeBufferBytes: number = 2 * 1024 * 1024;
/** Keys of all tables, the backend's own included, stand between these. */
const firstKey = '\0';
const behindLastKey = '\xff'.repeat(32);
/** Packs kept in memory, for reads of records that were written together. */
const packsKept = 16;
/** A large record is with whoever reads it, and in the cache of records. */
const keptPackBytesMax = 64 * 1024;
/** Compacting leaves alone files of which this share is wanted, and moves so much in a step. */
const tidyShare = 0.9;
const tidyBytes = 1024 * 1024;
/** Worn packs that a step of it writes anew. */
const tidyPacks = 16;

interface ReadPack {
  readonly pack: Pack;
  readonly bytes: Buffer;
}

/** An empty LevelDB is about this large. */
const emptyBytes = 4096;

/** One state on disk. */
export class LevelState implements BaseState {
  readonly context: LevelContext;
  readonly name: string;
  readonly #db: LevelDb;
  readonly #directory: PackDirectory;
  readonly #files: RecordFiles;
  readonly #keeper: FileKeeper;
  /** While a batch is being written: what LevelDB held before, which is what the directory knows of. */
  #before: SharedSnapshot | null = null;
  /** Batches that wait for the one before. */
  readonly #waiting: (() => void)[] = [];
  #isWriting = false;
  /** Packs that were read last, each at its place. */
  readonly #packs: (ReadPack | null)[] = new Array<ReadPack | null>(packsKept).fill(null);
  readonly #source: PackSource;
  #line: Line;
  readonly #worn: WornPacks;
  #sequence: number;
  #tableBytes = 0;
  /** What stands in LevelDB's log alone, and what it is making a table of. */
  #logBytes = 0;
  #rotatedBytes = 0;
  /** The state itself, every open cursor and every replacement that has not ended. */
  #users = 1;
  readonly #replacements = new Set<LevelReplacement>();
  #closeDone: ((error: Error | null) => void) | null = null;
  /** Another state took its place: its files go when it is closed. */
  isSuperseded = false;

  constructor(
    context: LevelContext,
    name: string,
    db: LevelDb,
    packs: StatePacks,
    sequence: number,
    line: Line,
  ) {
    this.context = context;
    this.name = name;
    this.#db = db;
    this.#directory = packs.directory;
    this.#files = packs.files;
    this.#source = { db, files: packs.files, path: this.#path, onDamage: context.onDamage };
    this.#keeper = new FileKeeper(packs.files, packs.directory);
    this.#worn = new WornPacks(packs.directory);
    this.#sequence = sequence;
    this.#line = line;
    this.#measure();
  }

  get line(): Line {
    return this.#line;
  }

  get sizeBytes(): number {
    return emptyBytes + this.#tableBytes + this.#logBytes + this.#rotatedBytes + this.#files.sizeBytes;
  }

  get(key: string): Uint8Array | undefined {
    const pack = this.#directory.find(key);
    if (pack !== null && pack.dead?.has(key) !== true) {
      const bytes = this.#packBytes(pack);
      const value = bytes === null ? undefined : findInPack(bytes, key);
      // A copy: whoever keeps a small value must not keep its pack.
      if (value !== undefined) return value.length > maxSharedValueBytes ? value : Buffer.from(value);
    }
    return this.#levelGet(key);
  }

  #levelGet(key: string): Buffer | undefined {
    return this.#before === null ? this.#db.getSync(key) : this.#db.getSync(key, this.#before);
  }

  /** Null: what is left of the pack stands elsewhere by now, and that is about to be told here. */
  #packBytes(pack: Pack): Buffer | null {
    const place = pack.id % packsKept;
    const kept = this.#packs[place]!;
    if (kept !== null && kept.pack === pack) return kept.bytes;
    const bytes = pack.place === null ? this.#levelGet(packKey(pack)) : this.#files.readSync(pack.place);
    if (bytes === undefined) return null;
    soundPack(this.#source, pack, bytes);
    if (bytes.length <= keptPackBytesMax) this.#packs[place] = { pack, bytes };
    return bytes;
  }

  get #path(): string {
    return this.context.states.pathOf(this.name);
  }

  /** Runs a batch when the one before has ended. */
  #exclusively(job: (end: () => void) => void): void {
    const run = (): void => {
      this.#isWriting = true;
      job(() => {
        this.#isWriting = false;
        this.#waiting.shift()?.();
      });
    };
    if (this.#isWriting) this.#waiting.push(run);
    else run();
  }

  write(writes: Overlay, line: Line, done: (error: Error | null) => void): void {
    this.#exclusively((end) => {
      const { scheduler } = this.context;
      const { batch, writer } = this.#begin();
      this.#worn.hand(writer);
      const finish = (error: Error | null): void => {
        if (error === null) {
          this.#sequence++;
          this.#line = line;
          this.#noteLogged(writer.levelBytes);
          this.#measure();
        } else {
          batch.close().catch(() => {});
        }
        end();
        scheduler.defer(() => done(error));
      };
      copyWrites(writes, writer, this.#keeper.settling(writer), this.context, (error) => {
        if (error !== null) return finish(error);
        this.#putLine(batch, line);
        this.#commit(batch, writer).then(
          () => finish(null),
          (failure) => finish(writeFailure(failure as Error)),
        );
      });
    });
  }

  #begin(): { readonly batch: LevelBatch; readonly writer: LevelWriter } {
    const batch = this.#db.batch();
    const writer = new LevelWriter({
      batch,
      directory: this.#directory,
      files: this.#files,
      packing: this.context.packing,
      readPack: (pack) => soundPack(this.#source, pack, this.#packBytes(pack) ?? undefined),
    });
    return { batch, writer };
  }

  async #commit(batch: LevelBatch, writer: LevelWriter): Promise<void> {
    try {
      await commitBatch(this.#files, batch, () => {
        this.#before = new SharedSnapshot(this.#db.snapshot());
      });
      await new Promise<void>((resolve, reject) => {
        syncNames(this.context.disk, this.#path, (error) => (error === null ? resolve() : reject(error)));
      });
      writer.apply();
      this.#worn.take(writer);
    } finally {
      const before = this.#before;
      this.#before = null;
      await before?.release();
    }
  }

  #putLine(batch: LevelBatch, line: Line): void {
    const sequence = this.#sequence + 1;
    batch.put(lineKey, encodeLine(sequence, line));
    batch.put(ledgerKey(sequence), encodeLedgerEntry(line.index));
    if (sequence > ledgerLength) batch.del(ledgerKey(sequence - ledgerLength));
  }

  /** What a reader that begins now goes through, until `closed`. */
  #reading(from: string, to: string | null): LevelVisitOptions {
    this.#users++;
    return {
      source: this.#source,
      snapshot: this.#before?.share() ?? new SharedSnapshot(this.#db.snapshot()),
      from,
      to,
      packs: this.#directory.cursor(from, to),
      defer: this.context.scheduler.defer,
      closed: () => this.release(),
    };
  }

  cursor(from: string, to: string | null, _atMost: number, chunkBytes: number): BaseCursor {
    return new LevelCursor({ ...this.#reading(from, to), chunkBytes });
  }

  visit(from: string, to: string, visitor: EntryVisitor, done: (error: Error | null) => void): void {
    const reading = this.#reading(from, to);
    const end = (error: Error | null): void => {
      reading.closed();
      this.context.scheduler.defer(() => done(error));
    };
    visitLevel(reading, visitor)
      .finally(() => reading.snapshot.release())
      .then(
        () => end(null),
        (error) => end(error as Error),
      );
  }

  /** LevelDB begins a new log before a write that finds the old one over its size. */
  #noteLogged(bytes: number): void {
    if (this.#logBytes > writeBufferBytes) {
      this.#rotatedBytes = this.#logBytes;
      this.#logBytes = 0;
    }
    this.#logBytes += bytes;
  }

  #measure(): void {
    this.#users++;
    const release = (): void => this.release();
    this.#db
      .approximateSize(firstKey, behindLastKey)
      .then((size) => {
        if (size !== this.#tableBytes) this.#rotatedBytes = 0;
        this.#tableBytes = size;
      })
      .then(release, release);
  }

  /** On LevelDB's own thread, a file at a time, and a few packs at a time; its cost to others is the disk's. */
  compact(done: (error: Error | null) => void): void {
    const { scheduler } = this.context;
    this.#users++;
    const end = (error: Error | null): void => {
      this.release();
      scheduler.defer(() => done(error));
    };
    this.#compactAll().then(
      () => end(null),
      (error) => end(error as Error),
    );
  }

  async #compactAll(): Promise<void> {
    await this.#tidyFiles();
    // LevelDB looks how deep its tables go before it writes out what is in memory: that comes first.
    await this.#db.compactRange(firstKey, firstKey);
    await this.#db.compactRange(firstKey, behindLastKey);
    this.#tableBytes = await this.#db.approximateSize(firstKey, behindLastKey);
    this.#logBytes = 0;
    this.#rotatedBytes = 0;
  }

  /** Writes anew what is left of worn packs, then moves what is wanted out of all files that hold much else. */
  async #tidyFiles(): Promise<void> {
    this.#files.seal();
    while (!this.#worn.isEmpty) {
      await this.#tidy((writer) => {
        this.#worn.hand(writer, tidyPacks);
        while (writer.settle());
      });
    }
    const keeper = new FileKeeper(this.#files, this.#directory);
    for (let moved = 1; moved > 0 && this.#files.worst(tidyShare) >= 0; ) {
      moved = await this.#tidy((writer) => {
        while (writer.bytes < tidyBytes && keeper.step(writer, tidyShare));
      });
    }
  }

  /** A batch between flushes. @returns about what it wrote */
  #tidy(fill: (writer: LevelWriter) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#exclusively((end) => {
        const { batch, writer } = this.#begin();
        const fail = (error: unknown): void => {
          end();
          reject(writeFailure(error as Error));
        };
        try {
          fill(writer);
        } catch (error) {
          batch.close().catch(() => {});
          fail(error);
          return;
        }
        this.#commit(batch, writer).then(() => {
          end();
          resolve(writer.bytes);
        }, fail);
      });
    });
  }

  beginReplacement(): BaseReplacement {
    const { context } = this;
    const replacement: LevelReplacement = new LevelReplacement(context, {
      inForce: (name, db, packs, line) => {
        this.isSuperseded = true;
        return new LevelState(context, name, db, packs, 1, line);
      },
      ended: () => this.#replacementEnded(replacement),
    });
    this.#replacements.add(replacement);
    this.#users++;
    return replacement;
  }

  #replacementEnded(replacement: LevelReplacement): void {
    if (this.#replacements.delete(replacement)) this.release();
  }

  close(done: (error: Error | null) => void): void {
    this.#closeDone = done;
    for (const replacement of this.#replacements) replacement.abort();
    this.release();
  }

  release(): void {
    this.#users--;
    if (this.#users > 0) return;
    const { scheduler, states, log, destroyDb } = this.context;
    const done = this.#closeDone;
    this.#db
      .close()
      .finally(() => this.#files.close())
      .then(async () => {
        if (this.isSuperseded) await destroyDb(states.pathOf(this.name));
      })
      .then(
        () => scheduler.defer(() => done?.(null)),
        (error) => {
          log.warn('closing the state failed', { name: this.name, error });
          scheduler.defer(() => done?.(error as Error));
        },
      );
  }
}

/** A batch could not be written or synced. */
function writeFailure(error: Error): Failure {
  if (error instanceof Failure) return error;
  return new Failure(
    'diskFailed',
    `writing the state failed: ${error.message}. Nothing is lost: the log has what the state lacks. Look at the disk and ` +
      'the system log, make room if it is full, then start this member again.',
    { cause: error },
  );
}
