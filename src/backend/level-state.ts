/**
 * A durable state in LevelDB, and the one that may take its place.
 *
 * Invariants: at most one batch is being written, and it is synced before the next begins; the database stays open while
 * a cursor reads it; a replacement is pointed to only when all of it is durable.
 */

import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import type { Logger, Scheduler } from '../util/runtime.ts';
import type { BackendEntry } from './backend.ts';
import type { BaseCursor, BaseReplacement, BaseState, Line } from './base-state.ts';
import { LevelCursor } from './level-cursor.ts';
import type { LevelBatch, LevelDb } from './level-db.ts';
import { encodeLedgerEntry, encodeLine, ledgerKey, ledgerLength, lineKey } from './level-ledger.ts';
import { LevelWriter, wholePack } from './level-writer.ts';
import type { Overlay } from './overlay.ts';
import { findInPack, type Packing } from './pack.ts';
import { type Pack, PackDirectory } from './pack-directory.ts';
import type { StateDirectory } from './state-directory.ts';

/**
 * LevelDB keeps this much in memory before it makes a table of it, and as much again while it does; what it frees stays
 * with the allocator, once per thread that wrote. Larger ones took no less CPU for a million keys.
 */
export const writeBufferBytes: number = 8 * 1024 * 1024;
/** Writes that are copied into a batch before other work gets its turn. */
const sliceWrites = 1000;
const sliceBytes = 1024 * 1024;
/** Keys of all tables, the backend's own included, stand between these. */
const firstKey = '\0';
const behindLastKey = '\xff'.repeat(32);
/** Packs kept in memory, for reads of records that were written together. */
const packsKept = 16;

interface ReadPack {
  readonly pack: Pack;
  readonly bytes: Buffer;
}

/** An empty LevelDB is about this large. */
const emptyBytes = 4096;

/** What all states of one data directory share. */
export interface LevelContext {
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly states: StateDirectory;
  readonly packing: Packing;
  readonly openDb: (path: string, createIfMissing: boolean) => Promise<LevelDb>;
  /** Removes a database that is not open, files and all. */
  readonly destroyDb: (path: string) => Promise<void>;
}

/** One state on disk. */
export class LevelState implements BaseState {
  readonly context: LevelContext;
  readonly name: string;
  readonly #db: LevelDb;
  readonly #directory: PackDirectory;
  /** Packs that were read last, each at its place. */
  readonly #packs: (ReadPack | null)[] = new Array<ReadPack | null>(packsKept).fill(null);
  #line: Line;
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
    directory: PackDirectory,
    sequence: number,
    line: Line,
  ) {
    this.context = context;
    this.name = name;
    this.#db = db;
    this.#directory = directory;
    this.#sequence = sequence;
    this.#line = line;
    this.#measure();
  }

  get line(): Line {
    return this.#line;
  }

  get sizeBytes(): number {
    return emptyBytes + this.#tableBytes + this.#logBytes + this.#rotatedBytes;
  }

  get(key: string): Uint8Array | undefined {
    const pack = this.#directory.find(key);
    if (pack !== null && pack.dead?.has(key) !== true) {
      const bytes = this.#packBytes(pack);
      const value = bytes === null ? undefined : findInPack(bytes, key);
      // A copy: whoever keeps a small value must not keep its pack.
      if (value !== undefined) return Buffer.from(value);
    }
    return this.#db.getSync(key);
  }

  /** Null: what is left of the pack stands alone by now, and that is about to be told here. */
  #packBytes(pack: Pack): Buffer | null {
    const place = pack.id % packsKept;
    const kept = this.#packs[place]!;
    if (kept !== null && kept.pack === pack) return kept.bytes;
    const bytes = this.#db.getSync(pack.key);
    if (bytes === undefined) return null;
    wholePack(this.#path, pack, bytes);
    this.#packs[place] = { pack, bytes };
    return bytes;
  }

  get #path(): string {
    return this.context.states.pathOf(this.name);
  }

  write(writes: Overlay, line: Line, done: (error: Error | null) => void): void {
    const { disk, scheduler, packing } = this.context;
    const batch = this.#db.batch();
    const writer = new LevelWriter(batch, this.#directory, packing, (pack) =>
      wholePack(this.#path, pack, this.#db.getSync(pack.key)),
    );
    const packs = writes.packs();
    const rest = writes.writes();
    let packsCopied = 0;
    let isCopied = false;
    const finish = (error: Error | null): void => {
      if (error === null) {
        this.#sequence++;
        this.#line = line;
        writer.apply();
        this.#noteLogged(writer.bytes);
        this.#measure();
      }
      scheduler.defer(() => done(error));
    };
    const copyNext = (): boolean => {
      if (isCopied) return writer.settle();
      if (packsCopied < packs.length) {
        writer.putPack(packs[packsCopied++]!);
        return true;
      }
      if (!rest.next()) {
        isCopied = true;
        return true;
      }
      const { key, value } = rest;
      if (value === null) writer.delete(key);
      else writer.put(key, value);
      return true;
    };
    const copySlice = (): void => {
      try {
        const sliceEnd = writer.bytes + sliceBytes;
        for (let i = 0; i < sliceWrites && writer.bytes < sliceEnd; i++) {
          if (copyNext()) continue;
          this.#putLine(batch, line);
          batch.write({ sync: true }).then(
            () => finish(attempt(() => disk.syncDirectory(this.#path))),
            (error) => finish(writeFailure(error as Error)),
          );
          return;
        }
        scheduler.defer(copySlice);
      } catch (error) {
        batch.close().catch(() => {});
        finish(error as Error);
      }
    };
    copySlice();
  }

  #putLine(batch: LevelBatch, line: Line): void {
    const sequence = this.#sequence + 1;
    batch.put(lineKey, encodeLine(sequence, line));
    batch.put(ledgerKey(sequence), encodeLedgerEntry(line.index));
    if (sequence > ledgerLength) batch.del(ledgerKey(sequence - ledgerLength));
  }

  cursor(from: string, to: string | null, _atMost: number, chunkBytes: number): BaseCursor {
    this.#users++;
    return new LevelCursor({
      db: this.#db,
      from,
      to,
      chunkBytes,
      firstPack: this.#directory.firstAt(from, to),
      wholePack: (pack, bytes) => wholePack(this.#path, pack, bytes),
      defer: this.context.scheduler.defer,
      closed: () => this.release(),
    });
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

  /** On LevelDB's own thread, a file at a time; its cost to others is the disk's. */
  compact(done: (error: Error | null) => void): void {
    const { scheduler } = this.context;
    this.#users++;
    const end = (error: Error | null): void => {
      this.release();
      scheduler.defer(() => done(error));
    };
    // LevelDB looks how deep its tables go before it writes out what is in memory: that comes first.
    this.#db
      .compactRange(firstKey, firstKey)
      .then(() => this.#db.compactRange(firstKey, behindLastKey))
      .then(() => this.#db.approximateSize(firstKey, behindLastKey))
      .then(
        (size) => {
          this.#tableBytes = size;
          this.#logBytes = 0;
          this.#rotatedBytes = 0;
          end(null);
        },
        (error) => end(error as Error),
      );
  }

  beginReplacement(): BaseReplacement {
    const replacement = new LevelReplacement(this);
    this.#replacements.add(replacement);
    this.#users++;
    return replacement;
  }

  /** A replacement has ended, one way or the other. */
  replacementEnded(replacement: LevelReplacement): void {
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
  return new Failure(
    'diskFailed',
    `writing the state failed: ${error.message}. Nothing is lost: the log has what the state lacks. Look at the disk and ` +
      'the system log, make room if it is full, then start this member again.',
    { cause: error },
  );
}

function attempt(job: () => void): Error | null {
  try {
    job();
    return null;
  } catch (error) {
    return writeFailure(error as Error);
  }
}

/** Writes a received state beside the old one. Steps run one after another on `#tail`. */
class LevelReplacement implements BaseReplacement {
  readonly #old: LevelState;
  readonly #context: LevelContext;
  readonly #name: string;
  readonly #path: string;
  #db: LevelDb | null = null;
  readonly #directory = new PackDirectory();
  #tail: Promise<void>;
  #isCommitting = false;

  constructor(old: LevelState) {
    this.#old = old;
    this.#context = old.context;
    this.#name = this.#context.states.freshName();
    this.#path = this.#context.states.pathOf(this.#name);
    this.#tail = this.#open();
    this.#tail.catch(() => {});
  }

  async #open(): Promise<void> {
    this.#context.disk.makeDirectory(this.#path);
    this.#db = await this.#context.openDb(this.#path, true);
  }

  #step(job: () => Promise<void>, done: (error: Error | null) => void): void {
    const { scheduler } = this.#context;
    this.#tail = this.#tail.then(job);
    this.#tail.then(
      () => scheduler.defer(() => done(null)),
      (error) => scheduler.defer(() => done(error as Error)),
    );
  }

  add(entries: readonly BackendEntry[], done: (error: Error | null) => void): void {
    this.#step(async () => {
      const batch = this.#db!.batch();
      const writer = new LevelWriter(batch, this.#directory, this.#context.packing, (pack) =>
        wholePack(this.#path, pack, this.#db!.getSync(pack.key)),
      );
      for (const entry of entries) writer.put(entry.key, entry.value);
      while (writer.settle());
      // Synced each time, as a flush is: an unsynced batch before a synced one could vanish alone.
      await batch.write({ sync: true });
      writer.apply();
    }, done);
  }

  commit(line: Line, done: (error: Error | null, state: BaseState | null) => void): void {
    const { states } = this.#context;
    let state: LevelState | null = null;
    this.#isCommitting = true;
    this.#step(
      async () => {
        const batch = this.#db!.batch();
        batch.put(lineKey, encodeLine(1, line));
        batch.put(ledgerKey(1), encodeLedgerEntry(line.index));
        await batch.write({ sync: true });
        states.point(this.#name);
        state = new LevelState(this.#context, this.#name, this.#db!, this.#directory, 1, line);
        this.#old.isSuperseded = true;
      },
      (error) => {
        // A sync that failed after the rename leaves open which state is in force: both stay, and opening decides.
        const ended = (): void => this.#old.replacementEnded(this);
        if (error === null) ended();
        else (this.#db?.close() ?? Promise.resolve()).then(ended, ended);
        done(error, state);
      },
    );
  }

  abort(): void {
    if (this.#isCommitting) return;
    const drop = async (): Promise<void> => {
      await this.#db?.close();
      await this.#context.destroyDb(this.#path);
    };
    const ended = (): void => this.#old.replacementEnded(this);
    this.#tail = this.#tail.then(drop, drop);
    this.#tail.then(ended, (error) => {
      this.#context.log.warn('a dropped state was not removed', { path: this.#path, error });
      ended();
    });
  }
}
