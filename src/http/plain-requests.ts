/**
 * HTTP/2 requests that are not gRPC, for handlers written for HTTP/1.1: what TLS clients such as curl send when they are
 * offered both. Request and response have the part of Node's interface that handlers use.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Writable } from 'node:stream';
import type { HttpHandler } from '../rpc/http1.ts';
import type { PlainExchange, PlainHandler } from '../rpc/http2/plain-exchange.ts';

const headerNames = ['host', 'origin', 'accept', 'content-type', 'authorization', 'user-agent'];

export function plainHandler(handler: HttpHandler, isSecure: boolean): PlainHandler {
  return (exchange) => {
    const request = new PlainRequest(exchange, isSecure);
    const response = new PlainResponse(exchange);
    handler(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  };
}

class PlainRequest extends Readable {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string> = {};
  readonly socket: { readonly encrypted: boolean };

  constructor(exchange: PlainExchange, isSecure: boolean) {
    super();
    this.url = exchange.path;
    this.method = exchange.method;
    this.socket = { encrypted: isSecure };
    for (const name of headerNames) {
      const value = exchange.header(name === 'host' ? ':authority' : name) ?? exchange.header(name);
      if (value !== undefined) this.headers[name] = value;
    }
    // The parts are only lent.
    exchange.onBody((part) => this.push(Buffer.from(part)));
    exchange.onEnd(() => this.push(null));
    exchange.onCancel(() => this.destroy());
  }

  override _read(): void {}
}

class PlainResponse extends Writable {
  statusCode = 200;
  headersSent = false;
  readonly #exchange: PlainExchange;
  readonly #headers = new Map<string, string>();
  #resume: (() => void) | null = null;

  constructor(exchange: PlainExchange) {
    super();
    this.#exchange = exchange;
    exchange.onDrain(() => {
      const resume = this.#resume;
      this.#resume = null;
      resume?.();
    });
  }

  setHeader(name: string, value: string | number): this {
    this.#headers.set(name.toLowerCase(), String(value));
    return this;
  }

  getHeader(name: string): string | undefined {
    return this.#headers.get(name.toLowerCase());
  }

  writeHead(status: number, headers: Readonly<Record<string, string | number>> = {}): this {
    this.statusCode = status;
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
    this.#respond();
    return this;
  }

  flushHeaders(): void {
    this.#respond();
  }

  #respond(): void {
    if (this.headersSent) return;
    this.headersSent = true;
    this.#exchange.respond(this.statusCode, [...this.#headers]);
  }

  override _write(part: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#respond();
    if (this.#exchange.write(Buffer.from(part))) done();
    else this.#resume = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#respond();
    this.#exchange.end();
    done();
  }
}
