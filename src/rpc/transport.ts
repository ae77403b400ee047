/**
 * The seam between gRPC and everything above it. Handlers take and give message bytes; which HTTP/2 implementation
 * moves them is nobody's business above this file. Unary calls are answered by callback: no promise per call.
 */

import type { Socket } from 'node:net';
import type { Runtime } from '../util/runtime.ts';
import { varintBytes, writeVarint } from '../wire/proto-writer.ts';

/** A gRPC outcome other than OK. `code` is the numeric gRPC status, `message` travels in `grpc-message`. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

export interface RpcCall {
  /** Full path, `/package.Service/Method`. */
  readonly path: string;
  /** First value of a metadata key (lower case), or undefined. Bytes of a `-bin` key come as base64. */
  metadata(key: string): string | undefined;
  /**
   * Of calls that certainly have the same metadata: one and the same object, with a place for what a handler found out
   * about these. Missing where nothing is known.
   */
  readonly shared?: { note: unknown };
  /** Address of the client, for logs. */
  readonly peer: string;
  /** Common name of the verified client certificate, or empty. */
  readonly commonName: string;
  /** The client went away or its deadline passed before the call was answered. At most one listener. */
  onCancel(listener: () => void): void;
}

/** A message as parts, whose bytes, one part behind the other, are its own: a large one need not be put together. */
export class SplitMessage {
  readonly parts: readonly Uint8Array[];
  /** Of all parts, in bytes. */
  readonly length: number;

  constructor(parts: readonly Uint8Array[], length: number) {
    this.parts = parts;
    this.length = length;
  }
}

/** What answers a unary call. */
export type UnaryResponse = Uint8Array | SplitMessage;

/** The response as it is, or put together. */
export function wholeOf(response: UnaryResponse): Uint8Array {
  return response instanceof SplitMessage ? Buffer.concat(response.parts, response.length) : response;
}

/** Exactly one of the two is given. The response bytes must not change afterwards. Only the first reply counts. */
export type UnaryReply = (status: RpcStatus | null, response: UnaryResponse | null) => void;
export type UnaryHandler = (request: Uint8Array, call: RpcCall, reply: UnaryReply) => void;

/** A unary call that is answered by methods of its own, so that a call of which there are many needs no function for that. */
export interface DirectCall extends RpcCall {
  /** As a `UnaryReply`. */
  reply(status: RpcStatus | null, response: UnaryResponse | null): void;
  /** As a reply with `numbered(head, number, tail)`. */
  replyNumbered(head: Uint8Array, number: number, tail: Uint8Array): void;
  /** Is told of the first reply; set by whoever counts calls. */
  observer: CallObserver | null;
  /** For the observer's use. */
  beganAt: number;
}

export interface CallObserver {
  /** @param responseBytes -1: there is none */
  replied(status: RpcStatus | null, responseBytes: number, beganAt: number): void;
}

export type DirectHandler = (request: Uint8Array, call: DirectCall) => void;

/** The server's end of a streaming call. Listeners are set synchronously inside the handler. */
export interface RpcStream extends RpcCall {
  onMessage(listener: (request: Uint8Array) => void): void;
  /** The client has sent its last message. The stream stays open until `end`. */
  onHalfClose(listener: () => void): void;
  /**
   * Queues one message; its bytes must not change afterwards. False: more than the stream's bound is waiting (or the
   * call is over); wait for `onDrain` before sending more.
   */
  write(response: Uint8Array): boolean;
  /**
   * As `write` of one message that is `head`, then `number` as a varint of protobuf, then `tail`; for the many messages
   * that differ in a number only. Where it is missing, `write` of `numbered` is the same.
   */
  writeNumbered?(head: Uint8Array, number: number, tail: Uint8Array): boolean;
  onDrain(listener: () => void): void;
  /** Bytes handed to `write` that have not left yet. */
  readonly bufferedBytes: number;
  /** Stops reading from the client until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the call; null is OK. Later calls do nothing. */
  end(status: RpcStatus | null): void;
}

export type StreamHandler = (stream: RpcStream) => void;

export type RpcMethod =
  | {
      readonly kind: 'unary';
      readonly handle: UnaryHandler;
      /** The same, for a transport whose calls are `DirectCall`s. */
      readonly direct?: DirectHandler | undefined;
    }
  | { readonly kind: 'stream'; readonly handle: StreamHandler };

/** Full path to method. A known path without a method here is answered UNIMPLEMENTED. */
export type RpcMethods = ReadonlyMap<string, RpcMethod>;

export interface RpcTransportOptions {
  readonly methods: RpcMethods;
  /** Text of the UNIMPLEMENTED answer for a path that is not in `methods`. */
  readonly unknownMethod: (path: string) => string;
  /** Largest request message in bytes; larger ones are answered RESOURCE_EXHAUSTED in the transport's words. */
  readonly maxReceiveBytes: number;
  /** Calls that one connection may have open at a time. */
  readonly maxConcurrentStreams: number;
  /** Timers of the transport, and the log that learns of a handler that threw (its call is answered INTERNAL). */
  readonly runtime: Runtime;
}

/** Serves gRPC on connections that it is handed. One implementation per HTTP/2 stack. */
export interface RpcTransport {
  /** `socket` speaks HTTP/2 from its first byte; nothing has been consumed from it. */
  accept(socket: Socket): void;
  /** Stops taking new calls, waits for the running ones up to `graceMs`, then cuts them. */
  close(graceMs: number, done: () => void): void;
  /**
   * While it closes: all clients know that no more calls are taken. What comes from one that does not know yet is served
   * as before, so whoever serves it had better be there. True a second after `close` at the latest.
   */
  readonly isHeeded: boolean;
}

/** The message that `RpcStream.writeNumbered` writes. */
export function numbered(head: Uint8Array, number: number, tail: Uint8Array): Uint8Array {
  const message = Buffer.allocUnsafe(head.length + varintBytes(number) + tail.length);
  message.set(head);
  message.set(tail, writeVarint(message, head.length, number));
  return message;
}

/** `writeNumbered` on any stream. */
export function writeNumbered(
  stream: RpcStream,
  head: Uint8Array,
  number: number,
  tail: Uint8Array,
): boolean {
  if (stream.writeNumbered !== undefined) return stream.writeNumbered(head, number, tail);
  return stream.write(numbered(head, number, tail));
}
