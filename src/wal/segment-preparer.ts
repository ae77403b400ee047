/**
 * Makes the next segment's file ahead of time, filled with zeros, so that appending to it later changes no metadata: a
 * sync then writes the data and nothing else.
 *
 * The filling is done in small asynchronous pieces, one at a time, with a sync after each few, so that neither the
 * turn nor a sync of the log waits long behind it. Until the segment begins the file has a name that no log has; a
 * crash leaves it behind, and opening the log removes it.
 *
 * Better than zeros is a file that was a segment until it was released: its blocks are there. What it holds is never taken
 * for a record of the new one (see `recovery.ts`).
 */

import type { Disk, DiskFile } from '../util/disk.ts';

const fillChunkBytes = 256 * 1024;
/** Filled and not yet synced at most: what a sync of the log may have to wait behind. */
const unsyncedBytesMax = 1024 * 1024;

export const preparedName = 'next.tmp';
/** A released segment's file that is to be the one after the next. */
export const spareName = 'spare.tmp';

const zeros: Buffer = Buffer.alloc(fillChunkBytes);

export class SegmentPreparer {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #sparePath: string;
  readonly #bytes: number;
  readonly #settled: (error: Error | null) => void;
  #file: DiskFile | null = null;
  #busy = false;
  #filled = 0;
  #unsynced = 0;
  #stopped = false;
  #hasSpare = false;
  #isReused = false;

  /**
   * @param bytes length to fill to; 0 for a file that grows as it is written
   * @param settled called whenever the preparer comes to rest: ready, stopped, or with an error
   */
  constructor(disk: Disk, directory: string, bytes: number, settled: (error: Error | null) => void) {
    this.#disk = disk;
    this.#path = `${directory}/${preparedName}`;
    this.#sparePath = `${directory}/${spareName}`;
    this.#bytes = bytes;
    this.#settled = settled;
  }

  get idle(): boolean {
    return this.#file === null;
  }

  get ready(): boolean {
    return this.#file !== null && !this.#busy && this.#filled >= this.#bytes;
  }

  /** An operation is in flight. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Whether a released segment's file is welcome. */
  get wantsSpare(): boolean {
    return this.#bytes > 0 && !this.#hasSpare && !this.#stopped;
  }

  /** Takes the file of a released segment, under its name; durable when the caller has synced the directory. */
  keepSpare(path: string): void {
    this.#disk.rename(path, this.#sparePath);
    this.#hasSpare = true;
  }

  /** Begins a file; errors of creating it are thrown. */
  start(): void {
    this.#isReused = this.#hasSpare && this.#takeSpare();
    if (this.#isReused) return;
    this.#file = this.#disk.create(this.#path);
    this.#filled = 0;
    this.#unsynced = 0;
    if (this.#bytes > 0) this.#fill();
  }

  /** @returns false when it has not the length that a segment is to have, as the short first one of a log */
  #takeSpare(): boolean {
    this.#hasSpare = false;
    this.#disk.rename(this.#sparePath, this.#path);
    const file = this.#disk.open(this.#path);
    const size = file.size();
    if (size >= this.#bytes && size <= this.#bytes * 2) {
      this.#file = file;
      this.#filled = size;
      return true;
    }
    file.closeSync();
    this.#disk.remove(this.#path);
    return false;
  }

  /** Hands over the file that is ready; the caller closes it and gives it its name. It holds zeros, or was a segment before. */
  take(): { readonly file: DiskFile; readonly path: string; readonly isReused: boolean } {
    const file = this.#file;
    if (file === null || !this.ready) throw new Error('no segment has been prepared');
    this.#file = null;
    return { file, path: this.#path, isReused: this.#isReused };
  }

  /** Begins nothing more. What is in flight ends first; `settled` is called then. */
  stop(): void {
    this.#stopped = true;
  }

  /** Throws away what has been prepared; not while busy. */
  discard(): void {
    if (this.#hasSpare) this.#disk.remove(this.#sparePath);
    this.#hasSpare = false;
    if (this.#file === null) return;
    this.#file.closeSync();
    this.#file = null;
    this.#disk.remove(this.#path);
  }

  #fill(): void {
    const length = Math.min(fillChunkBytes, this.#bytes - this.#filled);
    this.#busy = true;
    this.#file!.write(
      [length === fillChunkBytes ? zeros : zeros.subarray(0, length)],
      this.#filled,
      this.#onFilled,
    );
  }

  readonly #onFilled = (error: Error | null): void => {
    if (error !== null) {
      this.#settle(error);
      return;
    }
    const length = Math.min(fillChunkBytes, this.#bytes - this.#filled);
    this.#filled += length;
    this.#unsynced += length;
    if (this.#stopped) this.#settle(null);
    else if (this.#unsynced >= unsyncedBytesMax || this.#filled >= this.#bytes)
      this.#file!.sync(this.#onSynced);
    else this.#fill();
  };

  readonly #onSynced = (error: Error | null): void => {
    this.#unsynced = 0;
    if (error !== null || this.#stopped || this.#filled >= this.#bytes) this.#settle(error);
    else this.#fill();
  };

  #settle(error: Error | null): void {
    this.#busy = false;
    if (error !== null) this.#stopped = true;
    this.#settled(error);
  }
}
