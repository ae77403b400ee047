/** What of the log is on its way to the disk, and since when the disk owes an answer. */

import type { Ready } from '../raft/types.ts';
import type { Clock } from '../util/runtime.ts';
import type { Wal } from '../wal/wal.ts';

export class LogWrites {
  readonly #wal: Wal;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #done: (error: Error | null, write: number) => void;
  /** Groups of records on their way, and when the disk last took one or had none to take. */
  #underWay = 0;
  #tookAt = 0;
  /** The disk has taken a group since somebody last put this back. */
  hasWritten = false;

  /** @param done told of each write in its order. @see Ready.write */
  constructor(wal: Wal, clock: Pick<Clock, 'now'>, done: (error: Error | null, write: number) => void) {
    this.#wal = wal;
    this.#clock = clock;
    this.#done = done;
  }

  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  /** For how long the disk has not finished anything that was given to it to write, in milliseconds. */
  get silenceMs(): number {
    return this.#underWay === 0 ? 0 : this.#clock.now() - this.#tookAt;
  }

  begin({ write, entries, hardState }: Ready): void {
    if (this.#underWay++ === 0) this.#tookAt = this.#clock.now();
    this.#wal.append(entries, hardState, (error) => {
      this.#underWay--;
      this.hasWritten = true;
      this.#tookAt = this.#clock.now();
      this.#done(error, write);
    });
  }
}
