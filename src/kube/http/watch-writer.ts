/**
 * The body of a watch: one JSON object per line, head and lines flushed as they come (reference §2.7). A client that reads
 * too slowly is cut off: it comes back with the last revision it saw, and memory stays bounded.
 */

import type { ServerResponse } from 'node:http';
import { type Encoding, shape } from './encode.ts';
import type { WatchFrame, WatchWriter } from './types.ts';

/** Bytes that may wait for one client. */
const maxWaitingBytes = 16 << 20;

export class JsonWatchWriter implements WatchWriter {
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
    this.#response.write(`${JSON.stringify({ type: frame.type, object })}\n`);
    if (this.#response.writableLength > maxWaitingBytes) {
      this.#response.destroy();
      this.#closed();
    }
    return this.#isOpen;
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
