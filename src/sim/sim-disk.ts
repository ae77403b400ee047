/**
 * A disk that can lie in every way that the `Disk` seam allows, and in no other.
 *
 * `SimDisk` is the hardware: it outlives the process. `SimDisk.mount` gives a `Disk` for one life of the process; after
 * a crash the old one still answers the code that is on its way out, but changes nothing any more.
 *
 * Invariant: bytes for which a sync has reported success are in every image that a crash can leave.
 * Misuse that real disks punish only sometimes is refused always: two operations in flight on one file, and touching
 * a file after its sync has failed.
 */

import type { Disk, DiskDone, DiskFile } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import { CrashStyle, DiskImage, Inode } from './disk-image.ts';
import type { SimClock, SimProcess } from './sim-clock.ts';
import type { SimRandom } from './sim-random.ts';

export interface DiskFaults {
  /** Mean latency of a write in virtual milliseconds. */
  writeMs: number;
  /** Mean latency of a sync in virtual milliseconds. */
  syncMs: number;
  /** Probability that an operation takes `slowMs` longer, and by how much at most. */
  slowChance: number;
  slowMs: number;
  /** Probability that a sync fails; the changes are then lost in the worst way (see `disk-image.ts`). */
  syncErrorChance: number;
  /** Probability that a write fails having changed nothing. */
  writeErrorChance: number;
}

export const gentleDisk: DiskFaults = {
  writeMs: 0.02,
  syncMs: 0.2,
  slowChance: 0,
  slowMs: 0,
  syncErrorChance: 0,
  writeErrorChance: 0,
};

export class SimDisk {
  readonly faults: DiskFaults;
  private readonly clock: SimClock;
  private readonly random: SimRandom;
  private image = new DiskImage();
  private stalledUntil = 0;
  /** Operations that change something, over all lives. */
  operations = 0;
  /** Successful syncs, over all lives: while it stands still, what is durable does not change. */
  syncs = 0;
  /** Injected faults, for the counts of a run. */
  errors = 0;
  /** For a positive control: syncs succeed and do nothing. */
  lies = false;
  /** Told before each changing operation; a crash may be brought about inside it. */
  onOperation: ((kind: string, path: string) => void) | null = null;

  constructor(clock: SimClock, random: SimRandom, faults: DiskFaults = { ...gentleDisk }) {
    this.clock = clock;
    this.random = random;
    this.faults = faults;
  }

  /** The disk as this process sees it. */
  mount(process: SimProcess): Disk {
    return new MountedDisk(this, this.image, process);
  }

  /** The power goes: what was not synced is treated as `style` says, and all locks are gone. */
  crash(style: CrashStyle): void {
    this.image = this.image.survivor(style, this.random);
    this.stalledUntil = 0;
    this.syncs++;
  }

  /** All that the disk holds for certain, as an instant, error-free disk of its own. */
  durable(): Disk {
    return new MountedDisk(null, this.image.survivor(CrashStyle.Lost, this.random), null);
  }

  /** Nothing completes before `forMs` have passed. */
  stall(forMs: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, this.clock.now + forMs);
  }

  endStall(): void {
    this.stalledUntil = 0;
  }

  /** What the disk holds for certain now, to put back later. */
  copy(): DiskImage {
    return this.image.survivor(CrashStyle.Lost, this.random);
  }

  /** The disk is replaced by an older copy of itself. */
  putBack(copy: DiskImage): void {
    this.image = copy.survivor(CrashStyle.Lost, this.random);
    this.syncs++;
  }

  /** Files of the log that have durable bytes, and how many bits each has. */
  rotting(): { readonly path: string; readonly bits: number }[] {
    return [...this.image.names]
      .filter(([path, { stableSize }]) => path.startsWith('wal/') && stableSize > 0)
      .map(([path, { stableSize }]) => ({ path, bits: stableSize * 8 }));
  }

  /** A bit of a file changes by itself; nobody is told. */
  flip(path: string, bit: number): void {
    this.image.names.get(path)!.flip(bit);
  }

  /** A file ends earlier than it did, all by itself. */
  cut(path: string, bytes: number): void {
    this.image.names.get(path)!.cut(bytes);
    this.syncs++;
  }

  /** The disk is replaced by an empty one. */
  wipe(): void {
    this.image = new DiskImage();
    this.syncs++;
  }

  /** True while `image` is what the disk holds: false for the code of a life that has ended. */
  carries(image: DiskImage): boolean {
    return this.image === image;
  }

  changing(kind: string, path: string): void {
    this.operations++;
    this.onOperation?.(kind, path);
  }

  synced(): void {
    this.syncs++;
  }

  drawError(chance: number): boolean {
    if (!this.random.chance(chance)) return false;
    this.errors++;
    return true;
  }

  later(meanMs: number, process: SimProcess, done: () => void): void {
    let delay = meanMs * 0.3 + this.random.exponential(meanMs * 0.7);
    if (this.random.chance(this.faults.slowChance)) delay += this.random.between(0, this.faults.slowMs);
    if (this.stalledUntil > this.clock.now) delay += this.stalledUntil - this.clock.now;
    this.clock.schedule(delay, process, done);
  }
}

/** `hardware` and `process` are null for a copy that nothing disturbs; only its synchronous operations work. */
class MountedDisk implements Disk {
  private readonly hardware: SimDisk | null;
  private readonly image: DiskImage;
  private readonly process: SimProcess | null;

  constructor(hardware: SimDisk | null, image: DiskImage, process: SimProcess | null) {
    this.hardware = hardware;
    this.image = image;
    this.process = process;
  }

  makeDirectory(path: string): void {
    for (let at = path; at !== ''; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
      this.image.directories.add(at);
    }
  }

  list(path: string): string[] {
    const prefix = path === '' ? '' : `${path}/`;
    const found = new Set<string>();
    for (const paths of [this.image.names.keys(), this.image.directories]) {
      for (const name of paths) {
        if (!name.startsWith(prefix) || name === path) continue;
        found.add(name.slice(prefix.length).split('/')[0]!);
      }
    }
    return [...found].sort();
  }

  exists(path: string): boolean {
    return this.image.names.has(path) || this.image.directories.has(path);
  }

  create(path: string): DiskFile {
    if (!this.changing('create', path)) return this.file(path, new Inode());
    if (this.image.names.has(path)) throw new Error(`EEXIST: ${path} exists already`);
    return this.file(path, this.image.create(path));
  }

  open(path: string): DiskFile {
    const inode = this.image.names.get(path);
    if (inode === undefined) throw new Error(`ENOENT: there is no ${path}`);
    return this.file(path, inode);
  }

  rename(from: string, to: string): void {
    if (!this.changing('rename', from)) return;
    if (!this.image.names.has(from)) throw new Error(`ENOENT: there is no ${from}`);
    this.image.rename(from, to);
  }

  remove(path: string): void {
    if (!this.changing('remove', path)) return;
    if (!this.image.names.has(path)) throw new Error(`ENOENT: there is no ${path}`);
    this.image.remove(path);
  }

  syncDirectory(path: string): void {
    if (!this.changing('syncDirectory', path)) return;
    this.image.syncDirectory(path);
    this.hardware?.synced();
  }

  lock(path: string): { release(): void } {
    const locks = this.image.locks;
    if (locks.has(path)) throw new Failure('dataDirLocked', `${path} is locked by another process`);
    locks.add(path);
    return { release: () => locks.delete(path) };
  }

  private file(path: string, inode: Inode): MountedFile {
    return new MountedFile(this.hardware, this.image, this.process, path, inode);
  }

  /** False when this life is over, perhaps since just now: then nothing may change any more. */
  private changing(kind: string, path: string): boolean {
    return stillAlive(this.hardware, this.image, kind, path);
  }
}

function stillAlive(hardware: SimDisk | null, image: DiskImage, kind: string, path: string): boolean {
  if (hardware === null) return true;
  if (!hardware.carries(image)) return false;
  hardware.changing(kind, path);
  return hardware.carries(image);
}

class MountedFile implements DiskFile {
  readonly path: string;
  private readonly hardware: SimDisk | null;
  private readonly image: DiskImage;
  private readonly process: SimProcess | null;
  private readonly inode: Inode;
  private closed = false;

  constructor(
    hardware: SimDisk | null,
    image: DiskImage,
    process: SimProcess | null,
    path: string,
    inode: Inode,
  ) {
    this.path = path;
    this.hardware = hardware;
    this.image = image;
    this.process = process;
    this.inode = inode;
  }

  size(): number {
    return this.inode.current.size;
  }

  readSync(offset: number, length: number): Buffer {
    return this.inode.current.read(offset, length);
  }

  read(into: Uint8Array, offset: number, done: (error: Error | null, bytes: number) => void): void {
    const { hardware, process } = this;
    if (hardware === null || process === null) throw new Error('a copy of a disk has no clock to wait on');
    const bytes = this.readSync(offset, into.length);
    into.set(bytes);
    hardware.later(hardware.faults.writeMs, process, () => done(null, bytes.length));
  }

  write(chunks: readonly Uint8Array[], offset: number, done: DiskDone): void {
    if (!this.begin('write')) return;
    const hardware = this.hardware;
    if (hardware?.drawError(hardware.faults.writeErrorChance)) {
      this.finish(hardware.faults.writeMs, () =>
        done(new Error(`ENOSPC: no space left to write ${this.path}`)),
      );
      return;
    }
    let at = offset;
    for (const chunk of chunks) {
      this.inode.write(at, chunk);
      at += chunk.length;
    }
    this.finish(hardware === null ? 0 : hardware.faults.writeMs, () => done(null));
  }

  sync(done: DiskDone): void {
    if (!this.begin('sync')) return;
    const hardware = this.hardware;
    if (hardware?.drawError(hardware.faults.syncErrorChance)) {
      this.finish(hardware.faults.syncMs, () => {
        this.inode.poison();
        done(new Error(`EIO: sync of ${this.path} failed`));
      });
      return;
    }
    this.finish(hardware === null ? 0 : hardware.faults.syncMs, () => {
      if (hardware?.lies !== true) this.inode.sync();
      hardware?.synced();
      done(null);
    });
  }

  writeSync(chunk: Uint8Array, offset: number): void {
    if (!this.begin('write')) return;
    this.inode.write(offset, chunk);
    this.inode.busy = false;
  }

  syncSync(): void {
    if (!this.begin('sync')) return;
    this.inode.sync();
    this.inode.busy = false;
    this.hardware?.synced();
  }

  truncateSync(size: number): void {
    if (!this.begin('truncate')) return;
    this.inode.resize(size);
    this.inode.busy = false;
  }

  allocateSync(size: number): void {
    if (!this.begin('allocate')) return;
    if (size > this.inode.current.size) this.inode.resize(size);
    this.inode.busy = false;
  }

  closeSync(): void {
    if (this.closed) throw new Error(`${this.path} is closed twice`);
    this.closed = true;
  }

  /** False: this life is over, and the operation has no effect and no end. */
  private begin(kind: string): boolean {
    if (!stillAlive(this.hardware, this.image, kind, this.path)) return false;
    if (this.closed) throw new Error(`${kind} of ${this.path} after it was closed`);
    if (this.inode.busy) throw new Error(`${kind} of ${this.path} while another operation is in flight`);
    if (this.inode.poisoned) throw new Error(`${kind} of ${this.path} after its sync has failed`);
    this.inode.busy = true;
    return true;
  }

  private finish(meanMs: number, done: () => void): void {
    const complete = (): void => {
      this.inode.busy = false;
      done();
    };
    if (this.hardware === null || this.process === null) {
      throw new Error('a copy of a disk has no clock to wait on: use the synchronous operations');
    }
    this.hardware.later(meanMs, this.process, complete);
  }
}
