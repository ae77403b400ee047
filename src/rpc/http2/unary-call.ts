/**
 * One unary gRPC call. The handler runs as soon as the message is complete; a small answer is framed at once, its
 * head, message and trailers in one piece, as long as the client's windows and the connection's output allow it.
 */

import type { RpcStatus, UnaryHandler } from '../transport.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType } from './frames.ts';
import { decompressionFault, GrpcCall, UNEXPECTED_END } from './grpc-call.ts';
import { decompress } from './gzip.ts';
import { DATA_FRAME_BYTES_MAX } from './limits.ts';
import { MESSAGE_PREFIX_BYTES, MessageReader } from './message-reader.ts';
import { BODY_BYTES_NOT_COPIED } from './output.ts';
import type { RequestHead } from './request-head.ts';
import { INTERNAL } from './request-head.ts';
import type { StreamHost } from './stream.ts';

export class UnaryCall extends GrpcCall {
  private readonly handle: UnaryHandler;
  private reader: MessageReader | null = null;
  /** The message is complete. Whatever else the client sends is ignored. */
  private received = false;

  constructor(
    host: StreamHost,
    id: number,
    head: RequestHead,
    headerBytes: number,
    sendWindow: number,
    handle: UnaryHandler,
  ) {
    super(host, id, head, headerBytes, sendWindow);
    this.handle = handle;
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
      this.run(bytes.subarray(from + MESSAGE_PREFIX_BYTES, to));
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

  private run(message: Buffer): void {
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
    try {
      this.handle(message, this, (status, response) => this.reply(status, response));
    } catch (error) {
      this.handlerThrew('a unary handler threw', error);
    }
  }

  private reply(status: RpcStatus | null, response: Uint8Array | null): void {
    if (this.answered) return;
    if (status !== null) {
      this.answer(status);
      return;
    }
    if (response === null) throw new Error(`unary reply of ${this.path} has neither a status nor a response`);
    if (this.writesAtOnce(response)) return;
    this.sendMessage(response);
    this.answer(null);
  }

  /**
   * Frames the whole answer if nothing speaks against it. The head may be gone already: a client that opens its windows
   * while it waits gives the stream a turn, as grpc-go does when it finds that much comes over the connection.
   */
  private writesAtOnce(response: Uint8Array): boolean {
    if (this.headSent) return false;
    const { host } = this;
    const bytes = MESSAGE_PREFIX_BYTES + response.length;
    if (response.length >= BODY_BYTES_NOT_COPIED || bytes > DATA_FRAME_BYTES_MAX) return false;
    if (bytes > this.sendWindow || !this.hasPlainHead || !host.mayWriteNow(bytes)) return false;
    this.answered = true;
    const { blocks, output } = host;
    const head = blocks.takeHead();
    const trailers = blocks.takeOk();
    let at = output.reserve(3 * FRAME_HEADER_BYTES + head.length + bytes + trailers.length);
    const { slab } = output;
    output.header(at, head.length, FrameType.Headers, Flag.EndHeaders, this.id);
    slab.set(head, at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + head.length;
    output.header(at, bytes, FrameType.Data, 0, this.id);
    at += FRAME_HEADER_BYTES;
    slab[at] = 0;
    slab.writeUInt32BE(response.length, at + 1);
    slab.set(response, at + MESSAGE_PREFIX_BYTES);
    at += bytes;
    output.header(at, trailers.length, FrameType.Headers, Flag.EndHeaders | Flag.EndStream, this.id);
    slab.set(trailers, at + FRAME_HEADER_BYTES);
    this.headSent = true;
    host.spend(bytes);
    this.finish();
    return true;
  }
}
