/**
 * One call as its client sees it: the request leaves as HEADERS and DATA, a response comes back and ends with trailers.
 *
 * States: made, and perhaps waiting for a connection or for its place on one (`id` 0); open, until trailers, a reset, a
 * cancellation or the end of the connection (`done`). What is reported to the caller is up to the kinds of calls.
 */

import type { RpcFailure, RpcMetadata } from '../channel.ts';
import { Flag, FRAME_HEADER_BYTES, FrameType } from './frames.ts';
import { DATA_FRAME_BYTES_MAX } from './limits.ts';
import { MESSAGE_PREFIX_BYTES } from './message-reader.ts';
import { BODY_BYTES_NOT_COPIED, Output } from './output.ts';
import { RequestBlocks } from './request-blocks.ts';
import { type ResponseHead, statusOfHttp, statusOfReset } from './response-head.ts';
import { type SendingHost, SendingStream } from './sending-stream.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { writeHeaderBlock } from './write-header-block.ts';

/** The connection, as its calls see it. */
export interface ClientStreamHost extends SendingHost {
  readonly blocks: RequestBlocks;
  readonly maxReceiveBytes: number;
  /** Whether so much DATA may be framed at once. */
  mayWriteNow(bytes: number): boolean;
  /** Lets the server send more, if enough has been taken to be worth a frame. */
  credit(stream: ClientStream): void;
  /** The call is given up. */
  cancelled(stream: ClientStream): void;
}

export abstract class ClientStream extends SendingStream {
  declare host: ClientStreamHost;
  readonly path: string;
  readonly metadata: RpcMetadata;
  /** Milliseconds that the server is told it has; 0: no limit. */
  readonly timeoutMs: number;
  /** Bytes of DATA that were received and not given back to the server's window. */
  unacknowledged = 0;
  /** Our END_STREAM is framed. */
  hasEnded = false;
  protected httpStatus = -1;
  protected encoding = '';

  constructor(host: ClientStreamHost, path: string, metadata: RpcMetadata, timeoutMs: number) {
    super(host, 0, 0);
    this.path = path;
    this.metadata = metadata;
    this.timeoutMs = timeoutMs;
    if (timeoutMs > 0) host.wheel.set(this, timeoutMs);
  }

  /** Whether what was received has been taken, so that the server may send more. */
  abstract readonly hasTakenAll: boolean;
  /** Takes `[from, to)` of `bytes`, which stays as it is. */
  abstract takeData(bytes: Buffer, from: number, to: number): void;
  /** Frames what follows the head. */
  protected abstract begin(): void;
  /** The server has ended the call, behind what it sent before; null: well. */
  protected abstract takeStatus(failure: RpcFailure | null): void;
  /** The call has ended, whatever came before. Called once, unless the call was cancelled. */
  protected abstract failed(failure: RpcFailure): void;

  /** The call has its place on a connection. */
  open(host: ClientStreamHost, id: number, sendWindow: number): void {
    this.host = host;
    this.id = id;
    this.sendWindow = sendWindow;
    this.headSent = true;
    // What was written before this.
    if (this.queuedBytes > 0) host.waits(this.queuedBytes);
    this.begin();
    if (this.canSend) host.schedule(this);
  }

  /** A head has a status and trailers have none (RFC 9113 §8.1); a head that is all there is may do without. */
  isMisplaced(head: ResponseHead): boolean {
    return this.httpStatus >= 0 && head.httpStatus >= 0;
  }

  /** HEADERS of the server. @returns false when it may not send them */
  takeHeaders(head: ResponseHead, end: boolean): boolean {
    if (end) {
      this.close();
      if (head.code === 0) this.takeStatus(null);
      else if (head.code > 0) this.takeStatus({ code: head.code, message: head.message, sent: true });
      else this.takeStatus(statusOfHttp(head.httpStatus >= 0 ? head.httpStatus : this.httpStatus));
      return true;
    }
    if (this.httpStatus >= 0) return false;
    // Informational responses come before the one that counts (RFC 9110 §15.2).
    if (head.httpStatus >= 100 && head.httpStatus < 200) return true;
    this.httpStatus = Math.max(head.httpStatus, 0);
    this.encoding = head.encoding;
    return true;
  }

  /** The server has ended its side without trailers. */
  takeEnd(): void {
    this.close();
    this.takeStatus(statusOfReset(0, this.httpStatus));
  }

  /** RST_STREAM of the server. */
  takeReset(code: number): void {
    this.abort(statusOfReset(code, this.httpStatus));
  }

  /** Ends the call without another frame. */
  abort(failure: RpcFailure): void {
    if (this.done) return;
    this.close();
    this.failed(failure);
  }

  /** Nobody waits for the call any more. */
  cancel(): void {
    if (this.done) return;
    this.close();
    this.host.cancelled(this);
  }

  /** The deadline. */
  onTimer(): void {
    if (this.done) return;
    this.cancel();
    this.failed({ code: DEADLINE_EXCEEDED, message: 'Deadline exceeded', sent: this.id > 0 });
  }

  /** Ends a call whose response cannot be used. */
  protected refuse(failure: RpcFailure): void {
    if (this.done) return;
    this.cancel();
    this.failed(failure);
  }

  // Sending

  /** Frames the head, and with it the whole request if nothing speaks against it. @returns whether it did */
  protected writeRequest(request: Uint8Array): boolean {
    const { host } = this;
    const bytes = MESSAGE_PREFIX_BYTES + request.length;
    const block = host.blocks.take(this.path, this.metadata);
    if (
      this.timeoutMs > 0 ||
      request.length >= BODY_BYTES_NOT_COPIED ||
      bytes > this.sendWindow ||
      !host.mayWriteNow(bytes) ||
      block.length > DATA_FRAME_BYTES_MAX
    ) {
      this.writeBlock(block);
      return false;
    }
    const { output } = host;
    let at = output.reserve(2 * FRAME_HEADER_BYTES + block.length + bytes);
    const { slab } = output;
    output.header(at, block.length, FrameType.Headers, Flag.EndHeaders, this.id);
    slab.set(block, at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + block.length;
    output.header(at, bytes, FrameType.Data, Flag.EndStream, this.id);
    at += FRAME_HEADER_BYTES;
    slab[at] = 0;
    slab.writeUInt32BE(request.length, at + 1);
    slab.set(request, at + MESSAGE_PREFIX_BYTES);
    this.sendWindow -= bytes;
    this.hasEnded = true;
    host.spend(bytes);
    return true;
  }

  /** Frames the head alone. */
  protected writeHeaders(): void {
    this.writeBlock(this.host.blocks.take(this.path, this.metadata));
  }

  private writeBlock(block: Buffer): void {
    const whole =
      this.timeoutMs > 0 ? Buffer.concat([block, this.host.blocks.timeout(this.timeoutMs)]) : block;
    writeHeaderBlock(this.host.output, this.id, 0, whole);
  }

  protected get prefixBytes(): number {
    return MESSAGE_PREFIX_BYTES;
  }

  protected prefixOctet(message: { readonly length: number }, index: number): number {
    return index === 0 ? 0 : (message.length >>> (8 * (MESSAGE_PREFIX_BYTES - 1 - index))) & 0xff;
  }

  /** It leaves when the call is opened. */
  protected writeHead(): void {
    throw new Error('the head of a request is not sent in turns');
  }

  protected writeEnd(): void {
    const { output } = this.host;
    output.header(output.reserve(FRAME_HEADER_BYTES), 0, FrameType.Data, Flag.EndStream, this.id);
  }

  protected finish(): void {
    this.finishing = false;
    this.hasEnded = true;
  }
}

const DEADLINE_EXCEEDED = 4;

/** Where a call stands before it has a connection: nothing is sent, and nothing is counted. */
export class Unconnected implements ClientStreamHost {
  readonly output: Output = new Output();
  readonly blocks: RequestBlocks = new RequestBlocks('http', '', '');
  readonly sendWindow: number = 0;
  readonly maxReceiveBytes: number = 0;
  readonly wheel: TimerWheel;

  constructor(wheel: TimerWheel) {
    this.wheel = wheel;
  }

  mayWriteNow(): boolean {
    return false;
  }

  spend(): void {}
  waits(): void {}
  schedule(): void {}
  credit(): void {}
  cancelled(): void {}
}
