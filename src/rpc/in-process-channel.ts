/**
 * A channel to methods in the same process: for clients of a member that runs beside them, without a socket and without
 * frames. The messages are the same bytes as over a network.
 *
 * What one side says, the other hears in a later turn, in order: neither is ever called from within its own call. A side
 * that pauses holds the other back, as over a connection: `write` of the server then says that it is full.
 */

import type { Runtime, Timer } from '../util/runtime.ts';
import type {
  OpenChannel,
  RpcChannel,
  RpcChannelCall,
  RpcChannelListener,
  RpcChannelStream,
  RpcFailure,
  RpcMetadata,
  UnaryDone,
} from './channel.ts';
import {
  type RpcCall,
  type RpcMethod,
  type RpcMethods,
  type RpcStatus,
  type RpcStream,
  wholeOf,
} from './transport.ts';

const peer = 'in-process';
const unimplemented = 12;
const deadlineExceeded = 4;
const unavailable = 14;
/** Bytes on their way to a client that has paused, from which on the server is told to wait. */
const fullBytes = 1 << 20;

const expired: RpcFailure = { code: deadlineExceeded, message: 'context deadline exceeded', sent: true };
const closed: RpcFailure = { code: unavailable, message: 'the channel is closed', sent: true };

/** @param unknownMethod text of the answer for a path that is not there */
export function inProcessChannel(methods: RpcMethods, unknownMethod: (path: string) => string): OpenChannel {
  return ({ runtime }) => new InProcessChannel(methods, unknownMethod, runtime);
}

class InProcessChannel implements RpcChannel {
  readonly isReady = true;
  readonly #methods: RpcMethods;
  readonly #unknownMethod: (path: string) => string;
  readonly #runtime: Runtime;
  readonly #open = new Set<{ fail(failure: RpcFailure): void }>();

  constructor(methods: RpcMethods, unknownMethod: (path: string) => string, runtime: Runtime) {
    this.#methods = methods;
    this.#unknownMethod = unknownMethod;
    this.#runtime = runtime;
  }

  connect(): void {}

  unary(
    path: string,
    request: Uint8Array,
    metadata: RpcMetadata,
    done: UnaryDone,
    timeoutMs?: number,
  ): RpcChannelCall {
    const call = new UnaryCall(path, metadata, this.#runtime, timeoutMs, (failure, response) => {
      this.#open.delete(call);
      done(failure, response);
    });
    this.#open.add(call);
    call.begin(this.#methods.get(path), this.#unknownMethod, request);
    return { cancel: () => this.#give(call) };
  }

  stream(path: string, metadata: RpcMetadata, listener: RpcChannelListener): RpcChannelStream {
    const stream = new StreamCall(path, metadata, this.#runtime, {
      onMessage: (response) => listener.onMessage(response),
      onEnd: (failure) => {
        this.#open.delete(stream);
        listener.onEnd(failure);
      },
    });
    this.#open.add(stream);
    stream.begin(this.#methods.get(path), this.#unknownMethod);
    return {
      write: (request) => stream.fromClient(request),
      halfClose: () => stream.clientIsDone(),
      pause: () => stream.holdServer(),
      resume: () => stream.letServer(),
      cancel: () => this.#give(stream),
    };
  }

  #give(call: UnaryCall | StreamCall): void {
    this.#open.delete(call);
    call.cancel();
  }

  close(): void {
    for (const call of [...this.#open]) call.fail(closed);
  }
}

/** What server and client know of a call, whatever its shape. */
abstract class Call implements RpcCall {
  readonly path: string;
  readonly peer = peer;
  readonly commonName = '';
  protected readonly runtime: Runtime;
  protected isOver = false;
  readonly #metadata: RpcMetadata;
  #cancelListener: (() => void) | null = null;

  constructor(path: string, metadata: RpcMetadata, runtime: Runtime) {
    this.path = path;
    this.#metadata = metadata;
    this.runtime = runtime;
  }

  metadata(key: string): string | undefined {
    return this.#metadata[key];
  }

  onCancel(listener: () => void): void {
    this.#cancelListener = listener;
  }

  /** The client is gone, or what it waited for has failed: nothing is reported any more, and the server hears of it. */
  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.runtime.scheduler.defer(() => this.#cancelListener?.());
  }
}

function failureOf({ code, message }: RpcStatus): RpcFailure {
  return { code, message, sent: true };
}

class UnaryCall extends Call {
  readonly #done: UnaryDone;
  readonly #timer: Timer | null;

  constructor(
    path: string,
    metadata: RpcMetadata,
    runtime: Runtime,
    timeoutMs: number | undefined,
    done: UnaryDone,
  ) {
    super(path, metadata, runtime);
    this.#done = done;
    this.#timer =
      timeoutMs === undefined || timeoutMs === Number.POSITIVE_INFINITY
        ? null
        : runtime.clock.setTimer(timeoutMs, () => this.fail(expired));
  }

  begin(method: RpcMethod | undefined, unknownMethod: (path: string) => string, request: Uint8Array): void {
    this.runtime.scheduler.defer(() => {
      if (this.isOver) return;
      if (method?.kind !== 'unary') {
        this.#settle({ code: unimplemented, message: unknownMethod(this.path), sent: true }, null);
        return;
      }
      method.handle(request, this, (status, response) =>
        this.#settle(
          status === null ? null : failureOf(status),
          response === null ? null : wholeOf(response),
        ),
      );
    });
  }

  #settle(failure: RpcFailure | null, response: Uint8Array | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#timer?.cancel();
    this.runtime.scheduler.defer(() => this.#done(failure, response));
  }

  fail(failure: RpcFailure): void {
    if (this.isOver) return;
    this.cancel();
    this.#done(failure, null);
  }

  override cancel(): void {
    this.#timer?.cancel();
    super.cancel();
  }
}

class StreamCall extends Call implements RpcStream {
  readonly #listener: RpcChannelListener;
  /** What is on its way to the server; null: the client has sent its last. */
  #toServer: (Uint8Array | null)[] = [];
  #toClient: Uint8Array[] = [];
  #bytes = 0;
  #serverPaused = false;
  #clientPaused = false;
  #serverWaits = false;
  /** The server has ended the call; told when everything before has been. */
  #end: RpcFailure | null | undefined = undefined;
  #onMessage: (request: Uint8Array) => void = () => {};
  #onHalfClose: () => void = () => {};
  #onDrain: () => void = () => {};

  constructor(path: string, metadata: RpcMetadata, runtime: Runtime, listener: RpcChannelListener) {
    super(path, metadata, runtime);
    this.#listener = listener;
  }

  begin(method: RpcMethod | undefined, unknownMethod: (path: string) => string): void {
    if (method?.kind === 'stream') method.handle(this);
    else this.end({ code: unimplemented, message: unknownMethod(this.path) });
  }

  fail(failure: RpcFailure): void {
    if (this.isOver) return;
    this.cancel();
    this.#listener.onEnd(failure);
  }

  // The client's side.

  fromClient(request: Uint8Array | null): void {
    if (this.isOver) return;
    this.#toServer.push(request);
    this.runtime.scheduler.defer(() => this.#feedServer());
  }

  clientIsDone(): void {
    this.fromClient(null);
  }

  holdServer(): void {
    this.#clientPaused = true;
  }

  letServer(): void {
    this.#clientPaused = false;
    this.runtime.scheduler.defer(() => this.#feedClient());
  }

  #feedServer(): void {
    while (!this.isOver && !this.#serverPaused && this.#toServer.length > 0) {
      const request = this.#toServer.shift()!;
      if (request === null) this.#onHalfClose();
      else this.#onMessage(request);
    }
  }

  #feedClient(): void {
    while (!this.isOver && !this.#clientPaused && this.#toClient.length > 0) {
      const response = this.#toClient.shift()!;
      this.#bytes -= response.length;
      this.#listener.onMessage(response);
    }
    if (this.isOver || this.#toClient.length > 0) return;
    if (this.#end !== undefined) {
      this.isOver = true;
      this.#listener.onEnd(this.#end);
      return;
    }
    if (!this.#serverWaits) return;
    this.#serverWaits = false;
    this.#onDrain();
  }

  // The server's side.

  get bufferedBytes(): number {
    return this.#bytes;
  }

  onMessage(listener: (request: Uint8Array) => void): void {
    this.#onMessage = listener;
  }

  onHalfClose(listener: () => void): void {
    this.#onHalfClose = listener;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  write(response: Uint8Array, isTransient: boolean = false): boolean {
    if (this.isOver || this.#end !== undefined) return false;
    this.#toClient.push(isTransient ? Uint8Array.from(response) : response);
    this.#bytes += response.length;
    this.runtime.scheduler.defer(() => this.#feedClient());
    this.#serverWaits = this.#bytes >= fullBytes;
    return !this.#serverWaits;
  }

  pause(): void {
    this.#serverPaused = true;
  }

  resume(): void {
    this.#serverPaused = false;
    this.runtime.scheduler.defer(() => this.#feedServer());
  }

  end(status: RpcStatus | null): void {
    if (this.isOver || this.#end !== undefined) return;
    this.#end = status === null ? null : failureOf(status);
    this.runtime.scheduler.defer(() => this.#feedClient());
  }
}
