/**
 * Real files behind the Disk interface, on node:fs. Sizes are kept in memory: a file belongs to one process
 * (`node-lock.ts`), so nobody else changes it.
 *
 * A write that comes back short is continued until everything is written or the system reports an error; nothing else
 * is ever tried twice. An fsync that failed has thrown away what it could not write and says so only once.
 */

import * as fs from 'node:fs';
import { dirname } from 'node:path';

import type { Disk, DiskDone, DiskFile } from './disk.ts';
import { Failure } from './failure.ts';
import { lockPath } from './node-lock.ts';

const allocationChunkBytes = 1024 * 1024;
/**
 * Writes up to this are not sent through the thread pool: they are copied into the system's cache in less time than it
 * takes to wake a thread. Only a sync waits for the disk.
 */
const inlineWriteBytes = 16 * 1024;
/** The same of what was written before, as segments of the log were: the system has room for it and need not find any. */
const inlineRewriteBytes = 256 * 1024;
/** Chunks that one call hands to the system: Node makes a list of them first, and thousands keep everybody waiting. */
const chunksAtOnce = 256;
/** As it was when this file was loaded: test runners put another in its place, to hold the time of the program under test. */
const nextTick = process.nextTick;
let zeros: Buffer | null = null;

const notPermitted = [
  'it is not permitted',
  'Give the user that runs this process the right to read and write there',
] as const;
/** Why, and what the operator has to do, by the codes that no retry will help. */
const refusals: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  EACCES: notPermitted,
  EPERM: notPermitted,
  EROFS: ['its file system is mounted for reading only', 'Mount it for writing'],
  ENOTDIR: ['a file stands where a directory is to be', 'Move it away'],
};

/** Runs a file system call; a refusal becomes a Failure that says what to do. */
function permitted<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const refusal = refusals[code];
    if (refusal === undefined) throw error;
    const [why, remedy] = refusal;
    throw new Failure(
      'dataDirNotWritable',
      `${path} cannot be used (${code}): ${why}. ${remedy}, or choose another data directory.`,
      { cause: error },
    );
  }
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  #size: number;
  #chunks: Uint8Array[] = [];
  #offset = 0;
  #done: DiskDone | null = null;

  constructor(path: string, fd: number, size: number) {
    this.path = path;
    this.#fd = fd;
    this.#size = size;
  }

  size(): number {
    return this.#size;
  }

  readSync(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#size - offset)));
    let filled = 0;
    while (filled < buffer.length) {
      const count = fs.readSync(this.#fd, buffer, filled, buffer.length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled === buffer.length ? buffer : buffer.subarray(0, filled);
  }

  read(into: Uint8Array, offset: number, done: (error: Error | null, bytes: number) => void): void {
    const length = Math.max(0, Math.min(into.length, this.#size - offset));
    let filled = 0;
    const readOn = (): void => fs.read(this.#fd, into, filled, length - filled, offset + filled, taken);
    const taken = (error: Error | null, count: number): void => {
      filled += count;
      if (error !== null || count === 0 || filled >= length) done(error, filled);
      else readOn();
    };
    readOn();
  }

  write(chunks: readonly Uint8Array[], offset: number, done: DiskDone): void {
    if (this.#done !== null) throw new Error(`${this.path}: a write is in flight already`);
    this.#chunks = chunks.filter((chunk) => chunk.length > 0);
    this.#offset = offset;
    this.#done = done;
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.length;
    const isThere = offset + bytes <= this.#size;
    if (bytes <= (isThere ? inlineRewriteBytes : inlineWriteBytes)) this.#writeInline();
    else this.#writeOn();
  }

  /** As any other write it is done after the caller has returned, but without a way through the loop. */
  #writeInline(): void {
    let failure: Error | null = null;
    try {
      for (const chunk of this.#chunks) {
        this.writeSync(chunk, this.#offset);
        this.#offset += chunk.length;
      }
    } catch (error) {
      failure = error as Error;
    }
    nextTick(() => this.#finish(failure));
  }

  #writeOn(): void {
    if (this.#chunks.length === 1) {
      const chunk = this.#chunks[0]!;
      fs.write(this.#fd, chunk, 0, chunk.length, this.#offset, this.#written);
    } else {
      const chunks = this.#chunks.length > chunksAtOnce ? this.#chunks.slice(0, chunksAtOnce) : this.#chunks;
      fs.writev(this.#fd, chunks, this.#offset, this.#written);
    }
  }

  readonly #written = (error: NodeJS.ErrnoException | null, count: number): void => {
    if (error !== null) {
      this.#finish(error);
      return;
    }
    if (count === 0) {
      this.#finish(new Error(`${this.path}: the system wrote nothing and reported no error`));
      return;
    }
    this.#offset += count;
    this.#size = Math.max(this.#size, this.#offset);
    let rest = count;
    let whole = 0;
    while (whole < this.#chunks.length && rest >= this.#chunks[whole]!.length) {
      rest -= this.#chunks[whole++]!.length;
    }
    this.#chunks.splice(0, whole);
    if (this.#chunks.length === 0) {
      this.#finish(null);
      return;
    }
    this.#chunks[0] = this.#chunks[0]!.subarray(rest);
    this.#writeOn();
  };

  #finish(error: Error | null): void {
    const done = this.#done!;
    this.#done = null;
    this.#chunks = [];
    done(error);
  }

  sync(done: DiskDone): void {
    fs.fdatasync(this.#fd, done);
  }

  writeSync(chunk: Uint8Array, offset: number): void {
    let written = 0;
    while (written < chunk.length) {
      const count = fs.writeSync(this.#fd, chunk, written, chunk.length - written, offset + written);
      if (count === 0) throw new Error(`${this.path}: the system wrote nothing and reported no error`);
      written += count;
    }
    this.#size = Math.max(this.#size, offset + written);
  }

  syncSync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  truncateSync(size: number): void {
    fs.ftruncateSync(this.#fd, size);
    this.#size = size;
  }

  allocateSync(size: number): void {
    zeros ??= Buffer.alloc(allocationChunkBytes);
    while (this.#size < size) {
      this.writeSync(zeros.subarray(0, Math.min(zeros.length, size - this.#size)), this.#size);
    }
  }

  closeSync(): void {
    fs.closeSync(this.#fd);
  }

  closeSoon(): void {
    // What was to be durable was synced: there is nothing that an error here could tell.
    fs.close(this.#fd, () => {});
  }
}

function openFile(path: string, flags: string): NodeFile {
  return permitted(path, () => {
    const fd = fs.openSync(path, flags, 0o600);
    return new NodeFile(path, fd, fs.fstatSync(fd).size);
  });
}

/**
 * Step by step and not with `recursive`: below a directory that takes no entries, such as /proc, that never returns
 * (Node 20). There a missing parent means that it cannot be made.
 */
function makeDirectory(path: string): void {
  permitted(path, () => {
    const missing: string[] = [];
    for (let at = path; !fs.existsSync(at); at = dirname(at)) missing.unshift(at);
    const last = fs.statSync(missing.length === 0 ? path : dirname(missing[0]!));
    if (!last.isDirectory()) throw Object.assign(new Error(`${path} is a file`), { code: 'ENOTDIR' });
    for (const directory of missing) {
      makeOne(directory);
      // Its name is an entry of the directory above.
      syncDirectory(dirname(directory));
    }
  });
}

function makeOne(path: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Somebody else was faster.
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw error;
    throw Object.assign(new Error(`${path} cannot be made`), { code: 'EACCES' });
  }
}

function list(path: string): string[] {
  return permitted(path, () => (fs.existsSync(path) ? fs.readdirSync(path).sort() : []));
}

/** Systems that cannot open a directory (Windows) make names durable by themselves. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  permitted(path, () => {
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  });
}

/**
 * The space of a file is given back with its name and the last one that has it open, which takes milliseconds where it is
 * large: it is kept open until a thread of the pool closes it. Windows keeps the name as long.
 */
function remove(path: string): void {
  const fd = process.platform === 'win32' ? -1 : openedToRemove(path);
  try {
    fs.unlinkSync(path);
  } finally {
    if (fd >= 0) fs.close(fd, () => {});
  }
}

/** -1: what cannot be opened is removed all the same. */
function openedToRemove(path: string): number {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch {
    return -1;
  }
}

/** On a thread of the pool: on a disk that is busy it takes long. */
function syncNames(path: string, done: DiskDone): void {
  if (process.platform === 'win32') {
    nextTick(done, null);
    return;
  }
  fs.open(path, 'r', (refusal, fd) => {
    if (refusal !== null) {
      done(refusal);
      return;
    }
    fs.fsync(fd, (failure) => fs.close(fd, () => done(failure)));
  });
}

/**
 * The disk of production. Directories are made with mode 0700 and files with 0600, as etcd does: they hold secrets.
 *
 * Any call that the system refuses for want of permission throws Failure 'dataDirNotWritable'; `lock` throws Failure
 * 'dataDirLocked'. Other errors come as node:fs reports them.
 */
export function nodeDisk(): Disk {
  return {
    makeDirectory,
    list,
    exists: (path) => fs.existsSync(path),
    create: (path) => openFile(path, 'wx+'),
    open: (path) => openFile(path, 'r+'),
    rename: (from, to) => permitted(to, () => fs.renameSync(from, to)),
    remove: (path) => permitted(path, () => remove(path)),
    syncDirectory,
    syncNames,
    lock: (path) => permitted(path, () => lockPath(path)),
  };
}

/** Removes a directory and all that is in it; no error when there is none. */
export function removeTree(path: string): void {
  permitted(path, () => fs.rmSync(path, { recursive: true, force: true }));
}
