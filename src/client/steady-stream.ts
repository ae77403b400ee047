/**
 * Keeps one stream open for as long as it is wanted: when it breaks, another is opened, on another endpoint if there
 * is one. What is sent on each new stream is up to its owner, who knows how far the last one had come.
 */

import type { RpcChannelStream } from '../rpc/channel.ts';
import type { Timer } from '../util/runtime.ts';
import type { Caller } from './caller.ts';
import type { Endpoint } from './endpoints.ts';
import { isAboutToken, isPassing, type OpenStream, openStream, type StreamSpec } from './streams.ts';

/** New tokens that are tried in a row without an answer in between. */
const tokenRefreshesMax = 3;

export interface SteadyListener {
  /** A stream was opened, the first or another. */
  onOpen(stream: RpcChannelStream): void;
  onMessage(response: Uint8Array): void;
  /** A stream broke; another is being opened. */
  onInterrupted(error: Error | null): void;
  /** There will be no other stream: the server refused for good. Comes once; not after `close`. */
  onFailed(error: Error): void;
}

export class SteadyStream {
  readonly #caller: Caller;
  readonly #spec: StreamSpec;
  readonly #listener: SteadyListener;
  #open: OpenStream | null = null;
  #endpoint: Endpoint | null = null;
  #token: string | null = null;
  #timer: Timer | null = null;
  #attempts = 0;
  #tokenRefreshes = 0;
  #isOver = false;

  constructor(caller: Caller, spec: StreamSpec, listener: SteadyListener) {
    this.#caller = caller;
    this.#spec = spec;
    this.#listener = listener;
  }

  /** Where the stream goes now; empty before the first. */
  get endpointUrl(): string {
    return this.#endpoint?.url ?? '';
  }

  start(): void {
    if (this.#isOver) return;
    const stream = openStream(this.#caller, this.#spec, {
      onOpen: (opened, endpoint, token) => {
        this.#endpoint = endpoint;
        this.#token = token;
        this.#listener.onOpen(opened);
      },
      onMessage: (response) => {
        this.#attempts = 0;
        this.#tokenRefreshes = 0;
        this.#listener.onMessage(response);
      },
      onEnd: (error) => {
        this.#open = null;
        this.#recover(error);
      },
    });
    // A failure that was known at once has been dealt with already.
    if (this.#isOver) stream.cancel();
    else if (this.#timer === null) this.#open = stream;
  }

  /** Gives the present stream up and opens another. @param error why */
  reopen(error: Error | null): void {
    this.#open?.cancel();
    this.#open = null;
    if (isAboutToken(error)) this.#caller.tokenRefused(this.#token);
    this.#recover(error);
  }

  /** The endpoint does not do its work: give it a rest. */
  blameEndpoint(): void {
    if (this.#endpoint !== null) this.#caller.endpoints.failed(this.#endpoint);
  }

  close(): void {
    this.#isOver = true;
    this.#open?.cancel();
    this.#open = null;
    this.#timer?.cancel();
  }

  #recover(error: Error | null): void {
    if (this.#isOver || this.#timer !== null) return;
    const isToken = this.#caller.hasCredentials && isAboutToken(error);
    if (isToken) this.#tokenRefreshes++;
    if (this.#caller.isClosed || !(isToken ? this.#tokenRefreshes <= tokenRefreshesMax : isPassing(error))) {
      this.close();
      this.#listener.onFailed(error ?? new Error('the stream ended'));
      return;
    }
    this.#attempts++;
    const { endpoints, options } = this.#caller;
    const isRound = this.#attempts <= endpoints.all.length && endpoints.hasFresh();
    const delayMs = isRound ? 0 : this.#caller.backoffMs(this.#attempts);
    this.#timer = options.runtime.clock.setTimer(delayMs, () => {
      this.#timer = null;
      this.start();
    });
    this.#listener.onInterrupted(error);
  }
}
