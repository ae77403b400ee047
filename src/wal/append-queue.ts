/** What waits for the write in flight to end, and the next group that is made of it. */

import { GroupEncoder } from './group-encoder.ts';
import type { RecordContent } from './record.ts';
import type { WalDone, WalHardState } from './types.ts';

/** Something appended, and how things stand behind it. */
export interface Append extends RecordContent {
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly hardStateAfter: WalHardState;
  readonly done: WalDone;
}

/** Appends are merged into one group up to this size; a larger one is a group by itself. */
const groupBytesMax = 8 * 1024 * 1024;

export class AppendQueue {
  #waiting: Append[] = [];
  /** Of the group that was taken last, as records. */
  takenBytes = 0;

  get length(): number {
    return this.#waiting.length;
  }

  push(append: Append): void {
    this.#waiting.push(append);
  }

  /** The first ones, as many as make a group. @see takenBytes */
  take(): readonly Append[] {
    const waiting = this.#waiting;
    let count = 0;
    let bytes = 0;
    for (; count < waiting.length; count++) {
      const more = GroupEncoder.sizeOf(waiting[count]!);
      if (count > 0 && bytes + more > groupBytesMax) break;
      bytes += more;
    }
    this.takenBytes = bytes;
    return count === waiting.length ? this.takeAll() : waiting.splice(0, count);
  }

  takeAll(): readonly Append[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
