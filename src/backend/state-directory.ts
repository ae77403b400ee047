/**
 * Which of the states in a data directory is in force.
 *
 *     <directory>/CURRENT          "state-000002\n"
 *     <directory>/state-000002/    the state, a LevelDB
 *     <directory>/state-000003/    one being received, or left over from a crash
 *
 * Invariant: `CURRENT` is replaced by rename only, after the state it names is durable, so a crash at any moment leaves
 * the old state or the new one, whole. Without `CURRENT` the directory is new: `state-000001` is opened as it is, because
 * the crash may have come between its creation and the first pointer.
 */

import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';

const pointerName = 'CURRENT';
const pointerDraftName = 'CURRENT.new';
const statePattern = /^state-(\d{6,12})$/;

function stateName(number: number): string {
  return `state-${String(number).padStart(6, '0')}`;
}

export class StateDirectory {
  readonly #disk: Disk;
  readonly #directory: string;
  #lastNumber = 0;

  /** @throws Failure 'dataDirNotWritable' */
  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
    disk.makeDirectory(directory);
    for (const name of disk.list(directory)) {
      const match = statePattern.exec(name);
      if (match !== null) this.#lastNumber = Math.max(this.#lastNumber, Number(match[1]));
    }
  }

  pathOf(name: string): string {
    return `${this.#directory}/${name}`;
  }

  get hasPointer(): boolean {
    return this.#disk.exists(this.pathOf(pointerName));
  }

  /**
   * The name of the state in force.
   * @throws Failure 'backendDamaged' when the pointer cannot be read or names nothing
   */
  current(): string {
    if (!this.hasPointer) {
      const first = stateName(1);
      if (this.#lastNumber > 1) throw this.#damaged(`${pointerName} is missing, but there are states`);
      this.#lastNumber = 1;
      return first;
    }
    const file = this.#disk.open(this.pathOf(pointerName));
    let text: string;
    try {
      text = file.readSync(0, file.size()).toString('latin1');
    } finally {
      file.closeSync();
    }
    const name = text.slice(0, -1);
    if (!text.endsWith('\n') || !statePattern.test(name))
      throw this.#damaged(`${pointerName} is not readable`);
    if (!this.#disk.exists(this.pathOf(name)))
      throw this.#damaged(`${pointerName} names ${name}, which is missing`);
    return name;
  }

  /** A name nobody has used. */
  freshName(): string {
    this.#lastNumber++;
    return stateName(this.#lastNumber);
  }

  /** Puts a state in force, durably. The state itself must be durable already. */
  point(name: string): void {
    const disk = this.#disk;
    const draft = this.pathOf(pointerDraftName);
    disk.syncDirectory(this.pathOf(name));
    disk.syncDirectory(this.#directory);
    if (disk.exists(draft)) disk.remove(draft);
    const file = disk.create(draft);
    try {
      file.writeSync(Buffer.from(`${name}\n`, 'latin1'), 0);
      file.syncSync();
    } finally {
      file.closeSync();
    }
    disk.rename(draft, this.pathOf(pointerName));
    disk.syncDirectory(this.#directory);
  }

  /** States that are not in force; what a crash left behind. */
  leftovers(current: string): string[] {
    return this.#disk
      .list(this.#directory)
      .filter((name) => statePattern.test(name) && name !== current)
      .map((name) => this.pathOf(name));
  }

  #damaged(what: string): Failure {
    return new Failure(
      'backendDamaged',
      `${this.#directory}: ${what}. The directory was changed by something else than this program. ` +
        'Restore it from a backup, or remove this member, empty its data directory and add it again as a new one.',
    );
  }
}
