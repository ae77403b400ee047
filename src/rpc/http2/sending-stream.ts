/**
 * The half of an HTTP/2 stream that sends, which is the same for both ends of a connection.
 *
 * Messages wait here until it is the stream's turn (`send`); a turn is at most one DATA frame, which may hold several
 * small messages or a part of a large one. The end follows behind the last message. A stream that is `done` gives
 * nothing any more.
 */

import type { SplitMessage } from '../transport.ts';
import { FRAME_HEADER_BYTES, FrameType } from './frames.ts';
import { DATA_FRAME_BYTES_MAX } from './limits.ts';
import type { Output } from './output.ts';
import { BODY_BYTES_NOT_COPIED } from './output.ts';
import { SendQueue } from './send-queue.ts';
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
  /** What waits, prefixes included; made for the first message that cannot leave at once. */
  protected queue: SendQueue | null = null;

  constructor(host: SendingHost, id: number, sendWindow: number) {
    super();
    this.host = host;
    this.id = id;
    this.sendWindow = sendWindow;
  }

  /** Bytes before each message in DATA frames. */
  protected abstract readonly prefixBytes: number;
  /** One octet of a message's prefix. */
  protected abstract prefixOctet(message: { readonly length: number }, index: number): number;
  /** Frames the head; `end`: nothing follows. */
  protected abstract writeHead(end: boolean): void;
  /** Frames the end. */
  protected abstract writeEnd(): void;
  /** The end has been framed. */
  protected abstract finish(): void;
  /** Some of what waited has left. */
  protected sent(): void {}

  /** Bytes that wait, prefixes included. */
  get queuedBytes(): number {
    return this.queue === null ? 0 : this.queue.bytes;
  }

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
    this.queue ??= new SendQueue();
    const { queue, prefixBytes } = this;
    const before = queue.bytes;
    const isCopied = message.length < BODY_BYTES_NOT_COPIED;
    const octets = prefixBytes + (isCopied ? message.length : 0);
    if (octets > 0) {
      const at = queue.reserve(octets);
      const { chunk } = queue;
      for (let index = 0; index < prefixBytes; index++) chunk[at + index] = this.prefixOctet(message, index);
      if (isCopied) chunk.set(message, at + prefixBytes);
    }
    if (!isCopied) queue.append(message);
    this.enqueued(queue.bytes - before);
  }

  /** One message that is not put together: its parts wait as they are, and must not change before they have left. */
  protected enqueueParts(message: SplitMessage): void {
    this.queue ??= new SendQueue();
    const { queue, prefixBytes } = this;
    const before = queue.bytes;
    const at = queue.reserve(prefixBytes);
    for (let index = 0; index < prefixBytes; index++)
      queue.chunk[at + index] = this.prefixOctet(message, index);
    for (const part of message.parts) queue.append(part);
    this.enqueued(queue.bytes - before);
  }

  /** So many octets were added to the queue. */
  protected enqueued(bytes: number): void {
    this.host.waits(bytes);
    this.host.schedule(this);
  }

  protected clearQueue(): void {
    const bytes = this.queuedBytes;
    if (bytes === 0) return;
    this.host.waits(-bytes);
    this.queue!.clear();
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
    this.queue!.moveTo(output, bytes);
    this.sendWindow -= bytes;
    this.host.waits(-bytes);
    this.host.spend(bytes);
  }
}
