/**
 * The stored form of a key-value pair: the bytes of `mvccpb.KeyValue`, canonical (fields ascending, defaults left out).
 * The store keeps these bytes and answers and events embed them as they are, so that a value is copied once in its
 * life: from the request that brought it into its record.
 *
 *     1 key | 2 create_revision | 3 mod_revision | 4 version | 5 value | 6 lease
 *
 * The record of a deletion holds key and mod_revision only, as etcd sends it to watchers.
 *
 * What is written in bulk, the records of puts, is written to where it is going to stand: key and value are copied there
 * out of the request's bytes, and no object is made for any of the three.
 */

import type { KeyValue, KeyValueBytes } from './messages.ts';
import { emptyBytes, malformed, Reader } from './proto-reader.ts';
import { bigVarintBytes, varintBytes, writeBigVarint, writeVarint } from './proto-writer.ts';

/** A put's key and value where they stand, `key[keyStart, keyEnd)` and `buffer[valueStart, valueEnd)`. */
export interface PlacedPut {
  key: Uint8Array;
  keyStart: number;
  keyEnd: number;
  buffer: ArrayBufferLike;
  valueStart: number;
  valueEnd: number;
  /** 0n for none. */
  lease: bigint;
}

/** An empty one, to be filled again and again. */
export function placedPut(): PlacedPut {
  return {
    key: emptyBytes,
    keyStart: 0,
    keyEnd: 0,
    buffer: emptyBytes.buffer,
    valueStart: 0,
    valueEnd: 0,
    lease: 0n,
  };
}

const tagKey = 0x0a;
const tagCreateRevision = 0x10;
const tagModRevision = 0x18;
const tagVersion = 0x20;
const tagValue = 0x2a;
const tagLease = 0x30;
const lastField = 6;

/**
 * Small records are cut from slabs: an ArrayBuffer for each costs five times the time and more memory besides. The slab
 * is shared with nothing but records, and small, for as long as one record of it lives it is not freed.
 */
const slabBytes = 32 * 1024;
const slabRecordBytes = 2048;
let slab: Buffer = Buffer.allocUnsafeSlow(slabBytes);
let slabAt = 0;

/** Keys up to this length are written by a loop, longer ones by a native call that has to be worth its price. */
const loopKeyBytes = 48;

function allocate(bytes: number): Buffer {
  if (bytes > slabRecordBytes) return Buffer.allocUnsafeSlow(bytes);
  if (slabAt + bytes > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabAt = 0;
  }
  const start = slabAt;
  slabAt = start + bytes;
  return slab.subarray(start, slabAt);
}

/** Bytes of a bytes field with a one-byte tag; none when empty. */
function bytesFieldBytes(length: number): number {
  return length === 0 ? 0 : 1 + varintBytes(length) + length;
}

function numberFieldBytes(value: number): number {
  return value === 0 ? 0 : 1 + varintBytes(value);
}

function leaseFieldBytes(lease: bigint): number {
  return lease === 0n ? 0 : 1 + bigVarintBytes(lease);
}

function writeNumberField(bytes: Uint8Array, at: number, tag: number, value: number): number {
  if (value === 0) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

function writeKey(bytes: Buffer, start: number, key: string): number {
  const length = key.length;
  if (length === 0) return start;
  bytes[start] = tagKey;
  const at = writeVarint(bytes, start + 1, length);
  if (length > loopKeyBytes) {
    bytes.write(key, at, 'latin1');
  } else {
    for (let i = 0; i < length; i++) bytes[at + i] = key.charCodeAt(i);
  }
  return at + length;
}

/** Bytes that `writePutRecord` is going to write. */
export function putRecordBytes(
  put: PlacedPut,
  createRevision: number,
  modRevision: number,
  version: number,
): number {
  return (
    bytesFieldBytes(put.keyEnd - put.keyStart) +
    numberFieldBytes(createRevision) +
    numberFieldBytes(modRevision) +
    numberFieldBytes(version) +
    bytesFieldBytes(put.valueEnd - put.valueStart) +
    leaseFieldBytes(put.lease)
  );
}

/**
 * Writes the record of a put.
 * @param bytes has room from `start` on
 * @returns the place behind it
 */
export function writePutRecord(
  bytes: Uint8Array,
  start: number,
  put: PlacedPut,
  createRevision: number,
  modRevision: number,
  version: number,
): number {
  const { lease } = put;
  let at = writeKeyBytes(bytes, start, put);
  at = writeNumberField(bytes, at, tagCreateRevision, createRevision);
  at = writeNumberField(bytes, at, tagModRevision, modRevision);
  at = writeNumberField(bytes, at, tagVersion, version);
  at = writeValue(bytes, at, put);
  if (lease !== 0n) {
    bytes[at] = tagLease;
    at = writeBigVarint(bytes, at + 1, lease);
  }
  return at;
}

function writeKeyBytes(bytes: Uint8Array, start: number, put: PlacedPut): number {
  const { key, keyStart, keyEnd } = put;
  const length = keyEnd - keyStart;
  if (length === 0) return start;
  bytes[start] = tagKey;
  const at = writeVarint(bytes, start + 1, length);
  if (length > loopKeyBytes) bytes.set(key.subarray(keyStart, keyEnd), at);
  else for (let i = 0; i < length; i++) bytes[at + i] = key[keyStart + i]!;
  return at + length;
}

function writeValue(bytes: Uint8Array, start: number, put: PlacedPut): number {
  const { valueStart, valueEnd } = put;
  const length = valueEnd - valueStart;
  if (length === 0) return start;
  bytes[start] = tagValue;
  const at = writeVarint(bytes, start + 1, length);
  bytes.set(new Uint8Array(put.buffer, valueStart, length), at);
  return at + length;
}

/**
 * Encodes the record of a put.
 * @param key a binary string: one character per byte.
 * @param value is copied; the request buffer it may be a view on is free afterwards.
 * @param lease 0n for none.
 */
export function encodeRecord(
  key: string,
  createRevision: number,
  modRevision: number,
  version: number,
  value: Uint8Array,
  lease: bigint,
): KeyValueBytes {
  const leaseBytes = leaseFieldBytes(lease);
  const size =
    bytesFieldBytes(key.length) +
    numberFieldBytes(createRevision) +
    numberFieldBytes(modRevision) +
    numberFieldBytes(version) +
    bytesFieldBytes(value.length) +
    leaseBytes;
  const bytes = allocate(size);
  let at = writeKey(bytes, 0, key);
  at = writeNumberField(bytes, at, tagCreateRevision, createRevision);
  at = writeNumberField(bytes, at, tagModRevision, modRevision);
  at = writeNumberField(bytes, at, tagVersion, version);
  if (value.length !== 0) {
    bytes[at] = tagValue;
    at = writeVarint(bytes, at + 1, value.length);
    bytes.set(value, at);
    at += value.length;
  }
  if (leaseBytes !== 0) {
    bytes[at] = tagLease;
    at = writeBigVarint(bytes, at + 1, lease);
  }
  if (at !== size) throw new Error(`record holds ${at} bytes where ${size} were counted`);
  return bytes;
}

/** Bytes that `writeTombstone` is going to write. */
export function tombstoneBytes(key: string, modRevision: number): number {
  return bytesFieldBytes(key.length) + numberFieldBytes(modRevision);
}

/** Writes the record of a deletion, and returns the place behind it. @param key a binary string */
export function writeTombstone(bytes: Buffer, start: number, key: string, modRevision: number): number {
  return writeNumberField(bytes, writeKey(bytes, start, key), tagModRevision, modRevision);
}

/** Encodes the record of a deletion. `key` is a binary string, `modRevision` the revision of the deletion. */
export function encodeTombstone(key: string, modRevision: number): KeyValueBytes {
  return encodeRecord(key, 0, modRevision, 0, emptyBytes, 0n);
}

/** Encodes any pair. For the paths that have no binary string at hand: tests, clients, tools. */
export function encodeKeyValue(kv: KeyValue): KeyValueBytes {
  const key = Buffer.from(kv.key.buffer, kv.key.byteOffset, kv.key.byteLength).toString('latin1');
  return encodeRecord(key, kv.createRevision, kv.modRevision, kv.version, kv.value, kv.lease);
}

/**
 * Decodes a pair; key and value are views on `bytes`.
 * @throws Failure 'malformedRequest'
 */
export function decodeKeyValue(bytes: KeyValueBytes): KeyValue {
  const kv = emptyKeyValue();
  readKeyValue(new Reader(bytes), kv);
  return kv;
}

/** The message without any field. */
export function emptyKeyValue(): KeyValue {
  return { key: emptyBytes, createRevision: 0, modRevision: 0, version: 0, value: emptyBytes, lease: 0n };
}

/** Reads the fields up to the reader's end into `kv`; fields that are absent stay as they are. */
export function readKeyValue(reader: Reader, kv: KeyValue): void {
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === tagKey) kv.key = reader.view();
    else if (tag === tagCreateRevision) kv.createRevision = reader.int64();
    else if (tag === tagModRevision) kv.modRevision = reader.int64();
    else if (tag === tagVersion) kv.version = reader.int64();
    else if (tag === tagValue) kv.value = reader.view();
    else if (tag === tagLease) kv.lease = reader.bigInt64();
    else reader.skip(tag, lastField);
  }
}

/** The same pair with an empty value, for keys_only; the very same bytes when the value is empty already. */
export function withoutValue(bytes: KeyValueBytes): KeyValueBytes {
  const reader = new Reader(bytes);
  const start = seekValue(reader);
  if (start < 0) return bytes;
  reader.view();
  const rest = Buffer.allocUnsafe(bytes.length - (reader.at - start));
  rest.set(bytes.subarray(0, start));
  rest.set(bytes.subarray(reader.at), start);
  return rest;
}

/** The key of a canonical record as a binary string; empty when the record has none. */
export function recordKey(bytes: KeyValueBytes): string {
  if (bytes[0] !== tagKey) return '';
  const reader = new Reader(bytes, 1);
  const length = reader.uint64();
  const end = reader.at + length;
  if (end > bytes.length) throw malformed('record ends inside its key');
  const whole = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return whole.toString('latin1', reader.at, end);
}

/** The value of a canonical record, as a view on it. */
export function recordValue(bytes: KeyValueBytes): Uint8Array {
  const reader = new Reader(bytes);
  return seekValue(reader) < 0 ? emptyBytes : reader.view();
}

/** Moves behind the tag of the value and returns where that tag stands, or -1 when the record has no value. */
function seekValue(reader: Reader): number {
  while (reader.at < reader.end) {
    const start = reader.at;
    const tag = reader.tag();
    if (tag === tagValue) return start;
    reader.skip(tag, 0);
  }
  return -1;
}
