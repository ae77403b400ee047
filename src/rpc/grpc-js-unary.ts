/**
 * One unary call on grpc-js: the request is handed on as soon as its message is complete, and reply, status and
 * end of stream are given to HTTP/2 in one go, so that they leave together.
 *
 * The object is the call that the interceptor returns, the listener of the base call and the `RpcCall` of the
 * handler at once: one allocation instead of three.
 */

import type { Metadata } from '@grpc/grpc-js';
import type { Logger } from '../util/runtime.ts';
import type { BaseCall, BaseListener } from './grpc-js-call.ts';
import {
  commonNameOf,
  firstMetadata,
  HANDLER_FAILED,
  OK_STATUS,
  StatusCode,
  wireStatus,
} from './grpc-js-call.ts';
import { type RpcCall, type RpcStatus, type UnaryHandler, type UnaryResponse, wholeOf } from './transport.ts';

function ignore(): void {}

export class UnaryCall implements RpcCall, BaseListener {
  readonly path: string;
  private readonly call: BaseCall;
  private readonly handle: UnaryHandler;
  private readonly log: Logger;
  private received: Metadata | null = null;
  private handled = false;
  private answered = false;
  private cancelled = false;
  private cancelListener: (() => void) | null = null;

  constructor(path: string, call: BaseCall, handle: UnaryHandler, log: Logger) {
    this.path = path;
    this.call = call;
    this.handle = handle;
    this.log = log;
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

  onReceiveMetadata(metadata: Metadata): void {
    this.received = metadata;
    this.call.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    // A second message needs a second read, which is never asked for.
    if (this.handled || this.answered) return;
    this.handled = true;
    try {
      this.handle(message, this, (status, response) => this.answer(status, response));
    } catch (error) {
      this.log.error('a unary handler threw', { path: this.path, error });
      this.finish(HANDLER_FAILED);
    }
  }

  onReceiveHalfClose(): void {
    if (this.handled) return;
    this.finish({
      code: StatusCode.Internal,
      details: `unary call of ${this.path} carried no request message`,
    });
  }

  /**
   * `onCancel` is both ends of it: the handler sets a listener, and grpc-js, which passes nothing, reports that the
   * call is over, be it answered or not.
   */
  onCancel(listener?: () => void): void {
    if (listener !== undefined) {
      this.cancelListener = listener;
      if (this.cancelled) listener();
      return;
    }
    if (this.answered) return;
    this.answered = true;
    this.cancelled = true;
    this.cancelListener?.();
  }

  private answer(status: RpcStatus | null, response: UnaryResponse | null): void {
    if (this.answered) return;
    if (status !== null) {
      this.finish(wireStatus(status));
      return;
    }
    if (response === null) throw new Error(`unary reply of ${this.path} has neither a status nor a response`);
    this.answered = true;
    this.call.sendMessage(wholeOf(response), ignore);
    this.call.sendStatus(OK_STATUS);
  }

  private finish(status: { code: number; details: string }): void {
    if (this.answered) return;
    this.answered = true;
    this.call.sendStatus(status);
  }
}
