/**
 * The Backend on LevelDB: the one file that knows `level`.
 *
 * A flush is one LevelDB batch, written with `sync: true` before the next begins. LevelDB changes its log file without
 * syncing the old one, so an unsynced batch before a synced one could vanish alone; with every batch synced there is
 * none. After the sync the directory is synced too, because the batch may stand in a log file that is new. What LevelDB
 * could still lose silently, a damaged record, the ledger notices (`level-ledger.ts`). Each state has a directory of its
 * own, and a pointer says which is in force (`state-directory.ts`).
 *
 * Records of tables whose keys ascend are kept in packs (`pack.ts`) in files beside LevelDB (`record-files.ts`), which are
 * synced before the batch that refers to them; others stand in LevelDB one by one.
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
import { type Line, noLine } from './base-state.ts';
import { BufferedBackend } from './buffered-backend.ts';
import type { LevelContext, StatePacks } from './level-context.ts';
import type { LevelDb } from './level-db.ts';
import {
  decodeLine,
  formatOf,
  ledgerFault,
  ledgerFrom,
  ledgerTo,
  lineKey,
  stateFormat,
} from './level-ledger.ts';
import { LevelState, writeBufferBytes } from './level-state.ts';
import { wholePack } from './level-writer.ts';
import { expandPack, noPacking } from './pack.ts';
import { PackDirectory, PackEntryError, packKey, packTable, packTableEnd } from './pack-directory.ts';
import { RecordFiles, removeRecordFiles } from './record-files.ts';
import { StateDirectory } from './state-directory.ts';

export interface LevelBackendOptions {
  /** Where the state lives; made when it does not exist. A real path, and the same place when given to `disk`. */
  readonly directory: string;
  /** For the pointer and for directory syncs; LevelDB itself writes real files. */
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly log?: Logger;
  /** Is told of each record that was to be read and is damaged: whoever asked for it gets the same as an error. */
  readonly onDamage?: (damage: Error) => void;
  /** Milliseconds: how long others wait for slices of a flush. @default a clock that stands: slices end by what is in them */
  readonly now?: () => number;
  /** Tables whose keys mostly ascend, a char each: their records are kept in packs. @default none */
  readonly packedTables?: string;
  /** Bytes at which a pack is full. @default 16 KiB */
  readonly packBytes?: number;
  /** Compress blocks. Costs some CPU on LevelDB's own thread; halves what API objects need. @default true */
  readonly compression?: boolean;
  /** LevelDB's cache of blocks, bytes; the store has one of records before it. @default 2 MiB */
  readonly cacheBytes?: number;
}

const MiB = 1024 * 1024;
/** References read at a time; those of former versions are the packs themselves. */
const packsAtOnce = 256;

function ignore(): void {}

async function destroyDb(disk: Disk, path: string): Promise<void> {
  removeRecordFiles(disk, path);
  await (Level as unknown as { destroy(location: string): Promise<void> }).destroy(path);
}

/** What LevelDB says of files that point to nothing or hold no sense; a full disk and the like say other things. */
const damageWords =
  /does not exist|corrupt|missing|no such file|not an sstable|invalid argument|is a directory|input\/output error/i;

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
  if (cause.code === 'LEVEL_CORRUPTION' || damageWords.test(text)) {
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

async function readAll(db: LevelDb, from: string, to: string): Promise<BackendEntry[]> {
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

/** Reads line and ledger. @throws Failure 'backendDamaged', 'dataDirNewer' */
async function readLine(db: LevelDb, path: string): Promise<{ sequence: number; line: Line }> {
  const ledger = await readAll(db, ledgerFrom, ledgerTo);
  const format = formatOf(ledger);
  if (format > stateFormat) {
    const told = `the state in ${path} has format ${format}, and this program knows formats up to ${stateFormat}`;
    throw new Failure('dataDirNewer', told);
  }
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
  const fault = ledgerFault(ledger, found.sequence);
  if (fault !== null) throw damaged(path, fault);
  return found;
}

/** Reads which packs there are. @throws Failure 'backendDamaged' */
async function readPacks(db: LevelDb, disk: Disk, path: string): Promise<StatePacks> {
  const files = new RecordFiles(disk, path);
  try {
    const directory = await readDirectory(db, files, path);
    for (const pack of directory.lastPacks()) {
      const bytes = pack.place === null ? db.getSync(packKey(pack)) : files.readSync(pack.place);
      const records: BackendEntry[] = [];
      expandPack(wholePack(path, pack, bytes), null, '', null, records);
      directory.extend(records[records.length - 1]!.key);
    }
    files.settle();
    return { directory, files };
  } catch (error) {
    files.close();
    throw error;
  }
}

async function readDirectory(db: LevelDb, files: RecordFiles, path: string): Promise<PackDirectory> {
  const directory = new PackDirectory();
  const iterator = db.iterator({ gte: packTable, lt: packTableEnd, highWaterMarkBytes: MiB });
  try {
    for (;;) {
      const chunk = await iterator.nextv(packsAtOnce);
      if (chunk.length === 0) return directory;
      for (const [key, value] of chunk) {
        const pack = directory.take(key, value);
        if (pack?.place) files.claim(pack.place);
      }
    }
  } catch (error) {
    if (error instanceof PackEntryError) throw damaged(path, error.message);
    throw error;
  } finally {
    await iterator.close();
  }
}

async function openState(context: LevelContext): Promise<LevelState> {
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
      await context.destroyDb(leftover);
    }
    const packs = await readPacks(db, disk, path);
    return new LevelState(context, name, db, packs, sequence, line);
  } catch (error) {
    await db.close();
    throw error;
  }
}

/**
 * Opens the backend in a directory.
 *
 * `done` gets Failure 'dataDirLocked' when another process has it open, 'dataDirNotWritable' when it cannot be written,
 * 'dataDirNewer' when a later version wrote it, and 'backendDamaged' when a part of the state is missing.
 */
export function openLevelBackend(
  options: LevelBackendOptions,
  done: (error: Error | null, backend: Backend | null) => void,
): void {
  const { directory, disk, scheduler, log = silentLogger, now = () => 0, onDamage = ignore } = options;
  const openDb = async (path: string, createIfMissing: boolean): Promise<LevelDb> => {
    const db = new Level<string, Buffer>(path, {
      keyEncoding: 'utf8',
      valueEncoding: 'buffer',
      createIfMissing,
      compression: options.compression ?? true,
      cacheSize: options.cacheBytes ?? 2 * MiB,
      writeBufferSize: writeBufferBytes,
      maxFileSize: 4 * MiB,
    });
    await db.open();
    return db as unknown as LevelDb;
  };
  const open = async (): Promise<Backend> => {
    const states = new StateDirectory(disk, directory);
    const packing = {
      tables: options.packedTables ?? '',
      packBytes: options.packBytes ?? noPacking.packBytes,
    };
    const destroy = (path: string): Promise<void> => destroyDb(disk, path);
    const context = { disk, scheduler, log, onDamage, now, states, packing, openDb, destroyDb: destroy };
    const state = await openState(context);
    return new BufferedBackend(state, scheduler, packing);
  };
  open().then(
    (backend) => scheduler.defer(() => done(null, backend)),
    (error) => scheduler.defer(() => done(openFailure(directory, error), null)),
  );
}
