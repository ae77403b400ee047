/**
 * Files that hold the packs of a state, written from front to back and never changed.
 *
 *     <state>/000001.records     pack | pack | pack …
 *
 * LevelDB copies what it is given into a log, into a table, and into another table each time it puts tables together; of
 * a record it is given a reference only, and the bytes are written once, here. (Lu et al., WiscKey, FAST 2016.)
 *
 * Invariants: bytes are synced before a reference to them is written; a file is removed after the last reference to it
 * is gone from disk, and from every cursor; what no reference covers is nothing, whoever wrote it.
 *
 * A crash between the two leaves bytes without a reference: the next start cuts them off the last file, and removes files
 * that have no others.
 */

import { closeSoon, type Disk, type DiskDone, type DiskFile, syncNames } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';

/** A file is full at this size; a larger record has one to itself. */
const recordFileBytes = 32 * 1024 * 1024;
const namePattern = /^(\d{6,12})\.records$/;

/** Where a pack stands, and the checksum of its bytes. */
export interface Place {
  readonly file: number;
  readonly offset: number;
  readonly bytes: number;
  readonly check: number;
}

interface RecordFile {
  readonly number: number;
  readonly file: DiskFile;
  /** Where the next pack goes. */
  end: number;
  /** Bytes that are referred to. */
  live: number;
}

/** Pieces that stand one after another. */
interface Queued {
  readonly to: RecordFile;
  readonly offset: number;
  readonly pieces: Uint8Array[];
}

export function recordFileName(number: number): string {
  return `${String(number).padStart(6, '0')}.records`;
}

/** Removes the files of a state that is not open. */
export function removeRecordFiles(disk: Disk, path: string): void {
  for (const name of disk.list(path)) if (namePattern.test(name)) disk.remove(`${path}/${name}`);
}

export class RecordFiles {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #fileBytes: number;
  readonly #files = new Map<number, RecordFile>();
  #last: RecordFile | null = null;
  #lastNumber = 0;
  #queue: Queued[] = [];
  /** A file was made whose name is not durable yet. */
  #hasNewName = false;
  /** Readers, by number; those that are older than a file's end may still read it. */
  readonly #readers = new Set<number>();
  #readerNumber = 0;
  #doomed: { readonly file: RecordFile; readonly after: number }[] = [];

  /** Takes up the files that are there. */
  constructor(disk: Disk, path: string, fileBytes: number = recordFileBytes) {
    this.#disk = disk;
    this.#path = path;
    this.#fileBytes = fileBytes;
    for (const name of disk.list(path)) {
      const match = namePattern.exec(name);
      if (match === null) continue;
      const number = Number(match[1]);
      this.#files.set(number, { number, file: disk.open(`${path}/${name}`), end: 0, live: 0 });
      this.#lastNumber = Math.max(this.#lastNumber, number);
    }
  }

  /**
   * Something refers to a place: call for all of them before `settle`.
   * @throws Failure 'backendDamaged' when there is no such place
   */
  claim(place: Place): void {
    const file = this.#files.get(place.file);
    const end = place.offset + place.bytes;
    if (file === undefined) throw this.#damaged(`${recordFileName(place.file)} is missing`);
    if (file.file.size() < end)
      throw this.#damaged(`${recordFileName(place.file)} ends before offset ${end}`);
    file.end = Math.max(file.end, end);
    file.live += place.bytes;
  }

  /** Everything was claimed: what a crash has left goes. */
  settle(): void {
    for (const file of this.#files.values()) {
      if (file.live === 0) this.#remove(file);
      else if (this.#last === null || file.number > this.#last.number) this.#last = file;
    }
    const last = this.#last;
    if (last !== null && last.file.size() > last.end) last.file.truncateSync(last.end);
  }

  /** Bytes of all files. */
  get sizeBytes(): number {
    let bytes = 0;
    for (const { end } of this.#files.values()) bytes += end;
    return bytes;
  }

  /** Gives bytes a place; they must not change before `commit` has ended. */
  append(pieces: readonly Uint8Array[], check: number): Place {
    let bytes = 0;
    for (const piece of pieces) bytes += piece.length;
    const to = this.#roomFor(bytes);
    const offset = to.end;
    const queued = this.#queue[this.#queue.length - 1];
    if (queued?.to === to) queued.pieces.push(...pieces);
    else this.#queue.push({ to, offset, pieces: [...pieces] });
    to.end += bytes;
    to.live += bytes;
    return { file: to.number, offset, bytes, check };
  }

  #roomFor(bytes: number): RecordFile {
    const last = this.#last;
    if (last !== null && (last.end === 0 || last.end + bytes <= this.#fileBytes)) return last;
    const number = ++this.#lastNumber;
    const file = this.#disk.create(`${this.#path}/${recordFileName(number)}`);
    const made: RecordFile = { number, file, end: 0, live: 0 };
    this.#files.set(number, made);
    this.#last = made;
    this.#hasNewName = true;
    return made;
  }

  /** Whether `commit` has something to do. */
  get isDirty(): boolean {
    return this.#queue.length > 0;
  }

  /** Writes and syncs everything appended. Appending goes on when it has ended. */
  commit(done: DiskDone): void {
    const queue = this.#queue;
    this.#queue = [];
    let at = 0;
    const next = (error: Error | null): void => {
      const queued = queue[at++];
      if (error !== null) {
        done(error);
      } else if (queued === undefined) {
        this.#syncNames(done);
      } else {
        const { file } = queued.to;
        file.write(queued.pieces, queued.offset, (failure) => {
          if (failure === null) file.sync(next);
          else done(failure);
        });
      }
    };
    next(null);
  }

  #syncNames(done: DiskDone): void {
    if (!this.#hasNewName) {
      done(null);
      return;
    }
    syncNames(this.#disk, this.#path, (error) => {
      if (error === null) this.#hasNewName = false;
      done(error);
    });
  }

  /** The bytes at a place, or fewer where the file is too short. */
  readSync({ file, offset, bytes }: Place): Buffer {
    return this.#at(file).readSync(offset, bytes);
  }

  /** Fills `into` with what stands at an offset of a file. */
  read(
    file: number,
    offset: number,
    into: Uint8Array,
    done: (error: Error | null, bytes: number) => void,
  ): void {
    this.#at(file).read(into, offset, done);
  }

  #at(number: number): DiskFile {
    const found = this.#files.get(number) ?? this.#doomed.find(({ file }) => file.number === number)?.file;
    if (found === undefined) throw this.#damaged(`${recordFileName(number)} is missing`);
    return found.file;
  }

  /** No reference to a place is left on disk. */
  release({ file, bytes }: Place): void {
    this.#files.get(file)!.live -= bytes;
  }

  /** Removes files that hold nothing any more, as soon as nobody reads them. */
  sweep(): void {
    for (const file of this.#files.values()) {
      if (file.live > 0) continue;
      this.#files.delete(file.number);
      if (this.#last === file) this.#last = null;
      this.#doomed.push({ file, after: this.#readerNumber });
    }
    this.#removeUnread();
  }

  /** From now on files stay until `endRead`, with the number that this gives. */
  beginRead(): number {
    const number = ++this.#readerNumber;
    this.#readers.add(number);
    return number;
  }

  endRead(number: number): void {
    this.#readers.delete(number);
    if (this.#doomed.length > 0) this.#removeUnread();
  }

  #removeUnread(): void {
    const oldest: number = this.#readers.values().next().value ?? Number.POSITIVE_INFINITY;
    const isUnread = ({ after }: { readonly after: number }): boolean => oldest > after;
    for (const { file } of this.#doomed.filter(isUnread)) this.#remove(file);
    this.#doomed = this.#doomed.filter((doomed) => !isUnread(doomed));
  }

  #remove(file: RecordFile): void {
    this.#files.delete(file.number);
    // In this order: its space is given back with the last one that has it open.
    this.#disk.remove(`${this.#path}/${recordFileName(file.number)}`);
    closeSoon(file.file);
  }

  /** The file with the least that is referred to, if that is less than a share of it; -1 for none. */
  worst(share: number): number {
    let worst = -1;
    let least = share;
    for (const { number, live, end } of this.#files.values()) {
      if (number === this.#last?.number || live >= end * least) continue;
      worst = number;
      least = live / end;
    }
    return worst;
  }

  /** What is appended from now on goes to a new file. */
  seal(): void {
    this.#last = null;
  }

  /** Nobody reads any more. */
  close(): void {
    for (const { file } of this.#files.values()) file.closeSync();
    for (const { file } of this.#doomed) {
      file.file.closeSync();
      this.#disk.remove(file.file.path);
    }
    this.#files.clear();
    this.#doomed = [];
  }

  #damaged(what: string): Failure {
    return new Failure(
      'backendDamaged',
      `The state in ${this.#path} is damaged: ${what}. The disk or its file system has lost data. Do not go on with this ` +
        'directory: remove this member from its cluster, empty the directory and add it again, or restore a backup.',
    );
  }
}
