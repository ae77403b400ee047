/**
 * The windows of a connection (RFC 9113 §5.2, §6.9), which are the same for both of its ends: what the peer lets us send, on all
 * streams together and on each, and what we let it send.
 *
 *     peer's WINDOW_UPDATE ──► sendWindow, stream.sendWindow ──► turns of the streams ──► output
 *     DATA that was taken ──► received, stream.unacknowledged ──► our WINDOW_UPDATE, once it is worth a frame
 *
 * The invariant: no window is ever larger than 2^31 - 1; one of a stream may be negative, after its initial size was lowered.
 */

import { writeWindowUpdate } from './control-frames.ts';
import { ConnectionError, DEFAULT_WINDOW_BYTES, ErrorCode, WINDOW_BYTES_MAX } from './frames.ts';
import { protocolError } from './inbound-frames.ts';
import { Output } from './output.ts';
import { SendTurns } from './send-turns.ts';
import type { SendingStream } from './sending-stream.ts';

/** A stream that also receives. */
export interface FlowingStream extends SendingStream {
  /** Bytes of DATA that were received and not given back to the peer's window. */
  unacknowledged: number;
  /** Whether what was received has been taken, so that the peer may send more. */
  readonly hasTakenAll: boolean;
}

export abstract class FlowingConnection<Stream extends FlowingStream> {
  readonly output: Output = new Output();
  sendWindow: number = DEFAULT_WINDOW_BYTES;
  protected readonly turns: SendTurns = new SendTurns();
  /** What the peer lets us send on a stream at first. */
  protected peerStreamWindow: number = DEFAULT_WINDOW_BYTES;
  /** Bytes of DATA since the last WINDOW_UPDATE for the connection. */
  protected received: number = 0;
  private readonly windowBytes: number;
  private readonly streamWindowBytes: number;

  /**
   * @param windowBytes what we let the peer send on all streams together
   * @param streamWindowBytes the same for each stream
   */
  constructor(windowBytes: number, streamWindowBytes: number) {
    this.windowBytes = windowBytes;
    this.streamWindowBytes = streamWindowBytes;
  }

  protected abstract streamOf(id: number): Stream | undefined;
  protected abstract openStreams(): Iterable<Stream>;
  /** A frame came for a stream that is not open. @throws ConnectionError when it never was */
  protected abstract onClosedStream(id: number, what: string): void;
  /** A fault of the peer that costs it one stream. */
  protected abstract fault(stream: Stream, code: ErrorCode): void;
  /** Something is to be sent at the end of the turn. */
  protected abstract touch(): void;

  schedule(stream: SendingStream): void {
    this.turns.add(stream);
    this.touch();
  }

  /** Lets the peer send more on a stream, if enough has been taken to be worth a frame. */
  credit(stream: Stream): void {
    if (stream.done || !stream.hasTakenAll) return;
    if (stream.unacknowledged < this.streamWindowBytes / 2) return;
    writeWindowUpdate(this.output, stream.id, stream.unacknowledged);
    stream.unacknowledged = 0;
    this.touch();
  }

  /** The same for all streams together. */
  protected creditAll(): void {
    if (this.received < this.windowBytes / 4) return;
    writeWindowUpdate(this.output, 0, this.received);
    this.received = 0;
    this.touch();
  }

  /** Counts DATA of a stream. @returns false when it is more than the peer was allowed, which has cost it the stream */
  protected take(stream: Stream, flowBytes: number): boolean {
    stream.unacknowledged += flowBytes;
    if (stream.unacknowledged <= this.streamWindowBytes) return true;
    this.fault(stream, ErrorCode.FlowControlError);
    return false;
  }

  /** `id` 0: the connection. */
  onWindowUpdate(id: number, increment: number): void {
    if (id === 0) {
      this.onConnectionWindowUpdate(increment);
      return;
    }
    const stream = this.streamOf(id);
    if (stream === undefined) this.onClosedStream(id, 'WINDOW_UPDATE');
    else if (increment === 0) this.fault(stream, ErrorCode.ProtocolError);
    else if (stream.sendWindow + increment > WINDOW_BYTES_MAX) this.fault(stream, ErrorCode.FlowControlError);
    else {
      stream.sendWindow += increment;
      if (stream.canSend) this.schedule(stream);
    }
  }

  private onConnectionWindowUpdate(increment: number): void {
    if (increment === 0) throw protocolError('WINDOW_UPDATE by 0');
    const wasClosed = this.sendWindow <= 0;
    this.sendWindow += increment;
    if (this.sendWindow > WINDOW_BYTES_MAX) {
      throw new ConnectionError(ErrorCode.FlowControlError, 'the window of the connection is too large');
    }
    if (!wasClosed) return;
    this.turns.windowOpened();
    this.touch();
  }

  /** A new initial window counts for open streams, too (§6.9.2). */
  protected changeStreamWindows(bytes: number): void {
    const change = bytes - this.peerStreamWindow;
    if (change === 0) return;
    this.peerStreamWindow = bytes;
    for (const stream of this.openStreams()) {
      stream.sendWindow += change;
      if (stream.sendWindow > WINDOW_BYTES_MAX) {
        throw new ConnectionError(ErrorCode.FlowControlError, 'the window of a stream is too large');
      }
      if (stream.canSend) this.schedule(stream);
    }
  }
}
