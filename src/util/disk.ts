/**
 * The disk, as the write-ahead log sees it.
 *
 * Cold operations (opening, recovery, rotation) are synchronous: they run at start or seldom, and plain code is
 * easier to get right. Hot operations (`write`, `sync`) take a callback, called exactly once and never before the
 * call returns. Implementations: `node-disk.ts` (real files), `memory-disk.ts` (a member in memory), and the
 * simulator's, which loses and tears what was not synced.
 *
 * Paths are strings joined with `/`; a Disk may be rooted anywhere.
 */

export type DiskDone = (error: Error | null) => void;

export interface DiskFile {
  readonly path: string;
  /** Size in bytes. */
  size(): number;
  /** Reads exactly `length` bytes at `offset`; fewer only at the end of the file. */
  readSync(offset: number, length: number): Buffer;
  /**
   * Fills `into` with what stands at `offset`, while the caller goes on; any number may be under way.
   * @param done how many bytes there were: fewer than asked for only at the end of the file
   */
  read(into: Uint8Array, offset: number, done: (error: Error | null, bytes: number) => void): void;
  /**
   * Writes the chunks one after another at `offset`. A short write is an error. Not durable before `sync`.
   * At most one `write` or `sync` may be in flight per file.
   */
  write(chunks: readonly Uint8Array[], offset: number, done: DiskDone): void;
  /** fdatasync. After an error the file must not be written again (fsync errors are not retryable). */
  sync(done: DiskDone): void;
  writeSync(chunk: Uint8Array, offset: number): void;
  syncSync(): void;
  truncateSync(size: number): void;
  /** Gives the file its length on disk ahead of use, zero-filled, so that a later sync need not change metadata. */
  allocateSync(size: number): void;
  closeSync(): void;
  /**
   * Closes a file that nobody needs any more, and does not wait for it: with the last one that has it open, the system gives
   * back the space of a removed file, which takes milliseconds where it is large. Where it is missing, `closeSync` will do.
   */
  closeSoon?(): void;
}

export interface Disk {
  /** Creates the directory and its parents; no error when it exists. */
  makeDirectory(path: string): void;
  /** Names in the directory, sorted; an empty list when it does not exist. */
  list(path: string): string[];
  exists(path: string): boolean;
  /** `create` makes a new file and fails when it exists; `open` needs an existing one. */
  create(path: string): DiskFile;
  open(path: string): DiskFile;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** fsync of the directory, so that creations, renames and removals in it are durable. */
  syncDirectory(path: string): void;
  /** The same while the caller goes on. Where it is missing, `syncDirectory` will do (`syncNames`). */
  syncNames?(path: string, done: DiskDone): void;
  /**
   * Takes an exclusive lock for this process.
   * @throws Failure 'dataDirLocked' when another process holds it.
   */
  lock(path: string): { release(): void };
}

/** Closes a file that nobody needs any more, without waiting where the disk can. */
export function closeSoon(file: DiskFile): void {
  if (file.closeSoon === undefined) file.closeSync();
  else file.closeSoon();
}

/** Makes creations, renames and removals in a directory durable; others go on meanwhile where the disk can do that. */
export function syncNames(disk: Disk, path: string, done: DiskDone): void {
  if (disk.syncNames !== undefined) {
    disk.syncNames(path, done);
    return;
  }
  let failure: Error | null = null;
  try {
    disk.syncDirectory(path);
  } catch (error) {
    failure = error as Error;
  }
  done(failure);
}
