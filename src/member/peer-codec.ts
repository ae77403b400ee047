/**
 * Frames between members. A frame starts with its kind; a Raft frame carries all messages of a turn for one peer:
 *
 *     frame    | kind u8 | message … |
 *     message  | type u8 | flags u8 | term, index, logTerm, commit, hint, context: u48 each | count u32 | entry … |
 *     entry    | type u8 | term u48 | length u32 | data |
 *
 * Integers are little-endian. Entry indexes follow from the message (Append: index + 1, …; Propose: none). Sender
 * and receiver are known from the link. Decoded entry data are views on the frame.
 */

import type { Entry, EntryType, Message, MessageType, NodeId } from '../raft/types.ts';
import { MessageType as Type } from '../raft/types.ts';
import { rememberTail } from '../util/chain-crc.ts';

export const FrameKind = {
  Raft: 1,
  SnapshotOffer: 2,
  SnapshotChunk: 3,
  SnapshotAck: 4,
  Ask: 5,
  Answer: 6,
  /** You were removed from the cluster. */
  Removed: 7,
} as const;

const two32 = 0x1_0000_0000;
const messageHeaderBytes = 2 + 6 * 6 + 4;
const entryHeaderBytes = 11;
const flagReject = 1;

/** Bytes that `message` takes in a Raft frame. */
export function messageBytes(message: Message): number {
  let bytes = messageHeaderBytes;
  for (const entry of message.entries) bytes += entryHeaderBytes + entry.data.length;
  return bytes;
}

/** Encodes the messages, all for the same peer, into one frame. `bytes` is the sum of their `messageBytes`. */
export function encodeRaftFrame(messages: readonly Message[], bytes: number): Uint8Array {
  // Entries are kept as views on the frame and must not hold a pool of 8 KiB alive; signs of life are gone soon.
  const frame =
    bytes <= messageHeaderBytes ? Buffer.allocUnsafe(1 + bytes) : Buffer.allocUnsafeSlow(1 + bytes);
  frame[0] = FrameKind.Raft;
  let at = 1;
  for (const message of messages) at = writeMessage(frame, at, message);
  if (at !== frame.length) throw new Error(`raft frame holds ${at} bytes where ${frame.length} were counted`);
  return frame;
}

/** Entries from here on are not copied into a frame that may leave in pieces. */
const pieceBytesMin = 8192;

/** Whether a frame of the message is better sent in pieces. */
export function hasLargeEntries({ entries }: Message): boolean {
  for (const { data } of entries) if (data.length >= pieceBytesMin) return true;
  return false;
}

/** As `encodeRaftFrame`, in pieces that are the frame when they follow each other. Large entries are pieces as they are. */
export function encodeRaftPieces(messages: readonly Message[], bytes: number): Uint8Array[] {
  let copied = 1 + bytes;
  for (const { entries } of messages) {
    for (const { data } of entries) if (data.length >= pieceBytesMin) copied -= data.length;
  }
  const small = Buffer.allocUnsafeSlow(copied);
  const pieces: Uint8Array[] = [];
  small[0] = FrameKind.Raft;
  let from = 0;
  let at = 1;
  for (const message of messages) {
    at = writeMessageHead(small, at, message);
    for (const entry of message.entries) {
      const { data } = entry;
      at = writeEntryHead(small, at, entry);
      if (data.length < pieceBytesMin) {
        small.set(data, at);
        at += data.length;
      } else {
        pieces.push(small.subarray(from, at), data);
        from = at;
      }
    }
  }
  if (at !== copied) throw new Error(`raft frame holds ${at} bytes where ${copied} were counted`);
  if (from < at) pieces.push(small.subarray(from, at));
  return pieces;
}

function writeMessage(frame: Buffer, start: number, message: Message): number {
  let at = writeMessageHead(frame, start, message);
  for (const entry of message.entries) {
    at = writeEntryHead(frame, at, entry);
    frame.set(entry.data, at);
    at += entry.data.length;
  }
  return at;
}

function writeEntryHead(frame: Buffer, start: number, { type, term, data }: Entry): number {
  frame[start] = type;
  return frame.writeUInt32LE(data.length, writeU48(frame, start + 1, term));
}

function writeMessageHead(frame: Buffer, start: number, message: Message): number {
  let at = start;
  frame[at++] = message.type;
  frame[at++] = message.reject ? flagReject : 0;
  at = writeU48(frame, at, message.term);
  at = writeU48(frame, at, message.index);
  at = writeU48(frame, at, message.logTerm);
  at = writeU48(frame, at, message.commit);
  at = writeU48(frame, at, message.hint);
  at = writeU48(frame, at, message.context);
  return frame.writeUInt32LE(message.entries.length, at);
}

/** Whether some message of a Raft frame is of one of these types; reads no more of it than it must. */
export function frameHolds(bytes: Uint8Array, one: MessageType, other: MessageType): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 1; at + messageHeaderBytes <= bytes.length; ) {
    const type = bytes[at];
    if (type === one || type === other) return true;
    const count = view.getUint32(at + 38, true);
    at += messageHeaderBytes;
    for (let i = 0; i < count; i++) at += entryHeaderBytes + view.getUint32(at + 7, true);
  }
  return false;
}

/** @throws Error on a frame that does not parse: the link is to be dropped. */
export function decodeRaftFrame(bytes: Uint8Array, from: NodeId, to: NodeId): Message[] {
  const frame = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Message[] = [];
  let at = 1;
  while (at < frame.length) at = readMessage(frame, at, from, to, messages);
  return messages;
}

function readMessage(frame: Buffer, start: number, from: NodeId, to: NodeId, into: Message[]): number {
  if (start + messageHeaderBytes > frame.length) throw new Error('raft frame ends inside a message');
  const type = frame[start] as MessageType;
  const index = readU48(frame, start + 8);
  const count = frame.readUInt32LE(start + 38);
  const first = type === Type.Propose ? 0 : index + 1;
  const entries: Entry[] = [];
  let at = start + messageHeaderBytes;
  for (let i = 0; i < count; i++) {
    if (at + entryHeaderBytes > frame.length) throw new Error('raft frame ends inside an entry header');
    const length = frame.readUInt32LE(at + 7);
    const from = at + entryHeaderBytes;
    if (from + length > frame.length) throw new Error('raft frame ends inside an entry');
    const data = frame.subarray(from, from + length);
    if (from + length === frame.length) rememberTail(frame, data);
    entries.push({
      index: first === 0 ? 0 : first + i,
      term: readU48(frame, at + 1),
      type: frame[at] as EntryType,
      data,
    });
    at = from + length;
  }
  into.push({
    type,
    from,
    to,
    term: readU48(frame, start + 2),
    index,
    logTerm: readU48(frame, start + 14),
    commit: readU48(frame, start + 20),
    entries,
    reject: (frame[start + 1]! & flagReject) !== 0,
    hint: readU48(frame, start + 26),
    context: readU48(frame, start + 32),
    snapshot: null,
  });
  return at;
}

function writeU48(frame: Buffer, at: number, value: number): number {
  const low = value % two32;
  const high = (value - low) / two32;
  frame[at] = low;
  frame[at + 1] = low >>> 8;
  frame[at + 2] = low >>> 16;
  frame[at + 3] = low >>> 24;
  frame[at + 4] = high;
  frame[at + 5] = high >>> 8;
  return at + 6;
}

function readU48(frame: Buffer, at: number): number {
  return frame.readUInt32LE(at) + frame.readUInt16LE(at + 4) * two32;
}
