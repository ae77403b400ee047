/**
 * HTTP/2 requests that are not gRPC, for handlers written for HTTP/1.1: what TLS clients such as curl send when they are
 * offered both. Request and response have the part of Node's interface that handlers use.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Writable } from 'node:stream';
import type { HttpHandler } from '../rpc/http1.ts';
import type { PlainExchange, PlainHandler } from '../rpc/http2/plain-exchange.ts';

/** Parts of a body that may wait for a handler that reads no further. With more the request is ended. */
const maxWaitingBytes = 8 * 1024 * 1024;

export function plainHandler(handler: HttpHandler, isSecure: boolean): PlainHandler {
  return (exchange) => {
    const request = new PlainRequest(exchange, isSecure);
    const response = new PlainResponse(exchange);
    const leave = (): void => {
      request.destroy();
      response.destroy();
    };
    exchange.onCancel(leave);
    exchange.onEnd(() => request.push(null));
    exchange.onBody((part) => {
      // The parts are only lent.
      request.push(Buffer.from(part));
      if (request.readableLength <= maxWaitingBytes) return;
      leave();
      exchange.respond(413, []);
      exchange.end();
    });
    handler(request as unknown as IncomingMessage, response as unknown as ServerResponse);
  };
}

class PlainRequest extends Readable {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string> = {};
  readonly socket: { readonly encrypted: boolean };
  /** What a handler for HTTP/1.1 would ask the socket. */
  readonly peer: string;
  readonly commonName: string;

  constructor(exchange: PlainExchange, isSecure: boolean) {
    super();
    this.url = exchange.path;
    this.method = exchange.method;
    this.socket = { encrypted: isSecure };
    this.peer = exchange.peer;
    this.commonName = exchange.commonName;
    for (const name of exchange.headerNames) this.headers[name] ??= exchange.header(name)!;
    const authority = exchange.header(':authority');
    if (authority !== undefined) this.headers['host'] = authority;
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
