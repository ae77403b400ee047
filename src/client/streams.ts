/**
 * Opens streaming calls: picks an endpoint, brings the token, and gives up on an endpoint that cannot be connected to in
 * time. It opens one stream and reports its end; going on elsewhere is for those who know where they were.
 */

import type { RpcChannelStream, RpcFailure } from '../rpc/channel.ts';
import type { Timer } from '../util/runtime.ts';
import type { Caller } from './caller.ts';
import { unconnected } from './caller.ts';
import type { Endpoint } from './endpoints.ts';
import { closedError, EtcdError, errorOf, StatusCode } from './errors.ts';

export interface StreamSpec {
  readonly path: string;
  readonly requireLeader: boolean;
  /** The only endpoint to ask; any, if it is left out. */
  readonly endpoint?: Endpoint;
}

export interface StreamListener {
  /** There is a stream: write to it. The endpoint may still turn out to be dead. */
  onOpen(stream: RpcChannelStream, endpoint: Endpoint, token: string | null): void;
  onMessage(response: Uint8Array): void;
  /** The call is over; null: well. Comes once. */
  onEnd(error: Error | null): void;
}

export interface OpenStream {
  /** Gives the stream up; the listener hears nothing more. */
  cancel(): void;
}

export function openStream(caller: Caller, spec: StreamSpec, listener: StreamListener): OpenStream {
  const call = new StreamCall(caller, spec, listener);
  call.start();
  return call;
}

/** A server does not take the token, or wants one. */
export function isAboutToken(error: Error | null): boolean {
  if (!(error instanceof EtcdError)) return false;
  const { reason } = error;
  return reason === 'invalidAuthToken' || reason === 'authRevisionOld' || reason === 'userNameEmpty';
}

/** Whether a stream that ended like this is worth another attempt, with the token as it is. */
export function isPassing(error: Error | null): boolean {
  if (error === null) return true;
  if (!(error instanceof EtcdError)) return false;
  switch (error.reason) {
    case 'connectionFailed':
    // A stream has no time limit: no token could be had in time.
    case 'deadlineExceeded':
    case 'noLeader':
    case 'leaderChanged':
    case 'stopped':
    case 'notSupportedForLearner':
    case 'tooManyRequests':
    case 'notPrimaryLessor':
      return true;
    default:
      return error.code === StatusCode.Unavailable;
  }
}

class StreamCall implements OpenStream {
  readonly #caller: Caller;
  readonly #spec: StreamSpec;
  readonly #listener: StreamListener;
  #stream: RpcChannelStream | null = null;
  #dialTimer: Timer | null = null;
  #endpoint: Endpoint | null = null;
  #token: string | null = null;
  #isOver = false;

  constructor(caller: Caller, spec: StreamSpec, listener: StreamListener) {
    this.#caller = caller;
    this.#spec = spec;
    this.#listener = listener;
  }

  start(): void {
    if (this.#caller.isClosed) {
      this.#end(closedError());
      return;
    }
    this.#caller.token((error, token) => {
      if (this.#isOver) return;
      if (this.#caller.isClosed) this.#end(closedError());
      else if (error !== null) this.#end(error);
      else this.#open(token);
    });
  }

  cancel(): void {
    this.#isOver = true;
    this.#dialTimer?.cancel();
    this.#stream?.cancel();
  }

  #open(token: string | null): void {
    const { options, endpoints } = this.#caller;
    const endpoint = this.#spec.endpoint ?? endpoints.pick();
    this.#endpoint = endpoint;
    this.#token = token;
    const { channel } = endpoint;
    if (!channel.isReady) {
      this.#dialTimer = options.runtime.clock.setTimer(options.dialTimeoutMs, () => {
        if (channel.isReady) return;
        this.#stream?.cancel();
        this.#onFailure(unconnected(endpoint, options.dialTimeoutMs));
      });
    }
    const metadata = this.#caller.metadataFor(token, this.#spec.requireLeader);
    const stream = channel.stream(this.#spec.path, metadata, {
      onMessage: (response) => {
        if (this.#isOver) return;
        endpoints.succeeded(endpoint);
        this.#listener.onMessage(response);
      },
      onEnd: (failure) => {
        if (failure === null) this.#end(null);
        else this.#onFailure(failure);
      },
    });
    this.#stream = stream;
    this.#listener.onOpen(stream, endpoint, token);
  }

  #onFailure(failure: RpcFailure): void {
    if (this.#isOver) return;
    const { endpoints } = this.#caller;
    const endpoint = this.#endpoint!;
    const error = errorOf(failure, endpoint.url, false);
    const { reason } = error;
    if (reason === 'notSupportedForLearner') endpoints.isLearner(endpoint);
    else if (error.code === StatusCode.Unavailable || reason === 'connectionFailed')
      endpoints.failed(endpoint);
    else if (isAboutToken(error)) this.#caller.tokenRefused(this.#token);
    this.#end(error);
  }

  #end(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#dialTimer?.cancel();
    this.#listener.onEnd(error);
  }
}
