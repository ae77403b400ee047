/**
 * The load generator's end of a connection: unary gRPC calls over plain TCP on the HTTP/2 client of `src/rpc/http2`, without
 * what a channel does around it. Calls are told apart by a number, answers are counted off unless they are wanted, and
 * nothing is connected again.
 *
 * Invariant: calls leave in the order of `start`, and `onDone` is called exactly once for each started call, also when the
 * connection breaks (then with code 14, UNAVAILABLE).
 */

import { connect } from 'node:net';
import type { RpcFailure, RpcMetadata } from '../src/rpc/channel.ts';
import { ClientConnection } from '../src/rpc/http2/client-connection.ts';
import { ClientStream, Unconnected } from '../src/rpc/http2/client-stream.ts';
import { TimerWheel } from '../src/rpc/http2/timer-wheel.ts';
import { nodeRuntime } from '../src/util/node-runtime.ts';

export const UNAVAILABLE = 14;

const PREFIX_BYTES = 5;
const NO_METADATA: RpcMetadata = {};
const MAX_RECEIVE_BYTES = 2 ** 31 - 1;
/** A measurement is over before anybody would be probed. */
const NEVER_MS = 24 * 60 * 60 * 1000;

/** Called once per call. `response` is the message, null unless `code` is 0 and the client keeps bodies. */
export type CallDone = (slot: number, code: number, message: string, response: Buffer | null) => void;

export interface H2ClientOptions {
  readonly host: string;
  readonly port: number;
  /** Whether responses are kept for `onDone`; without, they are only counted off. */
  readonly keepBodies: boolean;
  readonly onDone: CallDone;
  /** The connection ended; all its calls have been answered. */
  readonly onClose?: (reason: string) => void;
}

/** Puts the gRPC prefix (uncompressed, length) before a message. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(message.length + PREFIX_BYTES);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

class LoadCall extends ClientStream {
  readonly slot: number;
  readonly message: Uint8Array;
  readonly #client: H2Client;
  /** The message has been copied: its buffer may be written to again. */
  isCopied = false;
  chunks: Buffer[] | null = null;

  constructor(client: H2Client, host: Unconnected, path: string, slot: number, message: Uint8Array) {
    super(host, path, NO_METADATA, 0);
    this.#client = client;
    this.slot = slot;
    this.message = message;
  }

  get hasTakenAll(): boolean {
    return true;
  }

  takeData(bytes: Buffer, from: number, to: number): void {
    this.#client.received += to - from;
    if (!this.#client.keepBodies) return;
    this.chunks ??= [];
    this.chunks.push(Buffer.from(bytes.subarray(from, to)));
  }

  protected begin(): void {
    this.isCopied = this.writeRequest(this.message);
    if (this.isCopied) return;
    this.finishing = true;
    this.enqueue(this.message);
  }

  protected takeStatus(failure: RpcFailure | null): void {
    this.#client.ended(this, failure);
  }

  protected failed(failure: RpcFailure): void {
    this.#client.ended(this, failure);
  }
}

export class H2Client {
  readonly keepBodies: boolean;
  /** Bytes of answers, prefixes included. */
  received = 0;
  readonly #options: H2ClientOptions;
  readonly #wheel: TimerWheel;
  readonly #unconnected: Unconnected;
  readonly #connection: ClientConnection;
  #waiting: LoadCall[] = [];
  #closed: string | null = null;
  #isDraining = false;

  /** Connects. Calls may be started at once; `onReady` tells that the connection stands. */
  constructor(options: H2ClientOptions, onReady: () => void) {
    this.#options = options;
    this.keepBodies = options.keepBodies;
    const { clock, scheduler, log } = nodeRuntime();
    this.#wheel = new TimerWheel(clock);
    this.#unconnected = new Unconnected(this.#wheel);
    const { host, port } = options;
    const socket = connect({ host, port, noDelay: true }, () => this.#connection.begin());
    this.#connection = new ClientConnection(
      socket,
      {
        scheme: 'http',
        authority: `${host}:${port}`,
        userAgent: 'keelson-bench',
        maxReceiveBytes: MAX_RECEIVE_BYTES,
        keepaliveMs: NEVER_MS,
        keepaliveTimeoutMs: NEVER_MS,
        wheel: this.#wheel,
        scheduler,
        log,
      },
      {
        onReady: () => {
          const waiting = this.#waiting;
          this.#waiting = [];
          for (const call of waiting) this.#connection.start(call);
          onReady();
        },
        onDraining: () => {
          this.#isDraining = true;
          this.#closeWhenDone();
        },
        onClosed: (why) => this.#end(why === '' ? 'connection closed' : why),
      },
    );
  }

  /** The server takes no more calls on this connection; those under way are still answered. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Calls that were started and not answered. */
  get inFlight(): number {
    return this.#connection.callCount + this.#waiting.length;
  }

  /**
   * Starts a call. It leaves at the end of the turn.
   * @param slot given back to `onDone`
   * @param path `/package.Service/Method`
   * @param message must not change before the call is answered, unless this says that it has been copied
   * @returns whether the message has been copied, so that its buffer may be used again
   */
  start(slot: number, path: string, message: Uint8Array): boolean {
    const call = new LoadCall(this, this.#unconnected, path, slot, message);
    const reason = this.#isDraining ? 'the server said GOAWAY' : this.#closed;
    if (reason !== null) {
      setImmediate(() => this.#options.onDone(slot, UNAVAILABLE, reason, null));
      return true;
    }
    if (this.#connection.isReady) this.#connection.start(call);
    else this.#waiting.push(call);
    return call.isCopied;
  }

  /** For the calls of this client. */
  ended(call: LoadCall, failure: RpcFailure | null): void {
    if (failure !== null) this.#options.onDone(call.slot, failure.code, failure.message, null);
    else {
      const body = call.chunks === null ? null : Buffer.concat(call.chunks).subarray(PREFIX_BYTES);
      this.#options.onDone(call.slot, 0, '', body);
    }
    if (this.#isDraining) this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    setImmediate(() => {
      if (this.inFlight === 0) this.#connection.destroy('the server said GOAWAY');
    });
  }

  /** Closes the connection; calls without an answer end with UNAVAILABLE. */
  close(): void {
    this.#connection.destroy('closed by this side');
  }

  #end(reason: string): void {
    if (this.#closed !== null) return;
    this.#closed = reason;
    this.#wheel.close();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) this.#options.onDone(call.slot, UNAVAILABLE, reason, null);
    this.#options.onClose?.(reason);
  }
}
