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

/** Says when others have waited long enough: how long a record takes to read is known to nobody before. */
export interface Slice {
  readonly isOver: boolean;
}

export const endlessSlice: Slice = { isOver: false };

/** Pairs between two looks at whether the slice is over. */
export const keysBetweenLooks = 32;

export interface RangeChunks {
  /**
   * The next chunk.
   * @param maxKeys ends the chunk early, for a first answer that comes soon
   * @param slice ends it when it is over. @default never
   * @throws Failure 'compacted' when the revision was compacted since the last chunk
   */
  next(maxKeys?: number, slice?: Slice): RangeChunk;
}

/** A step that came to no pairs, and is not the last. */
export const unfinished: Omit<RangeChunk, 'revision'> = { kvs: [], isLast: false, more: false, count: 0 };
