/**
 * One streaming gRPC call.
 *
 * Writing: `bufferedBytes` counts what was given to `write` and is not in a frame; the writer is told to stop at
 * `STREAM_BUFFER_BYTES` and to go on at half of it. Reading: while the reader is paused, what comes waits here, and
 * the client's window is not opened again, so that it stops after `STREAM_WINDOW_BYTES`.
 */

import type { RpcStatus, RpcStream, StreamHandler } from '../transport.ts';
import { numbered } from '../transport.ts';
import { decompressionFault, GrpcCall, UNEXPECTED_END } from './grpc-call.ts';
import { decompress } from './gzip.ts';
import { STREAM_BUFFER_BYTES, STREAM_BUFFER_BYTES_MAX } from './limits.ts';
import { MessageReader } from './message-reader.ts';
import type { RequestHead } from './request-head.ts';
import type { StreamHost } from './stream.ts';

export class StreamCall extends GrpcCall implements RpcStream {
  private readonly handle: StreamHandler;
  private readonly reader: MessageReader;
  private messageListener: ((request: Uint8Array) => void) | null = null;
  private halfCloseListener: (() => void) | null = null;
  private drainListener: (() => void) | null = null;
  private wantsDrain = false;
  /** A stream that tells many the same may have more waiting, while there is room. */
  private bufferBytesMax = STREAM_BUFFER_BYTES;
  private paused = false;
  /** A message is being decompressed. */
  private inflating = false;
  private delivering = false;
  private endDelivered = false;

  constructor(
    host: StreamHost,
    id: number,
    head: RequestHead,
    headerBytes: number,
    sendWindow: number,
    handle: StreamHandler,
  ) {
    super(host, id, head, headerBytes, sendWindow);
    this.handle = handle;
    this.reader = new MessageReader(host.maxReceiveBytes);
  }

  override start(): void {
    super.start();
    if (this.host.congested) this.host.postpone(() => this.open());
    else this.open();
  }

  private opened = false;

  private open(): void {
    if (this.done || this.answered) return;
    this.opened = true;
    try {
      this.handle(this);
    } catch (error) {
      this.handlerThrew('a stream handler threw', error);
    }
    this.deliver();
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

  get bufferedBytes(): number {
    return this.queuedBytes + this.uncompressedBytes;
  }

  write(response: Uint8Array): boolean {
    if (this.done || this.answered) return false;
    this.sendMessage(response);
    return this.hasRoom();
  }

  writeNumbered(head: Uint8Array, number: number, tail: Uint8Array): boolean {
    if (this.compresses) return this.write(numbered(head, number, tail));
    if (this.done || this.answered) return false;
    this.bufferBytesMax = STREAM_BUFFER_BYTES_MAX;
    this.enqueueNumbered(head, number, tail);
    return this.hasRoom();
  }

  /** Whether more may be written; if not, `onDrain` tells when. */
  private hasRoom(): boolean {
    const { bufferedBytes } = this;
    if (bufferedBytes < STREAM_BUFFER_BYTES) return true;
    if (bufferedBytes < this.bufferBytesMax && this.host.isRoomy) return true;
    this.wantsDrain = true;
    return false;
  }

  end(status: RpcStatus | null): void {
    this.answer(status);
  }

  protected override sent(): void {
    if (!this.wantsDrain || this.answered || this.bufferedBytes > STREAM_BUFFER_BYTES / 2) return;
    this.wantsDrain = false;
    try {
      this.drainListener?.();
    } catch (error) {
      this.handlerThrew('a stream handler threw', error);
    }
  }

  // Reading

  get hasTakenAll(): boolean {
    return this.reader.waitingBytes === 0;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (this.delivering) return;
    this.deliver();
    this.host.credit(this);
  }

  takeData(bytes: Buffer, from: number, to: number): void {
    if (this.answered) return;
    this.reader.push(bytes.subarray(from, to));
    this.deliver();
  }

  takeEnd(): void {
    this.deliver();
  }

  private get mayDeliver(): boolean {
    return this.opened && !this.paused && !this.inflating && !this.answered && !this.done;
  }

  private deliver(): void {
    if (this.delivering) return;
    this.delivering = true;
    try {
      this.deliverMessages();
    } catch (error) {
      this.refuseFor(error);
    }
    this.delivering = false;
    if (this.done) return;
    this.reader.detach();
    this.hold(this.reader.heldBytes);
    if (this.halfClosed && this.mayDeliver) this.deliverEnd();
  }

  private deliverMessages(): void {
    while (this.mayDeliver) {
      const message = this.reader.next();
      if (message === null) return;
      if (this.reader.compressed && message.length > 0) this.inflate(message);
      else this.give(message);
    }
  }

  private give(message: Uint8Array): void {
    try {
      this.messageListener?.(message);
    } catch (error) {
      this.handlerThrew('a stream handler threw', error);
    }
  }

  private inflate(message: Buffer): void {
    const { maxReceiveBytes } = this.host;
    if (!this.compresses) {
      this.refuse(decompressionFault(null, maxReceiveBytes));
      return;
    }
    this.inflating = true;
    decompress(message, maxReceiveBytes, (result) => {
      this.inflating = false;
      if (this.done || this.answered) return;
      if (result.message === null) this.refuse(decompressionFault(result, maxReceiveBytes));
      else this.give(result.message);
      if (this.delivering) return;
      this.deliver();
      this.host.credit(this);
    });
  }

  private deliverEnd(): void {
    if (this.endDelivered) return;
    this.endDelivered = true;
    if (this.reader.isInside) {
      this.refuse(UNEXPECTED_END);
      return;
    }
    try {
      this.halfCloseListener?.();
    } catch (error) {
      this.handlerThrew('a stream handler threw', error);
    }
  }
}
