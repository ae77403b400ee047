/**
 * The load generator: unary calls over HTTP/2, in a closed loop (a fixed number in flight, as fast as the answers come) or in
 * an open loop (a fixed schedule, whatever the answers do).
 *
 * Open-loop latency is counted from the instant a call was due, not from the instant it was sent: a server that stalls
 * is charged for every call that had to wait, which a closed loop would leave out (coordinated omission). How late the
 * generator itself was is recorded apart as `lag`, since the timers of Node are coarse (about a millisecond).
 */

import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { H2Client } from './h2-client.ts';
import { Histogram, type HistogramData } from './histogram.ts';
import { type RequestOptions, RequestSource } from './requests.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface LoadOptions extends RequestOptions {
  /** Connections go round over these. */
  readonly targets: readonly Target[];
  readonly connections: number;
  /** In flight per connection, in the closed loop. */
  readonly streams: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Calls per second of the open loop; null is the closed loop. */
  readonly rate: number | null;
}

export interface LoadResult {
  /** Time over which `completed` was counted. */
  readonly seconds: number;
  readonly completed: number;
  readonly failed: number;
  /** Code and text of the first failure, or null. */
  readonly firstFailure: string | null;
  /** Every call that was accepted, warm-up and drain included. */
  readonly acceptedInAll: number;
  readonly latency: HistogramData;
  /** How late calls were sent; empty in the closed loop. */
  readonly lag: HistogramData;
  /** CPU that the generator used, in seconds of one core. */
  readonly cpuSeconds: number;
  readonly keyNext: number;
  /** Bytes of answers while it was measured. */
  readonly receivedBytes: number;
}

/** In flight at once in the open loop; beyond it the server has lost the schedule and calls count as failed. */
const OPEN_IN_FLIGHT_MAX = 100_000;
const DRAIN_MS = 10_000;
const CONNECT_MS = 30_000;

/** What both loops share: connections, slots, counting. */
class Load {
  readonly options: LoadOptions;
  readonly source: RequestSource;
  readonly clients: H2Client[] = [];
  latency = new Histogram();
  lag = new Histogram();
  completed = 0;
  failed = 0;
  firstFailure: string | null = null;
  acceptedInAll = 0;
  inFlight = 0;
  #receivedBefore = 0;

  constructor(options: LoadOptions) {
    this.options = options;
    this.source = new RequestSource(options);
  }

  async connect(done: (client: number, slot: number, code: number) => void): Promise<void> {
    const ready: Promise<void>[] = [];
    for (let index = 0; index < this.options.connections; index++) {
      const target = this.options.targets[index % this.options.targets.length]!;
      ready.push(
        new Promise((resolve, reject) => {
          const client = new H2Client(
            {
              ...target,
              keepBodies: false,
              onDone: (slot, code, message) => {
                this.inFlight--;
                if (code === 0) this.acceptedInAll++;
                else this.#count(code, message);
                done(index, slot, code);
              },
              onClose: (reason) => reject(new Error(`${target.host}:${target.port}: ${reason}`)),
            },
            resolve,
          );
          this.clients.push(client);
        }),
      );
    }
    const timer = setTimeout(() => this.close(), CONNECT_MS);
    try {
      await Promise.all(ready);
    } finally {
      clearTimeout(timer);
    }
  }

  #count(code: number, message: string): void {
    this.failed++;
    this.firstFailure ??= `code ${code}: ${message}`;
  }

  call(client: number, slot: number): void {
    this.inFlight++;
    const { source } = this;
    const message = source.request();
    if (!this.clients[client]!.start(slot, source.path, message)) source.keep();
  }

  get receivedBytes(): number {
    return this.clients.reduce((sum, client) => sum + client.received, 0);
  }

  resetCounts(): void {
    this.#receivedBefore = this.receivedBytes;
    this.latency = new Histogram();
    this.lag = new Histogram();
    this.completed = 0;
    this.failed = 0;
    this.firstFailure = null;
  }

  async drain(): Promise<void> {
    const until = performance.now() + DRAIN_MS;
    while (this.inFlight > 0 && performance.now() < until) await pause(5);
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  result(seconds: number, cpu: NodeJS.CpuUsage): LoadResult {
    return {
      seconds,
      completed: this.completed,
      failed: this.failed,
      firstFailure: this.firstFailure,
      acceptedInAll: this.acceptedInAll,
      latency: this.latency.toData(),
      lag: this.lag.toData(),
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      keyNext: this.source.next,
      receivedBytes: this.receivedBytes - this.#receivedBefore,
    };
  }
}

async function runClosedLoop(options: LoadOptions): Promise<LoadResult> {
  const load = new Load(options);
  const startedAt = new Float64Array(options.connections * options.streams);
  let running = true;
  await load.connect((client, slot, code) => {
    const now = performance.now();
    if (!running) return;
    if (code === 0) {
      load.completed++;
      load.latency.record((now - startedAt[slot]!) * 1000);
    } else if (load.completed === 0 && load.failed > startedAt.length) {
      // Nothing is accepted at all: asking on would only spin.
      running = false;
      return;
    }
    startedAt[slot] = now;
    load.call(client, slot);
  });
  for (let slot = 0; slot < startedAt.length; slot++) {
    startedAt[slot] = performance.now();
    load.call(slot % options.connections, slot);
  }
  await pause(options.warmUpMs);
  load.resetCounts();
  const from = performance.now();
  const cpuFrom = process.cpuUsage();
  await pause(options.measureMs);
  running = false;
  const result = load.result((performance.now() - from) / 1000, process.cpuUsage(cpuFrom));
  await load.drain();
  load.close();
  return { ...result, acceptedInAll: load.acceptedInAll, keyNext: load.source.next };
}

/** Slots of calls in flight, used again, with the instant each was due. */
class DueSlots {
  readonly #free: number[] = [];
  readonly #due: number[] = [];

  take(due: number): number {
    const slot = this.#free.pop() ?? this.#due.length;
    this.#due[slot] = due;
    return slot;
  }

  give(slot: number): number {
    this.#free.push(slot);
    return this.#due[slot]!;
  }
}

async function runOpenLoop(options: LoadOptions, rate: number): Promise<LoadResult> {
  const load = new Load(options);
  const slots = new DueSlots();
  const intervalMs = 1000 / rate;
  let countFrom = Number.POSITIVE_INFINITY;
  await load.connect((_client, slot, code) => {
    const due = slots.give(slot);
    if (code !== 0 || due < countFrom) return;
    load.completed++;
    load.latency.record((performance.now() - due) * 1000);
  });
  const startAt = performance.now();
  const endAt = startAt + options.warmUpMs + options.measureMs;
  countFrom = startAt + options.warmUpMs;
  let cpuFrom = process.cpuUsage();
  let warm = false;
  let sent = 0;
  while (performance.now() < endAt) {
    const now = performance.now();
    if (!warm && now >= countFrom) {
      warm = true;
      load.failed = 0;
      load.firstFailure = null;
      cpuFrom = process.cpuUsage();
    }
    for (
      let due = startAt + sent * intervalMs;
      due <= now && due < endAt;
      due = startAt + ++sent * intervalMs
    ) {
      if (load.inFlight >= OPEN_IN_FLIGHT_MAX) {
        load.failed++;
        load.firstFailure ??= `more than ${OPEN_IN_FLIGHT_MAX} calls in flight: the schedule is lost`;
        continue;
      }
      if (due >= countFrom) load.lag.record((now - due) * 1000);
      load.call(sent % options.connections, slots.take(due));
    }
    await pause(1);
  }
  const cpu = process.cpuUsage(cpuFrom);
  await load.drain();
  const unanswered = load.inFlight;
  load.close();
  const result = load.result(options.measureMs / 1000, cpu);
  return unanswered === 0 ? result : { ...result, firstFailure: `${unanswered} calls were never answered` };
}

/**
 * Runs one measurement.
 * @throws Error when a connection cannot be made.
 */
export function runLoad(options: LoadOptions): Promise<LoadResult> {
  return options.rate === null ? runClosedLoop(options) : runOpenLoop(options, options.rate);
}
