/**
 * One unary gRPC call. The handler runs as soon as the message is complete; a small answer is framed at once, its
 * head, message and trailers in one piece, as long as the client's windows and the connection's output allow it.
 */

import { varintBytes, writeVarint } from '../../wire/proto-writer.ts';
import {
  type CallObserver,
  type DirectCall,
  numbered,
  type RpcMethod,
  type RpcStatus,
  SplitMessage,
  type UnaryResponse,
  wholeOf,
} from '../transport.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType } from './frames.ts';
import { decompressionFault, GrpcCall, UNEXPECTED_END } from './grpc-call.ts';
import { decompress } from './gzip.ts';
import { DATA_FRAME_BYTES_MAX } from './limits.ts';
import { MESSAGE_PREFIX_BYTES, MessageReader } from './message-reader.ts';
import { BODY_BYTES_NOT_COPIED } from './output.ts';
import type { RequestHead } from './request-head.ts';
import { INTERNAL } from './request-head.ts';
import type { StreamHost } from './stream.ts';

export type UnaryMethod = Extract<RpcMethod, { kind: 'unary' }>;

export class UnaryCall extends GrpcCall implements DirectCall {
  observer: CallObserver | null = null;
  beganAt = 0;
  private readonly method: UnaryMethod;
  private reader: MessageReader | null = null;
  /** The message is complete. Whatever else the client sends is ignored. */
  private received = false;

  constructor(
    host: StreamHost,
    id: number,
    head: RequestHead,
    headerBytes: number,
    sendWindow: number,
    method: UnaryMethod,
  ) {
    super(host, id, head, headerBytes, sendWindow);
    this.method = method;
  }

  get hasTakenAll(): boolean {
    return true;
  }

  takeData(bytes: Buffer, from: number, to: number): void {
    if (this.received || this.answered) return;
    const length = to - from - MESSAGE_PREFIX_BYTES;
    // Nearly always the whole message is in one frame.
    if (
      this.reader === null &&
      length > 0 &&
      length <= this.host.maxReceiveBytes &&
      bytes[from] === 0 &&
      bytes.readUInt32BE(from + 1) === length
    ) {
      this.received = true;
      // No `Buffer`: a plain view is made in half the time.
      this.run(new Uint8Array(bytes.buffer, bytes.byteOffset + from + MESSAGE_PREFIX_BYTES, length));
      return;
    }
    this.takePart(bytes.subarray(from, to));
  }

  takeEnd(): void {
    if (this.received || this.answered) return;
    if (this.reader?.isInside === true) this.refuse(UNEXPECTED_END);
    else this.answer({ code: INTERNAL, message: `unary call of ${this.path} carried no request message` });
  }

  private takePart(part: Buffer): void {
    this.reader ??= new MessageReader(this.host.maxReceiveBytes);
    const { reader } = this;
    try {
      reader.push(part);
      const message = reader.next();
      if (message === null) {
        reader.detach();
        this.hold(reader.heldBytes);
        return;
      }
      this.received = true;
      this.reader = null;
      this.hold(0);
      if (reader.compressed) this.inflate(message);
      else this.run(message);
    } catch (error) {
      this.refuseFor(error);
    }
  }

  private inflate(message: Buffer): void {
    if (!this.compresses) {
      this.refuse(decompressionFault(null, this.host.maxReceiveBytes));
      return;
    }
    this.hold(message.length);
    decompress(message, this.host.maxReceiveBytes, (result) => {
      if (this.done) return;
      this.hold(0);
      if (result.message === null) this.refuse(decompressionFault(result, this.host.maxReceiveBytes));
      else this.run(result.message);
    });
  }

  private run(message: Uint8Array): void {
    if (this.host.congested) {
      // The view would pin all that was read with it.
      const kept = Buffer.from(message);
      this.hold(kept.length);
      this.host.postpone(() => {
        if (this.done) return;
        this.hold(0);
        this.run(kept);
      });
      return;
    }
    if (this.answered) return;
    const { method } = this;
    try {
      if (method.direct !== undefined) method.direct(message, this);
      else method.handle(message, this, (status, response) => this.reply(status, response));
    } catch (error) {
      this.handlerThrew('a unary handler threw', error);
    }
  }

  reply(status: RpcStatus | null, response: UnaryResponse | null): void {
    this.tellObserver(status, response === null ? -1 : response.length);
    if (this.answered) return;
    if (status !== null) {
      this.answer(status);
      return;
    }
    if (response === null) throw new Error(`unary reply of ${this.path} has neither a status nor a response`);
    if (response instanceof SplitMessage) {
      this.replyParts(response);
      return;
    }
    if (this.mayWriteAtOnce(response.length)) {
      const at = this.frame(response.length);
      this.host.output.slab.set(response, at);
      this.finish();
      return;
    }
    this.sendMessage(response);
    this.answer(null);
  }

  private replyParts(response: SplitMessage): void {
    if (this.compresses) this.sendMessage(wholeOf(response));
    else this.enqueueParts(response);
    this.answer(null);
  }

  replyNumbered(head: Uint8Array, number: number, tail: Uint8Array): void {
    const length = head.length + varintBytes(number) + tail.length;
    this.tellObserver(null, length);
    if (this.answered) return;
    if (this.mayWriteAtOnce(length)) {
      const at = this.frame(length);
      const { slab } = this.host.output;
      copyShort(head, slab, at);
      copyShort(tail, slab, writeVarint(slab, at + head.length, number));
      this.finish();
      return;
    }
    this.sendMessage(numbered(head, number, tail));
    this.answer(null);
  }

  private tellObserver(status: RpcStatus | null, responseBytes: number): void {
    const { observer } = this;
    if (observer === null) return;
    this.observer = null;
    observer.replied(status, responseBytes, this.beganAt);
  }

  /**
   * Whether nothing speaks against framing the whole answer now. The head may be gone already: a client that opens its
   * windows while it waits gives the stream a turn, as grpc-go does when it finds that much comes over the connection.
   */
  private mayWriteAtOnce(length: number): boolean {
    const bytes = MESSAGE_PREFIX_BYTES + length;
    if (this.headSent || length >= BODY_BYTES_NOT_COPIED || bytes > DATA_FRAME_BYTES_MAX) return false;
    return bytes <= this.sendWindow && this.hasPlainHead && this.host.mayWriteNow(bytes);
  }

  /** Frames the whole answer but for the message itself. @returns where that has its place in the slab */
  private frame(length: number): number {
    this.answered = true;
    this.headSent = true;
    const { host, id } = this;
    const { blocks, output } = host;
    const head = blocks.takeHead();
    const trailers = blocks.takeOk();
    const bytes = MESSAGE_PREFIX_BYTES + length;
    const start = output.reserve(3 * FRAME_HEADER_BYTES + head.length + bytes + trailers.length);
    const { slab } = output;
    output.header(start, head.length, FrameType.Headers, Flag.EndHeaders, id);
    copyShort(head, slab, start + FRAME_HEADER_BYTES);
    const data = start + FRAME_HEADER_BYTES + head.length;
    output.header(data, bytes, FrameType.Data, 0, id);
    const message = data + FRAME_HEADER_BYTES + MESSAGE_PREFIX_BYTES;
    slab[message - 5] = 0;
    slab[message - 4] = length >>> 24;
    slab[message - 3] = length >>> 16;
    slab[message - 2] = length >>> 8;
    slab[message - 1] = length;
    const end = message + length;
    output.header(end, trailers.length, FrameType.Headers, Flag.EndHeaders | Flag.EndStream, id);
    copyShort(trailers, slab, end + FRAME_HEADER_BYTES);
    host.spend(bytes);
    return message;
  }
}

/** Of a few octets a loop is faster than `set`. */
function copyShort(from: Uint8Array, to: Uint8Array, at: number): void {
  for (let index = 0; index < from.length; index++) to[at + index] = from[index]!;
}
