/**
 * How requests stand in the log. Those that a member proposes in one go share an entry: what an entry costs, in the
 * core, on the disk and on the way to the others, is then paid once for all of them.
 *
 *     entry     | format u8 | proposer 8 bytes | run u32 | first sequence u48 | count u32 | request … |
 *     request   | kind u8 | length of the request bytes u32 | caller, if any | request bytes … |
 *     caller    | auth revision u48 | name length u16 | name, UTF-8 |
 *
 * Bit 7 of `kind` says that there is a caller, bit 6 that the member itself asks, of whom no permission is asked.
 * `proposer`, `run` and `sequence` let the member that was asked find the waiting client when the entry is applied;
 * `run` is drawn at each start, so that an entry from before a restart finds nobody. The requests of an entry have
 * consecutive sequences and are applied in this order. The request bytes are the client's own, unchanged.
 */

import { type Caller, nobody } from '../auth/types.ts';
import type { RequestKind } from './types.ts';

const format = 1;
const proposerAt = 1;
const sequenceAt = 13;
const countAt = 19;
const entryHeaderBytes = 23;
const requestHeaderBytes = 5;
const callerBytes = 8;
const hasCaller = 0x80;
const isOwnWish = 0x40;
const kindMask = 0x3f;
const two32 = 0x1_0000_0000;

/** Who asks: a client, perhaps with a name, or the member itself. */
export type Asker = Caller | 'member';

/** A request on its way into the log. */
export interface LoggedRequest {
  readonly kind: RequestKind;
  readonly sequence: number;
  readonly asker: Asker;
  readonly body: Uint8Array;
}

/** Bytes that a request without a caller grows by in the log, alone in its entry. */
export const envelopeOverheadBytes: number = entryHeaderBytes + requestHeaderBytes;

/** Whether the asker has a name that travels along. */
function isNamed(asker: Asker): asker is Caller {
  return asker !== 'member' && asker.revision !== 0;
}

/** Bytes of a request in an entry, without what it shares with others. */
export function requestBytes(body: Uint8Array, asker: Asker): number {
  const bytes = requestHeaderBytes + body.length;
  return isNamed(asker) ? bytes + callerBytes + Buffer.byteLength(asker.user) : bytes;
}

/** In etcd's log: tag and length of the header, and in it an id, of 63 bits. */
const etcdHeaderBytes = 3 + 10;

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/**
 * What a request counts for against `maxRequestBytes`: the bytes that etcd would write to its log for it, so that the largest
 * value that etcd takes is taken here, too, and no larger one.
 */
export function countedBytes(body: Uint8Array, asker: Asker): number {
  const bytes = etcdHeaderBytes + 1 + varintBytes(body.length) + body.length;
  if (!isNamed(asker)) return bytes;
  return bytes + 3 + Buffer.byteLength(asker.user) + varintBytes(asker.revision);
}

/** Bytes of an entry whose requests take `bytes` together. */
export function entryBytes(bytes: number): number {
  return entryHeaderBytes + bytes;
}

/** How many requests an entry holds that is no change of configuration; the one that begins a term holds none. */
export function requestCount(data: Uint8Array): number {
  return data.length < entryHeaderBytes ? 0 : readU32(data, countAt);
}

/** Seals and opens the entries of one run of one member. */
export class EnvelopeCodec {
  readonly #template: Buffer;
  readonly #opened: OpenedEntry;

  /** @param memberId 16 hexadecimal digits. @param run uint32, different at each start. */
  constructor(memberId: string, run: number) {
    this.#template = Buffer.alloc(entryHeaderBytes);
    this.#template[0] = format;
    this.#template.write(memberId, proposerAt, 'hex');
    this.#template.writeUInt32LE(run, 9);
    this.#opened = new OpenedEntry(this.#template);
  }

  /**
   * One entry of `requests[from, to)`, whose sequences follow each other.
   * @param bytes the sum of their `requestBytes`
   */
  seal(requests: readonly LoggedRequest[], from: number, to: number, bytes: number): Uint8Array {
    const sealed = Buffer.allocUnsafeSlow(entryBytes(bytes));
    const { sequence } = requests[from]!;
    sealed.set(this.#template, 0);
    sealed.writeUIntLE(sequence, sequenceAt, 6);
    sealed.writeUInt32LE(to - from, countAt);
    let at = entryHeaderBytes;
    for (let i = from; i < to; i++) {
      if (requests[i]!.sequence !== sequence + i - from)
        throw new Error('requests of an entry follow each other');
      at = writeRequest(sealed, at, requests[i]!);
    }
    if (at !== sealed.length) throw new Error(`an entry of ${sealed.length} bytes came out as ${at}`);
    return sealed;
  }

  /**
   * Opens an entry. What it returns is good until the next call.
   * @throws Error when the bytes are no entry of requests: the log is not ours
   */
  open(data: Uint8Array): OpenedEntry {
    this.#opened.begin(data);
    return this.#opened;
  }
}

/** Goes over the requests of an entry: `next` moves on to each of them. */
export class OpenedEntry {
  readonly #template: Uint8Array;
  #rest = 0;
  #sequence = 0;
  #bodyLength = 0;
  #at = 0;
  /** True when this very run of this member proposed it. */
  isOwn = false;
  data: Uint8Array = new Uint8Array(0);
  /** Of the request at hand; its bytes are `data[from, to)`. */
  kind: RequestKind = 1;
  asker: Asker = nobody;
  from = 0;
  to = 0;

  constructor(template: Uint8Array) {
    this.#template = template;
  }

  begin(data: Uint8Array): void {
    if (data.length < entryHeaderBytes || data[0] !== format)
      throw new Error(`log entry of ${data.length} bytes holds no requests`);
    let at = proposerAt;
    while (at < sequenceAt && data[at] === this.#template[at]) at++;
    this.data = data;
    this.isOwn = at === sequenceAt;
    this.#sequence = readU32(data, sequenceAt) + (data[17]! + data[18]! * 0x100) * two32 - 1;
    this.#rest = readU32(data, countAt);
    this.#at = entryHeaderBytes;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** The bytes of the request. */
  get body(): Uint8Array {
    return this.data.subarray(this.from, this.to);
  }

  /** Moves to the next request; false behind the last. @throws Error when the entry ends before it */
  next(): boolean {
    const { data } = this;
    if (this.#rest === 0) {
      if (this.#at !== data.length) throw new Error('a log entry goes on behind its last request');
      return false;
    }
    this.#rest--;
    this.#sequence++;
    const flags = data[this.#at]!;
    this.kind = (flags & kindMask) as RequestKind;
    this.#bodyLength = readU32(data, this.#at + 1);
    this.from = this.#at + requestHeaderBytes;
    if ((flags & hasCaller) !== 0) this.#readCaller();
    else this.asker = (flags & isOwnWish) === 0 ? nobody : 'member';
    this.to = this.from + this.#bodyLength;
    this.#at = this.to;
    // Also when a length is not there: comparisons with NaN are false.
    if (!(this.to <= data.length)) throw new Error('a log entry ends inside a request');
    return true;
  }

  #readCaller(): void {
    const bytes = Buffer.from(this.data.buffer, this.data.byteOffset, this.data.byteLength);
    const nameAt = this.from + callerBytes;
    const nameEnd = nameAt + bytes.readUInt16LE(this.from + 6);
    this.asker = {
      user: bytes.toString('utf8', nameAt, nameEnd),
      revision: bytes.readUIntLE(this.from, 6),
    };
    this.from = nameEnd;
  }
}

function writeRequest(sealed: Buffer, start: number, { kind, asker, body }: LoggedRequest): number {
  const named = isNamed(asker);
  sealed[start] = kind | (named ? hasCaller : 0) | (asker === 'member' ? isOwnWish : 0);
  writeU32(sealed, body.length, start + 1);
  let at = start + requestHeaderBytes;
  if (named) {
    const nameBytes = sealed.write(asker.user, at + callerBytes);
    sealed.writeUIntLE(asker.revision, at, 6);
    sealed.writeUInt16LE(nameBytes, at + 6);
    at += callerBytes + nameBytes;
  }
  sealed.set(body, at);
  return at + body.length;
}

function writeU32(bytes: Uint8Array, value: number, at: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function readU32(bytes: Uint8Array, at: number): number {
  return bytes[at]! + bytes[at + 1]! * 0x100 + bytes[at + 2]! * 0x1_0000 + bytes[at + 3]! * 0x100_0000;
}
