/**
 * The part of grpc-js that a call of ours stands on.
 *
 * grpc-js builds a call in layers: a base call on the HTTP/2 stream, then interceptors, then an object-mode stream that
 * the application sees. An interceptor is handed the base call, and that is where we stay: `UnaryCall` and
 * `StreamCall` drive it directly and never pass anything on, so the upper layer (a Writable, a promise and half a
 * dozen closures per call) is not built. The interface below is the public `ServerInterceptingCallInterface`, cut to
 * what is used.
 *
 * The invariant of the base call: one message in flight. `sendMessage` may be called again only after its callback.
 */

import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { RpcStatus } from './transport.ts';

export interface BaseCall {
  start(listener: BaseListener): void;
  startRead(): void;
  sendMessage(message: Uint8Array, sent: () => void): void;
  sendStatus(status: WireStatus): void;
  getPeer(): string;
  getDeadline(): Date | number;
  getAuthContext(): ReturnType<ServerInterceptingCallInterface['getAuthContext']>;
}

/** What the base call reports. `onCancel` also comes after a call that ended well. */
export interface BaseListener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: Buffer): void;
  onReceiveHalfClose(): void;
  onCancel(): void;
}

export interface WireStatus {
  code: number;
  details: string;
}

export const StatusCode = { Ok: 0, ResourceExhausted: 8, Unimplemented: 12, Internal: 13 } as const;

export const OK_STATUS: WireStatus = { code: StatusCode.Ok, details: '' };

/** What a client learns of a handler that threw; the log has the rest. */
export const HANDLER_FAILED: WireStatus = { code: StatusCode.Internal, details: 'internal error' };

const SURROGATE: RegExp = /[\ud800-\udfff]/;

/**
 * A status as grpc-js wants it. It percent-encodes the text with `encodeURI`, which throws on half a surrogate pair,
 * so such a half is replaced by U+FFFD first.
 */
export function wireStatus(status: RpcStatus | null): WireStatus {
  if (status === null) return OK_STATUS;
  const text = status.message;
  return { code: status.code, details: SURROGATE.test(text) ? Buffer.from(text).toString() : text };
}

/** The first value of `key`; bytes (of a `-bin` key) as base64. */
export function firstMetadata(metadata: Metadata | null, key: string): string | undefined {
  const value = metadata?.get(key)[0];
  return typeof value === 'string' || value === undefined ? value : value.toString('base64');
}

/** Common name of the verified client certificate, or empty. grpc-js reads the certificate anew on every call. */
export function commonNameOf(call: BaseCall): string {
  const subject = call.getAuthContext().sslPeerCertificate?.subject;
  const name: unknown = subject?.CN;
  return typeof name === 'string' ? name : '';
}

export function baseCall(call: ServerInterceptingCallInterface): BaseCall {
  return call as BaseCall;
}
