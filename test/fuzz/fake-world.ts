/** A clock that is moved by hand, jobs that are run by hand, and a socket that is fed by hand: many connections a second. */

import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock, Logger, Runtime, Scheduler, Timer } from '../../src/util/runtime.ts';

interface SetTimer {
  readonly at: number;
  readonly fire: () => void;
}

const maxJobs = 100_000;

export class FakeWorld implements Runtime {
  private nowMs = 1000;
  private readonly timers = new Set<SetTimer>();
  private jobs: (() => void)[] = [];
  /** What was logged as an error, which is a fault of ours. */
  readonly errors: string[] = [];
  /** What was said of connections that the other side spoilt. */
  readonly refusals: string[] = [];
  readonly random = { uint32: (): number => 7 };

  readonly clock: Clock = {
    now: () => this.nowMs,
    wallNow: () => this.nowMs,
    setTimer: (delayMs, fire): Timer => {
      const timer = { at: this.nowMs + Math.max(0, delayMs), fire };
      this.timers.add(timer);
      return { cancel: () => void this.timers.delete(timer) };
    },
  };

  readonly scheduler: Scheduler = { defer: (job) => void this.jobs.push(job) };

  readonly log: Logger = {
    debug: (_message, fields) =>
      void this.refusals.push(String(fields?.['message'] ?? fields?.['error'] ?? '')),
    info: () => {},
    warn: () => {},
    error: (message, fields) => {
      const error = fields?.['error'];
      this.errors.push(`${message}: ${error instanceof Error ? error.stack : String(error)}`);
    },
  };

  get timerCount(): number {
    return this.timers.size;
  }

  /** Runs what was deferred, and what that defers. */
  settle(): void {
    for (let left = maxJobs; this.jobs.length > 0; left--) {
      if (left === 0) throw new Error('jobs beget jobs without end');
      this.jobs.shift()!();
    }
  }

  /** Lets time pass, with all that is due meanwhile. */
  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (let left = maxJobs; ; left--) {
      if (left === 0) throw new Error('timers beget timers without end');
      let next: SetTimer | null = null;
      for (const timer of this.timers) {
        if (timer.at <= end && (next === null || timer.at < next.at)) next = timer;
      }
      if (next === null) break;
      this.timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.fire();
      this.settle();
    }
    this.nowMs = end;
  }
}

/** As much of a socket as our connections use. */
export class FakeSocket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1;
  writable = true;
  writableLength = 0;
  destroyed = false;
  /** Takes what is written, but says that it is too much. */
  isFull = false;
  private readonly world: FakeWorld;
  private written: Buffer[] = [];

  constructor(world: FakeWorld) {
    super();
    this.world = world;
  }

  asSocket(): Socket {
    return this as unknown as Socket;
  }

  /** Everything that was written. */
  get output(): Buffer {
    return Buffer.concat(this.written);
  }

  feed(bytes: Buffer): void {
    // Bytes that were read are never written to again, so each piece is one of its own.
    if (bytes.length > 0 && !this.destroyed) this.emit('data', Buffer.from(bytes));
  }

  drain(): void {
    this.isFull = false;
    this.writableLength = 0;
    if (!this.destroyed) this.emit('drain');
  }

  write(part: Uint8Array, done?: (error?: Error) => void): boolean {
    if (!this.writable) throw new Error('written to a socket that has ended');
    this.written.push(Buffer.from(part));
    if (this.isFull) this.writableLength += part.length;
    else if (done !== undefined) this.world.scheduler.defer(() => done());
    return !this.isFull;
  }

  end(): void {
    this.writable = false;
  }

  destroySoon(): void {
    this.destroy();
  }

  destroy(): void {
    this.writable = false;
    if (this.destroyed) return;
    this.destroyed = true;
    this.world.scheduler.defer(() => void this.emit('close'));
  }

  pause(): void {}
  resume(): void {}
  cork(): void {}
  uncork(): void {}
  ref(): void {}
  unref(): void {}
}
