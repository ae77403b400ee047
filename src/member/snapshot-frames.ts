/**
 * Frames that carry a state from one member to another, beside the Raft frames on the same link:
 *
 *     offer  | kind | transfer u32 | term u48 | msgpack { index, term, conf, meta } |
 *     chunk  | kind | transfer u32 | sequence u32 | last u8 | ( key length u32 | key | value length u32 | value ) … |
 *     ack    | kind | transfer u32 | next u32 | status u8 |
 *
 * Chunks are numbered from 0; an ack names the next one the receiver wants, which is how a broken transfer goes on
 * where it stopped.
 */

import { Packr } from 'msgpackr';
import type { BackendEntry } from '../backend/backend.ts';
import type { SnapshotMeta } from '../raft/types.ts';
import { FrameKind } from './peer-codec.ts';

const packr = new Packr({ useRecords: false, moreTypes: false });

export interface SnapshotOffer {
  readonly transfer: number;
  /** Term of the leader that offers. */
  readonly term: number;
  readonly snapshot: SnapshotMeta;
  /** The line's meta, as the backend keeps it. */
  readonly meta: Uint8Array;
}

export interface SnapshotChunk {
  readonly transfer: number;
  readonly sequence: number;
  readonly last: boolean;
  readonly entries: readonly BackendEntry[];
}

export const AckStatus = { Continue: 0, Installed: 1, Refused: 2 } as const;

export interface SnapshotAck {
  readonly transfer: number;
  readonly next: number;
  readonly status: number;
}

export function encodeOffer(offer: SnapshotOffer): Uint8Array {
  const body = packr.pack({ ...offer.snapshot, meta: offer.meta });
  const frame = Buffer.alloc(11 + body.length);
  frame[0] = FrameKind.SnapshotOffer;
  frame.writeUInt32LE(offer.transfer, 1);
  frame.writeUIntLE(offer.term, 5, 6);
  frame.set(body, 11);
  return frame;
}

export function decodeOffer(bytes: Uint8Array): SnapshotOffer {
  const frame = asBuffer(bytes);
  const body = packr.unpack(Buffer.from(frame.subarray(11))) as SnapshotMeta & { meta: Uint8Array };
  return {
    transfer: frame.readUInt32LE(1),
    term: frame.readUIntLE(5, 6),
    snapshot: { index: body.index, term: body.term, conf: body.conf },
    meta: body.meta,
  };
}

export function encodeChunk(chunk: SnapshotChunk): Uint8Array {
  let bytes = 10;
  for (const entry of chunk.entries) bytes += 8 + entry.key.length + entry.value.length;
  const frame = Buffer.allocUnsafe(bytes);
  frame[0] = FrameKind.SnapshotChunk;
  frame.writeUInt32LE(chunk.transfer, 1);
  frame.writeUInt32LE(chunk.sequence, 5);
  frame[9] = chunk.last ? 1 : 0;
  let at = 10;
  for (const entry of chunk.entries) {
    at = frame.writeUInt32LE(entry.key.length, at);
    at += frame.write(entry.key, at, 'latin1');
    at = frame.writeUInt32LE(entry.value.length, at);
    frame.set(entry.value, at);
    at += entry.value.length;
  }
  return frame;
}

/** @throws RangeError on a chunk that ends early. Values are views on the frame. */
export function decodeChunk(bytes: Uint8Array): SnapshotChunk {
  const frame = asBuffer(bytes);
  const entries: BackendEntry[] = [];
  let at = 10;
  while (at < frame.length) {
    const keyEnd = at + 4 + frame.readUInt32LE(at);
    const valueEnd = keyEnd + 4 + frame.readUInt32LE(keyEnd);
    if (valueEnd > frame.length) throw new RangeError('snapshot chunk ends inside an entry');
    entries.push({
      key: frame.toString('latin1', at + 4, keyEnd),
      value: frame.subarray(keyEnd + 4, valueEnd),
    });
    at = valueEnd;
  }
  return {
    transfer: frame.readUInt32LE(1),
    sequence: frame.readUInt32LE(5),
    last: frame[9] === 1,
    entries,
  };
}

export function encodeAck(ack: SnapshotAck): Uint8Array {
  const frame = Buffer.alloc(10);
  frame[0] = FrameKind.SnapshotAck;
  frame.writeUInt32LE(ack.transfer, 1);
  frame.writeUInt32LE(ack.next, 5);
  frame[9] = ack.status;
  return frame;
}

export function decodeAck(bytes: Uint8Array): SnapshotAck {
  const frame = asBuffer(bytes);
  return { transfer: frame.readUInt32LE(1), next: frame.readUInt32LE(5), status: frame.readUInt8(9) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
