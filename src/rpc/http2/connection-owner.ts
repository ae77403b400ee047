/** The transport, as its connections see it. */

import type { Clock, Logger } from '../../util/runtime.ts';
import type { KeepaliveOptions } from './keepalive.ts';
import type { RequestHead } from './request-head.ts';
import type { Http2Stream, StreamHost } from './stream.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** An answer to a request that gets no stream: a gRPC status and an HTTP status. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
  readonly httpStatus: number;
}

export interface ConnectionOwner {
  readonly clock: Clock;
  readonly log: Logger;
  readonly wheel: TimerWheel;
  readonly keepalive: KeepaliveOptions;
  readonly maxReceiveBytes: number;
  readonly maxConcurrentStreams: number;
  readonly maxHeaderListBytes: number;
  readonly maxHeldBytes: number;
  /** Little output waits, of all connections together. */
  readonly isRoomy: boolean;
  /** Bytes were added to (or, negative, taken from) what waits. */
  waits(bytes: number): void;
  /** Makes the stream for a well-formed request. */
  open(
    host: StreamHost,
    id: number,
    head: RequestHead,
    headerBytes: number,
    sendWindow: number,
  ): Http2Stream | Refusal;
  /** The connection has something to send at the end of this turn. */
  touched(connection: Flushable): void;
  closed(connection: Flushable): void;
}

export interface Flushable {
  flush(): void;
}
