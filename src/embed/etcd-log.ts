/**
 * Reads the write-ahead log of an etcd that does not run: `wal/SEQUENCE-INDEX.wal`, records in frames, padded to eight bytes.
 *
 *     frame    | length u56 | padding u8: bit 7 set, then how many | record | padding |
 *     record   1 type · 2 crc · 3 data          types: 2 an entry, 4 a checksum; others say nothing of entries
 *     entry    1 type · 2 term · 3 index · 4 data
 *
 * The checksum of a record is CRC-32C over the data of all records up to it; a file begins with that of the file before.
 *
 * Why it is read at all: etcd acknowledges what is in its log, and writes its database a moment later. Killed in between,
 * the last writes stand in the log alone. Counter-example: a restore from the database alone forgets them without a word.
 */

import { crc32c } from '../util/crc32c.ts';
import type { Disk } from '../util/disk.ts';
import { Failure } from '../util/failure.ts';
import { Reader } from '../wire/proto-reader.ts';

export interface EtcdEntry {
  /** 0: a request; 1 and 2: changes of membership. */
  readonly type: number;
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}

const fileName = /^[0-9a-f]{16}-([0-9a-f]{16})\.wal$/;
const frameBytes = 8;
const sectorBytes = 512;
const crcType = 4;
const entryType = 2;

function damaged(path: string, offset: number, what: string): Failure {
  return new Failure('walDamaged', `the log of etcd is not whole: ${what} in ${path} at ${offset}`);
}

/** Whether the directory holds a log of etcd's. */
export function holdsEtcdLog(disk: Pick<Disk, 'list'>, directory: string): boolean {
  return disk.list(directory).some((name) => fileName.test(name));
}

/**
 * @param after the entries behind this index are wanted
 * @returns them, in order and without a gap. An entry that was written anew replaces what stood there, and what followed.
 * @throws Failure 'walDamaged' when the log is not whole, or begins too late
 */
export function readEtcdLog(disk: Disk, directory: string, after: number): readonly EtcdEntry[] {
  const names = disk.list(directory).filter((name) => fileName.test(name));
  const firstIndexOf = (name: string): number => Number.parseInt(fileName.exec(name)![1]!, 16);
  // Files before the one with the first entry that is wanted are of no use.
  const start = names.findLastIndex((name) => firstIndexOf(name) <= after + 1);
  const log = new Log(after);
  for (const [at, name] of names.entries()) {
    if (at < start) continue;
    const path = `${directory}/${name}`;
    const file = disk.open(path);
    try {
      log.readFile(path, file.readSync(0, file.size()), at === names.length - 1);
    } finally {
      file.closeSync();
    }
  }
  return log.entries;
}

interface Record {
  type: number;
  crc: number;
  data: Uint8Array;
}

class Log {
  readonly entries: EtcdEntry[] = [];
  readonly #after: number;
  #crc = 0;

  constructor(after: number) {
    this.#after = after;
  }

  readFile(path: string, bytes: Buffer, isLast: boolean): void {
    for (let at = 0; at + frameBytes <= bytes.length; ) {
      const low = bytes.readUInt32LE(at);
      const high = bytes.readUInt32LE(at + 4);
      const length = (high & 0xff_ffff) * 2 ** 32 + low;
      // What was set aside for the log and not written yet is zeros.
      if (length === 0) return;
      const padding = high >>> 31 === 1 ? (high >>> 24) & 7 : 0;
      const end = at + frameBytes + length + padding;
      if (end > bytes.length) {
        // The machine went down while this was written: nobody was told that it is there.
        if (isLast) return;
        throw damaged(path, at, 'a record goes on behind the end');
      }
      const body = bytes.subarray(at + frameBytes, end);
      const record = readRecord(body.subarray(0, length));
      if (record === null || !this.#accepts(record, path, at)) {
        if (isLast && isTorn(body, at + frameBytes)) return;
        throw damaged(path, at, 'a record is not what was written');
      }
      if (record.type === entryType) this.#add(readEntry(record.data), path, at);
      at = end;
    }
  }

  /** Whether the checksum fits. */
  #accepts({ type, crc, data }: Record, path: string, at: number): boolean {
    if (type !== crcType) {
      this.#crc = crc32c(data, this.#crc);
      return this.#crc === crc;
    }
    if (this.#crc !== 0 && this.#crc !== crc)
      throw damaged(path, at, 'a file does not follow the one before');
    this.#crc = crc;
    return true;
  }

  #add(entry: EtcdEntry, path: string, at: number): void {
    const place = entry.index - this.#after - 1;
    if (place > this.entries.length)
      throw damaged(
        path,
        at,
        `entry ${entry.index} stands where ${this.#after + this.entries.length + 1} should`,
      );
    this.entries.length = Math.max(0, place);
    if (place >= 0) this.entries.push(entry);
  }
}

/** A sector that was never written is all zeros. */
function isTorn(body: Uint8Array, offset: number): boolean {
  for (let at = 0; at < body.length; ) {
    const end = Math.min(body.length, at + sectorBytes - ((offset + at) % sectorBytes));
    if (body.subarray(at, end).every((byte) => byte === 0)) return true;
    at = end;
  }
  return false;
}

function readRecord(bytes: Uint8Array): Record | null {
  const record: Record = { type: 0, crc: 0, data: new Uint8Array(0) };
  try {
    const reader = new Reader(bytes);
    while (reader.at < reader.end) {
      const tag = reader.tag();
      if (tag === 0x08) record.type = reader.int64();
      else if (tag === 0x10) record.crc = reader.uint32();
      else if (tag === 0x1a) record.data = reader.view();
      else reader.skip(tag, 3);
    }
    return record;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** @throws Failure 'malformedRequest' */
function readEntry(bytes: Uint8Array): EtcdEntry {
  const reader = new Reader(bytes);
  const entry = { type: 0, term: 0, index: 0, data: new Uint8Array(0) as Uint8Array };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) entry.type = reader.int32();
    else if (tag === 0x10) entry.term = reader.uint64();
    else if (tag === 0x18) entry.index = reader.uint64();
    else if (tag === 0x22) entry.data = reader.view();
    else reader.skip(tag, 4);
  }
  return entry;
}
