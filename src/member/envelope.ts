/**
 * How a request stands in the log:
 *
 *     | kind u8 | proposer 8 bytes | run u32 | sequence u48 | caller, if any | request bytes … |
 *     caller: | auth revision u48 | name length u16 | name, UTF-8 |
 *
 * Bit 7 of `kind` says that there is a caller, bit 6 that the member itself asks, of whom no permission is asked.
 * `proposer`, `run` and `sequence` let the member that was asked find the waiting client when the entry is applied;
 * `run` is drawn at each start, so that an entry from before a restart finds nobody. The request bytes are the
 * client's own, unchanged.
 */

import { type Caller, nobody } from '../auth/types.ts';
import type { RequestKind } from './types.ts';

const headerBytes = 19;
const callerBytes = 8;
const hasCaller = 0x80;
const isOwnWish = 0x40;
const kindMask = 0x3f;

/** Who asks: a client, perhaps with a name, or the member itself. */
export type Asker = Caller | 'member';
const two32 = 0x1_0000_0000;

export interface Envelope {
  readonly kind: RequestKind;
  /** True when this very run of this member proposed it. */
  readonly isOwn: boolean;
  readonly sequence: number;
  readonly asker: Asker;
  readonly body: Uint8Array;
}

/** Seals and opens envelopes of one run of one member. */
export class EnvelopeCodec {
  readonly #template: Buffer;

  /** @param memberId 16 hexadecimal digits. @param run uint32, different at each start. */
  constructor(memberId: string, run: number) {
    this.#template = Buffer.alloc(headerBytes);
    this.#template.write(memberId, 1, 'hex');
    this.#template.writeUInt32LE(run, 9);
  }

  seal(kind: RequestKind, sequence: number, body: Uint8Array, asker: Asker): Uint8Array {
    const name = asker === 'member' || asker.revision === 0 ? null : Buffer.from(asker.user);
    const bodyAt = headerBytes + (name === null ? 0 : callerBytes + name.length);
    const sealed = Buffer.allocUnsafe(bodyAt + body.length);
    sealed.set(this.#template, 0);
    sealed[0] = kind | (name === null ? 0 : hasCaller) | (asker === 'member' ? isOwnWish : 0);
    sealed.writeUInt32LE(sequence % two32, 13);
    sealed.writeUInt16LE(Math.floor(sequence / two32), 17);
    if (name !== null) {
      sealed.writeUIntLE((asker as Caller).revision, headerBytes, 6);
      sealed.writeUInt16LE(name.length, headerBytes + 6);
      sealed.set(name, headerBytes + callerBytes);
    }
    sealed.set(body, bodyAt);
    return sealed;
  }

  /** @throws Error when the bytes are no envelope: the log is not ours. */
  open(data: Uint8Array): Envelope {
    if (data.length < headerBytes)
      throw new Error(`log entry of ${data.length} bytes is no request envelope`);
    let isOwn = true;
    for (let at = 1; at < 13; at++) {
      if (data[at] !== this.#template[at]) {
        isOwn = false;
        break;
      }
    }
    const low = data[13]! + data[14]! * 0x100 + data[15]! * 0x1_0000 + data[16]! * 0x100_0000;
    const sequence = low + (data[17]! + data[18]! * 0x100) * two32;
    const flags = data[0]!;
    const kind = (flags & kindMask) as RequestKind;
    if ((flags & hasCaller) === 0) {
      const asker = (flags & isOwnWish) === 0 ? nobody : 'member';
      return { kind, isOwn, sequence, asker, body: data.subarray(headerBytes) };
    }
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const nameAt = headerBytes + callerBytes;
    const nameEnd = nameAt + bytes.readUInt16LE(headerBytes + 6);
    const asker = {
      user: bytes.toString('utf8', nameAt, nameEnd),
      revision: bytes.readUIntLE(headerBytes, 6),
    };
    return { kind, isOwn, sequence, asker, body: data.subarray(nameEnd) };
  }
}

/** Bytes that a request without a caller grows by in the log; counted against `maxRequestBytes`. */
export const envelopeOverheadBytes: number = headerBytes;
