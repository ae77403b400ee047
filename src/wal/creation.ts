/**
 * The first segment of a new log. It is written under another name and gets its own when it is durable: a crash at
 * any moment leaves either no log, or an empty one that can be opened.
 */

import type { Disk } from '../util/disk.ts';
import type { LogEnd } from './recovery.ts';
import { encodeSegmentHeader, segmentName } from './segment.ts';
import { preparedName } from './segment-preparer.ts';
import type { WalMutant } from './types.ts';

/**
 * Makes the first segment in a directory that holds none.
 *
 * @param bytes length to fill with zeros
 * @param seed random
 */
export function createLog(
  disk: Disk,
  directory: string,
  metadata: Uint8Array,
  bytes: number,
  seed: number,
  mutant: WalMutant | null,
): { readonly path: string; readonly end: LogEnd } {
  const header = encodeSegmentHeader({
    sequence: 1,
    seed,
    link: 0,
    group: 0,
    base: { index: 0, term: 0 },
    hardState: { term: 0, vote: '', commit: 0 },
    metadata,
    isReused: false,
    hasOthers: false,
  });
  const preparedPath = `${directory}/${preparedName}`;
  const prepared = disk.create(preparedPath);
  prepared.writeSync(header, 0);
  prepared.allocateSync(bytes);
  prepared.syncSync();
  prepared.closeSync();

  const path = `${directory}/${segmentName(1)}`;
  disk.rename(preparedPath, path);
  if (mutant !== 'skipDirectorySync') {
    disk.syncDirectory(directory);
    const cut = directory.lastIndexOf('/');
    if (cut > 0) disk.syncDirectory(directory.slice(0, cut));
  }
  return { path, end: { file: disk.open(path), seed, offset: header.length, link: 0, group: 0 } };
}
