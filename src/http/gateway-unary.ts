/** A unary call through the gateway: the first JSON object of the body is the request, what follows it is not read. */

import { type RpcStatus, type UnaryHandler, type UnaryResponse, wholeOf } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { decodeProtoJson, encodeProtoJson } from '../wire/proto-json.ts';
import { GatewayCall, sendGatewayError } from './gateway-call.ts';

export class GatewayUnary extends GatewayCall {
  #isAsked = false;
  #isAnswered = false;

  start(handle: UnaryHandler): void {
    this.request.on('data', (chunk: Uint8Array) => this.run(() => this.#read(chunk, handle)));
    this.request.on('end', () => this.run(() => this.#readEnd(handle)));
  }

  #read(chunk: Uint8Array, handle: UnaryHandler): void {
    if (this.#isAsked) return;
    const [text] = this.values.read(chunk);
    if (text !== undefined) this.#ask(text, handle);
    else if (this.values.fault !== null) this.fail(this.bodyStatus(this.values.fault));
  }

  #readEnd(handle: UnaryHandler): void {
    if (this.#isAsked) return;
    // Nothing at all is a request without fields.
    if (this.values.isInside) this.fail(this.bodyStatus(null));
    else this.#ask('{}', handle);
  }

  #ask(text: string, handle: UnaryHandler): void {
    this.#isAsked = true;
    if (this.#isAnswered) return;
    let message: Uint8Array;
    try {
      message = encodeProtoJson(this.method.requestType, text);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.fail({ code: 3, message: error.message });
      return;
    }
    const tooLarge = this.checkLength(message);
    if (tooLarge !== null) this.fail(tooLarge);
    else handle(message, this, (status, response) => this.#answer(status, response));
  }

  #answer(status: RpcStatus | null, response: UnaryResponse | null): void {
    if (this.#isAnswered || this.isCanceled) return;
    if (status !== null) {
      this.fail(status);
      return;
    }
    const body = decodeProtoJson(this.method.responseType, wholeOf(response!));
    this.#isAnswered = true;
    this.settle();
    this.setHeaders();
    this.response.end(body);
  }

  protected override cancel(): void {
    if (!this.#isAnswered) super.cancel();
  }

  protected override fail(status: RpcStatus): void {
    this.#isAsked = true;
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.settle();
    sendGatewayError(this.response, status);
  }
}
