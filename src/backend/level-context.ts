/** What the states of a data directory share, and what one is made of besides its LevelDB. */

import type { Disk } from '../util/disk.ts';
import type { Logger, Scheduler } from '../util/runtime.ts';
import type { LevelDb } from './level-db.ts';
import type { Packing } from './pack.ts';
import type { PackDirectory } from './pack-directory.ts';
import type { RecordFiles } from './record-files.ts';
import type { StateDirectory } from './state-directory.ts';

/** What all states of one data directory share. */
export interface LevelContext {
  readonly disk: Disk;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  /** Is told of each pack that was read and is damaged. */
  readonly onDamage: (damage: Error) => void;
  /** Milliseconds, for work that is done in slices. */
  readonly now: () => number;
  readonly states: StateDirectory;
  readonly packing: Packing;
  readonly openDb: (path: string, createIfMissing: boolean) => Promise<LevelDb>;
  /** Removes a database that is not open, files and all. */
  readonly destroyDb: (path: string) => Promise<void>;
}

/** The packs of a state: which there are, and their bytes. */
export interface StatePacks {
  readonly directory: PackDirectory;
  readonly files: RecordFiles;
}
