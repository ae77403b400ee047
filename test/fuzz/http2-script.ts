/**
 * What a peer does, written down in bytes that a fuzzer may change at will: frames whose lengths always fit, noise between
 * them, where the stream of bytes is cut, how time passes, and what this side does meanwhile.
 *
 *     00 … df   a frame: its type (modulo 11), then flags, stream, length (ff: two more bytes), payload
 *     e0 … ef   so many bytes as they are
 *     f0 … f7   time passes
 *     f8, f9    the socket has room again, has none
 *     fa n      this side does something
 *     fb        all that was said so far arrives
 *     fc n      the first n bytes of it arrive
 */

import { frame } from '../rpc/http2-raw.ts';
import type { FakeSocket, FakeWorld } from './fake-world.ts';

const times = [1, 20, 400, 3000, 11_000, 30_000, 130_000, 8_000_000];
const streams = [0, 1, 3, 5, 7, 9, 11, 13];

export function frameStep(type: number, flags: number, id: number, payload: Uint8Array): Buffer {
  const place = streams.indexOf(id);
  if (place < 0) throw new Error(`no script speaks of stream ${id}`);
  const length = payload.length < 255 ? [payload.length] : [255, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([type, flags, place, ...length]), payload]);
}

export const arrive: Buffer = Buffer.from([0xfb]);
export const arriveInPart = (bytes: number): Buffer => Buffer.from([0xfc, bytes]);
export const act = (what: number): Buffer => Buffer.from([0xfa, what]);
export const letPass = (which: number): Buffer => Buffer.from([0xf0 + which]);

/** @param before what the peer has said already and has not arrived @param doSomething what `fa` means */
export function play(
  script: Buffer,
  {
    world,
    socket,
    before,
    doSomething,
  }: {
    readonly world: FakeWorld;
    readonly socket: FakeSocket;
    readonly before: Buffer;
    readonly doSomething: (what: number) => void;
  },
): void {
  let said = before;
  const hear = (bytes: number): void => {
    socket.feed(said.subarray(0, bytes));
    said = said.subarray(bytes);
    world.settle();
  };
  let at = 0;
  const byte = (): number => script[at++] ?? 0;
  const take = (length: number): Buffer => {
    const piece = script.subarray(at, at + length);
    at += length;
    return piece;
  };
  while (at < script.length) {
    const step = byte();
    if (step < 0xe0) {
      const [flags, stream, short] = [byte(), byte(), byte()];
      const length = short < 255 ? short : Math.min(16_384, (byte() << 8) | byte());
      const id = streams[stream] ?? stream;
      said = Buffer.concat([said, frame(step % 11, flags, id, take(length))]);
    } else if (step < 0xf0) said = Buffer.concat([said, take(step & 15)]);
    else if (step < 0xf8) {
      hear(said.length);
      world.pass(times[step & 7]!);
    } else if (step === 0xf8) socket.drain();
    else if (step === 0xf9) socket.isFull = true;
    else if (step === 0xfa) doSomething(byte());
    else if (step === 0xfb) hear(said.length);
    else if (step === 0xfc) hear(byte());
    world.settle();
  }
  hear(said.length);
}
