/**
 * Holds the tables of a LevelDB against their checksums. LevelDB itself writes one behind each block and, as `level` opens
 * it, looks at none of them when it reads: a bit that flips in a value is served as if it had been written.
 *
 *     table    | data block | … | meta block | … | index block | footer 48 |
 *     block    | contents | type 1 | crc32c of both, masked, 4 |
 *     footer   | handle of the meta index | handle of the index | zeros | magic 8 |       handle: varint offset, varint size
 *     index    | shared varint | rest varint | length varint | key | handle | … | restarts u32 each | count u32 |
 *
 * Source: LevelDB's doc/table_format.md. The index may be compressed by Snappy (google/snappy, format_description.txt).
 */

import { crc32c } from '../util/crc32c.ts';
import type { Disk, DiskFile } from '../util/disk.ts';

const footerBytes = 48;
const trailerBytes = 5;
const magic: Buffer = Buffer.from('57fb808b247547db', 'hex');
const maskDelta = 0xa282ead8;
const compressedType = 1;

/** Blocks stand one behind the other and are read so many bytes at a time: a call for each would cost more than they do. */
const windowBytes = 64 * 1024;
/** Bytes after which whoever asks gets a chance to do something else: the first ones of a process take 100 ns each. */
const stepBytes = 16 * 1024;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** A place that does not hold what was written there. */
export interface TableFault {
  readonly path: string;
  readonly offset: number;
}

class Cursor {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined || factor > 2 ** 49) throw new RangeError('a number runs over the end');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  handle(): Handle {
    const offset = this.varint();
    return { offset, size: this.varint() };
  }
}

/** Whether a file of a LevelDB is a table. */
export function isTable(name: string): boolean {
  return /^\d+\.(ldb|sst)$/.test(name);
}

/** Reads a table whole. @returns its first fault, or null */
export function tableFault(disk: Disk, path: string): TableFault | null {
  const steps = tableSteps(disk, path);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Reads a table in pieces: yields bytes that were read, and returns its first fault, or null. */
export function* tableSteps(disk: Disk, path: string): Generator<number, TableFault | null> {
  const file = disk.open(path);
  try {
    const size = file.size();
    const footer = file.readSync(Math.max(0, size - footerBytes), footerBytes);
    const fault = { path, offset: Math.max(0, size - footerBytes) };
    if (footer.length < footerBytes || !footer.subarray(footerBytes - magic.length).equals(magic))
      return fault;
    try {
      const cursor = new Cursor(footer);
      const metaIndex = cursor.handle();
      const index = cursor.handle();
      const offset = yield* firstFault(file, size, metaIndex, index);
      return offset < 0 ? null : { path, offset };
    } catch (error) {
      if (error instanceof RangeError) return fault;
      throw error;
    }
  } finally {
    file.closeSync();
  }
}

/** A file, read forward in large pieces. */
class Window {
  readonly #file: DiskFile;
  #from = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: DiskFile) {
    this.#file = file;
  }

  /** The bytes, or fewer where the file ends. */
  read(offset: number, length: number): Buffer {
    const isHere = offset >= this.#from && offset + length <= this.#from + this.#bytes.length;
    if (!isHere) {
      this.#bytes = this.#file.readSync(offset, Math.max(length, windowBytes));
      this.#from = offset;
    }
    return this.#bytes.subarray(offset - this.#from, offset - this.#from + length);
  }
}

/** -1 for none. @throws RangeError when what points to the blocks makes no sense */
function* firstFault(
  file: DiskFile,
  size: number,
  metaIndex: Handle,
  index: Handle,
): Generator<number, number> {
  const window = new Window(file);
  let read = 0;
  for (const root of [index, metaIndex]) {
    const block = readBlock(window, size, root);
    if (block === null) return root.offset;
    for (const handle of handlesIn(contentsOf(block))) {
      if (readBlock(window, size, handle) === null) return handle.offset;
      read += handle.size;
      if (read < stepBytes) continue;
      yield read;
      read = 0;
    }
  }
  yield read;
  return -1;
}

/** Contents and type; null when they do not match their checksum. */
function readBlock(window: Window, fileBytes: number, { offset, size }: Handle): Buffer | null {
  if (offset + size + trailerBytes > fileBytes) return null;
  const bytes = window.read(offset, size + trailerBytes);
  if (bytes.length < size + trailerBytes) return null;
  const crc = crc32c(bytes.subarray(0, size + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;
  return bytes.readUInt32LE(size + 1) === masked ? bytes.subarray(0, size + 1) : null;
}

function contentsOf(block: Buffer): Uint8Array {
  const contents = block.subarray(0, block.length - 1);
  return block[block.length - 1] === compressedType ? expand(contents) : contents;
}

function handlesIn(contents: Uint8Array): Handle[] {
  const view = Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength);
  if (view.length < 4) throw new RangeError('an index without an end');
  const end = view.length - 4 - 4 * view.readUInt32LE(view.length - 4);
  const cursor = new Cursor(contents);
  const handles: Handle[] = [];
  while (cursor.at < end) {
    cursor.varint();
    const rest = cursor.varint();
    const length = cursor.varint();
    const value = cursor.at + rest;
    handles.push(new Cursor(contents, value).handle());
    cursor.at = value + length;
  }
  return handles;
}

/** Undoes Snappy. Its input has been checked, so that what it says is true. */
function expand(input: Uint8Array): Uint8Array {
  const cursor = new Cursor(input);
  const output = new Uint8Array(cursor.varint());
  let written = 0;
  while (cursor.at < input.length) {
    const tag = input[cursor.at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      const length = literalLength(input, cursor, tag >> 2);
      output.set(input.subarray(cursor.at, cursor.at + length), written);
      cursor.at += length;
      written += length;
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const back =
      kind === 1 ? ((tag >> 5) << 8) | input[cursor.at++]! : little(input, cursor, kind === 2 ? 2 : 4);
    // Byte by byte: a copy may overlap itself.
    for (let i = 0; i < length; i++, written++) output[written] = output[written - back]!;
  }
  return output;
}

function literalLength(input: Uint8Array, cursor: Cursor, short: number): number {
  return short < 60 ? short + 1 : little(input, cursor, short - 59) + 1;
}

function little(input: Uint8Array, cursor: Cursor, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += input[cursor.at++]! * 2 ** (8 * i);
  return value;
}
