/**
 * One streaming call on grpc-js.
 *
 * Writing: messages wait here and go down one at a time, each when HTTP/2 has sent the one before; `bufferedBytes`
 * counts all that were given to `write` and have not left, the one in flight included. The writer is told to stop
 * at `STREAM_BUFFER_BYTES` and to go on at half of it.
 *
 * Reading: each message is asked for (`startRead`) only when the one before was handed on and the reader is not
 * paused; a message that is not asked for keeps the HTTP/2 stream paused, so its window closes and the client stops.
 */

import type { Metadata } from '@grpc/grpc-js';
import type { Runtime, Timer } from '../util/runtime.ts';
import type { BaseCall, BaseListener, WireStatus } from './grpc-js-call.ts';
import { commonNameOf, firstMetadata, HANDLER_FAILED, wireStatus } from './grpc-js-call.ts';
import type { RpcStatus, RpcStream, StreamHandler } from './transport.ts';

/** Bytes waiting in one stream from which `write` says false. One message may exceed it by its own size. */
const STREAM_BUFFER_BYTES = 256 * 1024;

export class StreamCall implements RpcStream, BaseListener {
  readonly path: string;
  private readonly call: BaseCall;
  private readonly handle: StreamHandler;
  private readonly runtime: Runtime;
  private readonly sentOne: () => void;
  private received: Metadata | null = null;

  private messageListener: ((request: Uint8Array) => void) | null = null;
  private halfCloseListener: (() => void) | null = null;
  private drainListener: (() => void) | null = null;
  private cancelListener: (() => void) | null = null;

  /** Messages that wait, from `queueHead` on; `inFlightBytes` is the size of the one that HTTP/2 has, or -1. */
  private queue: Uint8Array[] = [];
  private queueHead = 0;
  private inFlightBytes = -1;
  private waitingBytes = 0;
  private wantsDrain = false;

  private paused = false;
  private reading = false;
  private readAgain = false;
  /** A read was asked for and has not been answered. */
  private readPending = false;
  private halfClosed = false;

  /** `end` was called; the status goes out behind the messages that wait. */
  private ending: WireStatus | null = null;
  /** Nothing goes in or out any more. */
  private over = false;
  private cancelled = false;
  private deadline: Timer | null = null;

  constructor(path: string, call: BaseCall, handle: StreamHandler, runtime: Runtime) {
    this.path = path;
    this.call = call;
    this.handle = handle;
    this.runtime = runtime;
    this.sentOne = () => this.onSent();
  }

  /** Called by grpc-js, whose own listener is left aside on purpose. */
  start(): void {
    this.call.start(this);
  }

  get peer(): string {
    return this.call.getPeer();
  }

  get commonName(): string {
    return commonNameOf(this.call);
  }

  metadata(key: string): string | undefined {
    return firstMetadata(this.received, key);
  }

  get bufferedBytes(): number {
    return this.waitingBytes;
  }

  onMessage(listener: (request: Uint8Array) => void): void {
    this.messageListener = listener;
  }

  onHalfClose(listener: () => void): void {
    this.halfCloseListener = listener;
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener;
  }

  // Writing

  write(response: Uint8Array): boolean {
    if (this.over || this.ending !== null) return false;
    this.waitingBytes += response.length;
    this.queue.push(response);
    if (this.inFlightBytes < 0) this.sendNext();
    if (this.waitingBytes < STREAM_BUFFER_BYTES) return true;
    this.wantsDrain = true;
    return false;
  }

  end(status: RpcStatus | null): void {
    this.finish(wireStatus(status));
  }

  private finish(status: WireStatus): void {
    if (this.over || this.ending !== null) return;
    this.ending = status;
    if (this.inFlightBytes < 0) this.sendNext();
  }

  private sendNext(): void {
    if (this.queueHead < this.queue.length) {
      const message = this.queue[this.queueHead]!;
      this.queueHead += 1;
      if (this.queueHead === this.queue.length) {
        this.queue = [];
        this.queueHead = 0;
      }
      this.inFlightBytes = message.length;
      this.call.sendMessage(message, this.sentOne);
    } else if (this.ending !== null) {
      const status = this.ending;
      this.stop();
      this.call.sendStatus(status);
    }
  }

  private onSent(): void {
    if (this.over) return;
    this.waitingBytes -= this.inFlightBytes;
    this.inFlightBytes = -1;
    this.sendNext();
    if (!this.wantsDrain || this.over || this.waitingBytes > STREAM_BUFFER_BYTES / 2) return;
    this.wantsDrain = false;
    this.drainListener?.();
  }

  // Reading

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (!this.readPending) this.read();
  }

  /**
   * Asks for the next message. grpc-js may answer within the call when one is waiting; the loop turns that into
   * iteration, for a client that sends thousands of small messages to a paused reader would overflow the stack.
   */
  private read(): void {
    if (this.reading) {
      this.readAgain = true;
      return;
    }
    this.reading = true;
    do {
      this.readAgain = false;
      if (this.over || this.halfClosed || this.paused) break;
      this.readPending = true;
      this.call.startRead();
    } while (this.readAgain);
    this.reading = false;
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.received = metadata;
    this.watchDeadline();
    try {
      this.handle(this);
    } catch (error) {
      this.handlerThrew(error);
    }
    this.read();
  }

  onReceiveMessage(message: Buffer): void {
    this.readPending = false;
    if (this.over || this.ending !== null) return;
    try {
      this.messageListener?.(message);
    } catch (error) {
      this.handlerThrew(error);
    }
    this.read();
  }

  onReceiveHalfClose(): void {
    this.readPending = false;
    this.halfClosed = true;
    if (this.over || this.ending !== null) return;
    try {
      this.halfCloseListener?.();
    } catch (error) {
      this.handlerThrew(error);
    }
  }

  private handlerThrew(error: unknown): void {
    this.runtime.log.error('a stream handler threw', { path: this.path, error });
    this.finish(HANDLER_FAILED);
  }

  // The end

  /** Both ends of it: the handler sets a listener, and grpc-js, which passes nothing, reports that the call is over. */
  onCancel(listener?: () => void): void {
    if (listener !== undefined) {
      this.cancelListener = listener;
      if (this.cancelled) listener();
      return;
    }
    if (this.over) return;
    const answered = this.ending !== null;
    this.stop();
    if (answered) return;
    this.cancelled = true;
    this.cancelListener?.();
  }

  /**
   * At the deadline grpc-js ends the call, but reports it only when the message in flight has left, which a client
   * that does not read can put off for ever. Our own timer frees the queue and tells the handler in time.
   */
  private watchDeadline(): void {
    const deadlineMs = Number(this.call.getDeadline());
    if (!Number.isFinite(deadlineMs)) return;
    const { clock } = this.runtime;
    const delayMs = Math.max(deadlineMs - clock.wallNow(), 0);
    this.deadline = clock.setTimer(delayMs, () => this.onCancel());
  }

  private stop(): void {
    this.over = true;
    this.queue = [];
    this.queueHead = 0;
    this.waitingBytes = 0;
    this.deadline?.cancel();
    this.deadline = null;
  }
}
