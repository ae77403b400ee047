/**
 * Puts writes on disk as one step: packs into files, synced; then one batch of LevelDB, synced, which refers to them.
 *
 * Copying goes in slices, between which other work has its turn.
 */

import type { Scheduler } from '../util/runtime.ts';
import type { LevelBatch } from './level-db.ts';
import type { LevelWriter } from './level-writer.ts';
import type { Overlay } from './overlay.ts';
import type { RecordFiles } from './record-files.ts';

/** Writes that are copied into a batch before other work gets its turn: a millisecond or two of them. */
const sliceWrites = 250;
const sliceBytes = 256 * 1024;
/** A step of settling, which may read and write a pack anew, counts as so many. */
const settleWrites = 25;

/** Copies all writes of an overlay. @param done null, or what was thrown */
export function copyWrites(
  writes: Overlay,
  writer: LevelWriter,
  settle: () => boolean,
  scheduler: Scheduler,
  done: (error: Error | null) => void,
): void {
  const packs = writes.packs();
  const rest = writes.writes();
  let packsCopied = 0;
  let isCopied = false;
  const copyNext = (): boolean => {
    if (isCopied) return settle();
    if (packsCopied < packs.length) {
      writer.putPack(packs[packsCopied++]!);
      return true;
    }
    if (!rest.next()) {
      isCopied = true;
      return true;
    }
    const { key, value } = rest;
    if (value === null) writer.delete(key);
    else writer.put(key, value);
    return true;
  };
  const copySlice = (): void => {
    try {
      const sliceEnd = writer.bytes + sliceBytes;
      for (let i = 0; i < sliceWrites && writer.bytes < sliceEnd; i += isCopied ? settleWrites : 1) {
        if (copyNext()) continue;
        done(null);
        return;
      }
      scheduler.defer(copySlice);
    } catch (error) {
      done(error as Error);
    }
  };
  copySlice();
}

/** Syncs what the batch refers to, then the batch. @param before called between the two */
export async function commitBatch(
  files: RecordFiles,
  batch: LevelBatch,
  before: () => void = () => {},
): Promise<void> {
  if (files.isDirty) {
    await new Promise<void>((resolve, reject) => {
      files.commit((error) => (error === null ? resolve() : reject(error)));
    });
  }
  before();
  await batch.write({ sync: true });
}
