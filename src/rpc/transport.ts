/**
 * The seam between gRPC and everything above it. Handlers take and give message bytes; which HTTP/2 implementation
 * moves them is nobody's business above this file. Unary calls are answered by callback: no promise per call.
 */

/** A gRPC outcome other than OK. `code` is the numeric gRPC status, `message` travels in `grpc-message`. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
}

export interface RpcCall {
  /** Full path, `/package.Service/Method`. */
  readonly path: string;
  /** First value of a metadata key (lower case), or undefined. */
  metadata(key: string): string | undefined;
  /** Address of the client, for logs. */
  readonly peer: string;
  /** Common name of the verified client certificate, or empty. */
  readonly commonName: string;
  /** The client went away or its deadline passed before the call was answered. At most one listener. */
  onCancel(listener: () => void): void;
}

export type UnaryReply = (status: RpcStatus | null, response: Uint8Array | null) => void;
export type UnaryHandler = (request: Uint8Array, call: RpcCall, reply: UnaryReply) => void;

/** The server's end of a streaming call. Listeners are set synchronously inside the handler. */
export interface RpcStream extends RpcCall {
  onMessage(listener: (request: Uint8Array) => void): void;
  /** The client has sent its last message. The stream stays open until `end`. */
  onHalfClose(listener: () => void): void;
  /** Queues one message. False: more than the stream's bound is waiting; wait for `onDrain` before sending more. */
  write(response: Uint8Array): boolean;
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
  | { readonly kind: 'unary'; readonly handle: UnaryHandler }
  | { readonly kind: 'stream'; readonly handle: StreamHandler };

/** Full path to method. A known path without a method here is answered UNIMPLEMENTED. */
export type RpcMethods = ReadonlyMap<string, RpcMethod>;

export interface RpcTransportOptions {
  readonly methods: RpcMethods;
  /** Text of the UNIMPLEMENTED answer for a path that is not in `methods`. */
  readonly unknownMethod: (path: string) => string;
  /** Largest request message in bytes; larger ones are answered RESOURCE_EXHAUSTED in the transport's words. */
  readonly maxReceiveBytes: number;
  readonly maxConcurrentStreams: number;
}

/** Serves gRPC on connections that it is handed. One implementation per HTTP/2 stack. */
export interface RpcTransport {
  /** `socket` speaks HTTP/2 from its first byte; nothing has been consumed from it. */
  accept(socket: import('node:net').Socket): void;
  /** Stops taking new calls, waits for the running ones up to `graceMs`, then cuts them. */
  close(graceMs: number, done: () => void): void;
}
