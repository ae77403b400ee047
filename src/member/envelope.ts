/**
 * How a request stands in the log:
 *
 *     | kind u8 | proposer 8 bytes | run u32 | sequence u48 | request bytes … |
 *
 * `proposer`, `run` and `sequence` let the member that was asked find the waiting client when the entry is applied;
 * `run` is drawn at each start, so that an entry from before a restart finds nobody. The request bytes are the
 * client's own, unchanged.
 */

import type { RequestKind } from './types.ts';

const headerBytes = 19;
const two32 = 0x1_0000_0000;

export interface Envelope {
  readonly kind: RequestKind;
  /** True when this very run of this member proposed it. */
  readonly isOwn: boolean;
  readonly sequence: number;
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

  seal(kind: RequestKind, sequence: number, body: Uint8Array): Uint8Array {
    const sealed = Buffer.allocUnsafe(headerBytes + body.length);
    sealed.set(this.#template, 0);
    sealed[0] = kind;
    sealed.writeUInt32LE(sequence % two32, 13);
    sealed.writeUInt16LE(Math.floor(sequence / two32), 17);
    sealed.set(body, headerBytes);
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
    return { kind: data[0] as RequestKind, isOwn, sequence, body: data.subarray(headerBytes) };
  }
}

/** Bytes that a request grows by in the log; counted against `maxRequestBytes`. */
export const envelopeOverheadBytes: number = headerBytes;
