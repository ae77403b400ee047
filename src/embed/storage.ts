/**
 * Where a member keeps its log and its state: a directory, locked against others, or memory.
 *
 *     dataDir/
 *       lock     held while the member runs
 *       wal/     the log, unless it has a directory of its own
 *       state/   the state, on LevelDB and in files of records beside it
 *       spool/   files that are made to be sent
 *       damaged-state/, damaged-wal/, rejoin.json     what a repair leaves: `quarantine.ts`
 */

import type { Backend } from '../backend/backend.ts';
import { openLevelBackend } from '../backend/level-backend.ts';
import { memoryBackend } from '../backend/memory-backend.ts';
import { recordTable } from '../mvcc/revision.ts';
import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import { memoryDisk } from '../util/memory-disk.ts';
import { nodeDisk } from '../util/node-disk.ts';
import type { Runtime } from '../util/runtime.ts';
import { parseSegmentName } from '../wal/segment.ts';
import { refuseEtcdData } from './foreign-data.ts';
import { checkTables, tablesIn } from './state-check.ts';

export interface Storage {
  readonly disk: Disk;
  readonly backend: Backend;
  readonly walDirectory: string;
  /** For files that are made to be sent. */
  readonly spoolDirectory: string;
  readonly isOnDisk: boolean;
  /** Is called when a record of the state was to be read and is damaged. */
  onDamage: (damage: Error) => void;
  /** Closes the state and gives the lock back. */
  close(): Promise<void>;
}

/** @throws Failure 'dataDirForeign', 'dataDirLocked', 'dataDirNotWritable', 'backendDamaged', 'diskFailed' */
export function openStorage(
  dataDir: string | null,
  runtime: Runtime,
  walDir: string | null = null,
): Promise<Storage> {
  return dataDir === null ? openMemory(runtime) : openDirectory(dataDir, walDir, runtime);
}

async function openMemory({ scheduler }: Runtime): Promise<Storage> {
  const backend = memoryBackend({ scheduler });
  return {
    disk: memoryDisk(scheduler),
    backend,
    walDirectory: 'wal',
    spoolDirectory: 'spool',
    isOnDisk: false,
    onDamage: ignore,
    close: () => closeBackend(backend),
  };
}

async function openDirectory(
  dataDir: string,
  walDir: string | null,
  { scheduler, log, clock }: Runtime,
): Promise<Storage> {
  const disk = nodeDisk();
  refuseEtcdData(dataDir, disk);
  disk.makeDirectory(dataDir);
  const lock = disk.lock(`${dataDir}/lock`);
  try {
    const directory = `${dataDir}/state`;
    const tables = tablesIn(disk, directory);
    let storage: Storage | null = null;
    const onDamage = (damage: Error): void => storage?.onDamage(damage);
    const backend = await new Promise<Backend>((resolve, reject) => {
      const now = (): number => clock.now();
      openLevelBackend(
        { directory, disk, scheduler, log, now, onDamage, packedTables: recordTable },
        (error, opened) => {
          if (opened === null) reject(error ?? new Failure('backendDamaged'));
          else resolve(opened);
        },
      );
    });
    try {
      checkTables(disk, directory, tables);
    } catch (error) {
      await closeBackend(backend);
      throw error;
    }
    storage = {
      disk,
      backend,
      walDirectory: walDir ?? `${dataDir}/wal`,
      spoolDirectory: `${dataDir}/spool`,
      isOnDisk: true,
      onDamage: ignore,
      close: async () => {
        await closeBackend(backend);
        lock.release();
      },
    };
    return storage;
  } catch (error) {
    lock.release();
    throw error;
  }
}

function ignore(): void {}

/** Whether there is a log. */
export function holdsSegments({ disk, walDirectory }: Pick<Storage, 'disk' | 'walDirectory'>): boolean {
  return disk.list(walDirectory).some((name) => parseSegmentName(name) !== null);
}

function closeBackend(backend: Backend): Promise<void> {
  return new Promise((resolve, reject) => {
    backend.close((error) => (error === null ? resolve() : reject(error)));
  });
}
