/**
 * The calls of a channel: unary ones, and streams.
 *
 * What the server says is reported in its order: messages, which may have to be decompressed elsewhere, and behind them
 * the end. A broken connection, a reset or a deadline ends a call at once. After `cancel` nothing is reported.
 */

import type {
  RpcChannelCall,
  RpcChannelListener,
  RpcChannelStream,
  RpcFailure,
  RpcMetadata,
  UnaryDone,
} from '../channel.ts';
import type { ClientStreamHost } from './client-stream.ts';
import { ClientStream } from './client-stream.ts';
import { decompress } from './gzip.ts';
import { MESSAGE_PREFIX_BYTES, MessageFault, MessageReader } from './message-reader.ts';
import { statusOfHttp } from './response-head.ts';

const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const GZIP = 'gzip';
const NO_MESSAGE: RpcFailure = { code: UNIMPLEMENTED, message: 'No message received', sent: true };
const TOO_MANY: RpcFailure = { code: UNIMPLEMENTED, message: 'Too many responses received', sent: true };

abstract class MessageCall extends ClientStream {
  private reader: MessageReader | null = null;
  private inflating = false;
  private delivering = false;
  /** Undefined: the server has not ended the call. Reported behind all messages. */
  private ending: RpcFailure | null | undefined = undefined;
  /** Nothing is reported any more. */
  protected isOver = false;

  /** Takes the next message; it stays as it is. */
  protected abstract give(message: Uint8Array): void;
  protected abstract report(failure: RpcFailure | null): void;
  /** Whether the next message may be given. */
  protected get wantsMore(): boolean {
    return true;
  }

  get hasTakenAll(): boolean {
    return this.reader === null || this.reader.waitingBytes === 0;
  }

  override cancel(): void {
    this.isOver = true;
    super.cancel();
  }

  protected failed(failure: RpcFailure): void {
    this.isOver = true;
    this.report(failure);
  }

  takeData(bytes: Buffer, from: number, to: number): void {
    const length = to - from - MESSAGE_PREFIX_BYTES;
    // Nearly always a frame is one message.
    if (
      (this.reader === null || !this.reader.isInside) &&
      this.wantsMore &&
      !this.inflating &&
      length >= 0 &&
      length <= this.host.maxReceiveBytes &&
      bytes[from] === 0 &&
      bytes.readUInt32BE(from + 1) === length
    ) {
      this.give(kept(bytes.subarray(from + MESSAGE_PREFIX_BYTES, to)));
      return;
    }
    this.reader ??= new MessageReader(this.host.maxReceiveBytes);
    this.reader.push(bytes.subarray(from, to));
    this.deliver();
  }

  protected takeStatus(failure: RpcFailure | null): void {
    if (this.isOver) return;
    this.ending = failure;
    this.deliver();
  }

  /** Gives what may be given. */
  protected deliver(): void {
    if (this.delivering) return;
    this.delivering = true;
    try {
      this.deliverMessages();
    } catch (error) {
      this.delivering = false;
      this.refuseFor(error);
      return;
    }
    this.delivering = false;
    if (this.isOver || this.inflating || !this.wantsMore) return;
    const { reader, ending } = this;
    if (ending === undefined) {
      reader?.detach();
      return;
    }
    this.isOver = true;
    this.report(ending === null && reader?.isInside === true ? CUT : ending);
  }

  private deliverMessages(): void {
    const { reader } = this;
    if (reader === null) return;
    while (!this.isOver && !this.inflating && this.wantsMore) {
      const message = reader.next();
      if (message === null) return;
      if (reader.compressed && message.length > 0) this.inflate(message);
      else this.give(kept(message));
    }
  }

  private inflate(message: Buffer): void {
    if (this.encoding !== GZIP) {
      throw new MessageFault(
        UNIMPLEMENTED,
        `Received message compressed with unsupported encoding "${this.encoding}"`,
      );
    }
    const { maxReceiveBytes } = this.host;
    this.inflating = true;
    decompress(message, maxReceiveBytes, (result) => {
      this.inflating = false;
      if (this.isOver) return;
      if (result.message === null) {
        const code = result.tooLarge ? RESOURCE_EXHAUSTED : INTERNAL;
        const text = `Failed to decompress message: ${result.tooLarge ? 'it is too large' : result.fault}`;
        this.refuse({ code, message: text, sent: true });
        return;
      }
      this.give(result.message);
      if (this.delivering) return;
      this.deliver();
      if (!this.done) this.host.credit(this);
    });
  }

  private refuseFor(error: unknown): void {
    if (!(error instanceof MessageFault)) throw error;
    // A page of some other server is no message; its HTTP status says more.
    const isOther = this.httpStatus > 0 && this.httpStatus !== 200;
    const failure = isOther
      ? statusOfHttp(this.httpStatus)
      : { code: error.code, message: error.message, sent: true };
    this.refuse(failure);
  }

  /** Also when the server's end has come: then there is nothing to cancel, and yet something to report. */
  protected override refuse(failure: RpcFailure): void {
    if (this.isOver) return;
    super.cancel();
    this.failed(failure);
  }
}

const CUT: RpcFailure = { code: INTERNAL, message: 'the response ends inside of a message', sent: true };

/** A message that is a small part of a larger buffer would keep all of it in memory. */
function kept(message: Buffer): Buffer {
  return message.length * 2 < message.buffer.byteLength ? Buffer.from(message) : message;
}

export class ClientUnary extends MessageCall implements RpcChannelCall {
  private readonly request: Uint8Array;
  private readonly reply: UnaryDone;
  private response: Uint8Array | null = null;

  constructor(
    host: ClientStreamHost,
    path: string,
    metadata: RpcMetadata,
    timeoutMs: number,
    request: Uint8Array,
    reply: UnaryDone,
  ) {
    super(host, path, metadata, timeoutMs);
    this.request = request;
    this.reply = reply;
  }

  protected begin(): void {
    if (this.writeRequest(this.request)) return;
    this.finishing = true;
    this.enqueue(this.request);
  }

  protected give(message: Uint8Array): void {
    if (this.response === null) this.response = message;
    else this.refuse(TOO_MANY);
  }

  protected report(failure: RpcFailure | null): void {
    if (failure !== null) this.reply(failure, null);
    else if (this.response === null) this.reply(NO_MESSAGE, null);
    else this.reply(null, this.response);
  }
}

export class ClientStreaming extends MessageCall implements RpcChannelStream {
  private readonly listener: RpcChannelListener;
  private isPaused = false;

  constructor(host: ClientStreamHost, path: string, metadata: RpcMetadata, listener: RpcChannelListener) {
    super(host, path, metadata, 0);
    this.listener = listener;
  }

  protected begin(): void {
    this.writeHeaders();
  }

  write(request: Uint8Array): void {
    if (!this.done && !this.finishing && !this.hasEnded) this.enqueue(request);
  }

  halfClose(): void {
    if (this.done || this.finishing || this.hasEnded) return;
    this.finishing = true;
    this.host.schedule(this);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.deliver();
    if (!this.done) this.host.credit(this);
  }

  protected override get wantsMore(): boolean {
    return !this.isPaused;
  }

  protected give(message: Uint8Array): void {
    this.listener.onMessage(message);
  }

  protected report(failure: RpcFailure | null): void {
    this.listener.onEnd(failure);
  }
}
