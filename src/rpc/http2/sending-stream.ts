/**
 * The half of an HTTP/2 stream that sends, which is the same for both ends of a connection.
 *
 * Messages wait here until it is the stream's turn (`send`); a turn is at most one DATA frame, which may hold several
 * small messages or a part of a large one. The end follows behind the last message. A stream that is `done` gives
 * nothing any more.
 */

import { FRAME_HEADER_BYTES, FrameType } from './frames.ts';
import { DATA_FRAME_BYTES_MAX } from './limits.ts';
import type { Output } from './output.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { WheelEntry } from './timer-wheel.ts';

/** The connection, as whoever sends on it sees it. */
export interface SendingHost {
  readonly output: Output;
  readonly wheel: TimerWheel;
  /** Bytes of DATA that the peer lets us send on all streams together. */
  readonly sendWindow: number;
  /** DATA was framed. */
  spend(bytes: number): void;
  /** Bytes were added to (or, negative, taken from) what waits in a stream. */
  waits(bytes: number): void;
  /** The stream has something to send. */
  schedule(stream: SendingStream): void;
}

/** In no list; in the row of those that will have their turn; aside, until the connection's window opens. */
export const Place = { None: 0, Row: 1, Aside: 2 } as const;
export type Place = (typeof Place)[keyof typeof Place];

const NO_MESSAGES: Uint8Array[] = [];

export abstract class SendingStream extends WheelEntry {
  id: number;
  host: SendingHost;
  /** It takes and gives nothing any more. */
  done = false;
  /** Where it stands among those that have something to send. */
  place: Place = Place.None;
  /** Bytes of DATA that the peer lets us send on this stream. Negative after it lowered its initial window. */
  sendWindow: number;

  protected headSent = false;
  /** The end follows behind what waits. */
  protected finishing = false;
  private queue: Uint8Array[] = NO_MESSAGES;
  private queueHead = 0;
  /** Bytes of the first message, prefix included, that are gone. */
  private queueOffset = 0;
  /** Bytes that wait, prefixes included. */
  protected queuedBytes = 0;

  constructor(host: SendingHost, id: number, sendWindow: number) {
    super();
    this.host = host;
    this.id = id;
    this.sendWindow = sendWindow;
  }

  /** Bytes before each message in DATA frames. */
  protected abstract readonly prefixBytes: number;
  /** One octet of a message's prefix. */
  protected abstract prefixOctet(message: Uint8Array, index: number): number;
  /** Frames the head; `end`: nothing follows. */
  protected abstract writeHead(end: boolean): void;
  /** Frames the end. */
  protected abstract writeEnd(): void;
  /** The end has been framed. */
  protected abstract finish(): void;
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
