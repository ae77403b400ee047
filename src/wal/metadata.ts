/**
 * What a log says of its owner, also where it is damaged: each segment begins with it, so any one that can be read will do.
 * Reads only.
 */

import type { Disk } from '../util/disk.ts';
import { decodeSegmentHeader, parseSegmentName } from './segment.ts';
import { SegmentReader } from './segment-reader.ts';

/** Null where no segment has a sound header. */
export function readLogMetadata(disk: Disk, directory: string): Uint8Array | null {
  for (const name of disk.list(directory)) {
    if (parseSegmentName(name) === null) continue;
    const metadata = metadataOf(disk, `${directory}/${name}`);
    if (metadata !== null) return metadata;
  }
  return null;
}

function metadataOf(disk: Disk, path: string): Uint8Array | null {
  const file = disk.open(path);
  try {
    const reader = new SegmentReader(file);
    const decoded = decodeSegmentHeader((offset, length) => reader.read(offset, length));
    return typeof decoded === 'string' ? null : decoded.header.metadata;
  } finally {
    file.closeSync();
  }
}
