/**
 * A disk whose power can fail at any operation, and which then keeps whatever a real one might: any part of each
 * unsynced write, any of the unsynced changes of names. Harsher than a file system has to be, on purpose.
 */

import type { Disk, DiskDone, DiskFile } from '../../src/util/disk.ts';

export class PowerFailure extends Error {}

interface PendingWrite {
  readonly offset: number;
  readonly bytes: Buffer;
}

class Inode {
  durable: Buffer = Buffer.alloc(0);
  current: Buffer = Buffer.alloc(0);
  pending: PendingWrite[] = [];
  handles = 0;

  write(bytes: Buffer, offset: number): void {
    this.current = patched(this.current, bytes, offset);
    this.pending.push({ offset, bytes });
  }
}

function patched(content: Buffer, bytes: Uint8Array, offset: number): Buffer {
  const end = offset + bytes.length;
  const out = end > content.length ? Buffer.concat([content, Buffer.alloc(end - content.length)]) : content;
  out.set(bytes, offset);
  return out;
}

interface PendingName {
  readonly removed: string | null;
  readonly added: string | null;
  readonly inode: Inode;
}

/** What a crash leaves of what was not synced. */
export interface Survival {
  /** Whether the byte at `at` of an unsynced write reached the disk. `sector` is its sector in the file. */
  byte(write: number, at: number, sector: number, length: number): boolean;
  /** Whether an unsynced change of a name did. */
  name(change: number): boolean;
}

export const nothingSurvives: Survival = { byte: () => false, name: () => false };
export const everythingSurvives: Survival = { byte: () => true, name: () => true };

export function randomSurvival(uint32: () => number): Survival {
  const salt = uint32();
  const coin = (...parts: number[]): boolean => {
    let hash = salt;
    for (const part of parts) hash = Math.imul(hash ^ (part + 0x9e3779b9), 0x85ebca6b) ^ (hash >>> 13);
    return ((hash ^ (hash >>> 16)) & 1) === 0;
  };
  return { byte: (write, _at, sector) => coin(1, write, sector), name: (change) => coin(2, change) };
}

/** Each unsynced write ends at some byte. */
export function prefixSurvival(uint32: () => number): Survival {
  const cuts = new Map<number, number>();
  return {
    byte: (write, at, _sector, length) => {
      if (!cuts.has(write)) cuts.set(write, uint32() % (length + 1));
      return at < cuts.get(write)!;
    },
    name: () => uint32() % 2 === 0,
  };
}

export class FaultDisk implements Disk {
  readonly names = new Map<string, Inode>();
  readonly #durableNames = new Map<string, Inode>();
  #pendingNames: PendingName[] = [];
  readonly #defer: (job: () => void) => void;
  /** Operations that change something, so far. */
  operations = 0;
  /** The power fails in the operation with this number. */
  crashAt = Number.POSITIVE_INFINITY;
  powered = true;
  /** `write`, `sync` and `names`, in order, with the file's name. */
  readonly journal: string[] = [];
  /** How many rounds of the queue an operation takes longer. */
  delay: (path: string) => number = () => 0;
  /** Names an operation to fail, given its line of the journal. */
  failWhen: (line: string) => boolean = () => false;

  constructor(defer: (job: () => void) => void) {
    this.#defer = defer;
  }

  #operate(kind: string, path: string): void {
    if (!this.powered) throw new PowerFailure();
    this.operations++;
    this.journal.push(`${kind} ${path.slice(path.lastIndexOf('/') + 1)}`);
    if (this.operations >= this.crashAt) this.powered = false;
  }

  #interrupt(): void {
    if (!this.powered) throw new PowerFailure();
  }

  makeDirectory(): void {}

  list(path: string): string[] {
    return [...this.names.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1))
      .sort();
  }

  exists(path: string): boolean {
    return this.names.has(path);
  }

  create(path: string): DiskFile {
    if (this.names.has(path)) throw new Error(`${path} exists`);
    const inode = new Inode();
    this.#rename('create', { removed: null, added: path, inode });
    return this.#handle(path, inode);
  }

  open(path: string): DiskFile {
    const inode = this.names.get(path);
    if (inode === undefined) throw new Error(`${path} does not exist`);
    return this.#handle(path, inode);
  }

  rename(from: string, to: string): void {
    this.#rename('rename', { removed: from, added: to, inode: this.names.get(from)! });
  }

  remove(path: string): void {
    this.#rename('remove', { removed: path, added: null, inode: this.names.get(path)! });
  }

  #rename(kind: string, change: PendingName): void {
    if (change.inode.handles > 0) throw new Error(`${change.removed} is in use`);
    this.#operate(kind, change.added ?? change.removed!);
    applyName(this.names, change);
    this.#pendingNames.push(change);
    this.#interrupt();
  }

  syncDirectory(path: string): void {
    this.#operate('names', path);
    this.#interrupt();
    const within = (change: PendingName): boolean => directoryOf(change.added ?? change.removed!) === path;
    for (const change of this.#pendingNames.filter(within)) applyName(this.#durableNames, change);
    this.#pendingNames = this.#pendingNames.filter((change) => !within(change));
  }

  lock(): { release(): void } {
    return { release: () => {} };
  }

  #handle(path: string, inode: Inode): DiskFile {
    let inFlight = false;
    let open = true;
    inode.handles++;
    const check = (): void => {
      if (!open) throw new Error(`${path} is closed`);
      if (inFlight) throw new Error(`${path}: an operation is in flight`);
    };
    const writeNow = (bytes: Uint8Array, offset: number): void => {
      check();
      this.#operate('write', path);
      inode.write(Buffer.from(bytes), offset);
      this.#interrupt();
    };
    const syncNow = (): void => {
      check();
      this.#operate('sync', path);
      this.#interrupt();
      for (const { offset, bytes } of inode.pending) inode.durable = patched(inode.durable, bytes, offset);
      inode.pending = [];
    };
    /** The power may fail in it: then nobody is told. */
    const later = (operation: () => void, done: DiskDone): void => {
      try {
        operation();
      } catch (error) {
        if (!(error instanceof PowerFailure)) throw error;
        return;
      }
      inFlight = true;
      let rounds = this.delay(path);
      const end = (): void => {
        if (rounds-- > 0) {
          this.#defer(end);
          return;
        }
        inFlight = false;
        if (this.powered) done(null);
      };
      this.#defer(end);
    };
    /** As Linux does it: what could not be written counts as clean from now on, and is not on the disk. */
    const failing = (line: string, done: DiskDone): boolean => {
      if (!this.failWhen(`${line} ${path.slice(path.lastIndexOf('/') + 1)}`)) return false;
      this.journal.push(`failed ${line}`);
      inode.pending = [];
      this.#defer(() => done(new Error('EIO: i/o error')));
      return true;
    };
    return {
      path,
      size: () => inode.current.length,
      readSync: (offset, length) => Buffer.from(inode.current.subarray(offset, offset + length)),
      read: () => {
        throw new Error('the log reads while nothing else is to be done');
      },
      write: (chunks, offset, done) => {
        if (!failing('write', done)) later(() => writeNow(Buffer.concat(chunks), offset), done);
      },
      sync: (done) => {
        if (!failing('sync', done)) later(syncNow, done);
      },
      writeSync: writeNow,
      syncSync: syncNow,
      truncateSync: () => {
        throw new Error('the log never shortens a file');
      },
      allocateSync: (size) => {
        if (size > inode.current.length)
          writeNow(Buffer.alloc(size - inode.current.length), inode.current.length);
      },
      closeSync: () => {
        check();
        open = false;
        inode.handles--;
      },
    };
  }

  /** The power fails (or has failed): the disk as the next start finds it. This one is done for. */
  crash(survival: Survival, defer: (job: () => void) => void = this.#defer): FaultDisk {
    this.powered = false;
    const next = new FaultDisk(defer);
    const inodes = new Map<Inode, Inode>();
    let writes = 0;
    const survivor = (inode: Inode): Inode => {
      const known = inodes.get(inode);
      if (known !== undefined) return known;
      const copy = new Inode();
      const ends = inode.pending.map(({ offset, bytes }) => offset + bytes.length);
      const whole = Buffer.alloc(Math.max(inode.durable.length, ...ends));
      let size = inode.durable.copy(whole);
      for (const { offset, bytes } of inode.pending) {
        const number = writes++;
        for (let at = 0; at < bytes.length; at++) {
          if (!survival.byte(number, at, (offset + at) >>> 9, bytes.length)) continue;
          whole[offset + at] = bytes[at]!;
          size = Math.max(size, offset + at + 1);
        }
      }
      const content = whole.subarray(0, size);
      copy.durable = content;
      copy.current = Buffer.from(content);
      inodes.set(inode, copy);
      return copy;
    };
    const names = new Map(this.#durableNames);
    this.#pendingNames.forEach((change, number) => {
      if (survival.name(number)) applyName(names, change);
    });
    for (const [path, inode] of names) next.#place(path, survivor(inode));
    return next;
  }

  /** Only the process dies: the system still has what it wrote, durable or not. This disk is done for. */
  kill(defer: (job: () => void) => void): FaultDisk {
    this.powered = false;
    const next = new FaultDisk(defer);
    for (const [path, inode] of this.names) next.names.set(path, inode);
    for (const [path, inode] of this.#durableNames) next.#durableNames.set(path, inode);
    for (const inode of this.names.values()) inode.handles = 0;
    next.#pendingNames = this.#pendingNames;
    return next;
  }

  #place(path: string, inode: Inode): void {
    this.names.set(path, inode);
    this.#durableNames.set(path, inode);
  }

  /** A copy with other content in some files (null: without the file), everything durable. */
  with(changes: Readonly<Record<string, Buffer | null>>): FaultDisk {
    const next = this.crash(everythingSurvives);
    this.powered = true;
    for (const [path, content] of Object.entries(changes)) {
      const inode = new Inode();
      next.names.delete(path);
      next.#durableNames.delete(path);
      if (content === null) continue;
      inode.durable = Buffer.from(content);
      inode.current = Buffer.from(content);
      next.#place(path, inode);
    }
    return next;
  }

  content(path: string): Buffer {
    return this.names.get(path)!.current;
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function applyName(names: Map<string, Inode>, { removed, added, inode }: PendingName): void {
  if (removed !== null) names.delete(removed);
  if (added !== null) names.set(added, inode);
}
