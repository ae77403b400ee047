/**
 * The line and the ledger: how a state in LevelDB proves that it is whole.
 *
 * LevelDB skips a damaged record of its log without a word when it opens, so a state may come up with a flush missing in
 * its middle. Every flush therefore writes, in its own batch:
 *
 *     '\0' 'L'                       crc32(4) sequence(8) index(8) meta    the line; replaced by every flush
 *     '\0' 'l' sequence(8)           index(8) format(2)                    the ledger; the last `ledgerLength` are kept
 *
 * Flushes are numbered 1, 2, 3, …. The state is whole only if the ledger has every number from the oldest kept to the
 * line's: a flush that was skipped took its number with it.
 *
 * The newest entry's format says how the state is laid out. A program that does not know it must not read on: one that knew
 * records inside of LevelDB alone found none in a state that had them in files, and went on without them.
 */

import { crc32 } from 'node:zlib';

import type { BackendEntry } from './backend.ts';
import { type Line, reservedTable } from './base-state.ts';

/** How many flushes back a gap is noticed. */
export const ledgerLength = 1024;

/**
 * How states are laid out. 1: records and packs stand in LevelDB (entries of the ledger do not say so). 2: packs stand in
 * files beside it. This program reads both and writes the last.
 */
export const stateFormat = 2;

export const lineKey: string = `${reservedTable}L`;
const ledgerTable = `${reservedTable}l`;
export const ledgerFrom: string = ledgerTable;
export const ledgerTo: string = `${reservedTable}m`;

export interface LedgerLine {
  readonly sequence: number;
  readonly line: Line;
}

function writeUint(buffer: Buffer, value: number, offset: number): void {
  buffer.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  buffer.writeUInt32BE(value % 2 ** 32, offset + 4);
}

function readUint(buffer: Buffer, offset: number): number {
  return buffer.readUInt32BE(offset) * 2 ** 32 + buffer.readUInt32BE(offset + 4);
}

export function ledgerKey(sequence: number): string {
  const bytes = Buffer.alloc(8);
  writeUint(bytes, sequence, 0);
  return ledgerTable + bytes.toString('latin1');
}

export function encodeLedgerEntry(index: number): Buffer {
  const bytes = Buffer.alloc(10);
  writeUint(bytes, index, 0);
  bytes.writeUInt16BE(stateFormat, 8);
  return bytes;
}

/** The format of the state with this ledger, its entries in key order. */
export function formatOf(ledger: readonly BackendEntry[]): number {
  const newest = ledger[ledger.length - 1]?.value;
  return newest === undefined || newest.length < 10 ? 1 : newest[8]! * 256 + newest[9]!;
}

export function encodeLine(sequence: number, line: Line): Buffer {
  const bytes = Buffer.alloc(20 + line.meta.length);
  writeUint(bytes, sequence, 4);
  writeUint(bytes, line.index, 12);
  bytes.set(line.meta, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** Null when the bytes are not a line. */
export function decodeLine(value: Uint8Array): LedgerLine | null {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length < 20 || crc32(bytes.subarray(4)) !== bytes.readUInt32BE(0)) return null;
  const meta = new Uint8Array(bytes.subarray(20));
  return { sequence: readUint(bytes, 4), line: { index: readUint(bytes, 12), meta } };
}

/**
 * Compares the ledger with the line's number.
 * @param ledger the ledger's entries in key order
 * @returns what is wrong, or null when the state is whole
 */
export function ledgerFault(ledger: readonly BackendEntry[], sequence: number): string | null {
  let expected = Math.max(1, sequence - ledgerLength + 1);
  for (const entry of ledger) {
    const found = readUint(Buffer.from(entry.key.slice(2), 'latin1'), 0);
    if (found !== expected) return `flush ${Math.min(expected, found)} is missing or out of place`;
    expected++;
  }
  return expected === sequence + 1 ? null : `flush ${expected} is missing`;
}
