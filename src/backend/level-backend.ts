/**
 * The Backend on LevelDB: the one file that knows `level`.
 *
 * A flush is one LevelDB batch, written with `sync: true` before the next begins. LevelDB changes its log file without
 * syncing the old one, so an unsynced batch before a synced one could vanish alone; with every batch synced there is
 * none. After the sync the directory is synced too, because the batch may stand in a log file that is new. What LevelDB
 * could still lose silently, a damaged record, the ledger notices (`level-ledger.ts`). Each state has a directory of its
 * own, and a pointer says which is in force (`state-directory.ts`).
 *
 * Keys are stored as the UTF-8 of their binary strings. That keeps the order of the bytes, costs a byte more for those
 * above 127, and saves a buffer for every key that goes in or out, which is most of what reading a large state costs.
 *
 * Promises stay in here: `level` offers nothing else.
 */

import { Level } from 'level';

import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import { type Logger, type Scheduler, silentLogger } from '../util/runtime.ts';
import type { Backend, BackendEntry } from './backend.ts';
import { type BaseCursor, type BaseReplacement, type BaseState, type Line, noLine } from './base-state.ts';
import { BufferedBackend } from './buffered-backend.ts';
import {
  decodeLine,
  encodeLedgerEntry,
  encodeLine,
  ledgerFault,
  ledgerFrom,
  ledgerKey,
  ledgerLength,
  ledgerTo,
  lineKey,
} from './level-ledger.ts';
import type { Overlay } from './overlay.ts';
import { StateDirectory } from './state-directory.ts';

export interface LevelBackendOptions {
  /** Where the state lives; made when it does not exist. A real path, and the same place when given to `disk`. */
  readonly directory: string;
  /** For the pointer and for directory syncs; LevelDB itself writes real files. */
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly log?: Logger;
  /** Compress blocks. Costs some CPU on LevelDB's own thread; halves what API objects need. @default true */
  readonly compression?: boolean;
  /** LevelDB's cache of blocks, bytes. @default 32 MiB */
  readonly cacheBytes?: number;
}

/** The part of `level` that is used; some of it is missing in its own types. */
interface Db {
  open(): Promise<void>;
  close(): Promise<void>;
  getSync(key: string): Buffer | undefined;
  batch(): DbBatch;
  iterator(options: object): DbIterator;
  approximateSize(start: string, end: string): Promise<number>;
}

interface DbBatch {
  put(key: string, value: Uint8Array): DbBatch;
  del(key: string): DbBatch;
  write(options: { sync: boolean }): Promise<void>;
  close(): Promise<void>;
}

interface DbIterator {
  nextv(size: number): Promise<[string, Buffer][]>;
  close(): Promise<void>;
}

const MiB = 1024 * 1024;
const writeBufferBytes = 32 * MiB;
/** Writes that are copied into a batch before other work gets its turn. */
const sliceWrites = 1000;
const sliceBytes = MiB;
/** An empty LevelDB is about this large. */
const emptyBytes = 4096;

interface Context {
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly states: StateDirectory;
  readonly openDb: (path: string, createIfMissing: boolean) => Promise<Db>;
}

async function destroyDb(path: string): Promise<void> {
  await (Level as unknown as { destroy(location: string): Promise<void> }).destroy(path);
}

class LevelCursor implements BaseCursor {
  readonly #state: LevelState;
  readonly #iterator: DbIterator;
  #rest: BackendEntry[] = [];
  #closed = false;

  constructor(state: LevelState, iterator: DbIterator) {
    this.#state = state;
    this.#iterator = iterator;
  }

  next(
    limit: number,
    maxBytes: number,
    done: (error: Error | null, entries: readonly BackendEntry[]) => void,
  ): void {
    const { scheduler } = this.#state.context;
    if (this.#rest.length > 0) {
      const entries = this.#takeRest(limit, maxBytes);
      scheduler.defer(() => done(null, entries));
      return;
    }
    this.#iterator.nextv(Math.max(1, limit)).then(
      (pairs) => {
        for (let i = 0; i < pairs.length; i++) {
          const pair = pairs[i]!;
          this.#rest.push({ key: pair[0], value: pair[1] });
        }
        const entries = this.#takeRest(limit, maxBytes);
        scheduler.defer(() => done(null, entries));
      },
      (error) => scheduler.defer(() => done(error as Error, [])),
    );
  }

  #takeRest(limit: number, maxBytes: number): BackendEntry[] {
    const rest = this.#rest;
    let count = 0;
    for (let bytes = 0; count < rest.length && count < limit && bytes < maxBytes; count++) {
      bytes += rest[count]!.key.length + rest[count]!.value.length;
    }
    if (count === rest.length) {
      this.#rest = [];
      return rest;
    }
    this.#rest = rest.slice(count);
    return rest.slice(0, count);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rest = [];
    const release = (): void => this.#state.release();
    this.#iterator.close().then(release, release);
  }
}

class LevelState implements BaseState {
  readonly context: Context;
  readonly name: string;
  readonly #db: Db;
  #line: Line;
  #sequence: number;
  #tableBytes = 0;
  #logBytes = 0;
  /** The state itself, every open cursor and every replacement that has not ended. */
  #users = 1;
  readonly #replacements = new Set<LevelReplacement>();
  #closeDone: ((error: Error | null) => void) | null = null;
  /** Another state took its place: its files go when it is closed. */
  isSuperseded = false;

  constructor(context: Context, name: string, db: Db, sequence: number, line: Line) {
    this.context = context;
    this.name = name;
    this.#db = db;
    this.#sequence = sequence;
    this.#line = line;
    this.#measure();
  }

  get line(): Line {
    return this.#line;
  }

  get sizeBytes(): number {
    return emptyBytes + this.#tableBytes + this.#logBytes;
  }

  get(key: string): Uint8Array | undefined {
    return this.#db.getSync(key);
  }

  write(writes: Overlay, line: Line, done: (error: Error | null) => void): void {
    const { disk, scheduler, states } = this.context;
    const batch = this.#db.batch();
    const entries = writes.entries();
    let bytes = 0;
    const finish = (error: Error | null): void => {
      if (error === null) {
        this.#sequence++;
        this.#line = line;
        this.#logBytes = (this.#logBytes + bytes) % writeBufferBytes;
        this.#measure();
      }
      scheduler.defer(() => done(error));
    };
    const copySlice = (): void => {
      try {
        const sliceEnd = bytes + sliceBytes;
        for (let i = 0; i < sliceWrites && bytes < sliceEnd; i++) {
          const next = entries.next();
          if (next.done === true) {
            this.#putLine(batch, line);
            batch.write({ sync: true }).then(
              () => finish(attempt(() => disk.syncDirectory(states.pathOf(this.name)))),
              (error) => finish(error as Error),
            );
            return;
          }
          const [key, value] = next.value;
          if (value === null) batch.del(key);
          else batch.put(key, value);
          bytes += key.length + (value === null ? 0 : value.length);
        }
        scheduler.defer(copySlice);
      } catch (error) {
        batch.close().catch(() => {});
        finish(error as Error);
      }
    };
    copySlice();
  }

  #putLine(batch: DbBatch, line: Line): void {
    const sequence = this.#sequence + 1;
    batch.put(lineKey, encodeLine(sequence, line));
    batch.put(ledgerKey(sequence), encodeLedgerEntry(line.index));
    if (sequence > ledgerLength) batch.del(ledgerKey(sequence - ledgerLength));
  }

  cursor(from: string, to: string | null, _atMost: number, chunkBytes: number): BaseCursor {
    const range = to === null ? { gte: from } : { gte: from, lt: to };
    const iterator = this.#db.iterator({ ...range, highWaterMarkBytes: chunkBytes });
    this.#users++;
    return new LevelCursor(this, iterator);
  }

  #measure(): void {
    this.#users++;
    const release = (): void => this.release();
    this.#db
      .approximateSize('\0', '\xff'.repeat(32))
      .then((size) => {
        this.#tableBytes = size;
      })
      .then(release, release);
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
    const { scheduler, states, log } = this.context;
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

function attempt(job: () => void): Error | null {
  try {
    job();
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** Writes a received state beside the old one. Steps run one after another on `#tail`. */
class LevelReplacement implements BaseReplacement {
  readonly #old: LevelState;
  readonly #context: Context;
  readonly #name: string;
  readonly #path: string;
  #db: Db | null = null;
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
      for (const entry of entries) batch.put(entry.key, entry.value);
      // Synced each time, as a flush is: an unsynced batch before a synced one could vanish alone.
      await batch.write({ sync: true });
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
        state = new LevelState(this.#context, this.#name, this.#db!, 1, line);
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
      await destroyDb(this.#path);
    };
    const ended = (): void => this.#old.replacementEnded(this);
    this.#tail = this.#tail.then(drop, drop);
    this.#tail.then(ended, (error) => {
      this.#context.log.warn('a dropped state was not removed', { path: this.#path, error });
      ended();
    });
  }
}

/** Turns what `level` reports when it cannot open into a Failure that says what to do. */
function openFailure(path: string, error: unknown): Error {
  if (error instanceof Failure) return error;
  const outer = error as { cause?: unknown; message?: string };
  const cause = (outer.cause ?? error) as { code?: string; message?: string };
  const text = cause.message ?? String(error);
  if (cause.code === 'LEVEL_LOCKED') {
    return new Failure(
      'dataDirLocked',
      `${path} is in use by another process: stop that one first, or choose another data directory.`,
      { cause: error },
    );
  }
  if (/permission denied|read-only file system|not a directory|operation not permitted/i.test(text)) {
    return new Failure(
      'dataDirNotWritable',
      `${path} cannot be written (${text}): give the user that runs this process the right to, or choose another data directory.`,
      { cause: error },
    );
  }
  if (cause.code === 'LEVEL_CORRUPTION' || /does not exist|corrupt|missing/i.test(text)) {
    return damaged(path, text, error);
  }
  return error instanceof Error ? error : new Error(text);
}

function damaged(path: string, what: string, cause?: unknown): Failure {
  return new Failure(
    'backendDamaged',
    `The state in ${path} is damaged: ${what}. The disk or its file system has lost data. Do not go on with this ` +
      'directory: remove this member from its cluster, empty the directory and add it again, or restore a backup.',
    { cause },
  );
}

async function readAll(db: Db, from: string, to: string): Promise<BackendEntry[]> {
  const iterator = db.iterator({ gte: from, lt: to, highWaterMarkBytes: MiB });
  const entries: BackendEntry[] = [];
  try {
    for (;;) {
      const pairs = await iterator.nextv(1000);
      if (pairs.length === 0) return entries;
      for (const pair of pairs) entries.push({ key: pair[0], value: pair[1] });
    }
  } finally {
    await iterator.close();
  }
}

/** Reads line and ledger. @throws Failure 'backendDamaged' */
async function readLine(db: Db, path: string): Promise<{ sequence: number; line: Line }> {
  const value = db.getSync(lineKey);
  if (value === undefined) {
    const iterator = db.iterator({ limit: 1 });
    const first = await iterator.nextv(1);
    await iterator.close();
    if (first.length > 0) throw damaged(path, 'it has entries but no line');
    return { sequence: 0, line: noLine };
  }
  const found = decodeLine(value);
  if (found === null) throw damaged(path, 'its line fails the checksum');
  const fault = ledgerFault(await readAll(db, ledgerFrom, ledgerTo), found.sequence);
  if (fault !== null) throw damaged(path, fault);
  return found;
}

async function openState(context: Context): Promise<LevelState> {
  const { states, disk } = context;
  const name = states.current();
  const isNew = !states.hasPointer;
  const path = states.pathOf(name);
  disk.makeDirectory(path);
  const db = await context.openDb(path, isNew);
  try {
    // Somebody may have put another state in force between the look at the pointer and the lock.
    if (states.current() !== name) {
      throw new Failure('dataDirLocked', `${path} was replaced by another process just now.`);
    }
    const { sequence, line } = await readLine(db, path);
    if (isNew) states.point(name);
    for (const leftover of states.leftovers(name)) {
      context.log.info('removing a state that was never put in force', { path: leftover });
      await destroyDb(leftover);
    }
    return new LevelState(context, name, db, sequence, line);
  } catch (error) {
    await db.close();
    throw error;
  }
}

/**
 * Opens the backend in a directory.
 *
 * `done` gets Failure 'dataDirLocked' when another process has it open, 'dataDirNotWritable' when it cannot be written,
 * and 'backendDamaged' when a part of the state is missing.
 */
export function openLevelBackend(
  options: LevelBackendOptions,
  done: (error: Error | null, backend: Backend | null) => void,
): void {
  const { directory, disk, scheduler, log = silentLogger } = options;
  const openDb = async (path: string, createIfMissing: boolean): Promise<Db> => {
    const db = new Level<string, Buffer>(path, {
      keyEncoding: 'utf8',
      valueEncoding: 'buffer',
      createIfMissing,
      compression: options.compression ?? true,
      cacheSize: options.cacheBytes ?? 32 * MiB,
      writeBufferSize: writeBufferBytes,
      maxFileSize: 16 * MiB,
    });
    await db.open();
    return db as unknown as Db;
  };
  const open = async (): Promise<Backend> => {
    const states = new StateDirectory(disk, directory);
    const state = await openState({ disk, scheduler, log, states, openDb });
    return new BufferedBackend(state, scheduler);
  };
  open().then(
    (backend) => scheduler.defer(() => done(null, backend)),
    (error) => scheduler.defer(() => done(openFailure(directory, error), null)),
  );
}
