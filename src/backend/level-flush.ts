/**
 * Puts writes on disk as one step: packs into files, synced; then one batch of LevelDB, synced, which refers to them.
 *
 * Copying goes in slices, between which other work has its turn.
 */

import type { LevelContext } from './level-context.ts';
import type { LevelBatch } from './level-db.ts';
import type { LevelWriter } from './level-writer.ts';
import type { Overlay } from './overlay.ts';
import type { RecordFiles } from './record-files.ts';

/** For so long others wait for a slice, at most for so much of it: the first of them ends it. */
const sliceMs = 1;
const sliceWrites = 500;
const sliceBytes = 512 * 1024;
/** Writes between two looks at the clock; a step of settling, which may read and write a pack anew, counts as so many. */
const writesPerLook = 25;

/** Copies all writes of an overlay. @param done null, or what was thrown */
export function copyWrites(
  writes: Overlay,
  writer: LevelWriter,
  settle: () => boolean,
  { scheduler, now }: Pick<LevelContext, 'scheduler' | 'now'>,
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
      const bytesEnd = writer.bytes + sliceBytes;
      const timeEnd = now() + sliceMs;
      for (let count = 0; count < sliceWrites && writer.bytes < bytesEnd; ) {
        for (let i = 0; i < writesPerLook; i += isCopied ? writesPerLook : 1) {
          if (copyNext()) continue;
          done(null);
          return;
        }
        count += writesPerLook;
        if (now() > timeEnd) break;
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
