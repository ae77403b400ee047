/** What a large range is read in: chunks, each a little work, so that others have their turn in between. */

import type { KeyValueBytes } from '../wire/messages.ts';

export interface RangeChunk {
  /** May be empty though more follows: then this was a step on the way there. */
  readonly kvs: KeyValueBytes[];
  /** Nothing follows; only then `more` and `count` mean something. */
  readonly isLast: boolean;
  readonly more: boolean;
  readonly count: number;
  /** The store's revision when the reading began. */
  readonly revision: number;
}

export interface RangeChunks {
  /**
   * The next chunk.
   * @param maxKeys ends the chunk early, for a first answer that comes soon
   * @throws Failure 'compacted' when the revision was compacted since the last chunk
   */
  next(maxKeys?: number): RangeChunk;
}

/** A step that came to no pairs, and is not the last. */
export const unfinished: Omit<RangeChunk, 'revision'> = { kvs: [], isLast: false, more: false, count: 0 };
