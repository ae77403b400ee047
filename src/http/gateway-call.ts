/**
 * A call that came as JSON, to the method that serves it. Headers become metadata as in grpc-gateway: `Grpc-Metadata-Foo`
 * is `foo`, `Authorization` is itself, and what belongs to HTTP is there as `grpcgateway-…`.
 *
 * Nobody is named by a certificate: through etcd's gateway all calls come with the gateway's own.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { peerAddress } from '../rpc/http2/client-identity.ts';
import type { RpcCall, RpcStatus } from '../rpc/transport.ts';
import type { Logger, Runtime, Scheduler, Timer } from '../util/runtime.ts';
import type { GatewayMethod } from './gateway-paths.ts';
import { errorText, httpStatusOf } from './gateway-status.ts';
import { type JsonFault, JsonValues } from './json-values.ts';

const gatewayPrefix = 'grpcgateway-';
const metadataPrefix = 'grpc-metadata-';
const timeoutHeader = 'grpc-timeout';
/** A body in base64 is a third longer; the names around it are short. */
const bodyBytesPerMessageByte = 2;
const deadlineExceeded: RpcStatus = { code: 4, message: 'context deadline exceeded' };

/** Milliseconds of the units of a timeout. */
const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

export interface GatewayLimits {
  /** Largest message in bytes. */
  readonly maxReceiveBytes: number;
}

/** First value of a header, in lower case. */
function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export abstract class GatewayCall implements RpcCall {
  readonly path: string;
  readonly commonName = '';
  protected readonly method: GatewayMethod;
  protected readonly request: IncomingMessage;
  protected readonly response: ServerResponse;
  protected readonly values: JsonValues;
  protected readonly scheduler: Scheduler;
  readonly #limits: GatewayLimits;
  readonly #log: Logger;
  #cancelListener: (() => void) | null = null;
  #isCanceled = false;
  #timer: Timer | null = null;

  constructor(
    method: GatewayMethod,
    request: IncomingMessage,
    response: ServerResponse,
    limits: GatewayLimits,
    runtime: Pick<Runtime, 'clock' | 'log' | 'scheduler'>,
  ) {
    this.method = method;
    this.path = method.path;
    this.request = request;
    this.response = response;
    this.#limits = limits;
    this.scheduler = runtime.scheduler;
    this.#log = runtime.log;
    this.values = new JsonValues(bodyBytesPerMessageByte * limits.maxReceiveBytes);
    response.on('close', () => this.#close());
    const timeoutMs = timeoutOf(headerOf(request, timeoutHeader));
    if (timeoutMs === null) return;
    this.#timer = runtime.clock.setTimer(timeoutMs, () => this.abandon(deadlineExceeded));
  }

  get peer(): string {
    return (this.request as { peer?: string }).peer ?? peerAddress(this.request.socket);
  }

  metadata(key: string): string | undefined {
    if (key.startsWith(gatewayPrefix)) return headerOf(this.request, key.slice(gatewayPrefix.length));
    const told = headerOf(this.request, `${metadataPrefix}${key}`);
    return told ?? (key === 'authorization' ? headerOf(this.request, key) : undefined);
  }

  onCancel(listener: () => void): void {
    this.#cancelListener = listener;
    if (this.#isCanceled) listener();
  }

  protected get isCanceled(): boolean {
    return this.#isCanceled;
  }

  /** The call is answered. */
  protected settle(): void {
    this.#timer?.cancel();
  }

  /** Answers with a failure, if there is still something to answer. */
  protected abstract fail(status: RpcStatus): void;

  /** Answers before the method does, which learns of it as of a client that went away. */
  protected abandon(status: RpcStatus): void {
    this.cancel();
    this.fail(status);
  }

  /** Runs what the sockets call: nothing may be thrown at them. */
  protected run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.error('a call through the gateway hit a defect', { path: this.path, error });
      this.abandon({ code: 13, message: `internal error: ${(error as Error).message}` });
    }
  }

  protected checkLength(bytes: Uint8Array): RpcStatus | null {
    const { maxReceiveBytes } = this.#limits;
    return bytes.length <= maxReceiveBytes ? null : tooLarge(bytes.length, maxReceiveBytes);
  }

  /** What is wrong with a body that cannot be read on, or that ended within an object. */
  protected bodyStatus(fault: JsonFault | null): RpcStatus {
    const { maxReceiveBytes } = this.#limits;
    if (fault === 'tooLong') return tooLarge(bodyBytesPerMessageByte * maxReceiveBytes, maxReceiveBytes);
    return { code: 3, message: fault === 'noObject' ? 'the request is no JSON object' : 'unexpected EOF' };
  }

  /** The headers of every answer of a method. */
  protected setHeaders(): void {
    this.response.setHeader('Content-Type', 'application/json');
    this.response.setHeader('Grpc-Metadata-Content-Type', 'application/grpc');
  }

  #close(): void {
    this.#timer?.cancel();
    if (!this.response.writableFinished) this.cancel();
  }

  protected cancel(): void {
    if (this.#isCanceled) return;
    this.#isCanceled = true;
    this.#cancelListener?.();
  }
}

/** grpc-go's words for a message that is too large. */
function tooLarge(bytes: number, maxBytes: number): RpcStatus {
  return { code: 8, message: `grpc: received message larger than max (${bytes} vs. ${maxBytes})` };
}

/** Milliseconds, or null where there is no timeout. */
function timeoutOf(text: string | undefined): number | null {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text ?? '') ?? [];
  return digits === undefined ? null : Number(digits) * unitMs[unit!]!;
}

/** Answers with an error, where nothing was answered yet. */
export function sendGatewayError(response: ServerResponse, status: RpcStatus): void {
  if (response.headersSent || response.writableEnded) return;
  response.statusCode = httpStatusOf(status.code);
  response.setHeader('Content-Type', 'application/json');
  response.end(errorText(status));
}
