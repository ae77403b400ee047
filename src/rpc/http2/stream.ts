/**
 * One HTTP/2 stream as the server sees it: what is the same for a unary call, a streaming call and a plain request.
 *
 * Sending: messages wait here until it is the stream's turn (`send`); a turn is at most one DATA frame, which may hold
 * several small messages or a part of a large one. The end follows behind the last message.
 *
 * States: open until the client's END_STREAM (`halfClosed`) and until our end or a reset (`done`). A stream that is
 * done takes and gives nothing; what is said to it afterwards is ignored.
 */

import type { Logger } from '../../util/runtime.ts';
import { FRAME_HEADER_BYTES, FrameType } from './frames.ts';
import { DATA_FRAME_BYTES_MAX } from './limits.ts';
import type { Output } from './output.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseBlocks } from './response-blocks.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { WheelEntry } from './timer-wheel.ts';

/** The connection, as its streams see it. */
export interface StreamHost {
  readonly output: Output;
  readonly blocks: ResponseBlocks;
  readonly wheel: TimerWheel;
  readonly log: Logger;
  readonly peer: string;
  readonly commonName: string;
  readonly maxReceiveBytes: number;
  /** Bytes of DATA that the client lets us send on all streams together. */
  readonly sendWindow: number;
  /** So much output waits that no further request shall be handled. */
  readonly congested: boolean;
  /** Whether an answer with so much DATA may be framed at once, before others whose turn it would be. */
  mayWriteNow(bytes: number): boolean;
  /** DATA was framed. */
  spend(bytes: number): void;
  /** Bytes were added to (or, negative, taken from) what waits in a stream. */
  waits(bytes: number): void;
  /** The same for request bytes. False: the connection pins as much as it may. */
  holds(bytes: number): boolean;
  /** The stream has something to send. */
  schedule(stream: Http2Stream): void;
  /** The stream has sent its end. */
  finished(stream: Http2Stream): void;
  /** Lets the client send more, if enough has been taken to be worth a frame. */
  credit(stream: Http2Stream): void;
  /** Calls `job` when the connection is no longer congested. */
  postpone(job: () => void): void;
}

/** In no list; in the row of those that will have their turn; aside, until the connection's window opens. */
export const Place = { None: 0, Row: 1, Aside: 2 } as const;
export type Place = (typeof Place)[keyof typeof Place];

const NO_MESSAGES: Uint8Array[] = [];

export abstract class Http2Stream extends WheelEntry {
  readonly id: number;
  readonly host: StreamHost;
  readonly head: RequestHead;
  /** Octets of its header block that were literals and are pinned by it. */
  readonly headerBytes: number;
  halfClosed = false;
  done = false;
  /** Where it stands among those that have something to send. */
  place: Place = Place.None;
  /** Bytes of DATA that the client lets us send on this stream. Negative after it lowered its initial window. */
  sendWindow: number;
  /** Bytes of DATA that were received and not given back to the client's window. */
  unacknowledged = 0;

  protected headSent = false;
  /** The end follows behind what waits. */
  protected finishing = false;
  private queue: Uint8Array[] = NO_MESSAGES;
  private queueHead = 0;
  /** Bytes of the first message, prefix included, that are gone. */
  private queueOffset = 0;
  /** Bytes that wait, prefixes included. */
  protected queuedBytes = 0;

  constructor(host: StreamHost, id: number, head: RequestHead, headerBytes: number, sendWindow: number) {
    super();
    this.host = host;
    this.id = id;
    this.head = head;
    this.headerBytes = headerBytes;
    this.sendWindow = sendWindow;
  }

  /** The stream is registered; what it begins with. */
  abstract start(): void;
  /** Takes `[from, to)` of `bytes`, which stays as it is. */
  abstract takeData(bytes: Buffer, from: number, to: number): void;
  /** The client has sent everything. */
  abstract takeEnd(): void;
  /** Whether what was received has been taken, so that the client may send more. */
  abstract readonly hasTakenAll: boolean;
  /** The stream was reset, or its connection is gone. */
  protected abstract aborted(): void;
  /** Bytes before each message in DATA frames. */
  protected abstract readonly prefixBytes: number;
  /** One octet of a message's prefix. */
  protected abstract prefixOctet(message: Uint8Array, index: number): number;
  /** Frames the head of the response; `end`: nothing follows. */
  protected abstract writeHead(end: boolean): void;
  /** Frames the end of the response. */
  protected abstract writeEnd(): void;
  /** Some of what waited has left. */
  protected sent(): void {}

  /** Whether a turn would move something as far as this stream's own window goes. */
  get canSend(): boolean {
    if (this.done) return false;
    if (this.queuedBytes > 0) return this.sendWindow > 0 || !this.headSent;
    return this.finishing || !this.headSent;
  }

  /** Whether it can do nothing without the connection's window. */
  get needsWindow(): boolean {
    return this.queuedBytes > 0 && this.headSent;
  }

  /** One turn: the head if it is due, at most one DATA frame, and the end if it is due. */
  send(): void {
    if (!this.headSent) {
      this.headSent = true;
      const end = this.finishing && this.queuedBytes === 0;
      this.writeHead(end);
      if (end) {
        this.finish();
        return;
      }
    }
    if (this.queuedBytes > 0) {
      const bytes = Math.min(DATA_FRAME_BYTES_MAX, this.queuedBytes, this.sendWindow, this.host.sendWindow);
      if (bytes <= 0) return;
      this.writeData(bytes);
    }
    if (this.finishing && this.queuedBytes === 0) {
      this.writeEnd();
      this.finish();
      return;
    }
    this.sent();
  }

  /** Ends the stream without another frame. */
  abort(): void {
    if (this.done) return;
    this.close();
    this.aborted();
  }

  protected enqueue(message: Uint8Array): void {
    if (this.queue === NO_MESSAGES) this.queue = [];
    this.queue.push(message);
    const bytes = message.length + this.prefixBytes;
    this.queuedBytes += bytes;
    this.host.waits(bytes);
    this.host.schedule(this);
  }

  protected clearQueue(): void {
    if (this.queuedBytes > 0) this.host.waits(-this.queuedBytes);
    this.queue = NO_MESSAGES;
    this.queueHead = 0;
    this.queueOffset = 0;
    this.queuedBytes = 0;
  }

  /** The end has been framed. */
  protected finish(): void {
    this.close();
    this.host.finished(this);
  }

  protected close(): void {
    this.done = true;
    if (this.dueTick >= 0) this.host.wheel.cancel(this);
    if (this.queuedBytes > 0) this.clearQueue();
  }

  private writeData(bytes: number): void {
    const { output } = this.host;
    const at = output.reserve(FRAME_HEADER_BYTES);
    output.header(at, bytes, FrameType.Data, 0, this.id);
    let left = bytes;
    while (left > 0) {
      const message = this.queue[this.queueHead]!;
      left -= this.writePrefix(output, message, left);
      const bodyFrom = this.queueOffset - this.prefixBytes;
      const bodyBytes = Math.min(message.length - bodyFrom, left);
      if (bodyBytes > 0) {
        output.append(
          bodyBytes === message.length ? message : message.subarray(bodyFrom, bodyFrom + bodyBytes),
        );
        this.queueOffset += bodyBytes;
        left -= bodyBytes;
      }
      if (this.queueOffset === message.length + this.prefixBytes) this.dropFirst();
    }
    this.queuedBytes -= bytes;
    this.sendWindow -= bytes;
    this.host.waits(-bytes);
    this.host.spend(bytes);
  }

  /** @returns how many octets of the first message's prefix were written; at most `room`. */
  private writePrefix(output: Output, message: Uint8Array, room: number): number {
    const bytes = Math.min(this.prefixBytes - this.queueOffset, room);
    if (bytes <= 0) return 0;
    const at = output.reserve(bytes);
    for (let index = 0; index < bytes; index++) {
      output.slab[at + index] = this.prefixOctet(message, this.queueOffset + index);
    }
    this.queueOffset += bytes;
    return bytes;
  }

  private dropFirst(): void {
    this.queueOffset = 0;
    this.queueHead += 1;
    if (this.queueHead < this.queue.length) {
      // Messages that have left must not stay reachable behind a slow reader.
      this.queue[this.queueHead - 1] = EMPTY;
      if (this.queueHead < QUEUE_GARBAGE_MAX) return;
      this.queue.splice(0, this.queueHead);
    } else this.queue = NO_MESSAGES;
    this.queueHead = 0;
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);
/** Places of messages that have left, which may stay at the head of a queue. */
const QUEUE_GARBAGE_MAX = 1024;
