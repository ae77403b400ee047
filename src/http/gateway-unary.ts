/**
 * A unary call through the gateway: the first JSON object of the body is the request, what follows it is not read.
 *
 * An answer in parts is written part by part, as the client takes them, each in a turn of its own: a range of very many
 * keys is decoded, written as JSON and encoded again while others are served.
 */

import { type RpcStatus, SplitMessage, type UnaryHandler, type UnaryResponse } from '../rpc/transport.ts';
import { Failure } from '../util/failure.ts';
import { decodeProtoJson, decodeProtoJsonParts, encodeProtoJson } from '../wire/proto-json.ts';
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
    const { responseType } = this.method;
    if (response instanceof SplitMessage) {
      const texts = decodeProtoJsonParts(responseType, response.parts);
      this.#beginAnswer();
      this.response.on('drain', () => this.#writeLater(texts));
      this.#writeLater(texts);
      return;
    }
    const body = decodeProtoJson(responseType, response!);
    this.#beginAnswer();
    this.response.end(body);
  }

  #beginAnswer(): void {
    this.#isAnswered = true;
    this.settle();
    this.setHeaders();
  }

  #writeLater(texts: Iterator<string>): void {
    this.scheduler.defer(() => this.run(() => this.#writeNext(texts)));
  }

  #writeNext(texts: Iterator<string>): void {
    if (this.response.destroyed) return;
    try {
      const { done, value } = texts.next();
      if (done === true) this.response.end();
      else if (this.response.write(value)) this.#writeLater(texts);
    } catch (error) {
      // It has begun: only its end can say that it is none.
      this.response.destroy();
      throw error;
    }
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
