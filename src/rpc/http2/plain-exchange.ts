/**
 * A request over HTTP/2 that is not gRPC: JSON for the gateway, a look at `/health`. A handler that is given to the
 * transport may answer it; without one it is refused with 415, as grpc-go does.
 */

import { Flag, FrameType } from './frames.ts';
import { STREAM_BUFFER_BYTES } from './limits.ts';
import type { RequestHead } from './request-head.ts';
import { metadataOf } from './request-head.ts';
import type { StreamHost } from './stream.ts';
import { Http2Stream } from './stream.ts';
import { writeHeaderBlock } from './write-header-block.ts';

/** Names are in lower case. */
export type PlainHeaders = readonly (readonly [name: string, value: string])[];

/** Listeners are set synchronously inside the handler. */
export interface PlainExchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Address of the client, for logs. */
  readonly peer: string;
  /** Common name of the verified client certificate, or empty. */
  readonly commonName: string;
  /** Names of the headers, in lower case, as they came. */
  readonly headerNames: readonly string[];
  /** First value of a header (lower case), or undefined. */
  header(name: string): string | undefined;
  /** Parts of the body as they come; each is only valid as long as the others that it came with. */
  onBody(listener: (part: Uint8Array) => void): void;
  /** The request is complete. */
  onEnd(listener: () => void): void;
  /** The client went away before the response was complete. */
  onCancel(listener: () => void): void;
  /** Sends status and headers. Once, and before `write`. */
  respond(status: number, headers: PlainHeaders): void;
  /** Queues a part of the body, which must not change afterwards. False: wait for `onDrain` before sending more. */
  write(part: Uint8Array): boolean;
  onDrain(listener: () => void): void;
  /** Ends the response. Later calls do nothing. */
  end(): void;
}

export type PlainHandler = (exchange: PlainExchange) => void;

const NO_HEADERS: PlainHeaders = [];
const NO_BYTES: Buffer = Buffer.alloc(0);

export class PlainCall extends Http2Stream implements PlainExchange {
  private readonly handle: PlainHandler;
  private status = 0;
  private responseHeaders: PlainHeaders = NO_HEADERS;
  private bodyListener: ((part: Uint8Array) => void) | null = null;
  private endListener: (() => void) | null = null;
  private cancelListener: (() => void) | null = null;
  private drainListener: (() => void) | null = null;
  private wantsDrain = false;

  constructor(
    host: StreamHost,
    id: number,
    head: RequestHead,
    headerBytes: number,
    sendWindow: number,
    handle: PlainHandler,
  ) {
    super(host, id, head, headerBytes, sendWindow);
    this.handle = handle;
  }

  start(): void {
    this.run(() => this.handle(this));
  }

  get method(): string {
    return this.head.method;
  }

  get path(): string {
    return this.head.path;
  }

  get peer(): string {
    return this.host.peer;
  }

  get commonName(): string {
    return this.host.commonName;
  }

  get headerNames(): readonly string[] {
    return this.head.fields.map(({ name }) => name);
  }

  header(name: string): string | undefined {
    return metadataOf(this.head, name);
  }

  onBody(listener: (part: Uint8Array) => void): void {
    this.bodyListener = listener;
  }

  onEnd(listener: () => void): void {
    this.endListener = listener;
  }

  onCancel(listener: () => void): void {
    this.cancelListener = listener;
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener;
  }

  respond(status: number, headers: PlainHeaders): void {
    if (this.done || this.status !== 0) return;
    this.status = status;
    this.responseHeaders = headers;
    this.host.schedule(this);
  }

  write(part: Uint8Array): boolean {
    if (this.done || this.finishing) return false;
    if (this.status === 0) throw new Error('a body needs a status before it');
    if (part.length > 0) this.enqueue(part);
    if (this.queuedBytes < STREAM_BUFFER_BYTES) return true;
    this.wantsDrain = true;
    return false;
  }

  end(): void {
    if (this.done || this.finishing) return;
    if (this.status === 0) throw new Error('a response needs a status');
    this.finishing = true;
    this.host.schedule(this);
  }

  // What the connection says

  override get canSend(): boolean {
    return this.status !== 0 && super.canSend;
  }

  get hasTakenAll(): boolean {
    return true;
  }

  takeData(bytes: Buffer, from: number, to: number): void {
    const { bodyListener } = this;
    if (bodyListener !== null) this.run(() => bodyListener(bytes.subarray(from, to)));
  }

  takeEnd(): void {
    const { endListener } = this;
    if (endListener !== null) this.run(endListener);
  }

  onTimer(): void {}

  protected aborted(): void {
    const { cancelListener } = this;
    if (cancelListener !== null) this.run(cancelListener);
  }

  protected override sent(): void {
    const { drainListener } = this;
    if (!this.wantsDrain || drainListener === null || this.queuedBytes > STREAM_BUFFER_BYTES / 2) return;
    this.wantsDrain = false;
    this.run(drainListener);
  }

  protected get prefixBytes(): number {
    return 0;
  }

  protected prefixOctet(): number {
    return 0;
  }

  protected writeHead(end: boolean): void {
    const block = this.host.blocks.takePlain(this.status, this.responseHeaders);
    writeHeaderBlock(this.host.output, this.id, end ? Flag.EndStream : 0, block);
  }

  protected writeEnd(): void {
    this.host.output.frame(FrameType.Data, Flag.EndStream, this.id, NO_BYTES);
  }

  /** A handler that throws before it has responded costs a 500, afterwards a body that ends too early. */
  private run(job: () => void): void {
    try {
      job();
    } catch (error) {
      this.host.log.error('a plain handler threw', { path: this.path, error });
      if (this.done) return;
      this.respond(500, NO_HEADERS);
      this.end();
    }
  }
}
