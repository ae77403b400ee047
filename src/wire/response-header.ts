/**
 * `etcdserverpb.ResponseHeader`: 1 cluster_id | 2 member_id | 3 revision | 4 raft_term. The two ids never change in a
 * member's life, so they are encoded once and copied into every answer.
 */

import type { ResponseHeader } from './messages.ts';
import { Reader } from './proto-reader.ts';
import { Writer } from './proto-writer.ts';

/** A header as a client sees it. */
export interface DecodedHeader {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}

/** The encoded fields cluster_id and member_id, for `ResponseHeader.idBytes`. */
export function headerIdBytes(clusterId: bigint, memberId: bigint): Uint8Array {
  const writer = new Writer(32);
  writer.bigint64Field(2, memberId);
  writer.bigint64Field(1, clusterId);
  return writer.finish();
}

/** Writes the header as field 1 of the message around it, where every response of etcd has it. */
export function writeHeader(to: Writer, header: ResponseHeader): void {
  const before = to.written;
  to.int64Field(4, header.raftTerm);
  to.int64Field(3, header.revision);
  to.raw(header.idBytes);
  to.lengthPrefix(1, before);
}

/** The header of an operation inside a transaction: nothing but the revision. */
export function writeRevisionHeader(to: Writer, revision: number): void {
  const before = to.written;
  to.int64Field(3, revision);
  to.lengthPrefix(1, before);
}

export function emptyHeader(): DecodedHeader {
  return { clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 };
}

/** Reads a header field, from its length on, into `header`; a second header in a message adds to the first. */
export function readHeader(reader: Reader, header: DecodedHeader): void {
  const outer = reader.enter();
  readHeaderFields(reader, header);
  reader.end = outer;
}

/** The two ids in `ResponseHeader.idBytes`, for codecs that do not write headers as bytes. */
export function decodeHeaderIds(idBytes: Uint8Array): {
  readonly clusterId: bigint;
  readonly memberId: bigint;
} {
  const header = emptyHeader();
  readHeaderFields(new Reader(idBytes), header);
  return header;
}

function readHeaderFields(reader: Reader, header: DecodedHeader): void {
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) header.clusterId = reader.bigUint64();
    else if (tag === 0x10) header.memberId = reader.bigUint64();
    else if (tag === 0x18) header.revision = reader.int64();
    else if (tag === 0x20) header.raftTerm = reader.uint64();
    else reader.skip(tag, 4);
  }
}
