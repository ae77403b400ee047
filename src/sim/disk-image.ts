/**
 * What lies on a simulated disk: files with their unsynced changes, directories with theirs, and what a crash
 * leaves of both.
 *
 * A file has two contents. `current` is what the running process reads back; `stable` is what the platter holds. Every
 * change since the last sync waits in `pending`:
 *
 *     write ──▶ current, pending ──sync──▶ stable
 *                        └──crash──▶ lost, kept whole, or torn (see `CrashStyle`)
 *
 * The same holds for names: creating, renaming and removing change `names` at once and `stableNames` when the
 * directory is synced. Unsynced changes of names survive a crash as a prefix of the order in which they were made, as
 * journalling file systems keep it; the content of a file does not follow its name (a created file may survive
 * empty). Directories themselves are durable once made: `Disk.makeDirectory` promises no less.
 *
 * A sync that reports an error leaves the changes visible and never durable, even if a later sync succeeds: the
 * kernel has marked the pages clean (Rebello et al., "Can applications recover from fsync failures?", ATC 2020).
 */

import type { SimRandom } from './sim-random.ts';

const sectorBytes = 512;

interface PendingWrite {
  readonly kind: 'write';
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface PendingSize {
  readonly kind: 'size';
  readonly size: number;
}

type Pending = PendingWrite | PendingSize;

/**
 * Bytes with a length; what was never written reads as zeros and takes no memory. Copies share the bytes until one of them
 * is changed: most copies are only read.
 */
class Extent {
  size = 0;
  private bytes: Buffer = Buffer.alloc(0);
  /** Somebody else reads the same bytes. */
  private isShared = false;

  resize(size: number): void {
    if (size < this.bytes.length) {
      this.own(this.bytes.length);
      this.bytes.fill(0, size);
    }
    this.size = size;
  }

  write(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > this.bytes.length) this.own(Math.max(end, this.bytes.length * 2, 1024));
    else this.own(this.bytes.length);
    this.bytes.set(bytes, offset);
    if (end > this.size) this.size = end;
  }

  read(offset: number, length: number): Buffer {
    const available = Math.max(0, Math.min(length, this.size - offset));
    if (offset + available <= this.bytes.length) {
      this.isShared = true;
      return this.bytes.subarray(offset, offset + available);
    }
    const out = Buffer.alloc(available);
    if (offset < this.bytes.length) this.bytes.copy(out, 0, offset);
    return out;
  }

  clone(): Extent {
    const copy = new Extent();
    copy.size = this.size;
    copy.bytes = this.bytes;
    copy.isShared = true;
    this.isShared = true;
    return copy;
  }

  /** Makes the bytes its own, and that many. */
  private own(length: number): void {
    if (!this.isShared && length === this.bytes.length) return;
    const owned = Buffer.alloc(length);
    this.bytes.copy(owned);
    this.bytes = owned;
    this.isShared = false;
  }
}

/** How a crash treats what was not synced. */
export const CrashStyle = {
  /** Nothing unsynced survives. */
  Lost: 0,
  /** Everything survives and is durable: the disk had just got there. */
  Kept: 1,
  /** A prefix survives, and the write at the cut survives in part: a byte prefix or a random set of sectors. */
  Torn: 2,
  /** Each write survives or not by itself, sector by sector: the disk reordered them. */
  Scattered: 3,
  /**
   * Only the process dies: the cache of the system still shows everything, and still is not durable. What a failed
   * sync dropped shows as well, until a power cut takes it.
   */
  Process: 4,
} as const;
export type CrashStyle = (typeof CrashStyle)[keyof typeof CrashStyle];

export class Inode {
  current: Extent = new Extent();
  private stable = new Extent();
  private pending: Pending[] = [];
  /** A write or sync is in flight. */
  busy = false;
  /** A sync failed: nothing written to it may be trusted any more. */
  poisoned = false;

  write(offset: number, bytes: Uint8Array): void {
    const copy = Uint8Array.prototype.slice.call(bytes) as Uint8Array;
    this.current.write(offset, copy);
    this.pending.push({ kind: 'write', offset, bytes: copy });
  }

  resize(size: number): void {
    this.current.resize(size);
    this.pending.push({ kind: 'size', size });
  }

  sync(): void {
    for (const change of this.pending) apply(this.stable, change);
    this.pending = [];
  }

  /** The sync failed: the changes stay readable and will never be durable. */
  poison(): void {
    this.poisoned = true;
    this.pending = [];
  }

  /** Bytes that are durable. */
  get stableSize(): number {
    return this.stable.size;
  }

  /** A bit of what is durable changes by itself. @param bit counted from the first of the file */
  flip(bit: number): void {
    const at = bit >> 3;
    for (const extent of [this.stable, this.current]) {
      if (at >= extent.size) continue;
      extent.write(at, Uint8Array.of(extent.read(at, 1)[0]! ^ (1 << (bit & 7))));
    }
  }

  /** What is durable from here on is gone. */
  cut(bytes: number): void {
    for (const extent of [this.stable, this.current]) if (bytes < extent.size) extent.resize(bytes);
  }

  /** What a crash leaves, as a new file. */
  survivor(style: CrashStyle, random: SimRandom): Inode {
    if (style === CrashStyle.Process) {
      this.busy = false;
      this.poisoned = false;
      return this;
    }
    const left = new Inode();
    left.stable = this.stable.clone();
    if (style === CrashStyle.Kept) {
      for (const change of this.pending) apply(left.stable, change);
    } else if (style === CrashStyle.Torn && this.pending.length > 0) {
      const whole = random.below(this.pending.length);
      for (let at = 0; at < whole; at++) apply(left.stable, this.pending[at]!);
      tear(left.stable, this.pending[whole]!, random);
    } else if (style === CrashStyle.Scattered) {
      for (const change of this.pending) {
        if (random.chance(0.5)) scatter(left.stable, change, random);
      }
    }
    left.current = left.stable.clone();
    return left;
  }
}

function apply(extent: Extent, change: Pending): void {
  if (change.kind === 'write') extent.write(change.offset, change.bytes);
  else extent.resize(change.size);
}

function tear(extent: Extent, change: Pending, random: SimRandom): void {
  if (change.kind === 'size' || random.chance(0.3)) {
    scatter(extent, change, random);
    return;
  }
  const cut = random.below(change.bytes.length + 1);
  extent.write(change.offset, change.bytes.subarray(0, cut));
}

/** Keeps a random set of the sectors that the write covers. */
function scatter(extent: Extent, change: Pending, random: SimRandom): void {
  if (change.kind === 'size') {
    if (random.chance(0.5)) extent.resize(change.size);
    return;
  }
  const end = change.offset + change.bytes.length;
  for (let from = change.offset; from < end; ) {
    const to = Math.min(end, (Math.floor(from / sectorBytes) + 1) * sectorBytes);
    if (random.chance(0.5)) {
      extent.write(from, change.bytes.subarray(from - change.offset, to - change.offset));
    }
    from = to;
  }
}

interface NameChange {
  readonly from: string;
  /** Empty for a removal. */
  readonly to: string;
  /** The new file for a creation; null for a rename or removal. */
  readonly created: Inode | null;
}

function parentOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut <= 0 ? '' : path.slice(0, cut);
}

/** All files and directories of one disk. */
export class DiskImage {
  readonly names: Map<string, Inode> = new Map();
  readonly directories: Set<string> = new Set();
  private readonly stableNames = new Map<string, Inode>();
  private changes: NameChange[] = [];
  readonly locks: Set<string> = new Set();

  create(path: string): Inode {
    const inode = new Inode();
    this.names.set(path, inode);
    this.changes.push({ from: '', to: path, created: inode });
    return inode;
  }

  rename(from: string, to: string): void {
    const inode = this.names.get(from)!;
    this.names.delete(from);
    this.names.set(to, inode);
    this.changes.push({ from, to, created: null });
  }

  remove(path: string): void {
    this.names.delete(path);
    this.changes.push({ from: path, to: '', created: null });
  }

  syncDirectory(path: string): void {
    const kept: NameChange[] = [];
    for (const change of this.changes) {
      const place = parentOf(change.to === '' ? change.from : change.to);
      if (place === path) applyName(this.stableNames, change);
      else kept.push(change);
    }
    this.changes = kept;
  }

  /** What a crash leaves, as a new image; the old one is not the disk's any more. */
  survivor(style: CrashStyle, random: SimRandom): DiskImage {
    const left = new DiskImage();
    for (const directory of this.directories) left.directories.add(directory);
    if (style === CrashStyle.Process) {
      for (const [path, inode] of this.names) left.names.set(path, inode.survivor(style, random));
      for (const [path, inode] of this.stableNames) left.stableNames.set(path, inode);
      left.changes = this.changes;
      return left;
    }
    const names = new Map(this.stableNames);
    let keep = 0;
    if (style === CrashStyle.Kept) keep = this.changes.length;
    else if (style !== CrashStyle.Lost) keep = random.below(this.changes.length + 1);
    for (let at = 0; at < keep; at++) applyName(names, this.changes[at]!);
    for (const [path, inode] of names) {
      const survivor = inode.survivor(style, random);
      left.names.set(path, survivor);
      left.stableNames.set(path, survivor);
    }
    return left;
  }
}

function applyName(names: Map<string, Inode>, change: NameChange): void {
  if (change.created !== null) {
    names.set(change.to, change.created);
    return;
  }
  const inode = names.get(change.from);
  if (inode === undefined) return;
  names.delete(change.from);
  if (change.to !== '') names.set(change.to, inode);
}
