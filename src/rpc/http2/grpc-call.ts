/**
 * What unary and streaming gRPC calls have in common: metadata, deadline, cancellation, status, and compression of
 * what is sent. Rules and texts are those of grpc-go: an answer is compressed if the request was.
 */

import { varintBytes, writeVarint } from '../../wire/proto-writer.ts';
import type { RpcCall, RpcStatus } from '../transport.ts';
import { Flag } from './frames.ts';
import type { Decompressed } from './gzip.ts';
import { compress } from './gzip.ts';
import { MESSAGE_PREFIX_BYTES, MessageFault } from './message-reader.ts';
import type { RequestHead } from './request-head.ts';
import { INTERNAL, metadataOf } from './request-head.ts';
import { SendQueue } from './send-queue.ts';
import type { StreamHost } from './stream.ts';
import { Http2Stream } from './stream.ts';
import { writeHeaderBlock } from './write-header-block.ts';

const DEADLINE_EXCEEDED: RpcStatus = { code: 4, message: 'context deadline exceeded' };
const RESOURCE_EXHAUSTED = 8;
const HELD_TOO_MUCH: RpcStatus = {
  code: RESOURCE_EXHAUSTED,
  message: 'grpc: too many request bytes of this connection wait',
};
/** What a client learns of a handler that threw; the log has the rest. */
const HANDLER_FAILED: RpcStatus = { code: INTERNAL, message: 'internal error' };
export const UNEXPECTED_END: RpcStatus = { code: INTERNAL, message: 'unexpected EOF' };
export const GZIP = 'gzip';
const PLAIN_TYPE = 'application/grpc';

export abstract class GrpcCall extends Http2Stream implements RpcCall {
  readonly path: string;
  /** Null is OK. Of meaning once `answered`. */
  private status: RpcStatus | null = null;
  /** The handler has said how the call ends; nothing is reported to it any more. */
  protected answered = false;
  private cancelled = false;
  private cancelListener: (() => void) | null = null;
  private heldBytes = 0;
  private compressor: Compressor | null = null;

  constructor(host: StreamHost, id: number, head: RequestHead, headerBytes: number, sendWindow: number) {
    super(host, id, head, headerBytes, sendWindow);
    this.path = head.path;
  }

  start(): void {
    if (this.head.timeoutMs >= 0) this.host.wheel.set(this, this.head.timeoutMs);
  }

  get peer(): string {
    return this.host.peer;
  }

  get commonName(): string {
    return this.host.commonName;
  }

  get shared(): { note: unknown } {
    return this.head;
  }

  metadata(key: string): string | undefined {
    return metadataOf(this.head, key);
  }

  onCancel(listener: () => void): void {
    this.cancelListener = listener;
    if (this.cancelled) listener();
  }

  /** The deadline. */
  onTimer(): void {
    if (this.done) return;
    const wasAnswered = this.answered;
    this.answered = true;
    this.status = DEADLINE_EXCEEDED;
    this.compressor = null;
    this.clearQueue();
    this.finishing = true;
    this.host.schedule(this);
    if (!wasAnswered) this.cancel();
  }

  protected aborted(): void {
    if (this.answered) return;
    this.answered = true;
    this.cancel();
  }

  private cancel(): void {
    this.cancelled = true;
    try {
      this.cancelListener?.();
    } catch (error) {
      this.host.log.error('a cancel listener threw', { path: this.path, error });
    }
  }

  /** Ends the call behind what was sent before. */
  protected answer(status: RpcStatus | null): void {
    if (this.answered) return;
    this.answered = true;
    this.status = status;
    if (this.compressor?.busy === true) return;
    this.finishing = true;
    this.host.schedule(this);
  }

  protected handlerThrew(message: string, error: unknown): void {
    this.host.log.error(message, { path: this.path, error });
    this.answer(HANDLER_FAILED);
  }

  /** Ends a call whose request cannot be read. A handler that runs hears of it as of a cancellation. */
  protected refuse(status: RpcStatus): void {
    if (this.answered) return;
    this.answer(status);
    this.cancel();
  }

  /** The same for what a reader of messages throws. */
  protected refuseFor(error: unknown): void {
    if (!(error instanceof MessageFault)) throw error;
    this.refuse({ code: error.code, message: error.message });
  }

  /** Accounts for request bytes that are pinned by this call, and refuses it if that is too much. */
  protected hold(bytes: number): void {
    if (bytes === this.heldBytes) return;
    const added = bytes - this.heldBytes;
    this.heldBytes = bytes;
    if (!this.host.holds(added)) this.refuse(HELD_TOO_MUCH);
  }

  // Sending

  protected get compresses(): boolean {
    return this.head.encoding === GZIP;
  }

  /** Whether the head of the answer is the one that nearly all answers have. */
  protected get hasPlainHead(): boolean {
    return this.head.encoding === '' && this.head.contentType === PLAIN_TYPE;
  }

  /** Bytes that wait to be compressed. */
  protected get uncompressedBytes(): number {
    return this.compressor === null ? 0 : this.compressor.bytes;
  }

  protected sendMessage(message: Uint8Array): void {
    if (!this.compresses) {
      this.enqueue(message);
      return;
    }
    this.compressor ??= new Compressor((compressed) => this.onCompressed(compressed));
    this.compressor.push(message);
  }

  /** Queues `head`, `number` as a varint, and `tail` as one message, not compressed. */
  protected enqueueNumbered(head: Uint8Array, number: number, tail: Uint8Array): void {
    this.queue ??= new SendQueue();
    const { queue } = this;
    const before = queue.bytes;
    const headBytes = head.length + varintBytes(number);
    const at = queue.reserve(MESSAGE_PREFIX_BYTES + headBytes);
    const { chunk } = queue;
    chunk[at] = 0;
    chunk.writeUInt32BE(headBytes + tail.length, at + 1);
    chunk.set(head, at + MESSAGE_PREFIX_BYTES);
    writeVarint(chunk, at + MESSAGE_PREFIX_BYTES + head.length, number);
    queue.append(tail);
    this.enqueued(queue.bytes - before);
  }

  private onCompressed(message: Uint8Array): void {
    if (this.done || this.finishing) return;
    this.enqueue(message);
    if (this.answered && this.compressor?.busy === false) this.finishing = true;
  }

  protected get prefixBytes(): number {
    return MESSAGE_PREFIX_BYTES;
  }

  /** An empty message is never compressed, and what was compressed is never empty. */
  protected prefixOctet(message: { readonly length: number }, index: number): number {
    if (index === 0) return this.compresses && message.length > 0 ? 1 : 0;
    return (message.length >>> (8 * (MESSAGE_PREFIX_BYTES - 1 - index))) & 0xff;
  }

  protected writeHead(end: boolean): void {
    const { blocks, output } = this.host;
    if (end && this.status !== null) {
      const { code, message } = this.status;
      const block = blocks.takeTrailersOnly(this.head, 200, code, message);
      writeHeaderBlock(output, this.id, Flag.EndStream, block);
      return;
    }
    const block = this.hasPlainHead ? blocks.takeHead() : blocks.takeOtherHead(this.head, this.compresses);
    writeHeaderBlock(output, this.id, 0, block);
    if (end) this.writeEnd();
  }

  protected writeEnd(): void {
    const { blocks, output } = this.host;
    const { status } = this;
    const block = status === null ? blocks.takeOk() : blocks.takeTrailers(status.code, status.message);
    writeHeaderBlock(output, this.id, Flag.EndStream, block);
  }

  protected override close(): void {
    super.close();
    this.compressor = null;
    if (this.heldBytes > 0) this.hold(0);
  }
}

/** Why a compressed message was refused; null: because the request did not say how it is compressed. */
export function decompressionFault(result: Decompressed | null, maxBytes: number): RpcStatus {
  if (result === null) {
    return { code: INTERNAL, message: 'grpc: compressed flag set with identity or empty encoding' };
  }
  if (result.tooLarge) {
    const message = `grpc: received message after decompression larger than max (${maxBytes + 1} vs. ${maxBytes})`;
    return { code: RESOURCE_EXHAUSTED, message };
  }
  return { code: INTERNAL, message: `grpc: failed to decompress the received message: ${result.fault}` };
}

/** Compresses messages in their order, also when some are done elsewhere and later. */
class Compressor {
  private readonly done: (compressed: Uint8Array) => void;
  private readonly waiting: Uint8Array[] = [];
  private running = false;
  private looping = false;
  bytes = 0;

  constructor(done: (compressed: Uint8Array) => void) {
    this.done = done;
  }

  get busy(): boolean {
    return this.waiting.length > 0;
  }

  push(message: Uint8Array): void {
    this.waiting.push(message);
    this.bytes += message.length;
    this.run();
  }

  private run(): void {
    if (this.looping) return;
    this.looping = true;
    while (this.waiting.length > 0 && !this.running) {
      const message = this.waiting[0]!;
      this.running = true;
      if (message.length === 0) this.finish(message);
      else compress(message, (compressed) => this.finish(compressed));
    }
    this.looping = false;
  }

  private finish(compressed: Uint8Array): void {
    this.running = false;
    this.bytes -= this.waiting.shift()!.length;
    this.done(compressed);
    this.run();
  }
}
