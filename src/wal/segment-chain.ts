/**
 * The files of a running log: the one that is appended to, the older ones, and the next one in the making.
 *
 *     released ┌──────┐ ┌──────┐ ┌──────────────┐ ┌ ─ ─ ─ ─ ┐
 *     removed  │  3   │ │  4   │ │  5  active   │   next.tmp
 *              └──────┘ └──────┘ └──────────────┘ └ ─ ─ ─ ─ ┘
 *
 * Rules: a segment begins only when everything before it is synced, and gets its name only when its header is; a name
 * is durable before anything behind it is acknowledged. Segments are removed from the front only, one at a time, each
 * removal durable before the next: so what a crash leaves is always without a gap, and a gap is damage. When a segment
 * has begun, an End goes to the one before, so that the loss of the newest file is noticed too.
 *
 * One released file is kept for the next segment but one instead of being removed: its name goes, durably, before a byte of
 * it is written again.
 */

import type { Disk, DiskFile } from '../util/disk.ts';
import type { Runtime } from '../util/runtime.ts';
import { encodeBare } from './group-encoder.ts';
import { RecordKind } from './record.ts';
import type { SegmentOnDisk } from './recovery.ts';
import { encodeSegmentHeader, segmentName } from './segment.ts';
import { SegmentPreparer } from './segment-preparer.ts';
import type { WalBase, WalHardState, WalMutant } from './types.ts';

/** The place behind everything that is durable, and what the log says there. */
export interface LogPosition {
  offset: number;
  link: number;
  group: number;
  last: WalBase;
  hardState: WalHardState;
}

export interface ChainOptions {
  readonly disk: Disk;
  readonly directory: string;
  readonly metadata: Uint8Array;
  readonly runtime: Runtime;
  readonly segmentBytes: number;
  readonly preallocate: boolean;
  readonly mutant: WalMutant | null;
  readonly hasOthers: boolean;
}

/** The first segment is short, so that a new log is ready at once; the second is made while it is in use. */
export const firstSegmentBytesMax: number = 1024 * 1024;

export class SegmentChain {
  file: DiskFile;
  seed: number;
  /** @see Wal.hasOthers */
  hasOthers: boolean;
  readonly #options: ChainOptions;
  readonly #segments: SegmentOnDisk[];
  readonly #preparer: SegmentPreparer;
  readonly #settled: (error: Error | null) => void;
  /** Appending goes on behind this only while the next segment is not ready. */
  #limit: number;
  /** The next segment begins as soon as it is ready. */
  #isToRotate = false;
  #released = 0;
  #ending: DiskFile | null = null;
  #removing = false;
  #stopped = false;

  /** @param settled called when work in the background has come to rest, or with the error that ended it */
  constructor(
    options: ChainOptions,
    segments: SegmentOnDisk[],
    file: DiskFile,
    seed: number,
    settled: (error: Error | null) => void,
  ) {
    this.#options = options;
    this.#segments = segments;
    this.#settled = settled;
    this.file = file;
    this.seed = seed;
    this.hasOthers = options.hasOthers;
    const { disk, directory, segmentBytes, preallocate } = options;
    this.#preparer = new SegmentPreparer(disk, directory, preallocate ? segmentBytes : 0, settled);
    const shortest = Math.min(firstSegmentBytesMax, segmentBytes);
    this.#limit = preallocate ? Math.max(file.size(), shortest) : segmentBytes;
  }

  /** The segment that is written to. */
  get path(): string {
    return this.#segments[this.#segments.length - 1]!.path;
  }

  /** Work in the background is in flight. */
  get busy(): boolean {
    return this.#preparer.busy || this.#ending !== null;
  }

  /** Whether a group of `bytes` at `offset` belongs into the next segment. */
  isFull(offset: number, bytes: number): boolean {
    if (!this.#isToRotate && offset + bytes <= this.#limit) return false;
    return this.#preparer.ready && this.#ending === null;
  }

  /** Has the next segment made as soon as this one is half full. Errors of the disk are thrown. */
  prepareNext(offset: number): void {
    if (!this.#isToRotate && offset * 2 <= this.#limit) return;
    if (this.#preparer.idle && !this.#stopped) this.#preparer.start();
  }

  /** Has the next segment begin as soon as it is made, however much room there is in this one. */
  rotateSoon(offset: number): void {
    this.#isToRotate = true;
    this.prepareNext(offset);
  }

  /** The next segment was asked for, and can begin now. */
  get isRotationDue(): boolean {
    return this.#isToRotate && this.isFull(0, 0);
  }

  /**
   * Begins the next segment at `position`, whose offset moves to its first record.
   *
   * @param done called when the segment is there for good, or with the error of the disk
   */
  rotate(position: LogPosition, done: (error: Error | null) => void): void {
    const { file, path, isReused } = this.#preparer.take();
    const sequence = this.#segments[this.#segments.length - 1]!.sequence + 1;
    const seed = this.#options.runtime.random.uint32();
    const { link, group, last, hardState } = position;
    const { hasOthers } = this;
    const { metadata } = this.#options;
    const header = encodeSegmentHeader({
      ...{ sequence, seed, link, group, hardState, metadata, isReused, hasOthers },
      base: last,
    });
    const written = (error: Error | null): void => {
      let problem = error;
      try {
        file.closeSync();
        if (problem === null) this.#begin(path, sequence, seed, position, header.length);
      } catch (failure) {
        problem ??= failure as Error;
      }
      done(problem);
    };
    file.write([header], 0, (error) => {
      if (error === null) file.sync(written);
      else written(error);
    });
  }

  #begin(preparedPath: string, sequence: number, seed: number, position: LogPosition, offset: number): void {
    const { disk, directory, segmentBytes, mutant } = this.#options;
    const path = `${directory}/${segmentName(sequence)}`;
    disk.rename(preparedPath, path);
    if (mutant !== 'skipDirectorySync') disk.syncDirectory(directory);
    const file = disk.open(path);

    this.#segments[this.#segments.length - 1]!.lastIndex = position.last.index;
    this.#segments.push({ path, sequence, lastIndex: 0 });
    this.#endOlder(this.file, this.seed, position);
    this.file = file;
    this.seed = seed;
    this.#limit = segmentBytes;
    this.#isToRotate = false;
    position.offset = offset;
  }

  #endOlder(file: DiskFile, seed: number, position: LogPosition): void {
    const { bytes } = encodeBare(RecordKind.End, position.offset, seed, position.link, position.group + 1);
    this.#ending = file;
    file.write([bytes], position.offset, (writeError) => {
      if (writeError !== null) this.#ended(writeError);
      else file.sync((syncError) => this.#ended(syncError));
    });
  }

  #ended(error: Error | null): void {
    this.#ending!.closeSync();
    this.#ending = null;
    if (error === null) this.#removeLater();
    this.#settled(error);
  }

  /** Entries up to `index` are not needed any more. */
  release(index: number): void {
    this.#released = Math.max(this.#released, index);
    this.#removeLater();
  }

  /** The log has restarted in the active segment: nothing of the older ones is needed. */
  voidOlder(): void {
    for (const segment of this.#segments.slice(0, -1)) segment.lastIndex = 0;
    this.#removeLater();
  }

  #oldestIsNeeded(): boolean {
    const count = this.#segments.length;
    if (count === 1 || (count === 2 && this.#ending !== null)) return true;
    return this.#segments[0]!.lastIndex > this.#released;
  }

  /** One file per step, with other work in between: removing a file and syncing the directory take their time. */
  #removeLater(): void {
    if (this.#removing || this.#stopped || this.#oldestIsNeeded()) return;
    this.#removing = true;
    this.#options.runtime.scheduler.defer(() => this.#removeOldest());
  }

  #removeOldest(): void {
    this.#removing = false;
    if (this.#stopped || this.#oldestIsNeeded()) return;
    try {
      const { path } = this.#segments[0]!;
      if (this.#preparer.wantsSpare) this.#preparer.keepSpare(path);
      else this.#options.disk.remove(path);
      this.#options.disk.syncDirectory(this.#options.directory);
    } catch (error) {
      this.#settled(error as Error);
      return;
    }
    this.#segments.shift();
    this.#removeLater();
  }

  /** Begins nothing more in the background. */
  stop(): void {
    this.#stopped = true;
    this.#preparer.stop();
  }

  /** Closes the files; not while busy. */
  close(): void {
    this.#preparer.discard();
    this.file.closeSync();
  }
}
