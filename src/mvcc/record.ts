/**
 * Records: `mvccpb.KeyValue` in its canonical encoding (fields in order, defaults left out), which is what the store keeps
 * and what answers embed without decoding.
 *
 *     1 key bytes · 2 create_revision · 3 mod_revision · 4 version · 5 value bytes · 6 lease (int64)
 *
 * Reading is done in place: `readRecord` fills one shared view with numbers and positions, so that neither opening a
 * store of a million keys nor a filtered range makes garbage.
 */

import type { KeyValueBytes } from '../wire/messages.ts';

const keyTag = 0x0a;
const createTag = 0x10;
const modTag = 0x18;
const versionTag = 0x20;
const valueTag = 0x2a;
const leaseTag = 0x30;

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

function writeVarint(target: Uint8Array, value: number, offset: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x1000_0000) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Lease ids use all 64 bits; a negative one takes ten bytes. */
function leaseLength(lease: bigint): number {
  let length = 1;
  for (let rest = BigInt.asUintN(64, lease); rest >= 0x80n; rest >>= 7n) length++;
  return length;
}

function writeLease(target: Uint8Array, lease: bigint, offset: number): number {
  let at = offset;
  let rest = BigInt.asUintN(64, lease);
  while (rest >= 0x80n) {
    target[at++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  target[at++] = Number(rest);
  return at;
}

/**
 * Encodes a living pair.
 * @returns bytes of their own; key and value are copied
 */
export function encodeRecord(
  key: Uint8Array,
  create: number,
  mod: number,
  version: number,
  value: Uint8Array,
  lease: bigint,
): KeyValueBytes {
  let length = 1 + varintLength(key.length) + key.length + 3;
  length += varintLength(create) + varintLength(mod) + varintLength(version);
  if (value.length > 0) length += 1 + varintLength(value.length) + value.length;
  if (lease !== 0n) length += 1 + leaseLength(lease);
  const record = Buffer.allocUnsafe(length);
  record[0] = keyTag;
  let at = writeVarint(record, key.length, 1);
  record.set(key, at);
  at += key.length;
  record[at++] = createTag;
  at = writeVarint(record, create, at);
  record[at++] = modTag;
  at = writeVarint(record, mod, at);
  record[at++] = versionTag;
  at = writeVarint(record, version, at);
  if (value.length > 0) {
    record[at++] = valueTag;
    at = writeVarint(record, value.length, at);
    record.set(value, at);
    at += value.length;
  }
  if (lease !== 0n) {
    record[at++] = leaseTag;
    at = writeLease(record, lease, at);
  }
  if (at !== length) throw new Error(`a record took ${at} bytes instead of ${length}`);
  return record;
}

/** Encodes a deletion: the key and the revision that deleted it. */
export function encodeTombstone(key: string, mod: number): KeyValueBytes {
  const record = Buffer.allocUnsafe(1 + varintLength(key.length) + key.length + 1 + varintLength(mod));
  record[0] = keyTag;
  let at = writeVarint(record, key.length, 1);
  record.write(key, at, 'latin1');
  at += key.length;
  record[at++] = modTag;
  writeVarint(record, mod, at);
  return record;
}

/** A record's numbers, and where its bytes stand. */
export interface RecordView {
  bytes: KeyValueBytes;
  keyStart: number;
  keyEnd: number;
  create: number;
  mod: number;
  version: number;
  /** Where the field begins with its tag; equal to `valueEnd` when there is no value. */
  valueField: number;
  valueStart: number;
  valueEnd: number;
  lease: bigint;
}

const shared: RecordView = {
  bytes: new Uint8Array(0),
  keyStart: 0,
  keyEnd: 0,
  create: 0,
  mod: 0,
  version: 0,
  valueField: 0,
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
  const view = shared;
  view.bytes = bytes;
  view.create = 0;
  view.mod = 0;
  view.version = 0;
  view.lease = 0n;
  if (bytes[0] !== keyTag) throw damaged();
  cursor = 1;
  const keyLength = readVarint(bytes);
  view.keyStart = cursor;
  cursor += keyLength;
  view.keyEnd = cursor;
  if (bytes[cursor] === createTag) {
    cursor++;
    view.create = readVarint(bytes);
  }
  if (bytes[cursor] === modTag) {
    cursor++;
    view.mod = readVarint(bytes);
  }
  if (bytes[cursor] === versionTag) {
    cursor++;
    view.version = readVarint(bytes);
  }
  view.valueField = cursor;
  view.valueStart = cursor;
  if (bytes[cursor] === valueTag) {
    cursor++;
    const valueLength = readVarint(bytes);
    view.valueStart = cursor;
    cursor += valueLength;
  }
  view.valueEnd = cursor;
  if (bytes[cursor] === leaseTag) {
    cursor++;
    view.lease = readLease(bytes);
  }
  if (cursor !== bytes.length) throw damaged();
  return view;
}

/** A view on the value's bytes. */
export function recordValue(bytes: KeyValueBytes): Uint8Array {
  const view = readRecord(bytes);
  return bytes.subarray(view.valueStart, view.valueEnd);
}

/** The record without its value: what keys_only answers. */
export function withoutValue(bytes: KeyValueBytes): KeyValueBytes {
  const view = readRecord(bytes);
  const valueLength = view.valueEnd - view.valueField;
  if (valueLength === 0) return bytes;
  const stripped = Buffer.allocUnsafe(bytes.length - valueLength);
  stripped.set(bytes.subarray(0, view.valueField), 0);
  stripped.set(bytes.subarray(view.valueEnd), view.valueField);
  return stripped;
}
