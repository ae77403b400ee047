/**
 * Gives back the space of what is no longer wanted of a state's files: packs that are still wanted move out of the file
 * that has the fewest of them, a few at a time, and the file goes when it is empty.
 */

import type { LevelWriter } from './level-writer.ts';
import type { PackDirectory } from './pack-directory.ts';
import type { PackCursor } from './pack-list.ts';
import type { RecordFiles } from './record-files.ts';

/** A flush empties files of which less than this share is wanted. */
const wantedShare = 0.5;
/** Moved by a flush, beside as much as it wrote. */
const moveBytesMin = 1024 * 1024;
const stepBytes = 64 * 1024;
/** Looked at in a step, to find those that stand in the file. */
const stepPacks = 1000;

export class FileKeeper {
  readonly #files: RecordFiles;
  readonly #directory: PackDirectory;
  #file = -1;
  #packs: PackCursor | null = null;

  constructor(files: RecordFiles, directory: PackDirectory) {
    this.#files = files;
    this.#directory = directory;
  }

  /** Settles a batch step by step, and lets it move some; each call is a step, until it returns false. */
  settling(writer: LevelWriter): () => boolean {
    let left = 0;
    let isSettled = false;
    return () => {
      if (!isSettled) {
        if (writer.settle()) return true;
        isSettled = true;
        left = Math.max(moveBytesMin, writer.bytes);
      }
      const before = writer.bytes;
      if (left <= 0 || !this.step(writer, wantedShare)) return false;
      left -= writer.bytes - before;
      return true;
    };
  }

  /** Moves a little. @returns false when no file has less than a share that is wanted */
  step(writer: LevelWriter, share: number): boolean {
    if (this.#packs === null) {
      this.#file = this.#files.worst(share);
      if (this.#file < 0) return false;
      this.#packs = this.#directory.cursor('', null);
    }
    if (!writer.move(this.#packs, this.#file, stepPacks, stepBytes)) {
      // What was left out now, because it changes in this very batch, is found another time.
      this.#packs = null;
      return false;
    }
    return true;
  }
}
