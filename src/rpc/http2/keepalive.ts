/**
 * Pings both ways, by the rules of grpc-go's servers: how often a client may ping, and when a silent client is
 * probed and given up.
 */

import type { Clock } from '../../util/runtime.ts';
import { PING_STRIKES_MAX } from './limits.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { WheelEntry } from './timer-wheel.ts';

/** Times in milliseconds. */
export interface KeepaliveOptions {
  /** Shortest time between two pings of a client that has calls open. @default 5000 */
  readonly minTimeMs: number;
  /** The same without calls. @default 7200000 */
  readonly idleMinTimeMs: number;
  /** A client that was silent so long is probed. @default 7200000 */
  readonly intervalMs: number;
  /** A probe that is unanswered so long ends the connection. @default 20000 */
  readonly timeoutMs: number;
}

/**
 * Counts pings that come too early. Whatever was sent since the last ping excuses the next: clients measure the
 * bandwidth of a connection with pings while data comes.
 */
export class PingPolice {
  private readonly clock: Clock;
  private readonly options: KeepaliveOptions;
  private lastMs = Number.NEGATIVE_INFINITY;
  private strikes = 0;
  /** Set whenever HEADERS or DATA are sent. */
  excused = false;

  constructor(clock: Clock, options: KeepaliveOptions) {
    this.clock = clock;
    this.options = options;
  }

  /** @returns false when there were too many. */
  allows(hasCalls: boolean): boolean {
    const nowMs = this.clock.now();
    const sinceMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
    if (this.excused) {
      this.excused = false;
      this.strikes = 0;
      return true;
    }
    if (sinceMs < (hasCalls ? this.options.minTimeMs : this.options.idleMinTimeMs)) this.strikes += 1;
    return this.strikes <= PING_STRIKES_MAX;
  }
}

/** Probes a connection on which nothing comes any more. */
export class Probe extends WheelEntry {
  private readonly wheel: TimerWheel;
  private readonly options: KeepaliveOptions;
  private readonly ping: () => void;
  private readonly giveUp: () => void;
  private waiting = false;
  /** Set whenever something comes. */
  active = false;

  constructor(wheel: TimerWheel, options: KeepaliveOptions, ping: () => void, giveUp: () => void) {
    super();
    this.wheel = wheel;
    this.options = options;
    this.ping = ping;
    this.giveUp = giveUp;
    wheel.set(this, options.intervalMs);
  }

  onTimer(): void {
    if (this.active) {
      this.active = false;
      this.waiting = false;
      this.wheel.set(this, this.options.intervalMs);
    } else if (this.waiting) {
      this.giveUp();
    } else {
      this.waiting = true;
      this.ping();
      this.wheel.set(this, this.options.timeoutMs);
    }
  }
}

/** One thing that is to happen at some time unless it is called off. */
export class Alarm extends WheelEntry {
  private fire: () => void = ignore;

  /** Sets it anew, whatever it was set for. */
  set(wheel: TimerWheel, delayMs: number, fire: () => void): void {
    this.fire = fire;
    wheel.set(this, delayMs);
  }

  onTimer(): void {
    this.fire();
  }
}

function ignore(): void {}
