/** States that are written to files, a few at a time: see `etcd-snapshot.ts`. */

import type { Backend } from '../backend/backend.ts';
import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { type ExportedState, exportState } from './etcd-snapshot.ts';

const maxExports = 2;
/** Files that are there at once, those that are being sent included: each takes the room of the state. */
const maxFiles = 16;

export interface StateExportsOptions {
  readonly backend: Backend;
  readonly disk: Disk;
  readonly directory: string;
  readonly runtime: Runtime;
  /** Draws a line under everything applied. */
  readonly mark: () => void;
}

export class StateExports {
  readonly #options: StateExportsOptions;
  #running = 0;
  #files = 0;

  /** What an earlier run was writing when it ended is of no use: the directory is emptied. */
  constructor(options: StateExportsOptions) {
    this.#options = options;
    const { disk, directory } = options;
    disk.makeDirectory(directory);
    for (const name of disk.list(directory)) disk.remove(`${directory}/${name}`);
  }

  /** @param done Failure 'tooManyRequests' while others are being written or have not been closed, or of the disk */
  begin(done: (error: Error | null, state: ExportedState | null) => void): void {
    const { backend, disk, directory, runtime, mark } = this.#options;
    if (this.#running >= maxExports || this.#files >= maxFiles) {
      runtime.scheduler.defer(() => done(new Failure('tooManyRequests'), null));
      return;
    }
    const path = `${directory}/${runtime.random.uint32().toString(16)}.db`;
    this.#running++;
    this.#files++;
    mark();
    exportState({ backend, disk, path }, (error, state) => {
      this.#running--;
      if (state === null) this.#files--;
      done(error, state === null ? null : this.#counted(state));
    });
  }

  #counted({ sizeBytes, read, close }: ExportedState): ExportedState {
    const closed = (): void => {
      this.#files--;
      close();
    };
    return { sizeBytes, read, close: closed };
  }
}
