/** A client that speaks HTTP/2 frame by frame, to keep its rules or to break them. */

import type { Socket } from 'node:net';
import { FrameType, PREFACE } from '../../src/rpc/http2/frames.ts';
import { HeaderDecoder } from '../../src/rpc/http2/header-decoder.ts';
import { indexed, literalShort, staticIndex } from '../../src/rpc/http2/hpack-encode.ts';
import { until } from '../waiting.ts';
import type { Harness } from './grpc-harness.ts';
import { framed } from './grpc-harness.ts';

export type Header = readonly [name: string, value: string];

/** Headers as a block that needs no table: the same bytes at every time. */
export function encodeHeaders(headers: readonly Header[]): Buffer {
  const parts = headers.map(([name, value]) => {
    const index = staticIndex(name, value);
    return index > 0 ? indexed(index) : literalShort(name, value);
  });
  return Buffer.concat(parts);
}

/** A block that refers to no table but the static one. */
function decodeHeaders(block: Buffer): Header[] {
  const fields = new HeaderDecoder(1e9).decode(block, 0, block.length);
  return fields.map(({ name, value }) => [name, value]);
}

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, payload]);
}

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** @param entries setting and value, in turn */
export function settings(...entries: number[]): Buffer {
  const payload = Buffer.alloc((entries.length / 2) * 6);
  for (let index = 0; index < entries.length; index += 2) {
    payload.writeUInt16BE(entries[index]!, index * 3);
    payload.writeUInt32BE(entries[index + 1]!, index * 3 + 2);
  }
  return frame(FrameType.Settings, 0, 0, payload);
}

export function callHeaders(path: string, more: readonly Header[] = []): Buffer {
  return encodeHeaders([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', '127.0.0.1'],
    ['te', 'trailers'],
    ['content-type', 'application/grpc'],
    ...more,
  ]);
}

/** HEADERS that open a call and leave it open. */
export function opening(id: number, path: string, more: readonly Header[] = []): Buffer {
  return frame(FrameType.Headers, 4, id, callHeaders(path, more));
}

/** A whole unary call. */
export function wholeCall(id: number, path: string, message: Uint8Array): Buffer {
  const body = framed(message);
  const frames = [opening(id, path)];
  for (let from = 0; from < body.length; from += 16_384) {
    const part = body.subarray(from, from + 16_384);
    frames.push(frame(FrameType.Data, from + part.length === body.length ? 1 : 0, id, part));
  }
  return Buffer.concat(frames);
}

export class RawClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  ended = false;
  private rest: Buffer = Buffer.alloc(0);

  /** Connects and says the preface and `first`, by default empty SETTINGS. */
  constructor(harness: Pick<Harness, 'raw'>, first: Buffer = settings()) {
    this.socket = harness.raw();
    this.socket.on('data', (chunk) => this.read(chunk));
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('close', () => {
      this.ended = true;
    });
    this.socket.write(Buffer.concat([PREFACE, first]));
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  of(type: number, id?: number): Frame[] {
    return this.frames.filter((each) => each.type === type && (id === undefined || each.id === id));
  }

  /** Waits for a frame of a type, on a stream if it is given. */
  async next(type: number, id?: number): Promise<Frame> {
    await until(`a frame of type ${type}`, () => this.ended || this.of(type, id).length > 0);
    const found = this.of(type, id)[0];
    if (found === undefined) throw new Error(`the connection ended without a frame of type ${type}`);
    return found;
  }

  /** Code and text of the GOAWAY that ends the connection; waits for the end, too. */
  async goaway(): Promise<{ lastId: number; code: number; text: string }> {
    const { payload } = await this.next(FrameType.Goaway);
    await until('the connection ends', () => this.ended);
    const goaway = this.of(FrameType.Goaway).at(-1) ?? { payload };
    return {
      lastId: goaway.payload.readUInt32BE(0),
      code: goaway.payload.readUInt32BE(4),
      text: goaway.payload.toString('utf8', 8),
    };
  }

  async resetCode(id: number): Promise<number> {
    return (await this.next(FrameType.RstStream, id)).payload.readUInt32BE(0);
  }

  /** All headers of a stream, trailers included, once it has ended. The client must have said that it has no table. */
  async answer(id: number): Promise<Record<string, string>> {
    const ended = (): boolean => this.of(FrameType.Headers, id).some((each) => (each.flags & 1) !== 0);
    await until(`stream ${id} ends`, () => this.ended || ended());
    const blocks = this.of(FrameType.Headers, id).map(({ payload }) => decodeHeaders(payload));
    return Object.fromEntries(blocks.flat());
  }

  body(id: number): Buffer {
    return Buffer.concat(this.of(FrameType.Data, id).map(({ payload }) => payload));
  }

  private read(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 9) {
      const length = this.rest.readUIntBE(0, 3);
      if (this.rest.length < 9 + length) return;
      this.frames.push({
        type: this.rest[3]!,
        flags: this.rest[4]!,
        id: this.rest.readUInt32BE(5),
        payload: this.rest.subarray(9, 9 + length),
      });
      this.rest = this.rest.subarray(9 + length);
    }
  }
}

/** Settings of a client without a header table, whose answers can be read block by block. */
export const NO_TABLE: Buffer = settings(1, 0);
