/**
 * The load of `bench watch`: many watchers on few streams, all of the same key, and a writer. Every put becomes as many
 * events as there are watchers.
 *
 * The writer is at most `window` puts ahead of what all watchers together were told, so that what is counted is what a server
 * delivers for as long as it likes, and not what it lets pile up. A put carries the time it was sent; how long its
 * events took is seen by the first watcher of each stream.
 */

import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { RpcChannel } from '../src/rpc/channel.ts';
import { http2Channel } from '../src/rpc/http2/client-channel.ts';
import { nodeRuntime } from '../src/util/node-runtime.ts';
import type { LoadResult } from './generator.ts';
import { Histogram } from './histogram.ts';
import { eventsOf, firstValueOf, PUT_PATH, putRequest, WATCH_PATH, watchCreateRequest } from './messages.ts';

export interface WatchLoad {
  readonly kind: 'watch';
  readonly host: string;
  readonly port: number;
  readonly watchers: number;
  /** Each on a connection of its own. */
  readonly streams: number;
  readonly valueBytes: number;
  /** Puts that may be under way, or delivered in part. */
  readonly window: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

const KEY = Buffer.from('watched-key-0001');
const CREATED_WITHIN_MS = 30_000;
const STAMP_BYTES = 8;
const EMPTY = { counts: [], maxUs: 0, sumUs: 0 };

class WatchRun {
  readonly #options: WatchLoad;
  readonly #channels: RpcChannel[] = [];
  readonly #value: Buffer;
  #created = 0;
  /** Events of all watchers, since the beginning. */
  #delivered = 0;
  #receivedBytes = 0;
  #puts = 0;
  #accepted = 0;
  #underWay = 0;
  #isWriting = false;
  #latency = new Histogram();
  #failure: string | null = null;

  constructor(options: WatchLoad) {
    this.#options = options;
    this.#value = Buffer.alloc(Math.max(options.valueBytes, STAMP_BYTES), 'v');
  }

  async run(): Promise<LoadResult> {
    const { warmUpMs, measureMs } = this.#options;
    const writer = this.#channel();
    try {
      this.#watch();
      await this.#until(() => this.#created === this.#options.watchers);
      this.#isWriting = true;
      this.#write(writer);
      await pause(warmUpMs);
      const [events, bytes] = [this.#delivered, this.#receivedBytes];
      this.#latency = new Histogram();
      const from = performance.now();
      const cpuFrom = process.cpuUsage();
      await pause(measureMs);
      const seconds = (performance.now() - from) / 1000;
      const cpu = process.cpuUsage(cpuFrom);
      this.#isWriting = false;
      return {
        seconds,
        completed: this.#delivered - events,
        failed: this.#failure === null ? 0 : 1,
        firstFailure: this.#failure,
        acceptedInAll: this.#accepted,
        latency: this.#latency.toData(),
        lag: EMPTY,
        cpuSeconds: (cpu.user + cpu.system) / 1e6,
        keyNext: 0,
        receivedBytes: this.#receivedBytes - bytes,
      };
    } finally {
      for (const channel of this.#channels) channel.close();
    }
  }

  #channel(): RpcChannel {
    const { host, port } = this.#options;
    const channel = http2Channel({
      address: `${host}:${port}`,
      tls: null,
      keepaliveMs: 60_000,
      keepaliveTimeoutMs: 20_000,
      maxReceiveBytes: 2 ** 31 - 1,
      reconnectMinMs: 100,
      reconnectMaxMs: 1000,
      runtime: nodeRuntime(),
    });
    this.#channels.push(channel);
    return channel;
  }

  #watch(): void {
    const { watchers, streams } = this.#options;
    for (let stream = 0; stream < streams; stream++) {
      const call = this.#channel().stream(
        WATCH_PATH,
        {},
        {
          onMessage: (response) => this.#onResponse(response, stream),
          onEnd: (failure) => {
            this.#failure ??= `a watch stream ended: ${failure?.message ?? 'well'}`;
          },
        },
      );
      for (let id = stream; id < watchers; id += streams) call.write(watchCreateRequest(KEY, id));
    }
  }

  #onResponse(response: Uint8Array, stream: number): void {
    const answer = eventsOf(response);
    const { watchId, created, events } = answer;
    this.#receivedBytes += response.length;
    if (created) {
      this.#created += 1;
      return;
    }
    this.#delivered += events;
    const firstValue = watchId === stream ? firstValueOf(response, answer) : null;
    if (firstValue !== null) {
      const sentAt = Buffer.from(firstValue.buffer, firstValue.byteOffset, STAMP_BYTES).readDoubleBE(0);
      this.#latency.record((performance.now() - sentAt) * 1000);
    }
    if (this.#isWriting) this.#write(this.#channels[0]!);
  }

  /** Puts as many as the window allows. */
  #write(writer: RpcChannel): void {
    const { window, watchers } = this.#options;
    while (this.#isWriting && this.#puts + this.#underWay < this.#delivered / watchers + window) {
      this.#underWay += 1;
      this.#value.writeDoubleBE(performance.now(), 0);
      writer.unary(PUT_PATH, putRequest(KEY, this.#value), {}, (failure) => {
        this.#underWay -= 1;
        if (failure === null) {
          this.#puts += 1;
          this.#accepted += 1;
        } else this.#failure ??= `a put failed: ${failure.message}`;
        this.#write(writer);
      });
    }
  }

  async #until(isTrue: () => boolean): Promise<void> {
    const end = performance.now() + CREATED_WITHIN_MS;
    while (!isTrue()) {
      if (this.#failure !== null) throw new Error(this.#failure);
      if (performance.now() > end) throw new Error(`only ${this.#created} watchers were created in time`);
      await pause(5);
    }
  }
}

/** Runs one measurement. @throws Error when the watchers cannot be made */
export function runWatchLoad(options: WatchLoad): Promise<LoadResult> {
  return new WatchRun(options).run();
}
