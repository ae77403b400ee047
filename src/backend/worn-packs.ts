/**
 * Packs of which half or more is dead, and which no later write takes anything from.
 *
 * A pack that loses records is written anew by the flush that takes them, when half of it is dead. One that is made and loses them
 * within the same flush cannot be: its bytes are not on disk yet. Its records are compacted, so nothing comes back to it.
 * Counter-example without this list: each compaction that comes close behind the writes, as one that keeps few revisions does, left
 * the space of a flush's records taken for ever, also by a defragmentation, which moves packs as they are.
 */

import type { LevelWriter } from './level-writer.ts';
import type { PackDirectory } from './pack-directory.ts';
import { isWorn } from './pack-list.ts';

export class WornPacks {
  #firstKeys: string[] = [];

  /** Takes up those that are there. */
  constructor(directory: PackDirectory) {
    for (const packs = directory.cursor('', null); packs.pack !== undefined; packs.next())
      if (isWorn(packs.pack)) this.#firstKeys.push(packs.pack.firstKey);
  }

  get isEmpty(): boolean {
    return this.#firstKeys.length === 0;
  }

  /** Has a batch deal with at most so many of them, when it settles. */
  hand(writer: LevelWriter, atMost: number = Number.POSITIVE_INFINITY): void {
    for (const firstKey of this.#firstKeys.splice(0, atMost)) writer.revisit(firstKey);
  }

  /** Takes up those that a batch has left; call when it is applied. */
  take(writer: LevelWriter): void {
    this.#firstKeys.push(...writer.worn());
  }
}
