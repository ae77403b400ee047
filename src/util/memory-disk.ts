/**
 * A disk without a disk: the files of a member that lives in memory. They end with the object.
 *
 * What is written is kept in pages, and a page that was never written (or only allocated) takes no memory and reads as
 * zeros. Everything counts as durable at once; completions still come later, through the scheduler, so that code above
 * cannot come to rely on an order that a real disk does not keep.
 */

import type { Disk, DiskDone, DiskFile } from './disk.ts';
import { Failure } from './failure.ts';
import type { Scheduler } from './runtime.ts';

const pageBytes = 64 * 1024;

class Content {
  readonly pages: (Buffer | undefined)[] = [];
  size = 0;

  write(chunk: Uint8Array, offset: number): void {
    let at = 0;
    while (at < chunk.length) {
      const page = Math.floor((offset + at) / pageBytes);
      const within = (offset + at) % pageBytes;
      const count = Math.min(chunk.length - at, pageBytes - within);
      this.pages[page] ??= Buffer.alloc(pageBytes);
      this.pages[page].set(chunk.subarray(at, at + count), within);
      at += count;
    }
    this.size = Math.max(this.size, offset + chunk.length);
  }

  read(offset: number, length: number): Buffer {
    const out = Buffer.alloc(Math.max(0, Math.min(length, this.size - offset)));
    let at = 0;
    while (at < out.length) {
      const within = (offset + at) % pageBytes;
      const count = Math.min(out.length - at, pageBytes - within);
      this.pages[Math.floor((offset + at) / pageBytes)]?.copy(out, at, within, within + count);
      at += count;
    }
    return out;
  }

  truncate(size: number): void {
    if (size < this.size) {
      this.pages.length = Math.min(this.pages.length, Math.ceil(size / pageBytes));
      this.pages[Math.floor(size / pageBytes)]?.fill(0, size % pageBytes);
    }
    this.size = size;
  }
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #content: Content;
  readonly #scheduler: Scheduler;
  #open = true;

  constructor(path: string, content: Content, scheduler: Scheduler) {
    this.path = path;
    this.#content = content;
    this.#scheduler = scheduler;
  }

  #used(): Content {
    if (!this.#open) throw new Error(`${this.path} is closed`);
    return this.#content;
  }

  size(): number {
    return this.#used().size;
  }

  readSync(offset: number, length: number): Buffer {
    return this.#used().read(offset, length);
  }

  read(into: Uint8Array, offset: number, done: (error: Error | null, bytes: number) => void): void {
    const bytes = this.#used().read(offset, into.length);
    into.set(bytes);
    this.#scheduler.defer(() => done(null, bytes.length));
  }

  write(chunks: readonly Uint8Array[], offset: number, done: DiskDone): void {
    const content = this.#used();
    let at = offset;
    for (const chunk of chunks) {
      content.write(chunk, at);
      at += chunk.length;
    }
    this.#scheduler.defer(() => done(null));
  }

  sync(done: DiskDone): void {
    this.#used();
    this.#scheduler.defer(() => done(null));
  }

  writeSync(chunk: Uint8Array, offset: number): void {
    this.#used().write(chunk, offset);
  }

  syncSync(): void {
    this.#used();
  }

  truncateSync(size: number): void {
    this.#used().truncate(size);
  }

  allocateSync(size: number): void {
    const content = this.#used();
    content.size = Math.max(content.size, size);
  }

  closeSync(): void {
    this.#used();
    this.#open = false;
  }
}

class MemoryDisk implements Disk {
  readonly #files = new Map<string, Content>();
  readonly #directories = new Set<string>();
  readonly #locks = new Set<string>();
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  makeDirectory(path: string): void {
    for (let cut = path.length; cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      this.#directories.add(path.slice(0, cut));
    }
  }

  list(path: string): string[] {
    const names: string[] = [];
    for (const known of [...this.#files.keys(), ...this.#directories]) {
      if (known.startsWith(`${path}/`) && known.indexOf('/', path.length + 1) < 0) {
        names.push(known.slice(path.length + 1));
      }
    }
    return names.sort();
  }

  exists(path: string): boolean {
    return this.#files.has(path) || this.#directories.has(path);
  }

  create(path: string): DiskFile {
    if (this.exists(path)) throw new Error(`${path} exists already`);
    const cut = path.lastIndexOf('/');
    if (cut > 0 && !this.#directories.has(path.slice(0, cut))) throw new Error(`${path}: no such directory`);
    const content = new Content();
    this.#files.set(path, content);
    return new MemoryFile(path, content, this.#scheduler);
  }

  open(path: string): DiskFile {
    return new MemoryFile(path, this.#content(path), this.#scheduler);
  }

  rename(from: string, to: string): void {
    const content = this.#content(from);
    this.#files.delete(from);
    this.#files.set(to, content);
  }

  remove(path: string): void {
    this.#content(path);
    this.#files.delete(path);
  }

  syncDirectory(path: string): void {
    if (!this.#directories.has(path)) throw new Error(`${path}: no such directory`);
  }

  lock(path: string): { release(): void } {
    if (this.#locks.has(path)) {
      throw new Failure(
        'dataDirLocked',
        `${path} is locked: another member of this process uses this directory. Give this one a directory of its own.`,
      );
    }
    this.#locks.add(path);
    let mine = true;
    return {
      release: (): void => {
        if (mine) this.#locks.delete(path);
        mine = false;
      },
    };
  }

  #content(path: string): Content {
    const content = this.#files.get(path);
    if (content === undefined) throw new Error(`${path}: no such file`);
    return content;
  }
}

/**
 * An empty disk in memory.
 *
 * @param scheduler runs the completions of `write` and `sync`
 */
export function memoryDisk(scheduler: Scheduler): Disk {
  return new MemoryDisk(scheduler);
}
