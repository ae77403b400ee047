/**
 * A streaming call through the gateway. Each answer is a line `{"result":…}`; a failure is the last line, `{"error":…}`, or
 * the whole answer, with its status, where there was no line before.
 *
 * A client that may send several requests (watches, keep-alives) writes them one behind the other into the body. The end
 * of the body is the end of its requests, not of the call; so is, as with etcd, whatever cannot be read behind the first of them.
 *
 * The end of a connection is that of the call, even where only the client's side of it has ended: as in Go's servers.
 */

import type { RpcStatus, RpcStream, StreamHandler } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { decodeProtoJson, encodeProtoJson } from '../wire/proto-json.ts';
import { GatewayCall } from './gateway-call.ts';
import { httpStatusOf, streamErrorText } from './gateway-status.ts';

export class GatewayStream extends GatewayCall implements RpcStream {
  #messageListener: ((request: Uint8Array) => void) | null = null;
  #halfCloseListener: (() => void) | null = null;
  #drainListener: (() => void) | null = null;
  /** Read and not handed over; bounded by what arrives in one go, for a paused call reads no further. */
  #waiting: Uint8Array[] = [];
  #isPaused = false;
  #isDelivering = false;
  #hasAll = false;
  /** A request was read. */
  #isAsked = false;
  #isHalfClosed = false;
  #isOver = false;

  start(handle: StreamHandler): void {
    this.response.on('drain', () => this.run(() => this.#drainListener?.()));
    this.request.on('data', (chunk: Uint8Array) => this.run(() => this.#read(chunk)));
    this.request.on('end', () => this.run(() => this.#readEnd()));
    this.#watchConnection();
    this.run(() => handle(this));
  }

  /** Over HTTP/2 there is no connection of one's own: the exchange tells. */
  #watchConnection(): void {
    const { socket } = this.request;
    if (typeof socket.on !== 'function') return;
    const left = (): void => {
      this.response.destroy();
    };
    socket.once('end', left);
    this.response.once('close', () => socket.removeListener('end', left));
  }

  // Reading

  onMessage(listener: (request: Uint8Array) => void): void {
    this.#messageListener = listener;
  }

  onHalfClose(listener: () => void): void {
    this.#halfCloseListener = listener;
  }

  pause(): void {
    this.#isPaused = true;
    this.request.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isDelivering) return;
    this.#deliver();
    if (!this.#isPaused) this.request.resume();
  }

  #read(chunk: Uint8Array): void {
    if (this.#isOver || this.#hasAll) return;
    for (const text of this.values.read(chunk)) {
      if (!this.#take(text)) break;
      if (!this.method.requestStream) {
        this.#hasAll = true;
        break;
      }
    }
    const { fault } = this.values;
    if (fault !== null && !this.#hasAll) this.#refuseUnread(this.bodyStatus(fault), fault === 'noObject');
    this.#deliver();
  }

  #readEnd(): void {
    if (this.#isOver || this.#hasAll) return;
    if (this.values.isInside) {
      this.#refuseUnread(this.bodyStatus(null), true);
      this.#deliver();
      return;
    }
    // Nothing at all is one request without fields, where there is to be one.
    if (!this.method.requestStream) this.#take('{}');
    this.#hasAll = true;
    this.#deliver();
  }

  /** @returns false when the request was refused */
  #take(text: string): boolean {
    let message: Uint8Array;
    try {
      message = encodeProtoJson(this.method.requestType, text);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#refuseUnread({ code: 3, message: error.message }, true);
      return false;
    }
    const tooLarge = this.checkLength(message);
    if (tooLarge === null) this.#waiting.push(message);
    else this.#refuse(tooLarge);
    this.#isAsked = true;
    return tooLarge === null;
  }

  /** What is no request ends the requests. @param isJunk and not only too much of it */
  #refuseUnread(status: RpcStatus, isJunk: boolean): void {
    if (isJunk && this.#isAsked) this.#hasAll = true;
    else this.#refuse(status);
  }

  /** A request that cannot be read ends the call. */
  #refuse(status: RpcStatus): void {
    this.#hasAll = true;
    this.abandon(status);
  }

  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    while (!this.#isPaused && !this.#isOver && this.#waiting.length > 0) {
      this.#messageListener?.(this.#waiting.shift()!);
    }
    this.#isDelivering = false;
    if (this.#isPaused || this.#isOver || !this.#hasAll || this.#isHalfClosed) return;
    this.#isHalfClosed = true;
    this.#halfCloseListener?.();
  }

  // Writing

  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  write(response: Uint8Array): boolean {
    if (this.#isOver || this.isCanceled) return false;
    this.#setHeadersOnce();
    return this.response.write(`{"result":${decodeProtoJson(this.method.responseType, response)}}\n`);
  }

  #setHeadersOnce(): void {
    if (!this.response.headersSent) this.setHeaders();
  }

  end(status: RpcStatus | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.settle();
    if (this.response.destroyed) return;
    if (!this.response.headersSent && status !== null) this.response.statusCode = httpStatusOf(status.code);
    this.#setHeadersOnce();
    this.response.end(status === null ? '' : `${streamErrorText(status)}\n`);
  }

  protected override cancel(): void {
    if (!this.#isOver) super.cancel();
  }

  protected override fail(status: RpcStatus): void {
    this.end(status);
  }
}
