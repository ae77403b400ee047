/**
 * The seam between a client of gRPC and everything above it, as `transport.ts` is on the other side: message bytes go
 * in and out, and which HTTP/2 moves them is nobody's business above this file.
 *
 * A channel is one endpoint with its connection: it connects when it is first needed, connects again after a loss, and
 * tries nothing twice. Who retries, and where, is decided above.
 */

import type { Runtime } from '../util/runtime.ts';

/** How a call failed. */
export interface RpcFailure {
  /** The numeric gRPC status. */
  readonly code: number;
  readonly message: string;
  /** False only if the request certainly never reached the server. */
  readonly sent: boolean;
}

/** Metadata of a call; keys in lower case. */
export type RpcMetadata = Readonly<Record<string, string>>;

/** Exactly one of the two is given. */
export type UnaryDone = (failure: RpcFailure | null, response: Uint8Array | null) => void;

export interface RpcChannelCall {
  /** Gives the call up; nothing is reported of it afterwards. */
  cancel(): void;
}

export interface RpcChannelListener {
  onMessage(response: Uint8Array): void;
  /** The call is over; null: the server ended it well. Comes once, and nothing after it. */
  onEnd(failure: RpcFailure | null): void;
}

/** The client's end of a streaming call. */
export interface RpcChannelStream extends RpcChannelCall {
  /** Queues one message; its bytes must not change afterwards. Does nothing on a stream that is over. */
  write(request: Uint8Array): void;
  /** No message follows. */
  halfClose(): void;
  /** Stops reading, so that the server is held back, until `resume`. A few messages may still arrive. */
  pause(): void;
  resume(): void;
}

export interface RpcChannel {
  /** Begins to connect, if there is no connection. */
  connect(): void;
  /** Whether there is a connection now. */
  readonly isReady: boolean;
  /**
   * @param metadata known by its identity: one object for many calls
   * @param timeoutMs the call fails after so long, with code 4, and the server knows of it. @default no limit
   */
  unary(
    path: string,
    request: Uint8Array,
    metadata: RpcMetadata,
    done: UnaryDone,
    timeoutMs?: number,
  ): RpcChannelCall;
  stream(path: string, metadata: RpcMetadata, listener: RpcChannelListener): RpcChannelStream;
  /** Ends the connection, and with it what is under way: each call is reported as failed. */
  close(): void;
}

/** Certificates and keys in PEM. */
export interface ChannelTls {
  /** Whom to trust. @default the roots that come with Node */
  readonly ca?: string | Uint8Array;
  /** The client's own certificate; together with `key`. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Name that the server's certificate must have. @default the host of the endpoint */
  readonly serverName?: string;
  /** Accept any certificate: for trials only. @default false */
  readonly insecureSkipVerify?: boolean;
}

export interface RpcChannelOptions {
  /** `host:port`, `[ipv6]:port`, or `unix:` and a path. */
  readonly address: string;
  /** Null: plaintext. */
  readonly tls: ChannelTls | null;
  /** A connection with calls on it is probed when it was silent for this long. */
  readonly keepaliveMs: number;
  /** A probe unanswered this long ends the connection. */
  readonly keepaliveTimeoutMs: number;
  /** Largest response message. */
  readonly maxReceiveBytes: number;
  /** Bounds of the wait between two attempts to connect; it grows from the first to the second. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  readonly runtime: Runtime;
}

/** Makes the channel to one endpoint. Nothing is connected before it is needed. */
export type OpenChannel = (options: RpcChannelOptions) => RpcChannel;
