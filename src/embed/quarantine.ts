/**
 * Where damaged data goes: aside, so that somebody can look at it, one copy of each kind at most.
 *
 *     dataDir/damaged-state/    the state before the last rebuild of it
 *     dataDir/damaged-wal/      the log before the last time this member came back as a new one; with a log of its own
 *                               place, beside that
 *     dataDir/rejoin.json       as which new member; until its log exists
 *     dataDir/lost-log          how it became known that the log has lost its end, which the log does not tell; until then
 */

import type { JoinOptions } from '../member/types.ts';
import type { Disk } from '../util/disk.ts';
import { removeTree } from '../util/node-disk.ts';

function parentOf(path: string): string {
  const cut = path.lastIndexOf('/');
  return cut > 0 ? path.slice(0, cut) : cut === 0 ? '/' : '.';
}

/** Moves a directory to `to`, durably; what was there before is removed. Does nothing where there is none. */
export function moveAside(disk: Disk, directory: string, to: string): void {
  if (!disk.exists(directory)) return;
  removeTree(to);
  disk.rename(directory, to);
  disk.syncDirectory(parentOf(directory));
  disk.syncDirectory(parentOf(to));
}

export function damagedStateOf(dataDir: string): string {
  return `${dataDir}/damaged-state`;
}

/** Beside the log: a rename does not leave a file system. */
export function damagedLogOf(walDirectory: string): string {
  return `${parentOf(walDirectory)}/damaged-${walDirectory.slice(walDirectory.lastIndexOf('/') + 1)}`;
}

function noteOf(dataDir: string): string {
  return `${dataDir}/rejoin.json`;
}

/** As which member this one is to come back; null where that is not so. */
export function readRejoin(disk: Disk, dataDir: string): JoinOptions | null {
  const path = noteOf(dataDir);
  if (!disk.exists(path)) return null;
  try {
    return JSON.parse(textOf(disk, path)) as JoinOptions;
  } catch {
    // It is written whole or not at all: somebody else's, or damaged too. The cluster is asked again.
    return null;
  }
}

function textOf(disk: Disk, path: string): string {
  const file = disk.open(path);
  try {
    return file.readSync(0, file.size()).toString();
  } finally {
    file.closeSync();
  }
}

/** Remembers it, durably. */
export function writeRejoin(disk: Disk, dataDir: string, join: JoinOptions): void {
  write(disk, dataDir, noteOf(dataDir), JSON.stringify(join));
}

function write(disk: Disk, dataDir: string, path: string, text: string): void {
  const draft = `${path}.new`;
  if (disk.exists(draft)) disk.remove(draft);
  const file = disk.create(draft);
  try {
    file.writeSync(Buffer.from(text), 0);
    file.syncSync();
  } finally {
    file.closeSync();
  }
  disk.rename(draft, path);
  disk.syncDirectory(dataDir);
}

/** Nothing is to be repaired any more. The note goes last: with it alone a start goes on where it was. */
export function removeRejoin(disk: Disk, dataDir: string): void {
  for (const path of [lossOf(dataDir), noteOf(dataDir)]) {
    if (!disk.exists(path)) continue;
    disk.remove(path);
    disk.syncDirectory(dataDir);
  }
}

function lossOf(dataDir: string): string {
  return `${dataDir}/lost-log`;
}

/** What is known of the log and does not show in it; null for nothing. */
export function readLoss(disk: Disk, dataDir: string): string | null {
  const path = lossOf(dataDir);
  return disk.exists(path) ? textOf(disk, path) : null;
}

/** Remembers, durably, that the log is not what was written. */
export function writeLoss(disk: Disk, dataDir: string, damage: string): void {
  write(disk, dataDir, lossOf(dataDir), damage);
}
