/**
 * The messages of `etcdserverpb.Watch` between bytes and plain objects.
 *
 * Events embed pairs as the bytes the store keeps. `events` is the last field of a WatchResponse, so the encoded events
 * are a tail of its bytes: many streams that watch the same key share one encoding (`encodeWatchEvents`) behind headers
 * of their own. A repeated member of the request's oneof replaces the one before, as in etcd.
 */

import { emptyKeyValue } from './key-value.ts';
import { readPair } from './kv-answers.ts';
import type {
  Event,
  KeyValue,
  ResponseHeader,
  WatchCreateRequest,
  WatchRequest,
  WatchResponse,
} from './messages.ts';
import { emptyBytes, malformed, Reader, WireType } from './proto-reader.ts';
import { Writer } from './proto-writer.ts';
import type { DecodedHeader } from './response-header.ts';
import { emptyHeader, readHeader, writeHeader } from './response-header.ts';

/** Two kinds of filter exist; more entries than this in one request can only be meant to waste memory. */
export const maxWatchFilters = 1024;

/** Tag, length, type and the tags and lengths of both pairs; only the guess of a buffer's size. */
const aroundEventBytes = 20;

export interface DecodedEvent {
  type: number;
  kv: KeyValue;
  prevKv: KeyValue | null;
}

/** A WatchResponse as a client sees it. */
export interface DecodedWatchResponse {
  header: DecodedHeader;
  watchId: number;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: DecodedEvent[];
}

const writer = new Writer();

function begin(): Writer {
  writer.reset();
  return writer;
}

/** @throws Failure 'malformedRequest' */
export function decodeWatchRequest(bytes: Uint8Array): WatchRequest {
  const reader = new Reader(bytes);
  let request: WatchRequest = { kind: 'unset' };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag !== 0x0a && tag !== 0x12 && tag !== 0x1a) {
      reader.skip(tag, 3);
      continue;
    }
    const outer = reader.enter();
    if (tag === 0x0a) request = { kind: 'create', create: readCreate(reader) };
    else if (tag === 0x12) request = { kind: 'cancel', watchId: readCancel(reader) };
    else {
      request = { kind: 'progress' };
      while (reader.at < reader.end) reader.skip(reader.tag(), 0);
    }
    reader.end = outer;
  }
  return request;
}

function readCreate(reader: Reader): WatchCreateRequest {
  const create: WatchCreateRequest = {
    key: emptyBytes,
    rangeEnd: emptyBytes,
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0,
    fragment: false,
  };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) create.key = reader.view();
    else if (tag === 0x12) create.rangeEnd = reader.view();
    else if (tag === 0x18) create.startRevision = reader.int64();
    else if (tag === 0x20) create.progressNotify = reader.bool();
    else if (tag === 0x28) addFilter(create.filters, reader);
    else if (tag === 0x2a) {
      const outer = reader.enter();
      while (reader.at < reader.end) addFilter(create.filters, reader);
      reader.end = outer;
    } else if (tag === 0x30) create.prevKv = reader.bool();
    else if (tag === 0x38) create.watchId = reader.int64();
    else if (tag === 0x40) create.fragment = reader.bool();
    else reader.skip(tag, 8);
  }
  return create;
}

function addFilter(filters: number[], reader: Reader): void {
  if (filters.push(reader.int32()) > maxWatchFilters) throw malformed('too many watch filters');
}

function readCancel(reader: Reader): number {
  let watchId = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) watchId = reader.int64();
    else reader.skip(tag, 1);
  }
  return watchId;
}

export function encodeWatchRequest(request: WatchRequest): Uint8Array {
  const to = begin();
  if (request.kind === 'create') {
    writeCreate(to, request.create);
    to.lengthPrefix(1, 0);
  } else if (request.kind === 'cancel') {
    to.int64Field(1, request.watchId);
    to.lengthPrefix(2, 0);
  } else if (request.kind === 'progress') {
    to.lengthPrefix(3, 0);
  }
  return to.finish();
}

function writeCreate(to: Writer, create: WatchCreateRequest): void {
  to.boolField(8, create.fragment);
  to.int64Field(7, create.watchId);
  to.boolField(6, create.prevKv);
  if (create.filters.length !== 0) {
    const before = to.written;
    for (let i = create.filters.length - 1; i >= 0; i--) to.varint(create.filters[i]!);
    to.lengthPrefix(5, before);
  }
  to.boolField(4, create.progressNotify);
  to.int64Field(3, create.startRevision);
  to.bytesField(2, create.rangeEnd);
  to.bytesField(1, create.key);
}

/** The events part of a WatchResponse: a tail that fits behind any response's other fields. */
export function encodeWatchEvents(events: readonly Event[]): Uint8Array {
  const to = begin();
  writeEvents(to, events);
  return to.finish();
}

/**
 * The beginning of a WatchResponse that tells nothing but events: between it and the events stands a watch id other than
 * 0, as a varint.
 */
export function encodeWatchHead(header: ResponseHeader): Uint8Array {
  const to = begin();
  to.tag(2, WireType.Varint);
  writeHeader(to, header);
  return to.finish();
}

/** Bytes that an event takes in a WatchResponse, at most: for cutting a response into fragments. */
export function watchEventBytes(event: Event): number {
  return event.kv.length + (event.prevKv === null ? 0 : event.prevKv.length) + aroundEventBytes;
}

function writeEvents(to: Writer, events: readonly Event[]): void {
  let bytes = 0;
  for (let i = 0; i < events.length; i++) bytes += watchEventBytes(events[i]!);
  to.reserve(bytes);
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i]!;
    const before = to.written;
    if (event.prevKv !== null) to.element(3, event.prevKv);
    to.element(2, event.kv);
    to.int64Field(1, event.type);
    to.lengthPrefix(11, before);
  }
}

/** @param encodedEvents from `encodeWatchEvents`; when given, `response.events` is not looked at. */
export function encodeWatchResponse(response: WatchResponse, encodedEvents?: Uint8Array): Uint8Array {
  const to = begin();
  if (encodedEvents !== undefined) to.raw(encodedEvents);
  else writeEvents(to, response.events);
  to.boolField(7, response.fragment);
  to.stringField(6, response.cancelReason);
  to.int64Field(5, response.compactRevision);
  to.boolField(4, response.canceled);
  to.boolField(3, response.created);
  to.int64Field(2, response.watchId);
  writeHeader(to, response.header);
  return to.finish();
}

/** @throws Failure 'malformedRequest' */
export function decodeWatchResponse(bytes: Uint8Array): DecodedWatchResponse {
  const reader = new Reader(bytes);
  const response: DecodedWatchResponse = {
    header: emptyHeader(),
    watchId: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: '',
    fragment: false,
    events: [],
  };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x0a) readHeader(reader, response.header);
    else if (tag === 0x10) response.watchId = reader.int64();
    else if (tag === 0x18) response.created = reader.bool();
    else if (tag === 0x20) response.canceled = reader.bool();
    else if (tag === 0x28) response.compactRevision = reader.int64();
    else if (tag === 0x32) response.cancelReason = reader.string();
    else if (tag === 0x38) response.fragment = reader.bool();
    else if (tag === 0x5a) response.events.push(readEvent(reader));
    else reader.skip(tag, tag >>> 3 === 11 ? 11 : 7);
  }
  return response;
}

function readEvent(reader: Reader): DecodedEvent {
  const outer = reader.enter();
  let type = 0;
  let kv: KeyValue | null = null;
  let prevKv: KeyValue | null = null;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) type = reader.int32();
    else if (tag === 0x12) kv = readPair(reader, kv);
    else if (tag === 0x1a) prevKv = readPair(reader, prevKv);
    else reader.skip(tag, 3);
  }
  reader.end = outer;
  return { type, kv: kv ?? emptyKeyValue(), prevKv };
}
