/**
 * Reads records (the canonical `mvccpb.KeyValue` bytes of `wire/key-value.ts`) in place: `readRecord` fills one shared view
 * with numbers and positions, so that neither opening a store of a million keys nor a filtered range makes garbage.
 *
 *     1 key bytes · 2 create_revision · 3 mod_revision · 4 version · 5 value bytes · 6 lease (int64)
 */

import type { KeyValueBytes } from '../wire/messages.ts';

const keyTag = 0x0a;
const createTag = 0x10;
const modTag = 0x18;
const versionTag = 0x20;
const valueTag = 0x2a;
const leaseTag = 0x30;

/** A record's numbers, and where its bytes stand. */
export interface RecordView {
  keyStart: number;
  keyEnd: number;
  create: number;
  mod: number;
  version: number;
  valueStart: number;
  valueEnd: number;
  lease: bigint;
}

const shared: RecordView = {
  keyStart: 0,
  keyEnd: 0,
  create: 0,
  mod: 0,
  version: 0,
  valueStart: 0,
  valueEnd: 0,
  lease: 0n,
};

let cursor = 0;

function damaged(): Error {
  return new Error('a record cannot be read: the state is damaged');
}

/** Reads at `cursor` and moves it. */
function readVarint(bytes: Uint8Array): number {
  let value = 0;
  let factor = 1;
  for (;;) {
    const byte = bytes[cursor++];
    if (byte === undefined) throw damaged();
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 0x80;
  }
}

function readLease(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[cursor++];
    if (byte === undefined || shift > 63n) throw damaged();
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(64, value);
  }
}

/**
 * Reads a record into a view that all calls share: use it before the next call.
 * @throws Error when the bytes are not a record as this file writes it
 */
export function readRecord(bytes: KeyValueBytes): RecordView {
  return readRecordAt(bytes, 0, bytes.length);
}

/** Reads the record that stands at `bytes[start, end)`; the places in the view are places in `bytes`. */
export function readRecordAt(bytes: Uint8Array, start: number, end: number): RecordView {
  const view = shared;
  view.create = 0;
  view.mod = 0;
  view.version = 0;
  view.lease = 0n;
  if (bytes[start] !== keyTag) throw damaged();
  cursor = start + 1;
  const keyLength = readVarint(bytes);
  view.keyStart = cursor;
  cursor += keyLength;
  view.keyEnd = cursor;
  if (cursor < end && bytes[cursor] === createTag) {
    cursor++;
    view.create = readVarint(bytes);
  }
  if (cursor < end && bytes[cursor] === modTag) {
    cursor++;
    view.mod = readVarint(bytes);
  }
  if (cursor < end && bytes[cursor] === versionTag) {
    cursor++;
    view.version = readVarint(bytes);
  }
  view.valueStart = cursor;
  if (cursor < end && bytes[cursor] === valueTag) {
    cursor++;
    const valueLength = readVarint(bytes);
    view.valueStart = cursor;
    cursor += valueLength;
  }
  view.valueEnd = cursor;
  if (cursor < end && bytes[cursor] === leaseTag) {
    cursor++;
    view.lease = readLease(bytes);
  }
  if (cursor !== end) throw damaged();
  return view;
}
