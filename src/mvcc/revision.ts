/**
 * Where things stand on the backend.
 *
 *     'k' main(8, big endian) sub(8) ['t']     mvccpb.KeyValue bytes; 't' marks a deletion (key and mod_revision only)
 *     'm' 'compact.scheduled'                  revision(8): reads below it fail, its records are being removed
 *     'm' 'compact.finished'                   revision(8): the last compaction that removed everything
 *     'm' 'digest'                             crc(4) revision(8): the rolling digest at a revision
 *
 * Revision keys sort by main revision, then sub-revision: a scan of table 'k' is the history of the store.
 */

export const recordTable = 'k';
export const recordTableEnd = 'l';
export const scheduledKey = 'mcompact.scheduled';
export const finishedKey = 'mcompact.finished';
export const digestKey = 'mdigest';

const recordTableCode = recordTable.charCodeAt(0);
const tombstoneMark = 't';
const tombstoneCode = tombstoneMark.charCodeAt(0);

const byte = 0xff;

/** The backend key of a record, made in one piece: a string put together would be copied when it is first looked at. */
export function revisionKey(main: number, sub: number, isTombstone: boolean): string {
  const high = Math.floor(main / 0x1_0000_0000);
  const key = String.fromCharCode(
    recordTableCode,
    high >>> 24,
    (high >>> 16) & byte,
    (high >>> 8) & byte,
    high & byte,
    (main >>> 24) & byte,
    (main >>> 16) & byte,
    (main >>> 8) & byte,
    main & byte,
    0,
    0,
    0,
    0,
    sub >>> 24,
    (sub >>> 16) & byte,
    (sub >>> 8) & byte,
    sub & byte,
  );
  return isTombstone ? key + tombstoneMark : key;
}

/** Bytes that a revision key needs at most. */
export const revisionKeyRoom = 18;

/** Writes the backend key of a record to the beginning of `bytes` and returns its length. */
export function writeRevisionKey(bytes: Buffer, main: number, sub: number, isTombstone: boolean): number {
  const high = Math.floor(main / 0x1_0000_0000);
  bytes[0] = recordTableCode;
  writeWord(bytes, 1, high);
  writeWord(bytes, 5, main);
  writeWord(bytes, 9, 0);
  writeWord(bytes, 13, sub);
  if (!isTombstone) return 17;
  bytes[17] = tombstoneCode;
  return 18;
}

/** The low 32 bits. */
function writeWord(bytes: Buffer, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** The first backend key of a revision. */
export function revisionFrom(main: number): string {
  return revisionKey(main, 0, false);
}

/** Length of a revision key in bytes. */
export function revisionKeyLength(isTombstone: boolean): number {
  return isTombstone ? 18 : 17;
}

function readWord(key: string, offset: number): number {
  return (
    key.charCodeAt(offset) * 0x100_0000 +
    (key.charCodeAt(offset + 1) << 16) +
    (key.charCodeAt(offset + 2) << 8) +
    key.charCodeAt(offset + 3)
  );
}

export function mainOf(key: string): number {
  return readWord(key, 1) * 0x1_0000_0000 + readWord(key, 5);
}

export function subOf(key: string): number {
  return readWord(key, 13);
}

/** The main revision in the bytes of a revision key. */
export function readMain(key: Buffer): number {
  return key.readUInt32BE(1) * 0x1_0000_0000 + key.readUInt32BE(5);
}

export function readSub(key: Buffer): number {
  return key.readUInt32BE(13);
}

export function isTombstoneKey(key: string): boolean {
  return key.length === 18;
}

export function encodeRevision(revision: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(Math.floor(revision / 0x1_0000_0000), 0);
  bytes.writeUInt32BE(revision % 0x1_0000_0000, 4);
  return bytes;
}

export function decodeRevision(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.readUInt32BE(0) * 0x1_0000_0000 + view.readUInt32BE(4);
}
