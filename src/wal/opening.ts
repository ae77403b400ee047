/**
 * How a log is found in its directory, or begun there: what its owner asks for, what stands in the files, and which of both
 * holds. Everything here is synchronous, and happens before the first append.
 */

import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import type { Runtime } from '../util/runtime.ts';
import { createLog } from './creation.ts';
import { type RecoveredLog, recoverLog } from './recovery.ts';
import { parseSegmentName } from './segment.ts';
import { type ChainOptions, firstSegmentBytesMax } from './segment-chain.ts';
import { preparedName, spareName } from './segment-preparer.ts';
import type { WalMutant, WalRecovered } from './types.ts';

export interface WalOptions {
  readonly disk: Disk;
  /** Belongs to the log alone; the lock on the data directory is the caller's. */
  readonly directory: string;
  /** Identity of cluster and member, at most 4096 bytes: written when the log is created, given back ever after. */
  readonly metadata: Uint8Array;
  readonly runtime: Runtime;
  /** Whether to begin a new log when the directory holds none. */
  readonly create: boolean;
  /**
   * Length of a segment. Larger ones mean fewer files, and more bytes kept until they can be released.
   * @default 16 MiB
   */
  readonly segmentBytes?: number;
  /**
   * Fill segments with zeros ahead of time, so that a sync changes no metadata. Switch it off in memory and on file
   * systems that write every block to a new place.
   * @default true
   */
  readonly preallocate?: boolean;
  /** For positive controls only: the rule to break. */
  readonly mutant?: WalMutant | null;
}

const defaultSegmentBytes = 16 * 1024 * 1024;
const segmentBytesMin = 1024;

/** A log that may be appended to. */
export interface OpenedLog extends RecoveredLog {
  readonly recovered: WalRecovered;
}

/**
 * Opens the log, or begins one. @see Wal.open
 * @throws Failure 'walDamaged', and errors of the disk
 */
export function openLog(options: WalOptions): OpenedLog {
  const { directory, runtime } = options;
  const existing = recoverExisting(options);
  const log = existing ?? createNew(options);
  const recovered = { ...log.recovered, created: existing === null };
  if (recovered.tornBytes > 0) {
    const { tornBytes } = recovered;
    runtime.log.warn('cut an unfinished write from the end of the write-ahead log', { directory, tornBytes });
  }
  return { ...log, recovered };
}

/** What the files of the log follow. */
export function settingsOf(options: WalOptions): Omit<ChainOptions, 'hasOthers'> {
  const { disk, directory, metadata, runtime } = options;
  const segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
  if (!(segmentBytes >= segmentBytesMin)) {
    throw new Error(`a segment of ${segmentBytes} bytes is shorter than ${segmentBytesMin}`);
  }
  const preallocate = options.preallocate ?? true;
  return { disk, directory, metadata, runtime, segmentBytes, preallocate, mutant: options.mutant ?? null };
}

/** null when the directory holds no log. */
function recoverExisting(options: WalOptions): RecoveredLog | null {
  const { disk, directory } = options;
  const names = disk.list(directory);
  for (const name of [preparedName, spareName]) if (names.includes(name)) disk.remove(`${directory}/${name}`);
  const sequences = names.map(parseSegmentName).filter((sequence) => sequence !== null);
  if (sequences.length === 0) return null;
  // A segment that was named just before a crash may not have its name for good yet.
  disk.syncDirectory(directory);
  return recoverLog(
    disk,
    directory,
    sequences.sort((a, b) => a - b),
    options.mutant ?? null,
  );
}

function createNew(options: WalOptions): RecoveredLog {
  const { disk, directory, metadata, segmentBytes, preallocate, mutant, runtime } = settingsOf(options);
  if (!options.create) {
    throw new Failure(
      'walDamaged',
      `there is no write-ahead log in ${directory}, though this member has run before. Put the directory back, or ` +
        'remove the member from the cluster and add a new one with an empty directory.',
    );
  }
  disk.makeDirectory(directory);
  const bytes = preallocate ? Math.min(firstSegmentBytesMax, segmentBytes) : 0;
  const { path, end } = createLog(disk, directory, metadata, bytes, runtime.random.uint32(), mutant);
  return {
    recovered: {
      metadata: Uint8Array.from(metadata),
      base: { index: 0, term: 0 },
      hardState: { term: 0, vote: '', commit: 0 },
      entries: [],
      tornBytes: 0,
      hasOthers: false,
    },
    segments: [{ path, sequence: 1, lastIndex: 0 }],
    end,
  };
}
