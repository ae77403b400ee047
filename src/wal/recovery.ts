/**
 * Reads a log back after a stop or a crash, and decides what its end means.
 *
 * Only one group is ever on its way to the disk, so at most the last group of a log is unsynced, and the system may
 * have written any part of it: nothing, all, or a later sector without an earlier one. Such a torn tail was never
 * acknowledged and is cut. Anything else that does not check was synced once and is damage: the log refuses to open,
 * because going on would be to forget what others were told. The rule that tells the two apart:
 *
 *   At the first record that does not check, let E be the group it would belong to: that of the record before when that
 *   one does not end its group, else the next. It is damage when the header of a record of a group behind E is found
 *   anywhere behind it (that group was begun, so E had been synced), or when another segment follows (which begins
 *   only when the groups before it are synced). Else it is a torn tail.
 *
 *     … │ 7 │ 8 │ ▒▒▒▒▒▒▒ 0 0 0        torn: nothing behind
 *     … │ 7 │ 8 │ ▒▒▒ │ 9 │ 0 0        torn: the second record of group 9, whose first did not get there
 *     … │ 7 │ ▒▒▒ │ 9 │ 0 0 0 0        damaged: 9 was begun, so 8 had been synced
 *
 * A file may have been a segment before (`segment-preparer.ts`): then its old records stand behind the end, not zeros. None
 * of them can pass for one of this segment: a check of the same bytes at the same place that was begun with another seed
 * is another one; and what a record must say besides, its link and its group, no older one does, for groups only rise. Of
 * a torn tail, what has a sound header of this segment is zeroed there, for nothing else could ever count.
 *
 * So rot in the very last group of a log cannot be told from a tear. A Mark, written on every opening and closing,
 * makes that window small: it is a group of its own behind the last one that matters.
 *
 * Before anything is appended, what was cut is zeroed and a Mark takes its place, durably. Else: group 9 = records A
 * (lost) and B (whole) is cut; the same A is appended again in the same place; and B, which follows it by its link, is
 * back from the dead.
 * And what was kept is written again and synced. Else: the process is killed before its fsync, or after one that
 * failed; it starts again, reads its vote from the cache of the system, acts on it, and then the power fails.
 */

import { crc32 } from 'node:zlib';

import type { Disk, DiskFile } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import { encodeBare } from './group-encoder.ts';
import { LogState } from './log-state.ts';
import { type RecordHeader, RecordKind, readBody, readRecordHeader, recordHeaderBytes } from './record.ts';
import { decodeSegmentHeader, type SegmentHeader, segmentName } from './segment.ts';
import { SegmentReader } from './segment-reader.ts';
import type { WalMutant, WalRecovered } from './types.ts';

const zeroingChunkBytes = 1024 * 1024;

/** A segment as the running log knows it. */
export interface SegmentOnDisk {
  readonly path: string;
  readonly sequence: number;
  /** The last entry when the next segment began: once it is released, the file is not needed. 0 when all is void. */
  lastIndex: number;
}

/** Where the log goes on. */
export interface LogEnd {
  readonly file: DiskFile;
  readonly seed: number;
  readonly offset: number;
  readonly link: number;
  readonly group: number;
}

export interface RecoveredLog {
  readonly recovered: Omit<WalRecovered, 'created'>;
  /** In order; the last one is the one to append to. */
  readonly segments: SegmentOnDisk[];
  readonly end: LogEnd;
}

interface OpenSegment {
  readonly path: string;
  readonly file: DiskFile;
  readonly reader: SegmentReader;
  readonly header: SegmentHeader;
  readonly firstRecord: number;
}

/** How far the log checks: the place behind the last sound record, and what a record there would have to say. */
interface Walk {
  offset: number;
  link: number;
  group: number;
  groupEnded: boolean;
  /** Where the last group of this segment begins. */
  groupOffset: number;
}

function damaged(path: string, offset: number, problem: string): Failure {
  return new Failure(
    'walDamaged',
    `the write-ahead log is damaged in ${path} at offset ${offset}: ${problem}. The member cannot know what it has ` +
      'promised, so it does not start. Leave the files as they are; put back a sound copy of the data directory taken ' +
      'since this member last ran, or remove the member from the cluster and add a new one with an empty directory.',
  );
}

/** Segments are numbered without gaps and removed from the front only, one at a time. */
function refuseMissing(directory: string, sequences: readonly number[]): void {
  for (let i = 1; i < sequences.length; i++) {
    const wanted = sequences[i - 1]! + 1;
    if (sequences[i] === wanted) continue;
    throw damaged(
      `${directory}/${segmentName(wanted)}`,
      0,
      'the segment is missing, and later ones are there',
    );
  }
}

function openSegment(disk: Disk, directory: string, sequence: number): OpenSegment {
  const path = `${directory}/${segmentName(sequence)}`;
  const file = disk.open(path);
  try {
    const reader = new SegmentReader(file);
    const decoded = decodeSegmentHeader((offset, length) => reader.read(offset, length));
    if (typeof decoded === 'string') throw damaged(path, 0, decoded);
    if (decoded.header.sequence !== sequence) {
      throw damaged(path, 0, `the file holds segment ${decoded.header.sequence}, not ${sequence}`);
    }
    return { path, file, reader, header: decoded.header, firstRecord: decoded.length };
  } catch (error) {
    file.closeSync();
    throw error;
  }
}

/** The header at the end of the walk when it is the next of the log, else what is wrong with it. */
function nextHeader(segment: OpenSegment, walk: Walk): RecordHeader | string {
  const bytes = segment.reader.read(walk.offset, recordHeaderBytes);
  const header = readRecordHeader(bytes, 0, segment.header.seed, walk.offset);
  if (header === null) return 'there is no sound record';
  if (header.link !== walk.link) return 'the record does not follow the one before it';
  const continues = !walk.groupEnded && header.group === walk.group;
  // Only the Mark of an opening follows a group whose end was torn off.
  const begins = (walk.groupEnded || header.kind === RecordKind.Mark) && header.group === walk.group + 1;
  return continues || begins ? header : `the record is of group ${header.group}, behind group ${walk.group}`;
}

/** Plays the record at the end of the walk into the state and steps behind it; says what is wrong, or null. */
function step(segment: OpenSegment, walk: Walk, state: LogState, mutant: WalMutant | null): string | null {
  const header = nextHeader(segment, walk);
  if (typeof header === 'string') return header;
  const { path } = segment;
  const body = segment.reader.read(walk.offset + recordHeaderBytes, header.bodyLength);
  if (body.length < header.bodyLength) return 'the record goes on behind the end of the file';
  if (mutant !== 'noChecksum' && crc32(body) !== header.bodyCheck)
    return 'the record does not match its checksum';
  if (header.kind === RecordKind.End)
    throw damaged(path, walk.offset, 'another segment follows, and it is missing');

  const content = readBody(header.kind, body);
  if (content === null) throw damaged(path, walk.offset, 'the record cannot be read');
  const problem = state.apply(content);
  if (problem !== null) throw damaged(path, walk.offset, problem);
  if (header.group !== walk.group) walk.groupOffset = walk.offset;
  walk.offset += recordHeaderBytes + header.bodyLength;
  walk.link = header.check;
  walk.group = header.group;
  walk.groupEnded = header.endsGroup;
  return null;
}

/** Reads a segment that has a successor, up to the record behind which that one was begun. */
function readWhole(
  segment: OpenSegment,
  next: SegmentHeader,
  walk: Walk,
  state: LogState,
  mutant: WalMutant | null,
): void {
  while (!(walk.link === next.link && walk.group === next.group && walk.groupEnded)) {
    const problem = step(segment, walk, state, mutant);
    if (problem !== null) throw damaged(segment.path, walk.offset, problem);
  }
}

/** Reads the segment the log ends in. @returns how many bytes behind the end are the remains of a torn write */
function readLast(segment: OpenSegment, walk: Walk, state: LogState, mutant: WalMutant | null): number {
  let problem: string | null = null;
  while (problem === null) problem = step(segment, walk, state, mutant);
  const { reader, header } = segment;
  const used = header.isReused ? 0 : reader.usedEnd(walk.offset) - walk.offset;
  if (used === 0 && !header.isReused) return 0;
  const group = walk.groupEnded ? walk.group + 1 : walk.group;
  const { later, end } = reader.remainsOf(group, walk.offset, header.seed);
  if (later >= 0 && mutant !== 'noTornCheck') {
    const proof = `a later write at offset ${later} shows that what stood here had been made durable`;
    throw damaged(segment.path, walk.offset, `${problem}, and ${proof}`);
  }
  return header.isReused ? end - walk.offset : used;
}

/** Makes the end of the log what recovery took it for, durably, and marks it. @returns where to go on */
function settle(segment: OpenSegment, walk: Walk, torn: number): LogEnd {
  const { file, header } = segment;
  for (let done = 0; done < torn; done += zeroingChunkBytes) {
    file.writeSync(Buffer.alloc(Math.min(zeroingChunkBytes, torn - done)), walk.offset + done);
  }
  if (walk.groupOffset < walk.offset) {
    file.writeSync(file.readSync(walk.groupOffset, walk.offset - walk.groupOffset), walk.groupOffset);
  }
  file.syncSync();

  const group = walk.group + 1;
  const mark = encodeBare(RecordKind.Mark, walk.offset, header.seed, walk.link, group);
  file.writeSync(mark.bytes, walk.offset);
  file.syncSync();
  return { file, seed: header.seed, offset: walk.offset + mark.bytes.length, link: mark.check, group };
}

/** A header repeats what the segments before it add up to. */
function checkHeader(segment: OpenSegment, metadata: Uint8Array, state: LogState): void {
  const { header, path } = segment;
  const { last, hardState } = state;
  const agrees =
    Buffer.compare(header.metadata, metadata) === 0 &&
    header.base.index === last.index &&
    header.base.term === last.term &&
    header.hardState.term === hardState.term &&
    header.hardState.vote === hardState.vote &&
    header.hardState.commit === hardState.commit;
  if (!agrees) throw damaged(path, 0, 'the segment header does not agree with the segments before it');
}

/** Segments before the one that holds a Restart are void. */
function voidOlder(segments: readonly SegmentOnDisk[]): void {
  for (const segment of segments) segment.lastIndex = 0;
}

/**
 * Reads the segments of a log and makes it ready to go on.
 *
 * @param sequences the numbers of all segments in the directory, rising; at least one
 * @throws Failure 'walDamaged' with file and offset; errors of the disk as they are
 */
export function recoverLog(
  disk: Disk,
  directory: string,
  sequences: readonly number[],
  mutant: WalMutant | null,
): RecoveredLog {
  refuseMissing(directory, sequences);
  let segment = openSegment(disk, directory, sequences[0]!);
  const { metadata, link, group } = segment.header;
  const state = new LogState(segment.header.base, segment.header.hardState);
  const walk: Walk = {
    offset: segment.firstRecord,
    link,
    group,
    groupEnded: true,
    groupOffset: segment.firstRecord,
  };
  const segments: SegmentOnDisk[] = [];
  let restarts = 0;
  let { hasOthers } = segment.header;
  try {
    for (const sequence of sequences.slice(1)) {
      const current = segment;
      const next = openSegment(disk, directory, sequence);
      segment = next;
      hasOthers ||= next.header.hasOthers;
      try {
        readWhole(current, next.header, walk, state, mutant);
      } finally {
        current.file.closeSync();
      }
      checkHeader(next, metadata, state);
      if (state.restarts > restarts) voidOlder(segments);
      restarts = state.restarts;
      const { sequence: number } = current.header;
      segments.push({ path: current.path, sequence: number, lastIndex: next.header.base.index });
      walk.offset = next.firstRecord;
      walk.groupOffset = next.firstRecord;
    }
    const tornBytes = readLast(segment, walk, state, mutant);
    if (state.restarts > restarts) voidOlder(segments);
    const end = settle(segment, walk, tornBytes);
    segments.push({ path: segment.path, sequence: segment.header.sequence, lastIndex: 0 });
    const { base, hardState, entries } = state;
    // A state that the log goes on behind came from somebody.
    hasOthers ||= state.restarts > 0;
    return { recovered: { metadata, base, hardState, entries, tornBytes, hasOthers }, segments, end };
  } catch (error) {
    segment.file.closeSync();
    throw error;
  }
}
