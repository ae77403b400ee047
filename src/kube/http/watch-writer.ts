/**
 * The body of a watch: one JSON object per line, or one protobuf message behind another. What comes in
 * one turn goes out in one write per watcher, at its end; the head is flushed at once. A client that reads too slowly is cut
 * off: it comes back with the last revision it saw, and memory stays bounded.
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Scheduler } from '../../util/runtime.ts';
import { type ApiObject, asJson } from '../api/objects.ts';
import { StatusError } from '../api/status.ts';
import { type Encoding, shape } from './encode.ts';
import type { WatchFrame, WatchWriter } from './types.ts';
import { chunkOf, contentOf, SharedFrames } from './watch-frames.ts';

/** Bytes that may wait for one client. */
const maxWaitingBytes = 16 << 20;
/** More chunks than these are written one by one: they are the state at the start, which is not worth a copy. */
const joinedMax = 64;

/** The watchers that have something to send, and the bytes they share. One for all watches of a server. */
export class WatchTurns {
  readonly frames: SharedFrames = new SharedFrames();
  /** Frames that were given to watchers. */
  frameCount = 0;
  readonly #scheduler: Scheduler;
  readonly #open = new Set<StreamWatchWriter>();
  #waiting: StreamWatchWriter[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The writer is flushed at the end of the turn. */
  add(writer: StreamWatchWriter): void {
    if (this.#waiting.push(writer) === 1) this.#scheduler.defer(() => this.#flush());
  }

  /** It is one of the open watches from now on. */
  began(writer: StreamWatchWriter): void {
    this.#open.add(writer);
  }

  ended(writer: StreamWatchWriter): void {
    this.#open.delete(writer);
  }

  /** Ends all of them cleanly: their clients come back, to another server. */
  endAll(): void {
    for (const writer of [...this.#open]) writer.end();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const writer of waiting) writer.flush();
    this.frames.clear();
  }
}

/** Chunks go straight to the socket of HTTP/1.1 while the answer has it; elsewhere node's own framing is used. */
function chunkedSocket(response: ServerResponse): Socket | null {
  const isChunked = (response as { chunkedEncoding?: boolean }).chunkedEncoding === true;
  return isChunked && (response as { outputSize?: number }).outputSize === 0 ? response.socket : null;
}

export class StreamWatchWriter implements WatchWriter {
  readonly #response: ServerResponse;
  readonly #encoding: () => Encoding;
  readonly #turns: WatchTurns;
  readonly #listeners: (() => void)[] = [];
  #waiting: Buffer[] = [];
  #isOpen = true;
  #isEnding = false;
  #hasColumns = true;
  /** Bytes of the state at the start, which may wait beside the others: every client gets them at once. */
  #allowedBytes = maxWaitingBytes;

  /** @param encoding asked per frame, because ages move */
  constructor(response: ServerResponse, encoding: () => Encoding, turns: WatchTurns) {
    this.#response = response;
    this.#encoding = encoding;
    this.#turns = turns;
    response.on('close', () => this.#closed());
    response.on('error', () => this.#closed());
    turns.began(this);
  }

  write(frame: WatchFrame): boolean {
    if (!this.#isOpen || this.#isEnding) return false;
    const chunk = this.#shaped(frame);
    if (chunk === undefined) return false;
    if (frame.type !== 'ERROR') this.#hasColumns = false;
    // A frame that cannot be written must not be missed without a word: the client comes back.
    if (chunk === null) this.#cutOff();
    else {
      this.#turns.frameCount++;
      if (frame.isInitial) this.#allowedBytes += chunk.length;
      if (this.#waiting.push(chunk) === 1) this.#turns.add(this);
    }
    return this.#isOpen;
  }

  /** @returns undefined: no object of a stream has the shape that was asked for, and the stream ends as if there were none */
  #shaped(frame: WatchFrame): Buffer | null | undefined {
    try {
      return this.#chunk(frame);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.end();
      return undefined;
    }
  }

  #chunk(frame: WatchFrame): Buffer | null {
    const { type, object, isShared } = frame;
    const encoding = this.#encoding();
    const { accepted, protobuf } = encoding;
    if (isShared && accepted.format === 'json' && accepted.as === null && object.kind !== undefined) {
      return this.#turns.frames.chunk(type, object as ApiObject);
    }
    const shaped = shape(object, encoding, this.#hasColumns);
    if (accepted.format !== 'protobuf') return chunkOf(`${JSON.stringify({ type, object: shaped })}\n`);
    const bytes = protobuf?.encodeFrame(type, asJson(shaped)) ?? null;
    return bytes === null ? null : chunkOf(bytes);
  }

  /** Sends what is waiting. */
  flush(): void {
    const waiting = this.#waiting;
    if (!this.#isOpen || waiting.length === 0) return;
    this.#waiting = [];
    const response = this.#response;
    const socket = chunkedSocket(response);
    if (socket === null) for (const chunk of waiting) response.write(contentOf(chunk));
    else if (waiting.length <= joinedMax) socket.write(this.#turns.frames.join(waiting));
    else {
      socket.cork();
      for (const chunk of waiting) socket.write(chunk);
      socket.uncork();
    }
    const waitingBytes = Math.max(response.writableLength, socket?.writableLength ?? 0);
    if (waitingBytes > this.#allowedBytes) this.#cutOff();
    else if (waitingBytes === 0) this.#allowedBytes = maxWaitingBytes;
  }

  #cutOff(): void {
    this.#response.destroy();
    this.#closed();
  }

  end(): void {
    if (!this.#isOpen || this.#isEnding) return;
    this.flush();
    this.#isEnding = true;
    this.#response.end();
  }

  onClose(listener: () => void): void {
    if (this.#isOpen) this.#listeners.push(listener);
    else listener();
  }

  #closed(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#turns.ended(this);
    this.#waiting = [];
    for (const listener of this.#listeners) listener();
  }
}
