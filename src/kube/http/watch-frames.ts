/**
 * Frames of watches as bytes that many watchers share. A frame of an object is made once, for as long as the object is the
 * newest or soon after; what a turn gives several watchers is put together once.
 *
 *     size in hex CR LF | {"type":"MODIFIED","object":{…}} LF | CR LF       a chunk of HTTP/1.1 (RFC 9112 §7.1)
 */

import type { ApiObject } from '../api/objects.ts';
import { sharedLine } from '../storage/shared-text.ts';
import type { WatchFrame } from './types.ts';

/** Frames that are kept; a turn of writes has fewer. */
const framesKept = 512;

/** @returns the frame as a chunk of HTTP/1.1 */
export function chunkOf(frame: string | Uint8Array): Buffer {
  const length = typeof frame === 'string' ? Buffer.byteLength(frame) : frame.length;
  const head = `${length.toString(16)}\r\n`;
  if (typeof frame === 'string') return Buffer.from(`${head}${frame}\r\n`);
  return Buffer.concat([Buffer.from(head), frame, Buffer.from('\r\n')]);
}

/** What is inside a chunk. */
export function contentOf(chunk: Buffer): Buffer {
  return chunk.subarray(chunk.indexOf(10) + 1, chunk.length - 2);
}

export class SharedFrames {
  #frames: Map<ApiObject, { readonly type: WatchFrame['type']; readonly chunk: Buffer }> = new Map();
  #last: readonly Buffer[] = [];
  #joined: Buffer = Buffer.alloc(0);

  /** The JSON frame of a shared object, as a chunk. */
  chunk(type: WatchFrame['type'], object: ApiObject): Buffer {
    const known = this.#frames.get(object);
    if (known?.type === type) return known.chunk;
    const line = sharedLine(object);
    const chunk = chunkOf(`{"type":"${type}","object":${line.slice(0, -1)}}\n`);
    if (this.#frames.size >= framesKept) this.#frames.clear();
    this.#frames.set(object, { type, chunk });
    return chunk;
  }

  /** Chunks one behind the other; those who ask for the same as the one before get the same bytes. */
  join(chunks: readonly Buffer[]): Buffer {
    if (chunks.length === 1) return chunks[0]!;
    const last = this.#last;
    const isSame = last.length === chunks.length && chunks.every((chunk, at) => chunk === last[at]);
    if (!isSame) {
      this.#joined = Buffer.concat(chunks);
      this.#last = chunks;
    }
    return this.#joined;
  }

  /** Nothing of a turn that is over is kept. */
  clear(): void {
    this.#frames.clear();
    this.#last = [];
    this.#joined = Buffer.alloc(0);
  }
}
