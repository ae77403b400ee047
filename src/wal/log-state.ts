/**
 * What the records of a log add up to: base, entries and hard state. Recovery plays every record into one of these.
 */

import { type RecordContent, RecordKind } from './record.ts';
import type { WalBase, WalEntry, WalHardState } from './types.ts';

export class LogState {
  base: WalBase;
  hardState: WalHardState;
  entries: WalEntry[] = [];
  /** Restarts seen. After one, the base is a snapshot's and not just where the oldest segment begins. */
  restarts = 0;

  constructor(base: WalBase, hardState: WalHardState) {
    this.base = base;
    this.hardState = hardState;
  }

  get last(): WalBase {
    return this.entries[this.entries.length - 1] ?? this.base;
  }

  /** Plays in one record; says what contradicts the log so far, null when nothing does. */
  apply(content: RecordContent): string | null {
    if (content.kind === RecordKind.Mark || content.kind === RecordKind.End) return null;
    const previous = { index: content.firstIndex - 1, term: content.previousTerm };
    if (content.kind === RecordKind.Restart) {
      this.base = previous;
      this.entries = [];
      this.restarts++;
    } else if (content.entries.length > 0) {
      const problem = this.#cutBehind(previous);
      if (problem !== null) return problem;
      for (const entry of content.entries) this.entries.push(entry);
    }
    if (content.hardState !== null) this.hardState = content.hardState;
    return null;
  }

  /**
   * Makes `previous` the last entry. The oldest segment that is left may cut the log behind its own beginning: entries
   * 1–100 were in the segment before, this one replaced 91–100, and the older one went when 100 was released. What is
   * left then begins at 90, whose term the record tells.
   */
  #cutBehind(previous: WalBase): string | null {
    if (previous.index > this.last.index) {
      return `entry ${previous.index + 1} does not follow entry ${this.last.index}`;
    }
    if (previous.index < this.base.index) {
      if (this.restarts > 0)
        return `entry ${previous.index + 1} is covered by the snapshot at ${this.base.index}`;
      this.base = previous;
      this.entries = [];
      return null;
    }
    this.entries.length = previous.index - this.base.index;
    if (this.last.term === previous.term) return null;
    return `entry ${previous.index} has term ${this.last.term}, and the next one was written behind term ${previous.term}`;
  }
}
