/**
 * Header blocks of requests, as a client sends them (gRPC over HTTP/2, "Requests"; RFC 7541).
 *
 * What is the same in many calls goes into the server's table once and is a byte from then on. The table is filled and
 * never overfilled, so that no entry is ever pushed out: entry k of n has the index 61 + n - k for as long as n stays.
 * Once all methods in use have been called, n does not change, and each block is the same few octets at every call.
 *
 * Secrets are sent as literals that nobody keeps. A server that wants a smaller table gets literals only.
 *
 * The invariant: blocks leave in the order in which they were asked for here.
 */

import type { RpcMetadata } from '../channel.ts';
import {
  encodeInteger,
  indexed,
  literalIndexed,
  literalNeverIndexed,
  literalShort,
  staticIndex,
} from './hpack-encode.ts';

const DEFAULT_TABLE_BYTES = 4096;
const ENTRY_OVERHEAD_BYTES = 32;
const STATIC_ENTRIES = 61;
const TABLE_SIZE_UPDATE = 0x20;
/** Methods whose blocks are kept; with more than these, all are made anew. */
const KEPT_PATHS_MAX = 256;
/** Longest value that is worth a place in the table. */
const INDEXED_VALUE_BYTES_MAX = 256;
/** gRPC gives a timeout eight digits. */
const TIMEOUT_MAX = 99_999_999;
const SECRETS: ReadonlySet<string> = new Set(['token', 'authorization', 'cookie']);

interface KeptBlock {
  readonly octets: Buffer;
  /** How many entries the table had: with another number, indices are others. */
  readonly entries: number;
}

export class RequestBlocks {
  private readonly fields: readonly (readonly [name: string, value: string])[];
  private readonly kept = new WeakMap<RpcMetadata, Map<string, KeptBlock>>();
  /** Place in the table of each field that is in it, counted from the oldest. */
  private readonly places = new Map<string, number>();
  private tableBytes = 0;
  private indexing = true;
  private mustSayNoTable = false;

  constructor(scheme: 'http' | 'https', authority: string, userAgent: string) {
    this.fields = [
      [':method', 'POST'],
      [':scheme', scheme],
      [':authority', authority],
      ['te', 'trailers'],
      ['content-type', 'application/grpc'],
      ['user-agent', userAgent],
      ['grpc-accept-encoding', 'identity,gzip'],
    ];
  }

  /** The server's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    if (!this.indexing || bytes >= DEFAULT_TABLE_BYTES) return;
    this.indexing = false;
    this.mustSayNoTable = true;
    this.places.clear();
  }

  /** The block of a call. Metadata are kept in mind by identity: few objects are to be used for many calls. */
  take(path: string, metadata: RpcMetadata): Buffer {
    let paths = this.kept.get(metadata);
    if (paths === undefined || paths.size > KEPT_PATHS_MAX) {
      paths = new Map();
      this.kept.set(metadata, paths);
    }
    const known = paths.get(path);
    if (known !== undefined && known.entries === this.places.size && !this.mustSayNoTable)
      return known.octets;
    const before = this.mustSayNoTable ? -1 : this.places.size;
    const octets = this.encode(path, metadata);
    // Octets that changed the table mean something else the next time.
    if (before === this.places.size) paths.set(path, { octets, entries: before });
    return octets;
  }

  /** The field of a deadline, to be put behind a block. */
  timeout(timeoutMs: number): Buffer {
    const ms = Math.ceil(timeoutMs);
    const value = ms <= TIMEOUT_MAX ? `${ms}m` : `${Math.min(Math.ceil(ms / 1000), TIMEOUT_MAX)}S`;
    return literalShort('grpc-timeout', value);
  }

  private encode(path: string, metadata: RpcMetadata): Buffer {
    const parts: Buffer[] = [];
    if (this.mustSayNoTable) {
      this.mustSayNoTable = false;
      parts.push(encodeInteger(TABLE_SIZE_UPDATE, 5, 0));
    }
    const [method, scheme, ...others] = this.fields;
    for (const [name, value] of [method!, scheme!, [':path', path] as const, ...others]) {
      parts.push(this.field(name, value));
    }
    for (const name of Object.keys(metadata)) parts.push(this.field(name, octetsOf(metadata[name]!)));
    return Buffer.concat(parts);
  }

  private field(name: string, value: string): Buffer {
    const fixed = staticIndex(name, value);
    if (fixed > 0) return indexed(fixed);
    if (SECRETS.has(name)) return literalNeverIndexed(name, value);
    if (!this.indexing) return literalShort(name, value);
    const key = `${name}\n${value}`;
    const place = this.places.get(key);
    if (place !== undefined) return indexed(STATIC_ENTRIES + this.places.size - place);
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    if (value.length > INDEXED_VALUE_BYTES_MAX || this.tableBytes + bytes > DEFAULT_TABLE_BYTES) {
      return literalShort(name, value);
    }
    this.tableBytes += bytes;
    this.places.set(key, this.places.size);
    return literalIndexed(name, value);
  }
}

/** A value as its UTF-8 octets, one character each. */
function octetsOf(value: string): string {
  return Buffer.from(value).toString('latin1');
}
