/**
 * The body of a watch: one JSON object per line, or one protobuf message behind another, head and frames flushed as they
 * come (reference §2.3, §2.7). A client that reads
 * too slowly is cut off: it comes back with the last revision it saw, and memory stays bounded.
 */

import type { ServerResponse } from 'node:http';
import { asJson } from '../api/objects.ts';
import { type Encoding, shape } from './encode.ts';
import type { WatchFrame, WatchWriter } from './types.ts';

/** Bytes that may wait for one client. */
const maxWaitingBytes = 16 << 20;

export class StreamWatchWriter implements WatchWriter {
  readonly #response: ServerResponse;
  readonly #encoding: () => Encoding;
  readonly #listeners: (() => void)[] = [];
  #isOpen = true;
  #hasColumns = true;

  /** @param encoding asked per frame, because ages move */
  constructor(response: ServerResponse, encoding: () => Encoding) {
    this.#response = response;
    this.#encoding = encoding;
    response.on('close', () => this.#closed());
    response.on('error', () => this.#closed());
  }

  write(frame: WatchFrame): boolean {
    if (!this.#isOpen) return false;
    const object = shape(frame.object, this.#encoding(), this.#hasColumns);
    if (frame.type !== 'ERROR') this.#hasColumns = false;
    const bytes = this.#frame(frame.type, object);
    if (bytes !== null) this.#response.write(bytes);
    // A frame that cannot be written must not be missed without a word: the client comes back.
    if (bytes === null || this.#response.writableLength > maxWaitingBytes) {
      this.#response.destroy();
      this.#closed();
    }
    return this.#isOpen;
  }

  #frame(type: string, object: object): string | Uint8Array | null {
    const { accepted, protobuf } = this.#encoding();
    if (accepted.format !== 'protobuf') return `${JSON.stringify({ type, object })}\n`;
    return protobuf?.encodeFrame(type, asJson(object)) ?? null;
  }

  end(): void {
    if (this.#isOpen) this.#response.end();
  }

  onClose(listener: () => void): void {
    if (this.#isOpen) this.#listeners.push(listener);
    else listener();
  }

  #closed(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const listener of this.#listeners) listener();
  }
}
