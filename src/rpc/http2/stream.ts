/**
 * One HTTP/2 stream as the server sees it: what is the same for a unary call, a streaming call and a plain request.
 *
 * States: open until the client's END_STREAM (`halfClosed`) and until our end or a reset (`done`). A stream that is
 * done takes and gives nothing; what is said to it afterwards is ignored.
 */

import type { Logger } from '../../util/runtime.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseBlocks } from './response-blocks.ts';
import type { SendingHost } from './sending-stream.ts';
import { SendingStream } from './sending-stream.ts';

/** The connection, as its streams see it. */
export interface StreamHost extends SendingHost {
  readonly blocks: ResponseBlocks;
  readonly log: Logger;
  readonly peer: string;
  readonly commonName: string;
  readonly maxReceiveBytes: number;
  /** So much output waits that no further request shall be handled. */
  readonly congested: boolean;
  /** So little output waits, of all connections together, that a stream may keep much. */
  readonly isRoomy: boolean;
  /** Whether an answer with so much DATA may be framed at once, before others whose turn it would be. */
  mayWriteNow(bytes: number): boolean;
  /** As `waits`, for request bytes. False: the connection pins as much as it may. */
  holds(bytes: number): boolean;
  /** The stream has sent its end. */
  finished(stream: Http2Stream): void;
  /** Lets the client send more, if enough has been taken to be worth a frame. */
  credit(stream: Http2Stream): void;
  /** Calls `job` when the connection is no longer congested. */
  postpone(job: () => void): void;
}

export abstract class Http2Stream extends SendingStream {
  declare readonly host: StreamHost;
  readonly head: RequestHead;
  /** Octets of its header block that were literals and are pinned by it. */
  readonly headerBytes: number;
  halfClosed = false;
  /** Bytes of DATA that were received and not given back to the client's window. */
  unacknowledged = 0;

  constructor(host: StreamHost, id: number, head: RequestHead, headerBytes: number, sendWindow: number) {
    super(host, id, sendWindow);
    this.head = head;
    this.headerBytes = headerBytes;
  }

  /** The stream is registered; what it begins with. */
  abstract start(): void;
  /** Takes `[from, to)` of `bytes`, which stays as it is. */
  abstract takeData(bytes: Buffer, from: number, to: number): void;
  /** The client has sent everything. */
  abstract takeEnd(): void;
  /** Whether what was received has been taken, so that the client may send more. */
  abstract readonly hasTakenAll: boolean;
  /** The stream was reset, or its connection is gone. */
  protected abstract aborted(): void;

  /** Ends the stream without another frame. */
  abort(): void {
    if (this.done) return;
    this.close();
    this.aborted();
  }

  protected finish(): void {
    this.close();
    this.host.finished(this);
  }
}
